/**
 * One run of one profile, as a timer starts it: recover what a killed run left, pull until empty while
 * forwarding what is kept, say what happened, return the exit code.
 *
 * Called by src/app/http-proxy.ts. The journal's lock is the profile's: when another run holds it this one
 * ends at once with 0. A whole run has a deadline; what it leaves undone the next run goes on with. Exit codes:
 * exit-code.ts.
 */

import { RelayError } from '../core/errors.ts';
import { leaseLimits } from '../core/limits.ts';
import type { Journal } from '../journal/journal.ts';
import { worstExit } from './exit-code.ts';
import {
  endFault,
  localTime,
  repeatFault,
  RUN_FAULT,
  SENSOR_FAULT,
  type FaultStreak,
} from './fault-streak.ts';
import { forward } from './forward.ts';
import type { ProfileConfig } from './profile.ts';
import { openSession, type PollerDeps, type ProfileSession, type Target } from './profile-session.ts';
import { asRelayError, pullSession } from './pull-session.ts';
import { didSomething, newRunCounts, type RunCounts } from './run-counts.ts';
import { lookAtDates } from './dates.ts';
import { createWake, joinSignals } from './wake.ts';
import type { SensorSeen } from './watch-profile.ts';

/** Never rejects: whatever happens becomes a log line and an exit code. */
export async function runProfile(
  profile: ProfileConfig,
  deps: PollerDeps,
  signal: AbortSignal,
): Promise<number> {
  let session: ProfileSession | undefined;
  const started = deps.clock.monotonic();
  const observe = async (exit: number): Promise<void> =>
    await deps.observe?.(profile, session?.journal, { exit, ms: deps.clock.monotonic() - started });
  try {
    if (profile.dryRun) {
      const { dryRun } = await import('./dry-run.ts');
      return await dryRun(profile, deps, signal);
    }
    session = await openSession(profile, deps);
    const exit = await run(session, deps, signal);
    await observe(exit);
    return exit;
  } catch (error) {
    const fault = asRelayError(error);
    if (fault.code === 'JOURNAL_BUSY' && session === undefined) {
      deps.log.info(`${profile.name}: another run is active: ${fault.message}`);
      return 0;
    }
    const { faultText } = await import('./run-words.ts');
    deps.log.error(`${profile.name}: ${faultText(fault)}`);
    if (session === undefined && !profile.dryRun) {
      const { noteFailure } = await import('./note-failure.ts');
      await noteFailure(profile, fault, deps);
    }
    if (!profile.dryRun) await observe(fault.exit);
    return fault.exit;
  } finally {
    await session?.close();
  }
}

async function run(session: ProfileSession, deps: PollerDeps, stop: AbortSignal): Promise<number> {
  const { profile, journal, targets, prefix } = session;
  const { clock } = deps;
  const started = clock.monotonic();
  const counts = newRunCounts();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(late(profile)), profile.deadlineSeconds * 1000);
  const signal = joinSignals(stop, deadline.signal);
  const wake = createWake(signal);
  const forget = journal.onDue(() => wake.ring());
  let pulled = false;
  const faults: RelayError[] = [];

  const forwardAll = (tryPutOff: boolean): Promise<unknown> =>
    Promise.all(
      targets.map((target) =>
        forward({
          ...deps,
          journal,
          target,
          signal,
          prefix,
          profile: profile.name,
          want: FORWARD_WANT,
          counts,
          wait: (ms) => wake.wait(ms),
          ending: () => pulled,
          patient: false,
          highFirst: profile.highFirst,
          tryPutOff,
        }).catch((error: unknown) => {
          if (!signal.aborted) faults.push(asRelayError(error));
        }),
      ),
    );
  const loops = forwardAll(true);
  let seen: SensorSeen = { sensor: 'unasked', fault: '', status: undefined };
  try {
    if (!profile.drain) {
      const pulling = await pullOnce(session, counts, deps, signal);
      ({ seen } = pulling);
      if (pulling.fault !== undefined && pulling.fault.code !== 'DEADLINE') faults.push(pulling.fault);
    }
    await lookAtDates(session, deps);
  } catch (error) {
    faults.push(asRelayError(error));
  } finally {
    pulled = true;
    wake.ring();
    await loops;
  }
  try {
    if (await worthWatching(session, seen, counts)) {
      const { watchProfile } = await import('./watch-profile.ts');
      if ((await watchProfile(session, seen, counts, deps)) > 0) await forwardAll(false);
    }
    if (targets.some(({ resident }) => resident)) {
      const { attendOnce } = await import('./attend.ts');
      await attendOnce(targets, journal.state, deps, signal);
    }
  } catch (error) {
    faults.push(asRelayError(error));
  } finally {
    clearTimeout(timer);
    forget();
  }
  if (deadline.signal.aborted) faults.push(late(profile));
  return await conclude(session, counts, faults, deps, clock.monotonic() - started);
}

/** A lease of the forward side: large, because each costs a commit and, for a directory, a file. */
const FORWARD_WANT = { messages: leaseLimits.maxMessages, bytes: leaseLimits.defaultBytes };

interface Pulling {
  readonly fault: RelayError | undefined;
  readonly seen: SensorSeen;
}

async function pullOnce(
  session: ProfileSession,
  counts: RunCounts,
  deps: PollerDeps,
  signal: AbortSignal,
): Promise<Pulling> {
  const { state } = session.journal;
  const sensor = session.dialSensor(signal);
  const result = (fault?: RelayError): Pulling => {
    const answered = fault === undefined ? !signal.aborted : counts.fetched + counts.duplicate > 0;
    const failed = fault?.code.startsWith('SENSOR_') === true;
    return {
      fault,
      seen: {
        sensor: answered ? 'good' : failed ? 'failed' : 'unasked',
        fault: fault?.message ?? '',
        status: sensor.facts()?.status,
      },
    };
  };
  try {
    await pullSession(session, sensor, counts, deps, signal);
    const ended = await endFault(state, SENSOR_FAULT, deps.clock);
    if (ended !== undefined) {
      deps.log.notice(`${session.prefix}pulling works again, it failed since ${localTime(ended.since)}`);
    }
    return result();
  } catch (error) {
    return result(signal.aborted ? undefined : asRelayError(error));
  } finally {
    sensor.close();
  }
}

/** A run that saw nothing, after one that left nothing unsaid, looks no further. */
async function worthWatching(
  { journal }: ProfileSession,
  { sensor, status = '' }: SensorSeen,
  counts: RunCounts,
): Promise<boolean> {
  if (sensor === 'failed' || didSomething(counts)) return true;
  if (/\b(?:pending|stuck|corrupt|dropped|paused)=0*[1-9]/.test(status)) return true;
  const text = (await journal.state.get('watch')) ?? '';
  if (text !== '' && !text.startsWith('{"quiet":true')) return true;
  const { consumers } = await journal.stats();
  return consumers.some((one) => one.pending + one.leased > 0 || Object.keys(one.dropped).length > 0);
}

async function conclude(
  { profile, journal, targets, prefix }: ProfileSession,
  counts: RunCounts,
  faults: readonly RelayError[],
  { clock, log }: PollerDeps,
  ms: number,
): Promise<number> {
  const exits = faults.map(({ exit }) => exit);
  const { consumers } = await journal.stats();
  const ill = targets.some(({ health }) => health.illness() !== undefined);
  const held = consumers.filter((consumer) => consumer.held > 0);
  const refused = await refusedKept(targets, journal);
  if (faults.every(isSensors)) await endFault(journal.state, RUN_FAULT, clock);
  if (!ill && refused === '' && faults.length + held.length === 0 && !didSomething(counts)) return 0;
  const { faultText, heldText, illnessText, summaryFields, summaryText } = await import('./run-words.ts');
  if (counts.quarantined > 0) {
    const { quarantineText } = await import('./run-report.ts');
    log.error(`${prefix}${quarantineText(profile.name, counts)}`);
    exits.push(65);
  }
  if (counts.poison + counts.unfit > 0) exits.push(65);
  if (counts.unfit + counts.changedMessages > 0) {
    const { sayRest } = await import('./say-delivery.ts');
    sayRest({ counts, log, prefix, profile: profile.name });
  }
  if (refused !== '') {
    exits.push(75);
    if (counts.refused === 0) log.warning(`${prefix}${refused}`);
  }
  const counted = new Map<string, FaultStreak>();
  for (const fault of faults) {
    const key = isSensors(fault) ? SENSOR_FAULT : RUN_FAULT;
    // A journal that cannot be written is such a fault itself.
    const streak =
      counted.get(key) ?? (await repeatFault(journal.state, key, clock, fault).catch(() => undefined));
    if (streak !== undefined) counted.set(key, streak);
    log.error(`${prefix}${faultText(fault, streak)}`, { profile: profile.name, code: fault.code });
  }
  for (const { id, label, health } of targets) {
    await health.endRun();
    const illness = health.illness();
    if (illness === undefined) continue;
    const owed = consumers.find(({ name }) => name === id);
    log.error(`${prefix}${illnessText(label, illness, owed, clock.now())}`);
    exits.push(75);
  }
  for (const consumer of held) log.warning(`${prefix}${heldText(consumer)}`);
  if (didSomething(counts)) {
    log.notice(`${prefix}${summaryText(counts, consumers, ms)}`, summaryFields(profile.name, counts, ms));
  }
  const exit = worstExit(exits);
  if (exit !== 0 || didSomething(counts)) {
    const { rememberRun } = await import('./run-facts.ts');
    const accepted = targets.map(({ id, health }) => [id, health.acceptedAt()] as const);
    // What was done is done; a journal that cannot be written is said by the next run.
    await rememberRun(journal.state, { at: clock.now(), ms, exit, counts, accepted }).catch(() => undefined);
  }
  return exit;
}

/** Messages some destination has refused but that are not proven to be poison: said even when not tried now. */
async function refusedKept(targets: readonly Target[], journal: Journal): Promise<string> {
  const words: string[] = [];
  for (const { id, label } of targets) {
    if (((await journal.state.get(`refused ${id}`)) ?? '') === '') continue;
    const { refusedSoFar } = await import('./refusal-ledger.ts');
    const count = await refusedSoFar(id, journal.state);
    words.push(
      `${label} has refused ${count} of the messages kept for it; they are tried again with each run`,
    );
  }
  return words.join('; ');
}

/** Faults of the pull side last from run to run; others are this run's. */
function isSensors({ code }: RelayError): boolean {
  return code.startsWith('SENSOR_') || code === 'DISK_RESERVE' || code === 'JOURNAL_FULL';
}

function late({ deadlineSeconds }: ProfileConfig): RelayError {
  return new RelayError('DEADLINE', `not done within the deadline of ${deadlineSeconds} s`, {
    hint: 'the next run goes on; --deadline sets it',
  });
}
