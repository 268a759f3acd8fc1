/**
 * Looks at a profile after a run (or a minute), and puts what has to be reported into its journal as IDMEF alerts:
 * whoever watches Prelude must learn that alerts do not get there.
 *
 * Called by profile-run.ts and follow.ts. An empty poll loads none of it: `worthWatching` needs one entry of the
 * journal's state. Reports are appended past validation and go to every destination like any alert.
 */

import { RelayError } from '../core/errors.ts';
import type { JournalStats } from '../journal/journal.ts';
import { lostOf } from '../journal/lost.ts';
import type { PollerDeps, ProfileSession } from './profile-session.ts';
import type { RunCounts } from './run-counts.ts';
import { quarantineText, unfitText } from './run-report.ts';
import { readSensorFacts } from './sensor-facts.ts';
import { parseSensorStatus } from './sensor-status.ts';
import { formatMemory, parseMemory } from './watch-memory.ts';
import { watch } from './watch.ts';
import type { DestinationState, Observation } from './watch-facts.ts';

/** What happened with the sensor since the last look. */
export interface SensorSeen {
  readonly sensor: Observation['sensor'];
  readonly fault: string;
  /** Its last `IDMEF-Status`. */
  readonly status: string | undefined;
}

/** Returns how many reports were put into the journal. */
export async function watchProfile(
  session: ProfileSession,
  seen: SensorSeen,
  counts: RunCounts,
  deps: PollerDeps,
): Promise<number> {
  const { profile, journal } = session;
  const { state } = journal;
  const { clock, random, hostname, log } = deps;
  const stored = await state.get(WATCH_KEY);
  const known = await readSensorFacts(state);
  const { memory, reports } = watch(parseMemory(stored), {
    now: clock.now(),
    reportAfterMs: profile.reportAfterMs,
    sensor: seen.sensor,
    sensorLabel: `sensor ${profile.name}`,
    fault: seen.fault,
    lastGood: known.lastSuccess,
    journal: known.journal,
    status: parseSensorStatus(seen.status),
    destinations: destinationsOf(session, await journal.stats()),
    quarantined: {
      count: counts.quarantined,
      rules: [...counts.invalid.keys()],
      text: counts.quarantined > 0 ? quarantineText(profile.name, counts) : '',
    },
    unfit: { count: counts.unfit, text: counts.unfit > 0 ? unfitText(profile.name, counts) : '' },
    brokenOff: counts.brokenOff,
  });
  if (reports.length > 0) {
    const { buildReport } = await import('../idmef/build.ts');
    const about = { now: clock.now(), hostname, random, sensor: profile.name };
    const built = await Promise.all(reports.map((report) => buildReport({ ...about, ...report })));
    const messages = built.map(({ message }, index) => ({
      body: message,
      severity: reports[index]?.severity === 'high' ? (4 as const) : (3 as const),
    }));
    try {
      await journal.append(messages);
    } catch (error) {
      // A full journal has been said; what is not stored is not told, and comes when there is room.
      if (error instanceof RelayError && error.code === 'JOURNAL_FULL') return 0;
      throw error;
    }
    for (const { text, detail } of reports) log.info(`${session.prefix}reported: ${text}: ${detail}`);
  }
  const text = formatMemory(memory);
  if (text !== stored) await state.set(WATCH_KEY, text);
  return reports.length;
}

export const WATCH_KEY = 'watch';

function destinationsOf({ targets }: ProfileSession, { consumers }: JournalStats): DestinationState[] {
  return targets.flatMap(({ id, label }) => {
    const owed = consumers.find(({ name }) => name === id);
    if (owed === undefined) return [];
    const { pending, leased, oldestAt, dropped } = owed;
    return [{ id, label, pending: pending + leased, oldestAt, lost: lostOf(dropped) }];
  });
}
