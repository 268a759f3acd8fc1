/**
 * The pause after the n-th failure in a row: doubles from `minMs` to `maxMs`, with jitter so that many
 * pollers do not come back in the same second.
 *
 * Called by src/poller for destinations and for sensors of a follower. `random` is in [0, 1): the pause lies
 * between half of the nominal time and all of it.
 */

export interface BackoffRange {
  readonly minMs: number;
  readonly maxMs: number;
}

export function backoff(failures: number, range: BackoffRange, random: number): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 30);
  const nominal = Math.min(range.maxMs, range.minMs * 2 ** exponent);
  return Math.round(nominal * (0.5 + random / 2));
}

/** A number in [0, 1) from 4 random bytes. */
export function unitInterval(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return (((a * 256 + b) * 256 + c) * 256 + d) / 2 ** 32;
}
