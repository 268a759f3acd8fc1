/**
 * Where a pair is counted: per recipient and state, and by reason what was suppressed or dropped.
 *
 * Used by every verb that moves a pair, in the transaction that moves it. The law (law.ts) holds at every commit:
 * planned = ready + waiting + leased + sent + dead + suppressed (by reason) + dropped (by reason).
 */

import type { Counters } from '../../journal/counters.ts';
import { pairState } from './schema.ts';

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

/** Pairs as one transaction makes them, by the hundred: each counter is moved once, at its end. */
export class PairTally {
  readonly #tallies = new Map<
    number,
    { planned: number; readonly made: number[]; readonly kept: Map<string, number> }
  >();

  /** @param reason of a suppressed pair */
  add(recipient: number, state: number, reason: string): void {
    let tally = this.#tallies.get(recipient);
    if (tally === undefined) {
      tally = { planned: 0, made: names.map(() => 0), kept: new Map() };
      this.#tallies.set(recipient, tally);
    }
    tally.planned++;
    if (names[state] === undefined) tally.kept.set(reason, (tally.kept.get(reason) ?? 0) + 1);
    else tally.made[state] = (tally.made[state] ?? 0) + 1;
  }

  finish(counters: Counters): void {
    for (const [recipient, { planned, made, kept }] of this.#tallies) {
      counters.add(`${recipient}:planned`, planned);
      made.forEach((count, state) => countPair(counters, recipient, state, '', count));
      for (const [reason, count] of kept) countPair(counters, recipient, pairState.suppressed, reason, count);
    }
    this.#tallies.clear();
  }
}

export function countDropped(counters: Counters, recipient: number, reason: string, amount: number): void {
  counters.add(`${recipient}:dropped:${reason}`, amount);
}
