/**
 * Backoff and breaker of one destination, kept in the journal's state so that a timer-started poller does not
 * forget between runs what it learnt.
 *
 * Called by forward.ts. Closed: deliveries go. After a failure nothing is tried before `notBefore`; then one
 * lease is, and success closes it again. Our own pause (at most minutes) binds the process that made it: each
 * new run makes one attempt at its start, so that a run by hand after a repair shows at once whether it works,
 * and a timer paces itself. A time the destination asked for (Retry-After) binds every run. `broken`
 * (misconfigured, refuses everything) and `again` both keep every message.
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
  /** Wall time (ms) of the last failure; undefined in entries of earlier versions. */
  readonly at?: number;
  /** Until then (wall time, ms) the destination itself asked for peace; 0 when it did not. */
  readonly askedUntil: number;
}

export interface DestinationHealth {
  illness(): Illness | undefined;
  /** Wall time (ms) at which it last accepted something in this process. */
  acceptedAt(): number | undefined;
  /** Milliseconds until the next attempt is allowed; 0 when it is. */
  pauseMs(): number;
  fail(failure: Failure): Promise<void>;
  /** It has accepted something. The illness that has ended, if there was one. */
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
  let acceptedAt: number | undefined;
  let ownPause = false;
  const store = async (value: Illness | undefined): Promise<void> => {
    illness = value;
    await state.set(key, value === undefined ? '' : JSON.stringify(value));
  };
  return {
    illness: () => illness,
    acceptedAt: () => acceptedAt,
    pauseMs: () => {
      if (illness === undefined) return 0;
      // A clock set back must not prolong a pause beyond the longest one.
      const until = ownPause ? illness.notBefore : illness.askedUntil;
      return Math.max(0, Math.min(until - clock.now(), pollerLimits.retryAfterMaxMs));
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
      ownPause = true;
      await store({
        kind,
        reason,
        ...(hint === undefined ? {} : { hint }),
        since: illness?.since ?? now,
        failures,
        runs: illness?.runs ?? 0,
        at: now,
        notBefore: now + Math.max(pause, asked),
        askedUntil: asked > 0 ? now + asked : 0,
      });
    },
    recover: async () => {
      acceptedAt = clock.now();
      const before = illness;
      if (before !== undefined) await store(undefined);
      return before;
    },
    endRun: async () => {
      if (illness !== undefined) await store({ ...illness, runs: illness.runs + 1 });
    },
  };
}

/** What stands in the state of a destination. */
export async function readIllness(id: string, state: Journal['state']): Promise<Illness | undefined> {
  return parse(await state.get(`fault ${id}`));
}

function parse(text: string | undefined): Illness | undefined {
  const entry = jsonObject(text);
  const kind = entry?.['kind'];
  const reason = textOf(entry?.['reason']);
  if ((kind !== 'again' && kind !== 'broken') || reason === undefined) return undefined;
  const hint = textOf(entry?.['hint']);
  const at = numberOf(entry?.['at']);
  return {
    kind,
    reason,
    ...(hint === undefined ? {} : { hint }),
    ...(at === undefined ? {} : { at }),
    since: numberOf(entry?.['since']) ?? 0,
    failures: numberOf(entry?.['failures']) ?? 1,
    runs: numberOf(entry?.['runs']) ?? 0,
    notBefore: numberOf(entry?.['notBefore']) ?? 0,
    askedUntil: numberOf(entry?.['askedUntil']) ?? 0,
  };
}
