/**
 * Token buckets of the providers' limits, shared by all recipients that draw from the same key, and the bans providers have
 * spoken (`notBefore`). A call needs a token of each of its keys, or as many as it makes requests: what the bucket does not hold is owed.
 *
 * Made by outbox.ts, used by turns.ts. In memory on the monotonic clock, so that a clock that is set neither opens nor shuts
 * anything; on wall time in the store. Two recipients that state different figures for one key share the stricter ones.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { LimitState } from '../model/delivery.ts';
import type { LimitSpec, SinkAnswer } from '../model/sink.ts';
import type { Timers } from '../model/timers.ts';

interface Bucket {
  tokens: number;
  /** Handed out with a turn, their calls not made yet: they still fill their place, or a slow claim would let two calls meet. */
  reserved: number;
  /** Monotonic ms at which `tokens` was true. */
  at: number;
  /** Monotonic ms. */
  notBefore: number;
  rate: number | undefined;
  burst: number | undefined;
}

/** Sums of fractions: what is this close to a whole token is one. */
const NEARLY = 1e-6;

export class Buckets {
  readonly #timers: Timers;
  readonly #buckets = new Map<string, Bucket>();
  /** After an unclean end: when (monotonic ms) there was nothing in any bucket. */
  #emptyAt: number | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /**
   * States of earlier processes. `uncleanAt` (wall ms): the last one that ended with calls under way, whose tokens were never written
   * down, was succeeded then; every bucket was empty at that time, which costs one interval and never exceeds a limit.
   */
  load(states: readonly LimitState[], uncleanAt: number): void {
    const now = this.#timers.monotonic();
    const wall = this.#timers.now();
    const then = (at: number): number => now - Math.max(0, wall - at);
    this.#emptyAt = uncleanAt === -Infinity ? undefined : then(uncleanAt);
    for (const { key, tokens, updatedAt, notBefore } of states) {
      const isKnown = updatedAt > uncleanAt;
      this.#buckets.set(key, {
        tokens: isKnown ? tokens : Math.min(tokens, 0),
        reserved: 0,
        at: then(isKnown ? updatedAt : uncleanAt),
        notBefore: now + clampBan(notBefore - wall),
        rate: undefined,
        burst: undefined,
      });
    }
  }

  /** The configuration has changed: figures are learnt anew, tokens and bans stay. */
  relearn(): void {
    for (const bucket of this.#buckets.values()) {
      bucket.rate = undefined;
      bucket.burst = undefined;
    }
  }

  /** Milliseconds until a call may draw from all of these; 0: now. */
  waitMs(specs: readonly LimitSpec[]): number {
    const now = this.#timers.monotonic();
    let wait = 0;
    for (const spec of specs) {
      const bucket = this.#refilled(spec, now);
      const missing = Math.min(costOf(spec), burstOf(bucket)) - bucket.tokens;
      const forToken = missing > NEARLY ? Math.ceil((missing * 1000) / rateOf(bucket) - NEARLY) : 0;
      wait = Math.max(wait, forToken, Math.ceil(bucket.notBefore - now));
    }
    return wait;
  }

  isBanned(specs: readonly LimitSpec[]): boolean {
    const now = this.#timers.monotonic();
    return specs.some(({ key }) => (this.#buckets.get(key)?.notBefore ?? -Infinity) > now);
  }

  /** For a call that is about to be made. */
  reserve(specs: readonly LimitSpec[]): void {
    this.#move(specs, -1, 1);
  }

  /** The call is made now. */
  spend(specs: readonly LimitSpec[]): void {
    this.#move(specs, 0, -1);
  }

  /** No call is made after all. */
  giveBack(specs: readonly LimitSpec[]): void {
    this.#move(specs, 1, -1);
  }

  #move(specs: readonly LimitSpec[], tokens: number, reserved: number): void {
    const now = this.#timers.monotonic();
    for (const spec of specs) {
      const bucket = this.#refilled(spec, now);
      bucket.tokens += tokens * costOf(spec);
      bucket.reserved += reserved * costOf(spec);
    }
  }

  /** What a provider said of its limits. It may know of others that use them: less than we thought counts, more does not. */
  hear(limits: NonNullable<SinkAnswer['limits']>): void {
    const now = this.#timers.monotonic();
    const wall = this.#timers.now();
    for (const { key, notBefore, remaining } of limits) {
      const bucket = this.#bucket(key, now);
      if (remaining !== undefined) {
        fill(bucket, now);
        bucket.tokens = Math.min(bucket.tokens, Math.max(0, remaining));
      }
      if (notBefore !== undefined) {
        bucket.notBefore = Math.max(bucket.notBefore, now + clampBan(notBefore - wall));
      }
    }
  }

  /** Nothing of these keys for so long. */
  ban(keys: readonly string[], ms: number): void {
    const notBefore = this.#timers.now() + ms;
    this.hear(keys.map((key) => ({ key, notBefore })));
  }

  states(keys: readonly string[]): LimitState[] {
    const ahead = this.#timers.now() - this.#timers.monotonic();
    return keys.flatMap((key) => {
      const bucket = this.#buckets.get(key);
      if (bucket === undefined) return [];
      const { tokens, at, notBefore } = bucket;
      const until = notBefore === -Infinity ? 0 : Math.ceil(notBefore + ahead);
      return [{ key, tokens, updatedAt: Math.round(at + ahead), notBefore: until }];
    });
  }

  #refilled(spec: LimitSpec, now: number): Bucket {
    const bucket = this.#bucket(spec.key, now, spec);
    fill(bucket, now);
    bucket.rate = Math.min(bucket.rate ?? spec.rate, spec.rate);
    bucket.burst = Math.min(bucket.burst ?? spec.burst, spec.burst);
    fill(bucket, now);
    return bucket;
  }

  #bucket(key: string, now: number, spec?: LimitSpec): Bucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    const bucket: Bucket = {
      tokens: this.#emptyAt === undefined ? Math.max(1, spec?.burst ?? 1) : 0,
      reserved: 0,
      at: this.#emptyAt ?? now,
      notBefore: -Infinity,
      rate: undefined,
      burst: undefined,
    };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

function fill(bucket: Bucket, now: number): void {
  // Until the rate is known, time goes on counting.
  if (bucket.rate === undefined) return;
  const gained = (Math.max(0, now - bucket.at) * bucket.rate) / 1000;
  bucket.tokens = Math.min(burstOf(bucket) - bucket.reserved, bucket.tokens + gained);
  bucket.at = now;
}

/** Less than one token at most would let nothing through for ever. */
function burstOf({ burst }: Bucket): number {
  return Math.max(1, burst ?? 1);
}

function costOf({ cost = 1 }: LimitSpec): number {
  return cost;
}

function rateOf({ rate }: Bucket): number {
  return Math.max(rate ?? 0, 1 / outboxLimits.retryAfterMaxMs);
}

function clampBan(ms: number): number {
  return ms <= 0 ? -Infinity : Math.min(ms, outboxLimits.retryAfterMaxMs);
}
