/**
 * Reservations: a lease taken, and read, before its consumer asks (the sensor's src/sensor/ahead.ts). Called by core.ts.
 *
 * To everybody who counts, a reserved message is pending. Any ordinary lease of the consumer ends its reservations
 * first, so that nothing is passed over, whoever asks and however; retention passes over them as over leases. In memory
 * only, as every claim.
 */

import { RelayError } from '../core/errors.ts';
import { describeClaim, type LeaseClaim } from './claims.ts';
import type { Consumer } from './consumers.ts';
import { hear } from './hear.ts';
import type { Reservation, Want } from './journal.ts';
import { giveBack, takeLease } from './leasing.ts';
import { readChunk, type DamageHooks } from './reading.ts';
import { consumerStats } from './stats.ts';
import type { Store } from './store.ts';

export function reserve(
  store: Store,
  consumer: Consumer,
  want: Want | undefined,
  held: readonly number[],
  hooks: DamageHooks,
): Reservation {
  const whole = new Set(
    store.claims.reserved(consumer).flatMap((claim) => (isWhole(claim) ? [claim.id] : [])),
  );
  const claim = want === undefined ? undefined : takeLease(store, consumer, want);
  let bodies = new Uint8Array(0);
  if (claim !== undefined) {
    claim.reserved = true;
    try {
      bodies = readWhole(store, claim, hooks);
    } catch (error) {
      if (store.claims.has(claim.id)) giveBack(store, claim, {});
      throw error;
    }
  }
  return {
    journal: store.id,
    claim: claim === undefined ? undefined : describeClaim(claim),
    bodies,
    stats: consumerStats(store, consumer),
    intact: held.every((id) => whole.has(id)),
  };
}

/** Due again at once. */
export function endReservations(store: Store, consumer: Consumer): void {
  for (const claim of store.claims.reserved(consumer)) giveBack(store, claim, {});
}

/** The consumer came and got these, or nothing. Throws when one is no longer reserved; nothing has changed then. */
export function grant(store: Store, consumer: Consumer, ids: readonly number[]): void {
  hear(store, [consumer]);
  const claims = ids.map((id) => store.claims.lease(id));
  const [first] = claims;
  if (first === undefined) return;
  const sequences = claims.flatMap((claim) => claim.sequences);
  if (sequences.some((sequence, index) => sequence <= (sequences[index - 1] ?? 0))) {
    throw new RelayError('BUG', `claims ${ids.join(', ')} are not in ascending order`);
  }
  for (const claim of claims) store.claims.close(claim);
  store.claims.replace({
    ...first,
    sequences,
    lengths: claims.flatMap(({ lengths }) => lengths),
    fates: Uint8Array.from(claims.flatMap(({ fates }) => [...fates])),
    count: sequences.length,
    bytes: sum(claims, ({ bytes }) => bytes),
    open: sum(claims, ({ open }) => open),
    undecided: sum(claims, ({ undecided }) => undecided),
    position: sequences.length,
    reserved: false,
  });
}

function isWhole({ open, count }: LeaseClaim): boolean {
  return open === count;
}

function readWhole(store: Store, claim: LeaseClaim, hooks: DamageHooks): Uint8Array<ArrayBuffer> {
  // A buffer of its own, because it is given away.
  const whole = new Uint8Array(claim.bytes);
  for (let offset = 0, done = false; !done;) {
    const chunk = readChunk(store, claim, hooks);
    whole.set(chunk.bodies, offset);
    offset += chunk.bodies.byteLength;
    ({ done } = chunk);
  }
  return whole;
}

function sum(claims: readonly LeaseClaim[], part: (claim: LeaseClaim) => number): number {
  return claims.reduce((total, claim) => total + part(claim), 0);
}
