/**
 * Waits for something that another process or thread brings about. The only sanctioned polling in tests. Its patience says that something
 * hangs, never how quick it is: a busy host takes many times as long as an idle one.
 */

import { setTimeout as delay } from 'node:timers/promises';

interface UntilOptions {
  readonly timeoutMs?: number;
  /** Between two looks; default 5. For looks that cost something. */
  readonly everyMs?: number;
  /** Said when it does not come true. */
  readonly what?: string;
}

/** Resolves with the predicate's first truthy value; rejects when there was none within `timeoutMs` (two minutes). */
export async function until<T>(
  predicate: () => T | Promise<T>,
  { timeoutMs = 120_000, everyMs = 5, what = 'the expected state' }: UntilOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await predicate();
    if (value !== null && value !== undefined && (value as unknown) !== false && (value as unknown) !== 0) {
      return value;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what} did not come about within ${timeoutMs} ms`);
    }
    await delay(everyMs);
  }
}
