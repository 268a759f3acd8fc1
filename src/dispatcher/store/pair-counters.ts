/**
 * Where a pair is counted: per recipient and state, and by reason what was suppressed or dropped.
 *
 * Used by every verb that moves a pair, in the transaction that moves it. The law (law.ts) holds at every commit:
 * planned = ready + waiting + leased + sent + dead + suppressed (by reason) + dropped (by reason).
 */

import type { Counters } from '../../journal/counters.ts';

const names = ['ready', 'waiting', 'leased', 'sent', 'dead'] as const;

/** @param reason of a suppressed pair */
export function countPair(
  counters: Counters,
  recipient: number,
  state: number,
  reason: string,
  amount: number,
): void {
  const name = names[state] ?? `suppressed:${reason}`;
  counters.add(`${recipient}:${name}`, amount);
}

/** So many pairs of a recipient that are not suppressed, from one state to another. */
export function movePairs(
  counters: Counters,
  recipient: number,
  from: number,
  to: number,
  amount: number,
  reason = '',
): void {
  countPair(counters, recipient, from, '', -amount);
  countPair(counters, recipient, to, reason, amount);
}

export function countDropped(counters: Counters, recipient: number, reason: string, amount: number): void {
  counters.add(`${recipient}:dropped:${reason}`, amount);
}
