/**
 * What of a profile's state deserves an alert of its own, decided from what is seen now and what was seen before.
 *
 * Called by watch-profile.ts at the end of each run and once a minute by a follower. Pure: memory and observation
 * in, memory and reports out; the memory is kept in the journal's state, so that runs started by a timer say a
 * thing once. Lasting things are reported when they begin (silence also when it ends), counters when they grow.
 * What the hourly limit holds back stays unsaid in the memory and comes with the next report. Nothing is said of
 * messages that are our own reports: a report cannot become its own cause.
 */

import { pollerLimits } from '../core/limits.ts';
import {
  losses,
  newJournal,
  paused,
  quarantine,
  sensorFiles,
  SENSOR,
  silence,
  unfit,
  waiting,
} from './watch-causes.ts';
import type { Age, Memory, Observation, Report } from './watch-facts.ts';

export function watch(
  before: Memory,
  seen: Observation,
): { readonly memory: Memory; readonly reports: readonly Report[] } {
  let memory = observe(before, seen);
  const due = [
    ...silence(memory, seen),
    ...losses(memory, seen),
    ...quarantine(memory, seen),
    ...unfit(memory),
    ...waiting(before, memory, seen),
    ...sensorFiles(memory, seen),
    ...paused(memory, seen),
    ...newJournal(memory, seen),
  ];
  const reports: Report[] = [];
  let room = pollerLimits.reportsPerHour;
  room -= memory.sent.filter((at) => Math.abs(seen.now - at) < HOUR_MS).length;
  for (const { report, told } of due.slice(0, Math.max(0, room))) {
    reports.push(report);
    memory = told(memory);
    memory = { ...memory, sent: [...memory.sent, seen.now].slice(-pollerLimits.rememberedReports) };
  }
  return { memory, reports };
}

const HOUR_MS = 3_600_000;

/** What is remembered before anything is reported. Counters that went down begin anew there. */
function observe(before: Memory, seen: Observation): Memory {
  const { now, sensor, status, quarantined } = seen;
  const { failingSince, pausedTold, ...rest } = before;
  // The end of a silence that was reported is still to be said.
  const over = sensor === 'good' && before.silenceTold !== true;
  const since = sensor === 'failed' ? Math.min(failingSince ?? now, now) : over ? undefined : failingSince;
  const { count, rules, text } = before.quarantined;
  return {
    ...rest,
    ...(since === undefined ? {} : { failingSince: since }),
    // Until it goes on; a sensor that says nothing of it has not gone on.
    ...(pausedTold === true && status?.paused !== false ? { pausedTold } : {}),
    ages: agesOf(before, seen),
    stuck: Math.min(before.stuck, status?.stuck ?? before.stuck),
    corrupt: Math.min(before.corrupt, status?.corrupt ?? before.corrupt),
    dropped: Math.min(before.dropped, status?.dropped ?? before.dropped),
    lost: Object.fromEntries(
      seen.destinations.map(({ id, lost }) => [id, Math.min(before.lost[id] ?? 0, lost)]),
    ),
    quarantined: {
      count: count + quarantined.count,
      rules: [...new Set([...rules, ...quarantined.rules])].slice(0, pollerLimits.reportedRules),
      text: quarantined.count > 0 ? quarantined.text : text,
    },
    unfit: {
      count: before.unfit.count + seen.unfit.count,
      text: seen.unfit.count > 0 ? seen.unfit.text : before.unfit.text,
    },
    brokenOff: before.brokenOff + seen.brokenOff,
    ...(before.journal === undefined && seen.journal !== undefined ? { journal: seen.journal } : {}),
  };
}

/** Where messages wait for too long, by place. */
function agesOf(before: Memory, seen: Observation): Memory['ages'] {
  const { now, reportAfterMs, status, destinations } = seen;
  const ages: Record<string, Age> = {};
  if (reportAfterMs === 0) return ages;
  const note = (place: string, oldestAt: number): void => {
    if (now - oldestAt <= reportAfterMs) return;
    ages[place] = { oldestAt, seenAt: now, told: before.ages[place]?.told ?? false };
  };
  const known = before.ages[SENSOR];
  if (status !== undefined && status.pending > 0) note(SENSOR, now - status.oldestMs);
  else if (status === undefined && known !== undefined) ages[SENSOR] = known;
  for (const { id, pending, oldestAt } of destinations) {
    if (oldestAt === undefined) continue;
    const own = before.sent.filter((at) => at >= oldestAt - OWN_SLACK_MS).length;
    if (pending > own) note(id, oldestAt);
  }
  return ages;
}

/** A report enters the journal shortly after the moment it bears. */
const OWN_SLACK_MS = 60_000;
