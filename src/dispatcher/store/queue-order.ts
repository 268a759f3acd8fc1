/**
 * Which pairs are due now, and in which order: the queue of one recipient.
 *
 * A pair waits with its rank: acceptance in ms minus a minute for each point of priority. The smallest goes first, so every
 * minute of waiting is worth a point, nothing starves, and the order never has to be computed again: an alert of the next
 * higher severity (1000 points) overtakes what came up to 16.7 hours before it. Pairs whose time has not come are
 * `waiting`, in an order of their own, and become `ready` when a claim finds it has.
 */

import { storeLimits } from '../../core/limits.ts';
import type { Ledger } from './ledger.ts';
import { movePairs } from './pair-counters.ts';
import { freshness, pairState } from './schema.ts';

/** Ready pairs of a recipient, the most urgent first. */
const URGENT = `
  SELECT seq, incident FROM pair INDEXED BY pair_ready WHERE recipient = ? AND state = 0 ORDER BY rank, seq LIMIT ?`;
const TOGETHER = `
  SELECT seq FROM pair INDEXED BY pair_together WHERE recipient = ? AND state = 0 AND incident = ?
    ORDER BY seq LIMIT ?`;
const FRESH = `
  SELECT pair.seq, fresh, classification FROM pair INDEXED BY pair_fresh CROSS JOIN message ON message.seq = pair.seq
    WHERE recipient = ? AND state = 0 AND fresh > 0 ORDER BY pair.seq LIMIT ?`;

interface FreshRow {
  readonly seq: number;
  readonly fresh: number;
  readonly classification: string;
}

/** Whether something is due now: cheap, changes nothing. */
export function isDue({ db, counters }: Ledger, recipient: number, now: number): boolean {
  if (counters.get(`${recipient}:ready`) > 0) return true;
  if (counters.get(`${recipient}:waiting`) === 0) return false;
  const first =
    'SELECT 1 AS found FROM pair INDEXED BY pair_waiting WHERE recipient = ? AND state = 1 AND not_before <= ? LIMIT 1';
  return db.get(first, recipient, now) !== undefined;
}

/** Pairs whose waiting has ended become ready; a bounded number at once. Within a transaction. */
export function promote({ db, counters }: Ledger, recipient: number, now: number): void {
  if (counters.get(`${recipient}:waiting`) === 0) return;
  const moved = db.run(
    `UPDATE pair SET state = 0 WHERE recipient = ?1 AND state = 1 AND seq IN (
      SELECT seq FROM pair INDEXED BY pair_waiting WHERE recipient = ?1 AND state = 1 AND not_before <= ?2
        ORDER BY not_before LIMIT ${storeLimits.promotedPairs})`,
    recipient,
    now,
  );
  movePairs(counters, recipient, pairState.waiting, pairState.ready, moved);
}

export function thisOne({ db }: Ledger, recipient: number, seq: number): number[] {
  const select = 'SELECT 1 AS found FROM pair WHERE seq = ? AND recipient = ? AND state = 0';
  return db.get(select, seq, recipient) === undefined ? [] : [seq];
}

/** So many of the most urgent but `except`; those of one incident follow its first one as far as there is room. */
export function mostUrgent(
  { db }: Ledger,
  recipient: number,
  count: number,
  except: ReadonlySet<number> = new Set(),
): number[] {
  const chosen = new Set<number>();
  const rows = count + except.size;
  for (const { seq, incident } of db.all<{ seq: number; incident: number | null }>(URGENT, recipient, rows)) {
    if (chosen.size >= count) break;
    if (chosen.has(seq) || except.has(seq)) continue;
    chosen.add(seq);
    if (incident === null || chosen.size >= count) continue;
    for (const other of db.all<{ seq: number }>(TOGETHER, recipient, incident, rows)) {
      if (chosen.size < count && !except.has(other.seq)) chosen.add(other.seq);
    }
  }
  return [...chosen];
}

/**
 * High alerts of classifications this recipient's storm has not seen, one of each, oldest first. Those of classifications it
 * has seen are passed over for good: each is looked at once. What has broken out and could not be sent does so again.
 * Within a transaction.
 */
export function breakingOut(ledger: Ledger, recipient: number, count: number): number[] {
  const { db } = ledger;
  const chosen: number[] = [];
  const known = `SELECT 1 AS found FROM storm_class WHERE recipient = ? AND classification = ?`;
  for (;;) {
    const rows = db
      .all<FreshRow>(FRESH, recipient, storeLimits.breakoutPairs)
      .filter(({ seq }) => !chosen.includes(seq));
    for (const { seq, fresh, classification } of rows) {
      if (chosen.length >= count) return chosen;
      const isNew =
        fresh === freshness.brokenOut ||
        (db.get(known, recipient, classification) === undefined &&
          noteClass(ledger, recipient, classification));
      if (isNew) chosen.push(seq);
      const next = isNew ? freshness.brokenOut : freshness.none;
      db.run('UPDATE pair SET fresh = ? WHERE seq = ? AND recipient = ?', next, seq, recipient);
    }
    if (rows.length === 0 || rows.length + chosen.length < storeLimits.breakoutPairs) return chosen;
  }
}

/** Remember a classification in the recipient's storm. False: there is none, or it has seen too many. */
export function noteClass({ db }: Ledger, recipient: number, classification: string): boolean {
  const storm = db.get('SELECT 1 AS found FROM storm WHERE recipient = ?', recipient);
  if (storm !== undefined && countClasses(db, recipient) >= storeLimits.stormClasses) return false;
  if (storm !== undefined) {
    const insert = 'INSERT OR IGNORE INTO storm_class(recipient, classification) VALUES(?, ?)';
    db.run(insert, recipient, classification);
  }
  return true;
}

function countClasses(db: Ledger['db'], recipient: number): number {
  const select = 'SELECT count(*) AS count FROM storm_class WHERE recipient = ?';
  return db.get<{ count: number }>(select, recipient)?.count ?? 0;
}
