/**
 * How often somebody may do something: a token bucket each, filled by the minute. Used for posts of a key
 * (HTTP, mail, syslog) and for wrong keys of an address.
 *
 * A bucket holds one minute's worth, so that a burst after silence passes. Bounded: of more than keyLimits.paces the one longest
 * unheard is forgotten, which gives it a full bucket.
 */

import { keyLimits } from '../../core/limits.ts';
import type { Clock } from '../../core/ports.ts';

interface Bucket {
  tokens: number;
  /** Monotonic ms at which `tokens` was true. */
  at: number;
}

export class Pace {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Longest unheard first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Takes one; else milliseconds until there is one again. */
  take(name: string, perMinute: number): number | undefined {
    const now = this.#clock.monotonic();
    const before = this.#buckets.get(name);
    const filled =
      before === undefined ? perMinute : before.tokens + ((now - before.at) * perMinute) / 60_000;
    const bucket = { tokens: Math.min(perMinute, filled), at: now };
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= keyLimits.paces) break;
      this.#buckets.delete(oldest);
    }
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * 60_000) / perMinute);
    bucket.tokens -= 1;
    return undefined;
  }
}
