/**
 * How many messages a minute one key may post over SMTP and syslog: a bucket that fills evenly, so that a burst passes and a
 * flood does not (lineLimits.keyRatePerMinute). Only keys that exist get here, so there are few buckets.
 */

import { lineLimits } from '../../../core/limits.ts';
import type { Clock } from '../../../core/ports.ts';

interface Bucket {
  tokens: number;
  at: number;
}

const MINUTE_MS = 60_000;

export class KeyRate {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #perMinute: number;
  readonly #buckets = new Map<number, Bucket>();

  constructor(clock: Pick<Clock, 'monotonic'>, perMinute: number = lineLimits.keyRatePerMinute) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Whether one more message of this key may pass now; it then counts. */
  take(key: number): boolean {
    const now = this.#clock.monotonic();
    const before = this.#buckets.get(key) ?? { tokens: this.#perMinute, at: now };
    const filled = before.tokens + ((now - before.at) * this.#perMinute) / MINUTE_MS;
    const tokens = Math.min(this.#perMinute, filled);
    const passes = tokens >= 1;
    this.#buckets.set(key, { tokens: passes ? tokens - 1 : tokens, at: now });
    return passes;
  }
}
