/**
 * The queues as the outbox and operators see them: from counters and the ends of indexes, never by counting rows but
 * those whose waiting has just ended.
 */

import { storeLimits } from '../../core/limits.ts';
import type { RecipientQueue } from '../model/store.ts';
import type { Ledger } from './ledger.ts';
import { heldReason, type RecipientRow } from './recipients.ts';

export function allQueues(ledger: Ledger, now: number): RecipientQueue[] {
  return ledger.recipients.all.map((row) => queueOf(ledger, row, now));
}

/** Of a recipient the store has never heard of: an empty one. */
export function oneQueue(ledger: Ledger, name: string, now: number): RecipientQueue {
  const row = ledger.recipients.find(name);
  if (row !== undefined) return queueOf(ledger, row, now);
  const nothing = { due: 0, pending: 0, leased: 0, held: 0, dead: 0, sent: 0, planned: 0 };
  return { recipient: name, ...nothing, suppressed: {}, dropped: {} };
}

function queueOf(ledger: Ledger, row: RecipientRow, now: number): RecipientQueue {
  const { db, counters } = ledger;
  const of = (name: string): number => counters.get(`${row.id}:${name}`);
  const reason = heldReason(row);
  const isHeld = reason !== undefined;
  const waiting = of('waiting');
  const open = of('ready') + waiting;
  const leased = of('leased');
  const oldest = open + leased === 0 ? undefined : oldestAt(db, row.id);
  const next = waiting === 0 || isHeld ? undefined : nextAt(db, row.id, now);
  return {
    recipient: row.name,
    due: isHeld ? 0 : of('ready') + (waiting === 0 ? 0 : ended(db, row.id, now)),
    pending: isHeld ? 0 : open,
    leased,
    held: isHeld ? open : 0,
    dead: of('dead'),
    sent: of('sent'),
    suppressed: counters.under(`${row.id}:suppressed:`),
    dropped: counters.under(`${row.id}:dropped:`),
    planned: of('planned'),
    ...(oldest === undefined ? {} : { oldestAt: oldest }),
    ...(next === undefined ? {} : { nextAt: next }),
    // That a recipient without anything is gone needs nobody's attention.
    ...(reason === undefined || (!row.named && open === 0) ? {} : { heldReason: reason }),
    ...(row.heldSince === undefined || !isHeld ? {} : { heldSince: row.heldSince }),
    ...(row.sentAt === undefined ? {} : { lastSentAt: row.sentAt }),
    ...(row.error === undefined ? {} : { lastError: row.error }),
  };
}

/** Acceptance of the oldest open pair. Its rank tells since when it is owed here, which may be later. */
function oldestAt(db: Ledger['db'], recipient: number): number | undefined {
  return db.get<{ at: number }>(
    `SELECT message.at FROM pair INDEXED BY pair_open CROSS JOIN message ON message.seq = pair.seq
      WHERE recipient = ? AND state < 3 ORDER BY pair.seq LIMIT 1`,
    recipient,
  )?.at;
}

function nextAt(db: Ledger['db'], recipient: number, now: number): number | undefined {
  return db.get<{ at: number }>(
    `SELECT not_before AS at FROM pair INDEXED BY pair_waiting
      WHERE recipient = ? AND state = 1 AND not_before > ? ORDER BY not_before LIMIT 1`,
    recipient,
    now,
  )?.at;
}

/** Waiting pairs that no claim has made ready yet; not counted beyond what one claim would. */
function ended(db: Ledger['db'], recipient: number, now: number): number {
  return (
    db.get<{ count: number }>(
      `SELECT count(*) AS count FROM (SELECT 1 FROM pair INDEXED BY pair_waiting
        WHERE recipient = ? AND state = 1 AND not_before <= ? LIMIT ${storeLimits.promotedPairs})`,
      recipient,
      now,
    )?.count ?? 0
  );
}
