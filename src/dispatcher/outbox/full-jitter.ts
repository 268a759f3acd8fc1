/**
 * The pause after the n-th failure in a row: anywhere between `minMs` and a bound that doubles up to `maxMs`, so that many
 * recipients of one provider do not come back together, and never at once.
 *
 * Called by judge.ts and lane.ts. `random` is in [0, 1). "Full jitter": Brooker, Exponential Backoff and Jitter, 2015.
 */

import type { BackoffRange } from '../../core/backoff.ts';

export function fullJitter(failures: number, { minMs, maxMs }: BackoffRange, random: number): number {
  const exponent = Math.min(Math.max(failures, 1), 30);
  const bound = Math.min(maxMs, minMs * 2 ** exponent);
  return Math.round(minMs + (bound - minMs) * random);
}
