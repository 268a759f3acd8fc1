/**
 * Hand out, settle and take back: what happens to a lease.
 *
 * Leasing is memory only. Settling removes the rows, and the bodies nobody else is owed, in one transaction;
 * several settlements share one when they come together (core.ts). Memory follows the commit.
 */

import { journalLimits } from '../core/limits.ts';
import { lastMildOf } from './append.ts';
import { decide, isUndecided, leased, undecidedIndexes, type LeaseClaim } from './claims.ts';
import type { Consumer } from './consumers.ts';
import { endDeliveries } from './deliveries.ts';
import type { ReleaseOptions, Want } from './journal.ts';
import { toRanges } from './ranges.ts';
import { write, type Store } from './store.ts';

export interface SettleCall {
  readonly claim: number;
  readonly sequences?: readonly number[] | undefined;
}

export function takeLease(store: Store, consumer: Consumer, want: Want): LeaseClaim | undefined {
  const messages = Math.max(1, want.messages);
  const lastMild = lastMildOf(store.counters, want.minSeverity ?? 0);
  const { sequences, lengths, bytes } = consumer.queue.take(store.db, { ...want, messages }, lastMild);
  return sequences.length === 0 ? undefined : store.claims.addLease(consumer, sequences, lengths, bytes);
}

/** Which messages of which lease a call settles; throws when it names a claim or message that is not there. */
export function planSettle(store: Store, call: SettleCall): { claim: LeaseClaim; indexes: number[] } {
  const claim = store.claims.lease(call.claim);
  return { claim, indexes: undecidedIndexes(claim, call.sequences) };
}

export function settlePlanned(
  store: Store,
  plans: readonly { readonly claim: LeaseClaim; readonly indexes: readonly number[] }[],
): void {
  write(store, () => {
    for (const { claim, indexes } of plans) {
      const { consumer } = claim;
      for (const range of rangesOf(claim, indexes)) {
        endDeliveries(store, consumer, range, consumer.counter.settled, claim);
      }
    }
  });
  for (const { claim, indexes } of plans) end(store, claim, indexes, leased.settled);
}

/** True when something is due again at once. */
export function giveBack(store: Store, claim: LeaseClaim, options: ReleaseOptions): boolean {
  const { db, clock } = store;
  const { consumer } = claim;
  const indexes = undecidedIndexes(claim, options.sequences);
  const ranges = rangesOf(
    claim,
    indexes.filter((index) => claim.fates[index] === leased.open),
  );
  const now = clock.now();
  const notBefore = Math.min(options.notBefore ?? 0, now + journalLimits.deferMaxMs);
  const failed = options.failed === true ? 1 : 0;
  if (failed === 1 || notBefore > now) {
    write(store, () => {
      for (const { first, last } of ranges) {
        db.run(
          `UPDATE delivery SET attempts = attempts + ?, not_before = ?
             WHERE consumer = ? AND seq BETWEEN ? AND ? AND state = 0`,
          failed,
          notBefore,
          consumer.id,
          first,
          last,
        );
      }
    });
  }
  end(store, claim, indexes, leased.released);
  consumer.queue.giveBack(ranges, notBefore);
  return ranges.length > 0 && notBefore <= now;
}

/** The holder has decided about these; the claim ends with the last. */
export function end(
  store: Store,
  claim: LeaseClaim,
  indexes: readonly number[],
  fate: typeof leased.settled | typeof leased.released,
): void {
  for (const index of indexes) {
    if (isUndecided(claim, index)) decide(claim, index, fate);
  }
  if (claim.undecided === 0) store.claims.close(claim);
}

function rangesOf(claim: LeaseClaim, indexes: readonly number[]) {
  return toRanges(indexes.map((index) => claim.sequences[index] ?? 0));
}
