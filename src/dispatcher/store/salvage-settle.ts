/**
 * The books of a salvaged store: counters made to agree with what is there, and with what the old ones said was there.
 *
 * Called by salvage.ts within its transaction. Numbers go on behind all that were ever given. What was leased is due
 * again, uncertain. What an old counter knows to have been owed and no row shows is dropped (damaged), so that the law holds
 * and the loss is seen.
 */

import { Counters } from '../../journal/counters.ts';
import type { Database } from '../../journal/database.ts';
import { incidentCounters } from './incident-opening.ts';
import type { Brought } from './salvage-tables.ts';
import { POINT_MS } from './schema.ts';

/** Numbers skipped when the counter that gave them is lost. */
const SKIPPED = 1_000_000;
const kept = ['sent'] as const;
const recounted = ['ready', 'waiting', 'leased', 'dead'] as const;

export interface Settled {
  readonly messages: number;
  readonly pairs: number;
  readonly lost: Readonly<Record<string, number>>;
}

export function settleBooks(db: Database, { rows, damaged }: Brought, now: number): Settled {
  const counters = new Counters();
  counters.load(db);
  const hasCounters = !damaged.includes('counter') && (rows['counter'] ?? 0) > 0;
  settleRows(db, now);
  settleNumbers(db, counters, hasCounters);
  const messages = count(db, 'SELECT count(*) AS count FROM message');
  counters.set('retained', messages);
  if (!hasCounters) {
    counters.set('stored', messages);
    counters.set('offered', messages);
    counters.set('duplicate', 0);
    counters.set('conflict', count(db, 'SELECT count(*) AS count FROM message WHERE conflict <> 0'));
  }
  incidentCounters.forEach((name, state) => {
    counters.set(name, count(db, `SELECT count(*) AS count FROM incident WHERE state = ${state}`));
  });
  const lost: Record<string, number> = {};
  for (const { id, name } of db.all<{ id: number; name: string }>('SELECT id, name FROM recipient')) {
    const gone = settleRecipient(db, counters, id, hasCounters);
    if (gone > 0) lost[name] = gone;
  }
  counters.write(db);
  return { messages, pairs: count(db, 'SELECT count(*) AS count FROM pair'), lost };
}

function settleRows(db: Database, now: number): void {
  restoreFacts(db);
  db.exec(`
    DELETE FROM pair WHERE state < 3 AND (seq NOT IN (SELECT seq FROM message) OR seq NOT IN (SELECT seq FROM body));
    DELETE FROM body WHERE seq NOT IN (SELECT seq FROM message);
    UPDATE pair SET state = 0, attempts = attempts + 1, flags = flags | 2 WHERE state = 2;
    UPDATE notification SET ended_at = started_at, outcome = 'again', reason = 'the call was interrupted'
      WHERE ended_at IS NULL;
    INSERT OR IGNORE INTO recipient(id, name, named)
      SELECT DISTINCT recipient, 'recipient-' || recipient, 0 FROM pair;
    DELETE FROM seen WHERE origin NOT IN (SELECT id FROM origin);
    UPDATE origin SET remembered = (SELECT count(*) FROM seen WHERE seen.origin = origin.id);
  `);
  db.run(
    'INSERT OR IGNORE INTO bucket(number, last_at, entries) SELECT bucket, ?, count(*) FROM ident GROUP BY bucket',
    now,
  );
}

/** Bytes whose facts are lost can still be delivered: what matters of them stands in their pairs. */
function restoreFacts(db: Database): void {
  db.run(`
    INSERT INTO message(seq, id, at, heartbeat, severity, conflict, config, created_at, len, messageid, analyzer,
        classification, source, target, origin, incidents)
      SELECT body.seq, zeroblob(16), min(rank + priority * ${POINT_MS}), 0, min(4, max(priority) / 1000), 0, 0, NULL,
          length(body), '', '', '', '', '', '{"source":""}', ''
        FROM body JOIN pair ON pair.seq = body.seq WHERE body.seq NOT IN (SELECT seq FROM message) GROUP BY body.seq`);
}

function settleNumbers(db: Database, counters: Counters, hasCounters: boolean): void {
  const highest = {
    message: ['message.seq', 'pair.seq', 'body.seq', 'ident.seq', 'carried.seq'],
    incident: ['incident.id', 'pair.incident', 'member.incident'],
    notification: ['notification.id', 'pair.notification', 'carried.notification'],
  } as const;
  for (const [name, places] of Object.entries(highest)) {
    const found = places.map((place) => {
      const [table = '', column = ''] = place.split('.');
      return db.get<{ most: number | null }>(`SELECT max(${column}) AS most FROM ${table}`)?.most ?? 0;
    });
    const most = Math.max(counters.get(`last:${name}`), ...found);
    counters.set(`last:${name}`, hasCounters ? most : most + SKIPPED);
  }
  const audited = db.get<{ most: number | null }>('SELECT max(id) AS most FROM audit')?.most ?? 0;
  counters.set('last:audit', Math.max(counters.get('last:audit'), audited));
}

/** How many that were owed are lost. */
function settleRecipient(db: Database, counters: Counters, id: number, hasCounters: boolean): number {
  const of = (name: string): number => counters.get(`${id}:${name}`);
  const owed = of('ready') + of('waiting') + of('leased');
  recounted.forEach((name) => counters.set(`${id}:${name}`, 0));
  if (!hasCounters) kept.forEach((name) => counters.set(`${id}:${name}`, 0));
  const states = db.all<{ state: number; reason: string | null; count: number }>(
    `SELECT state, word.text AS reason, count(*) AS count FROM pair LEFT JOIN word ON word.id = pair.reason
      WHERE recipient = ? GROUP BY state, CASE WHEN state = 5 THEN word.text END`,
    id,
  );
  const names = ['ready', 'waiting', 'leased', 'sent', 'dead'] as const;
  for (const { state, reason, count: found } of states) {
    const name = names[state] ?? `suppressed:${reason ?? ''}`;
    const isRecounted = recounted.some((one) => one === name);
    if (isRecounted || !hasCounters) counters.set(`${id}:${name}`, found);
  }
  const parts = (prefix: string): number =>
    Object.values(counters.under(`${id}:${prefix}:`)).reduce((sum, value) => sum + value, 0);
  const accounted =
    [...names].reduce((sum, name) => sum + of(name), 0) + parts('suppressed') + parts('dropped');
  const missing = Math.max(0, of('planned') - accounted);
  counters.set(`${id}:planned`, Math.max(of('planned'), accounted));
  counters.add(`${id}:dropped:damaged`, missing);
  return Math.max(0, owed - of('ready') - of('waiting'));
}

function count(db: Database, sql: string): number {
  return db.get<{ count: number }>(sql)?.count ?? 0;
}
