/**
 * Notes that a consumer was heard of: it leased, looked for itself, or settled. For its bounds (lapse.ts) and stats.
 *
 * Called by core.ts after those verbs. In memory to the millisecond, in the file to heardMs: the note goes with the
 * next transaction there is, and has one of its own only where bounds depend on it; so an empty poll costs no fsync.
 * That it could not be written down for want of room is no reason to refuse the poll.
 */

import { journalLimits } from '../core/limits.ts';
import type { Consumer } from './consumers.ts';
import { isFull } from './sqlite-errors.ts';
import { add, type Store } from './store.ts';

export function hear(store: Store, consumers: readonly Consumer[]): void {
  const { clock, counters } = store;
  const now = clock.now();
  let isLate = false;
  for (const consumer of consumers) {
    consumer.heard.at = now;
    if (Math.abs(now - counters.get(consumer.counter.seen)) < journalLimits.heardMs) continue;
    counters.set(consumer.counter.seen, now);
    isLate = true;
  }
  if (!isLate || store.consumerBounds === undefined) return;
  try {
    add(store, () => undefined);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}
