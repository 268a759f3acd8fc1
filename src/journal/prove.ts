/**
 * Prove that a journal is sound: its pages, its definitions, its rows and its counters.
 *
 * Called by journal-file.ts before the first change, and by examine.ts. SQLite notices damage only where it happens to
 * look, and a damaged list of free pages would make it overwrite messages that were whole. So a file of moderate size is
 * looked at once before it is changed; a larger one when damage is met.
 */

import { journalLimits } from '../core/limits.ts';
import type { Consumer } from './consumers.ts';
import type { Database } from './database.ts';
import { definitionsIn, ownDefinitions } from './definitions.ts';
import { AS } from './driver.ts';
import { brokenLaws } from './law.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { corruption } from './sqlite-errors.ts';
import { proofFor, type Proof } from './proof.ts';
import { journalStats } from './stats.ts';
import { usedBytes, type Store } from './store.ts';

const OWED = `
  SELECT count(*) AS count, coalesce(sum(len), 0) AS bytes FROM delivery WHERE consumer = ? AND state = 0`;

/** Throws what isCorruption knows. False: it was too much to look at. */
export function prove(store: Store, proof: Proof): boolean {
  if (!isAffordable(store, proof)) return false;
  const [fault] = [...structureFaults(store.db, 1), ...schemaFaults(store.db), ...rowFaults(store)];
  if (fault !== undefined) throw corruption(fault);
  return true;
}

function isAffordable({ db, consumers, counters }: Store, proof: Proof): boolean {
  if (proof === proofFor.damage) return true;
  const { proveBytes, proveMessages, proveQuickBytes, proveQuickMessages } = journalLimits;
  const quick = proof === proofFor.giving;
  const owed = consumers.all.reduce((sum, { counter }) => sum + counters.get(counter.pending), 0);
  if (owed > (quick ? proveQuickMessages : proveMessages)) return false;
  return usedBytes(db) <= (quick ? proveQuickBytes : proveBytes);
}

/** Whether as many rows owe something to a consumer as are counted. */
export function proveOwed({ db, counters }: Store, consumer: Consumer): void {
  const counted = counters.get(consumer.counter.pending);
  const owed = db.get<{ count: number }>(OWED, consumer.id)?.count ?? 0;
  if (owed !== counted)
    throw corruption(`consumer ${consumer.name}: ${owed} messages owed, and counted ${counted}`);
}

/** What SQLite finds wrong with pages and rows, at most so many. */
export function structureFaults(
  db: Database,
  most: number,
  how: 'quick_check' | 'integrity_check' = 'quick_check',
): string[] {
  const rows = db.all<Record<string, string>>(`PRAGMA ${AS}.${how}(${most})`);
  return rows.map((row) => row[how] ?? '').filter((text) => text !== 'ok');
}

/** Definitions this program made and the file does not have. One of an earlier format is not asked. */
export function schemaFaults(db: Database): string[] {
  if (db.pragma('user_version') !== SCHEMA_VERSION) return [];
  const found = definitionsIn(db);
  return [...ownDefinitions()].filter((one) => !found.has(one)).map((one) => `schema: it lacks ${one}`);
}

/** Rows that do not fit each other or the counters. */
export function rowFaults(store: Store): string[] {
  const { db, counters, consumers } = store;
  const faults = brokenLaws(journalStats(store)).map((words) => `counters: ${words}`);
  for (const { id, name, counter } of consumers.all) {
    const owed = db.get<{ count: number; bytes: number }>(OWED, id);
    const counted = [counters.get(counter.pending), counters.get(counter.pendingBytes)];
    if (owed?.count !== counted[0] || owed?.bytes !== counted[1]) {
      const words = `${owed?.count} messages, ${owed?.bytes} bytes owed, and counted ${counted.join(', ')} bytes`;
      faults.push(`consumer ${name}: ${words}`);
    }
  }
  for (const [what, sql] of dangling) {
    const found = db.get<{ count: number }>(sql)?.count ?? 0;
    if (found > 0) faults.push(`${found} ${what}`);
  }
  return faults;
}

const dangling: readonly (readonly [what: string, sql: string])[] = [
  [
    'messages owed to nobody',
    `SELECT count(*) AS count FROM message WHERE NOT EXISTS (
       SELECT 1 FROM consumer CROSS JOIN delivery
         ON delivery.consumer = consumer.id AND delivery.seq = message.seq)`,
  ],
  [
    'messages owed and not there',
    `SELECT count(*) AS count FROM delivery
       WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM message WHERE message.seq = delivery.seq)`,
  ],
  [
    'deliveries of no known consumer or state',
    `SELECT count(*) AS count FROM delivery
       WHERE state NOT IN (0, 2) OR consumer NOT IN (SELECT id FROM consumer)`,
  ],
  [
    'messages beyond the last number',
    `SELECT count(*) AS count FROM message
       WHERE seq > coalesce((SELECT value FROM counter WHERE name = 'last'), 0)`,
  ],
];
