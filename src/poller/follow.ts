/**
 * One profile for good (`--follow`): a long poll to the sensor beside the forward loops, until the signal.
 *
 * Called by src/app/http-proxy.ts. Redials with growing pauses; a fault is said when it begins and when it
 * ends, what was done at most once a minute. Renewed certificates and lists are in force from the next question on
 * (profile-tls.ts). Returns early, with an exit code, only when the profile cannot even be opened for a reason that an
 * operator must mend.
 */

import { backoff, unitInterval } from '../core/backoff.ts';
import type { RelayError } from '../core/errors.ts';
import { leaseLimits, pollerLimits } from '../core/limits.ts';
import { attendForGood } from './attend.ts';
import { lookAtDates } from './dates.ts';
import { endFault, localTime, repeatFault, RUN_FAULT, SENSOR_FAULT } from './fault-streak.ts';
import { forward } from './forward.ts';
import type { ProfileConfig } from './profile.ts';
import { openSession, type PollerDeps, type ProfileSession } from './profile-session.ts';
import { asRelayError, pullSession } from './pull-session.ts';
import { noteFailure } from './note-failure.ts';
import { didSomething, newRunCounts, takeCounts, type RunCounts } from './run-counts.ts';
import { rememberRun } from './run-facts.ts';
import { quarantineText } from './run-report.ts';
import { sayRest } from './say-delivery.ts';
import { faultText, illnessText, summaryFields, summaryText } from './run-words.ts';
import type { SensorClient } from './sensor-client.ts';
import { sleep } from './sleep.ts';
import { createWake, joinSignals, type Wake } from './wake.ts';
import { watchProfile, type SensorSeen } from './watch-profile.ts';

/** Calls the listener at each SIGHUP until the returned function is called. */
export type OnHangup = (listener: () => void) => () => void;

/** Never rejects. 0 after the signal. */
export async function followProfile(
  profile: ProfileConfig,
  deps: PollerDeps,
  signal: AbortSignal,
  onHangup: OnHangup = () => () => undefined,
): Promise<number> {
  const { log } = deps;
  let said = '';
  let wasOpen = false;
  for (let failures = 0; !signal.aborted;) {
    let session: ProfileSession | undefined;
    let forget: (() => void) | undefined;
    try {
      const opened = await openSession(profile, deps, true);
      session = opened;
      const first = !wasOpen;
      wasOpen = true;
      failures = 0;
      deps.tried?.(profile.name);
      forget = onHangup(() => opened.tls.look());
      await follow(session, deps, signal, first);
    } catch (error) {
      if (signal.aborted) break;
      deps.tried?.(profile.name);
      const fault = asRelayError(error);
      const text = `${profile.name}: ${faultText(fault)}`;
      if (text !== said) {
        log.error(text);
        if (session === undefined) await noteFailure(profile, fault, deps);
      }
      await deps.observe?.(profile, session?.journal, { exit: fault.exit, ms: 0 });
      said = text;
      // What worked once may work again, when the disk does.
      const hopeless = !wasOpen && fault.kind === 'operator' && fault.code !== 'JOURNAL_BUSY';
      if (hopeless) return fault.exit;
      failures += 1;
    } finally {
      forget?.();
      await session?.close();
    }
    if (failures > 0) await pause(failures, deps, signal);
  }
  return 0;
}

/** Rejects with what ends all of it: the journal's faults, and bugs. `first`: the profile's first session here. */
async function follow(
  session: ProfileSession,
  deps: PollerDeps,
  stop: AbortSignal,
  first: boolean,
): Promise<void> {
  const { journal, profile, targets, prefix } = session;
  const ending = new AbortController();
  const signal = joinSignals(stop, ending.signal);
  const wake = createWake(signal);
  const forget = journal.onDue(() => wake.ring());
  await endFault(journal.state, RUN_FAULT, deps.clock);
  const round = newRound(session, deps, wake);
  const loops = targets.map((target) =>
    forward({
      ...deps,
      journal,
      target,
      signal,
      prefix,
      profile: profile.name,
      want: { messages: leaseLimits.maxMessages, bytes: leaseLimits.defaultBytes },
      counts: round.counts,
      wait: (ms) => wake.wait(ms),
      ending: () => signal.aborted,
      patient: true,
      highFirst: profile.highFirst,
      tryPutOff: false,
    }),
  );
  loops.push(attendForGood(targets, { log: deps.log, prefix, first }, signal));
  if (!profile.drain) loops.push(pullForGood(session, round, deps, signal));
  loops.push(summarize(round, signal));
  try {
    await Promise.all(loops.map((loop) => untilAbort(loop, signal)));
  } finally {
    ending.abort();
    await Promise.allSettled(loops);
    forget();
    if (!stop.aborted || didSomething(round.counts)) await round.end().catch(() => undefined);
  }
}

/** What happens after the signal is no failure. */
async function untilAbort(loop: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await loop;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function pullForGood(
  session: ProfileSession,
  round: Round,
  deps: PollerDeps,
  signal: AbortSignal,
): Promise<void> {
  const { log, clock } = deps;
  const waitSeconds = waitFor(session.profile);
  let sensor: SensorClient | undefined;
  session.tls.onChange(() => sensor?.renew(session.tls.sensor));
  let dialledAt = 0;
  let failures = 0;
  let failing: { readonly text: string; readonly since: number } | undefined;
  while (!signal.aborted) {
    try {
      if (sensor === undefined || clock.monotonic() - dialledAt > pollerLimits.sessionMs) {
        sensor?.close();
        sensor = session.dialSensor(signal);
        dialledAt = clock.monotonic();
      }
      await pullSession(session, sensor, round.counts, deps, signal, waitSeconds);
      failures = 0;
      await endFault(session.journal.state, SENSOR_FAULT, clock);
      round.seen = { sensor: 'good', fault: '', status: sensor.facts()?.status };
      if (failing !== undefined) {
        log.notice(`${session.prefix}pulling works again, it failed since ${localTime(failing.since)}`);
        failing = undefined;
      }
      // A server that cannot hold the question would be asked in a tight loop.
      if (sensor.facts()?.status === undefined) await sleep(pollerLimits.oldServerPauseMs, signal);
    } catch (error) {
      if (signal.aborted) break;
      const fault = asRelayError(error);
      if (isJournals(fault)) throw fault;
      sensor?.close();
      sensor = undefined;
      failures += 1;
      const text = faultText(fault);
      if (fault.code.startsWith('SENSOR_')) {
        round.seen = { sensor: 'failed', fault: fault.message, status: round.seen.status };
      }
      if (failing?.text !== text) log.error(`${session.prefix}${text}`);
      failing = { text, since: failing?.since ?? clock.now() };
      await repeatFault(session.journal.state, SENSOR_FAULT, clock, fault);
      await pause(failures, deps, signal);
    }
  }
  sensor?.close();
}

/** Faults of the file itself end the session, so that it is opened anew. */
function isJournals({ code }: RelayError): boolean {
  return code.startsWith('JOURNAL_') && code !== 'JOURNAL_FULL';
}

/** How long the sensor may hold a question: less than the silence we tolerate. */
function waitFor({ timeoutSeconds }: ProfileConfig): number {
  return Math.max(1, Math.min(leaseLimits.maxWaitSeconds, Math.floor(timeoutSeconds) - 2));
}

/** What is said and reported together: a minute of a follower. */
interface Round {
  readonly counts: RunCounts;
  /** Of the sensor, by the pull loop. */
  seen: SensorSeen;
  end(): Promise<void>;
}

function newRound(session: ProfileSession, deps: PollerDeps, wake: Wake): Round {
  const { journal, profile, targets, prefix } = session;
  const { log, clock } = deps;
  let began = clock.monotonic();
  const ill = new Map<string, string>();
  const round: Round = {
    counts: newRunCounts(),
    seen: { sensor: 'unasked', fault: '', status: undefined },
    end: async () => {
      const counts = takeCounts(round.counts);
      const ms = clock.monotonic() - began;
      began = clock.monotonic();
      await lookAtDates(session, deps);
      const { consumers } = await journal.stats();
      if (counts.quarantined > 0) {
        log.error(`${prefix}${quarantineText(profile.name, counts)}`);
      }
      sayRest({ counts, log, prefix, profile: profile.name });
      const answered = counts.fetched + counts.duplicate > 0 ? ({ sensor: 'good' } as const) : {};
      if ((await watchProfile(session, { ...round.seen, ...answered }, counts, deps)) > 0) wake.ring();
      round.seen = { ...round.seen, sensor: 'unasked' };
      for (const { id, label, health } of targets) {
        const illness = health.illness();
        const before = ill.get(id);
        if (illness === undefined) ill.delete(id);
        else if (before !== illness.reason) {
          ill.set(id, illness.reason);
          const owed = consumers.find(({ name }) => name === id);
          log.error(`${prefix}${illnessText(label, illness, owed, clock.now())}`);
        }
      }
      if (didSomething(counts)) {
        log.notice(`${prefix}${summaryText(counts, consumers, ms)}`, summaryFields(profile.name, counts, ms));
        const accepted = targets.map(({ id, health }) => [id, health.acceptedAt()] as const);
        await rememberRun(journal.state, { at: clock.now(), ms, exit: 0, counts, accepted });
      }
      await deps.observe?.(profile, journal, { exit: 0, ms });
    },
  };
  return round;
}

async function summarize(round: Round, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(pollerLimits.summaryMs, signal);
    if (!signal.aborted) await round.end();
  }
}

async function pause(failures: number, { random }: PollerDeps, signal: AbortSignal): Promise<void> {
  const range = { minMs: pollerLimits.backoffMinMs, maxMs: pollerLimits.redialMaxMs };
  await sleep(backoff(failures, range, unitInterval(random.bytes(4))), signal);
}
