/**
 * Retention of everything but messages: attempts, closed incidents, what prevents duplicates, and small records that
 * nothing refers to any more.
 *
 * Called by tidy.ts within its transaction. Each function deletes at most storeLimits.sweptRows and says whether it
 * may have left something.
 */

import { storeLimits } from '../../core/limits.ts';
import { DAY_MS } from '../../core/quantities.ts';
import { incidentCounters } from './incident-opening.ts';
import type { Ledger } from './ledger.ts';
import { bucketOf } from './recognition.ts';
import { incidentState } from './schema.ts';

/** Wall ms, but for `oldest`. */
export interface Bounds {
  readonly now: number;
  /** Too old for retention. */
  readonly expired: number;
  /** What ended before concerns no message that is kept, or is too old. */
  readonly gone: number;
  /** Number of the oldest message that is kept. */
  readonly oldest: number;
}

/** Calls and which pairs they carried. They ended later than those pairs were accepted. */
export function sweepAttempts({ db }: Ledger, { gone }: Bounds): boolean {
  const rows = db.all<{ id: number; endedAt: number | null }>(
    'SELECT id, ended_at AS endedAt FROM notification ORDER BY id LIMIT ?',
    storeLimits.deletedMessages,
  );
  const old = rows.filter(({ endedAt }) => endedAt !== null && endedAt < gone);
  for (const { id } of old) {
    db.run('DELETE FROM carried WHERE notification = ?', id);
    db.run('DELETE FROM notification WHERE id = ?', id);
  }
  return old.length === storeLimits.deletedMessages;
}

export function sweepIncidents({ db, counters }: Ledger, { gone }: Bounds): boolean {
  const rows = db.all<{ id: number }>(
    'SELECT id FROM incident INDEXED BY incident_closed WHERE state = 2 AND closed_at < ? ORDER BY closed_at LIMIT ?',
    gone,
    storeLimits.incidentRows,
  );
  for (const { id } of rows) {
    for (const table of ['note', 'notified', 'member', 'escalation'])
      db.run(`DELETE FROM ${table} WHERE incident = ?`, id);
    db.run('DELETE FROM incident WHERE id = ?', id);
  }
  counters.add(incidentCounters[incidentState.closed], -rows.length);
  return rows.length === storeLimits.incidentRows;
}

/**
 * Identities of messages that are gone, so many days after the last of their bucket: one bucket a step.
 *
 * @param after the bucket looked at last in this pass
 * @returns the one looked at now; undefined: none is left
 */
export function sweepIdentities(
  { db }: Ledger,
  { now, expired, oldest }: Bounds,
  after: number,
): number | undefined {
  const row = db.get<{ number: number }>(
    `SELECT number FROM bucket WHERE number > ? AND last_at < ? AND (number < ? OR last_at < ?) ORDER BY number LIMIT 1`,
    after,
    now - storeLimits.rememberedDays * DAY_MS,
    oldest === Infinity ? Number.MAX_SAFE_INTEGER : bucketOf(oldest),
    expired,
  );
  if (row === undefined) return undefined;
  const { number } = row;
  db.run(
    'DELETE FROM ident WHERE bucket = ? AND NOT EXISTS (SELECT 1 FROM message WHERE message.seq = ident.seq)',
    number,
  );
  db.run(
    'DELETE FROM bucket WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM ident WHERE bucket = ?1)',
    number,
  );
  return number;
}

/** Sequences of journals: too old, or too many of one. Looked for once an hour, or while there is much of it. */
export function sweepSequences({ db, counters }: Ledger, { now }: Bounds): boolean {
  if (Math.abs(now - counters.get('sequencesSweptAt')) < storeLimits.sweepSequencesMs) return false;
  let left: number = storeLimits.sweptRows;
  for (const { id, remembered } of db.all<{ id: number; remembered: number }>(
    'SELECT id, remembered FROM origin',
  )) {
    const kept = firstKept(db, id, remembered, now - storeLimits.rememberedDays * DAY_MS);
    const last = db.get<{ sequence: number }>(
      'SELECT sequence FROM seen WHERE origin = ? AND sequence < ? ORDER BY sequence LIMIT 1 OFFSET ?',
      id,
      kept,
      left - 1,
    );
    const end = Math.min(kept, (last?.sequence ?? kept) + 1);
    const forgotten = db.run('DELETE FROM seen WHERE origin = ? AND sequence < ?', id, end);
    if (forgotten === 0) continue;
    db.run('UPDATE origin SET remembered = max(0, remembered - ?) WHERE id = ?', forgotten, id);
    left -= forgotten;
    if (left <= 0) return true;
  }
  db.run('DELETE FROM origin WHERE remembered = 0');
  counters.set('sequencesSweptAt', now);
  return false;
}

/** The lowest sequence of a journal to be remembered. */
function firstKept(db: Ledger['db'], origin: number, remembered: number, expired: number): number {
  const young = db.get<{ sequence: number }>(
    'SELECT sequence FROM seen WHERE origin = ? AND at >= ? ORDER BY sequence LIMIT 1',
    origin,
    expired,
  );
  const excess = Math.max(0, remembered - storeLimits.rememberedMessages);
  const within = db.get<{ sequence: number }>(
    'SELECT sequence FROM seen WHERE origin = ? ORDER BY sequence LIMIT 1 OFFSET ?',
    origin,
    excess,
  );
  return Math.max(young?.sequence ?? Number.MAX_SAFE_INTEGER, within?.sequence ?? 0);
}

/** Small records, each a plain condition. */
export function sweepRecords({ db }: Ledger, { now, expired, gone }: Bounds): boolean {
  const limit = storeLimits.sweptRows;
  const grace = storeLimits.configGraceMs;
  const counts = [
    db.run(
      `DELETE FROM threshold WHERE (route, recipient, key) IN (
        SELECT route, recipient, key FROM threshold INDEXED BY threshold_end WHERE ends_at < ? LIMIT ${limit})`,
      now,
    ),
    db.run('DELETE FROM silence WHERE until_at < ?', expired),
    db.run('DELETE FROM config WHERE replaced_at < ?', gone - grace),
    db.run('DELETE FROM limit_key WHERE updated_at < ? AND not_before < ?', expired, now),
    db.run(
      `DELETE FROM analyzer WHERE (origin, analyzer) IN (
        SELECT origin, analyzer FROM analyzer WHERE last_at < ? LIMIT ${limit})`,
      expired,
    ),
    db.run(
      `DELETE FROM analyzer WHERE (origin, analyzer) IN (
        SELECT origin, analyzer FROM (
          SELECT origin, analyzer, row_number() OVER (PARTITION BY origin ORDER BY last_at DESC) AS place FROM analyzer)
          WHERE place > ${storeLimits.analyzersOfOrigin} LIMIT ${limit})`,
    ),
    // Short ones are routes and reasons, which are few; long ones are hashes, details and providers' words.
    db.run(
      `DELETE FROM word WHERE id IN (
        SELECT id FROM word WHERE used_at < ? AND length(text) > 32 AND text NOT IN (SELECT hash FROM config)
          LIMIT ${limit})`,
      expired - (now - expired),
    ),
  ];
  return counts.some((count) => count === limit);
}
