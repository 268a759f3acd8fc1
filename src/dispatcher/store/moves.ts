/**
 * Pairs moved by decisions instead of calls: holding, resuming, falling back, giving up, escalating, redriving, dismissing.
 *
 * Called by core.ts, each within a transaction. What may concern a whole backlog is done in parts: such a function
 * moves at most storeLimits.movedPairs and says how many it looked at, and is called again while that is all of them.
 */

import { storeLimits } from '../../core/limits.ts';
import type { DeadWish } from '../model/store.ts';
import type { Ledger } from './ledger.ts';
import { countPair, movePairs } from './pair-counters.ts';
import { heldReason, type RecipientRow } from './recipients.ts';
import { freshness, pairState, POINT_MS } from './schema.ts';

/** What a part of a long move did. `more`: call it again. */
export interface Part {
  readonly moved: number;
  readonly more: boolean;
}

/** Priority of a high alert, whatever the recipient adds: it breaks out of the storm of who it is handed to, too. */
const HIGH = 4_000;

const NOTHING: Part = { moved: 0, more: false };

function openPairs({ counters }: Ledger, { id }: RecipientRow): number {
  return counters.get(`${id}:ready`) + counters.get(`${id}:waiting`);
}

export function nameRecipients(ledger: Ledger, names: readonly string[]): void {
  const { recipients, due } = ledger;
  const given = new Set(names);
  // All of them: status and metrics show a queue before it has its first pair.
  for (const name of names) recipients.named(name);
  for (const row of recipients.all) {
    const named = given.has(row.name);
    if (named === row.named) continue;
    recipients.change(row, { named });
    if (named && openPairs(ledger, row) > 0) due.add(row.name);
  }
}

export function hold({ recipients }: Ledger, name: string, reason: string, now: number): void {
  const row = recipients.named(name);
  recipients.change(row, { heldReason: reason, heldSince: row.heldSince ?? now });
}

/** How many are due again. A recipient the configuration does not have stays held. */
export function resume(ledger: Ledger, name: string): number {
  const { recipients, due } = ledger;
  const row = recipients.find(name);
  if (row?.heldReason === undefined) return 0;
  const next = recipients.change(row, { heldReason: undefined, heldSince: undefined });
  if (heldReason(next) !== undefined) return 0;
  due.add(name);
  return openPairs(ledger, next);
}

/** Whether giving up or falling back may find something: asked every few seconds, whatever the backlog. */
export function hasOld({ db, recipients }: Ledger, name: string, before: number): boolean {
  const row = recipients.find(name);
  if (row === undefined) return false;
  const select = `SELECT message.at FROM pair INDEXED BY pair_open CROSS JOIN message ON message.seq = pair.seq
    WHERE recipient = ? AND state < 3 ORDER BY pair.seq LIMIT 1`;
  const oldest = db.get<{ at: number }>(select, row.id);
  return oldest !== undefined && oldest.at < before;
}

/** Open pairs that are owed since before so long, in the order of acceptance: a part of them, and where the next one begins. */
function oldPairs(
  { db }: Ledger,
  { id }: RecipientRow,
  before: number,
  after: number,
): { readonly old: readonly OldPair[] } & Omit<MovePart, 'moved'> {
  const rows = db.all<OldPair & { readonly accepted: number }>(
    `SELECT pair.seq, state, rank, priority, route, incident, rank + priority * ${POINT_MS} AS at, message.at AS accepted
      FROM pair INDEXED BY pair_open CROSS JOIN message ON message.seq = pair.seq
      WHERE recipient = ? AND state < 3 AND pair.seq > ? ORDER BY pair.seq LIMIT ?`,
    id,
    after,
    storeLimits.movedPairs,
  );
  // Acceptance rises with the number: nothing behind the first young one is old. What was handed over or driven again may be younger.
  const young = rows.findIndex(({ accepted }) => accepted >= before);
  const looked = young < 0 ? rows : rows.slice(0, young);
  return {
    old: looked.filter(({ at }) => at < before),
    more: looked.length === storeLimits.movedPairs,
    after: looked.at(-1)?.seq ?? after,
  };
}

export interface OldPair {
  readonly seq: number;
  readonly state: number;
  readonly rank: number;
  readonly priority: number;
  readonly route: number;
  readonly incident: number | null;
  /** Owed to this recipient since: acceptance, handed over, or driven again. */
  readonly at: number;
}

export interface MovePart extends Part {
  /** Goes on behind it. */
  readonly after: number;
}

export function giveUp(
  ledger: Ledger,
  name: string,
  wish: { readonly before: number; readonly reason: string; readonly now: number },
  after: number,
): MovePart {
  const { db, counters, words, recipients } = ledger;
  const row = recipients.find(name);
  if (row === undefined) return { ...NOTHING, after };
  const { old, ...part } = oldPairs(ledger, row, wish.before, after);
  const reason = words.id(wish.reason, wish.now);
  const pending = old.filter(({ state }) => state !== pairState.leased);
  for (const { seq, state } of pending) {
    db.run('UPDATE pair SET state = 4, reason = ? WHERE seq = ? AND recipient = ?', reason, seq, row.id);
    movePairs(counters, row.id, state, pairState.dead, 1);
  }
  return { ...part, moved: pending.length };
}

/**
 * To the other recipient, unless its own pair of the message will not be sent either (dead, suppressed): then nobody would get it, and
 * theirs stays where it is.
 */
export function fallBack(
  ledger: Ledger,
  name: string,
  wish: { readonly to: string; readonly before: number; readonly now: number },
  after: number,
): MovePart {
  const { db, counters, words, recipients, due } = ledger;
  const from = recipients.find(name);
  if (from === undefined || wish.to === name) return { ...NOTHING, after };
  const { old, ...part } = oldPairs(ledger, from, wish.before, after);
  const to = recipients.named(wish.to);
  const reason = words.id('fallback', wish.now);
  const detail = words.id(`to ${wish.to}`, wish.now);
  let moved = 0;
  for (const { seq, state, rank, priority, route, incident } of old) {
    if (state === pairState.leased) continue;
    const select = 'SELECT state FROM pair WHERE seq = ? AND recipient = ?';
    const other = db.get<{ state: number }>(select, seq, to.id);
    if (other !== undefined && other.state >= pairState.dead) continue;
    if (other === undefined) owe(ledger, { seq, rank, priority, route, incident }, to.id, wish.now);
    db.run(
      'UPDATE pair SET state = 5, reason = ?, detail = ? WHERE seq = ? AND recipient = ?',
      reason,
      detail,
      seq,
      from.id,
    );
    movePairs(counters, from.id, state, pairState.suppressed, 1, 'fallback');
    moved++;
  }
  if (moved > 0) due.add(to.name);
  return { ...part, moved };
}

/** A message that has no pair with the recipient is owed to it too, as if it had been planned now: its time only begins. */
export function owe(
  { db, counters }: Ledger,
  { seq, priority, route, incident }: Omit<OldPair, 'state' | 'at'>,
  recipient: number,
  now: number,
): void {
  const planned = db.run(
    `INSERT OR IGNORE INTO pair(seq, recipient, state, rank, priority, not_before, fresh, route, reason, detail, incident,
      attempts, flags, notification) VALUES(?, ?, 0, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0, 0)`,
    seq,
    recipient,
    now - priority * POINT_MS,
    priority,
    now,
    priority >= HIGH ? freshness.fresh : freshness.none,
    route,
    incident,
  );
  counters.add(`${recipient}:planned`, planned);
  countPair(counters, recipient, pairState.ready, '', planned);
}

/** Dead pairs are due again, as if new: attempts and age are counted anew, or they would be given up at once. */
export function redrive(ledger: Ledger, wish: DeadWish): Part {
  const { counters, due } = ledger;
  const set = `state = 0, reason = 0, attempts = 0, flags = flags & ~1, not_before = ?, rank = ? - priority * ${POINT_MS}`;
  return moveDead(ledger, wish, [set, wish.now, wish.now], ({ id, name }, count) => {
    movePairs(counters, id, pairState.dead, pairState.ready, count);
    due.add(name);
  });
}

/** Dead pairs that somebody has seen: nobody need look at them again. What they died of becomes the detail. */
export function dismiss(ledger: Ledger, wish: DeadWish): Part {
  const { counters, words } = ledger;
  const change = ['state = 5, detail = reason, reason = ?', words.id('dismissed', wish.now)] as const;
  return moveDead(ledger, wish, change, ({ id }, count) =>
    movePairs(counters, id, pairState.dead, pairState.suppressed, count, 'dismissed'),
  );
}

/** @param change SET of an UPDATE with its values */
function moveDead(
  { db, counters, recipients }: Ledger,
  wish: DeadWish,
  [set, ...values]: readonly [set: string, ...values: number[]],
  moveTo: (recipient: RecipientRow, count: number) => void,
): Part {
  const one = wish.recipient === undefined ? undefined : recipients.find(wish.recipient);
  const chosen = wish.recipient === undefined ? recipients.all : one === undefined ? [] : [one];
  const only = wish.seq === undefined ? '' : 'AND seq = ?';
  let moved = 0;
  for (const recipient of chosen) {
    const { id } = recipient;
    if (counters.get(`${id}:dead`) === 0) continue;
    const count = db.run(
      `UPDATE pair SET ${set} WHERE recipient = ? AND state = 4 AND seq IN (
        SELECT seq FROM pair INDEXED BY pair_dead WHERE recipient = ? AND state = 4 ${only}
          ORDER BY seq LIMIT ${storeLimits.movedPairs})`,
      ...values,
      id,
      id,
      ...(wish.seq === undefined ? [] : [wish.seq]),
    );
    if (count === 0) continue;
    moveTo(recipient, count);
    moved += count;
    if (moved >= storeLimits.movedPairs) return { moved, more: true };
  }
  return { moved, more: false };
}
