/**
 * Backoff and breaker of one destination, kept in the journal's state so that a timer-started poller does not
 * forget between runs what it learnt.
 *
 * Called by forward.ts. Closed: deliveries go. After a failure nothing is tried before `notBefore`; then one
 * lease is, and success closes it again. `broken` (misconfigured, refuses everything) differs from `again`
 * only in being said with its remedy: both keep every message.
 */

import { backoff, unitInterval } from '../core/backoff.ts';
import { jsonObject, numberOf, textOf } from '../core/json-object.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { Journal } from '../journal/journal.ts';

export interface Failure {
  readonly kind: 'again' | 'broken';
  readonly reason: string;
  readonly hint?: string;
  readonly retryAfterMs?: number;
}

/** What stands in the state while the destination fails. */
export interface Illness {
  readonly kind: 'again' | 'broken';
  readonly reason: string;
  readonly hint?: string;
  /** Wall time (ms) of the first failure of the row. */
  readonly since: number;
  readonly failures: number;
  /** Runs that ended with it. */
  readonly runs: number;
  readonly notBefore: number;
}

export interface DestinationHealth {
  illness(): Illness | undefined;
  /** Milliseconds until the next attempt is allowed; 0 when it is. */
  pauseMs(): number;
  fail(failure: Failure): Promise<void>;
  /** The illness that has ended, if there was one. */
  recover(): Promise<Illness | undefined>;
  /** Count one more run that ends ill. */
  endRun(): Promise<void>;
}

export async function loadHealth(
  id: string,
  state: Journal['state'],
  clock: Clock,
  random: Random,
): Promise<DestinationHealth> {
  const key = `fault ${id}`;
  let illness = parse(await state.get(key));
  const store = async (value: Illness | undefined): Promise<void> => {
    illness = value;
    await state.set(key, value === undefined ? '' : JSON.stringify(value));
  };
  return {
    illness: () => illness,
    pauseMs: () => {
      if (illness === undefined) return 0;
      // A clock set back must not prolong a pause beyond the longest one.
      return Math.max(0, Math.min(illness.notBefore - clock.now(), pollerLimits.retryAfterMaxMs));
    },
    fail: async ({ kind, reason, hint, retryAfterMs = 0 }) => {
      const now = clock.now();
      const failures = (illness?.failures ?? 0) + 1;
      const pause = backoff(
        failures,
        { minMs: pollerLimits.backoffMinMs, maxMs: pollerLimits.backoffMaxMs },
        unitInterval(random.bytes(4)),
      );
      const asked = Math.min(retryAfterMs, pollerLimits.retryAfterMaxMs);
      await store({
        kind,
        reason,
        ...(hint === undefined ? {} : { hint }),
        since: illness?.since ?? now,
        failures,
        runs: illness?.runs ?? 0,
        notBefore: now + Math.max(pause, asked),
      });
    },
    recover: async () => {
      const before = illness;
      if (before !== undefined) await store(undefined);
      return before;
    },
    endRun: async () => {
      if (illness !== undefined) await store({ ...illness, runs: illness.runs + 1 });
    },
  };
}

function parse(text: string | undefined): Illness | undefined {
  const entry = jsonObject(text);
  const kind = entry?.['kind'];
  const reason = textOf(entry?.['reason']);
  if ((kind !== 'again' && kind !== 'broken') || reason === undefined) return undefined;
  const hint = textOf(entry?.['hint']);
  return {
    kind,
    reason,
    ...(hint === undefined ? {} : { hint }),
    since: numberOf(entry?.['since']) ?? 0,
    failures: numberOf(entry?.['failures']) ?? 1,
    runs: numberOf(entry?.['runs']) ?? 0,
    notBefore: numberOf(entry?.['notBefore']) ?? 0,
  };
}
