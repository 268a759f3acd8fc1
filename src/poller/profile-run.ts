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
import { endFault, localTime, repeatFault } from './fault-streak.ts';
import { forward } from './forward.ts';
import type { ProfileConfig } from './profile.ts';
import { openSession, type PollerDeps, type ProfileSession, type Target } from './profile-session.ts';
import { asRelayError, pullSession } from './pull-session.ts';
import { didSomething, newRunCounts, type RunCounts } from './run-counts.ts';
import { createWake, joinSignals } from './wake.ts';

const SENSOR_FAULT = 'fault sensor';

/** Never rejects: whatever happens becomes a log line and an exit code. */
export async function runProfile(
  profile: ProfileConfig,
  deps: PollerDeps,
  signal: AbortSignal,
): Promise<number> {
  let session: ProfileSession | undefined;
  try {
    if (profile.dryRun) {
      const { dryRun } = await import('./dry-run.ts');
      return await dryRun(profile, deps, signal);
    }
    session = await openSession(profile, deps);
    return await run(session, deps, signal);
  } catch (error) {
    const fault = asRelayError(error);
    if (fault.code === 'JOURNAL_BUSY' && session === undefined) {
      deps.log.info(`${profile.name}: another run is active: ${fault.message}`);
      return 0;
    }
    const { faultText } = await import('./run-words.ts');
    deps.log.error(`${profile.name}: ${faultText(fault)}`);
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

  const loops = targets.map((target) =>
    forward({
      ...deps,
      journal,
      target,
      signal,
      prefix,
      want: FORWARD_WANT,
      counts,
      wait: (ms) => wake.wait(ms),
      ending: () => pulled,
      patient: false,
    }).catch((error: unknown) => {
      if (!signal.aborted) faults.push(asRelayError(error));
    }),
  );
  try {
    const fault = profile.drain ? undefined : await pullOnce(session, counts, deps, signal);
    if (fault !== undefined && fault.code !== 'DEADLINE') faults.push(fault);
    if (counts.quarantined > 0) {
      const { reportQuarantine } = await import('./run-report.ts');
      await reportQuarantine(profile.name, counts, journal, deps);
    }
  } catch (error) {
    faults.push(asRelayError(error));
  } finally {
    pulled = true;
    wake.ring();
    await Promise.all(loops);
    clearTimeout(timer);
    forget();
  }
  if (deadline.signal.aborted) faults.push(late(profile));
  return await conclude(session, counts, faults, deps, clock.monotonic() - started);
}

/** A lease of the forward side: large, because each costs a commit and, for a directory, a file. */
const FORWARD_WANT = { messages: leaseLimits.maxMessages, bytes: leaseLimits.defaultBytes };

async function pullOnce(
  session: ProfileSession,
  counts: RunCounts,
  deps: PollerDeps,
  signal: AbortSignal,
): Promise<RelayError | undefined> {
  const { state } = session.journal;
  const sensor = session.dialSensor(signal);
  try {
    await pullSession(session, sensor, counts, deps, signal);
    const ended = await endFault(state, SENSOR_FAULT);
    if (ended !== undefined) {
      deps.log.notice(`${session.prefix}pulling works again, it failed since ${localTime(ended.since)}`);
    }
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    return asRelayError(error);
  } finally {
    sensor.close();
  }
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
  if (!ill && refused === '' && faults.length + held.length === 0 && !didSomething(counts)) return 0;
  const { faultText, heldText, illnessText, summaryFields, summaryText } = await import('./run-words.ts');
  if (counts.quarantined > 0) {
    const { quarantineText } = await import('./run-report.ts');
    log.error(`${prefix}${quarantineText(profile.name, counts)}`);
    exits.push(65);
  }
  if (counts.poison > 0) exits.push(65);
  if (refused !== '') {
    exits.push(75);
    if (counts.refused === 0) log.warning(`${prefix}${refused}`);
  }
  for (const fault of faults) {
    const streak = isSensors(fault) ? await repeatFault(journal.state, SENSOR_FAULT, clock) : undefined;
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
  return worstExit(exits);
}

/** Messages some destination has refused but that are not proven to be poison: said even when not tried now. */
async function refusedKept(targets: readonly Target[], journal: Journal): Promise<string> {
  const words: string[] = [];
  for (const { id, label } of targets) {
    if (((await journal.state.get(`refused ${id}`)) ?? '') === '') continue;
    const { refusedSoFar } = await import('./refusal-ledger.ts');
    const count = await refusedSoFar(id, journal.state);
    words.push(`${label} has refused ${count} of the messages kept for it; they are tried again later`);
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
