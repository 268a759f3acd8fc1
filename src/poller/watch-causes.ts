/**
 * The causes for which a profile reports to its destinations, one function each: what is due now, and how it is
 * remembered as said.
 *
 * Called by watch.ts, which keeps the hourly limit. Pure. Classification texts are fixed, because receivers group
 * by them; what varies is the detail.
 */

import { emptyMemory, type Due, type Memory, type Observation, type Report } from './watch-facts.ts';

/** The place of messages that wait at the sensor, beside the destinations' ids. */
export const SENSOR = 'sensor';

export function silence(memory: Memory, seen: Observation): Due[] {
  const { now, sensor, sensorLabel, fault, lastGood, reportAfterMs } = seen;
  const since = memory.failingSince;
  if (since === undefined) return [];
  if (sensor === 'good') {
    const detail = `${sensorLabel} answers again, it did not for ${duration(now - since)}`;
    const report: Report = { severity: 'medium', text: 'a silent sensor answers again', detail };
    return [{ report, told: spokenOut }];
  }
  if (sensor !== 'failed' || memory.silenceTold === true) return [];
  if (reportAfterMs === 0 || now - since <= reportAfterMs) return [];
  const last = lastGood === undefined ? 'never yet' : `last ${new Date(lastGood).toISOString()}`;
  const detail = `no good answer for ${duration(now - since)} (${last}): ${fault}`;
  const report: Report = { severity: 'high', text: 'a sensor is silent', detail };
  return [{ report, told: (before) => ({ ...before, silenceTold: true }) }];
}

function spokenOut(memory: Memory): Memory {
  const rest: { -readonly [Key in keyof Memory]: Memory[Key] } = { ...memory };
  delete rest.failingSince;
  delete rest.silenceTold;
  return rest;
}

export function waiting(
  before: Memory,
  memory: Memory,
  { now, sensorLabel, destinations }: Observation,
): Due[] {
  return Object.entries(memory.ages).flatMap(([place, age]) => {
    const former = before.ages[place];
    const shrinks = former === undefined || age.oldestAt - former.oldestAt > age.seenAt - former.seenAt;
    if (age.told || shrinks || former.seenAt === age.seenAt) return [];
    const where = destinations.find(({ id }) => id === place);
    const what = where === undefined ? `at ${sensorLabel}` : `for ${where.label} (${where.pending} messages)`;
    const report: Report = {
      severity: 'medium',
      text: 'IDMEF messages wait too long',
      detail: `the oldest message waiting ${what} has been there for ${duration(now - age.oldestAt)}, and it grows`,
      ...(where === undefined ? {} : { count: where.pending }),
    };
    const told = (known: Memory): Memory => ({
      ...known,
      ages: { ...known.ages, [place]: { ...age, told: true } },
    });
    return [{ report, told }];
  });
}

export function losses(memory: Memory, { sensorLabel, status, destinations }: Observation): Due[] {
  const due: Due[] = [];
  const text = 'IDMEF messages were lost';
  const dropped = status?.dropped ?? 0;
  const atSensor = dropped - memory.dropped;
  if (atSensor > 0) {
    const detail = `${sensorLabel} has dropped ${messages(atSensor)} (retention, a consumer that stayed away, damage): its log says which`;
    const report: Report = { severity: 'high', text, detail, count: atSensor };
    due.push({ report, told: (before) => ({ ...before, dropped }) });
  }
  for (const { id, label, lost } of destinations) {
    const here = lost - (memory.lost[id] ?? 0);
    if (here <= 0) continue;
    const detail = `${messages(here)} for ${label} were dropped here (retention or damage): the log says which`;
    const report: Report = { severity: 'high', text, detail, count: here };
    due.push({ report, told: (before) => ({ ...before, lost: { ...before.lost, [id]: lost } }) });
  }
  return due;
}

export function quarantine({ quarantined, brokenOff }: Memory, { sensorLabel }: Observation): Due[] {
  const due: Due[] = [];
  if (quarantined.count > 0) {
    const { count, rules, text: detail } = quarantined;
    const text = 'IDMEF messages of a sensor were quarantined';
    const report: Report = { severity: 'medium', text, detail, rules, count };
    due.push({ report, told: (memory) => ({ ...memory, quarantined: emptyMemory.quarantined }) });
  }
  if (brokenOff > 0) {
    const what = brokenOff === 1 ? 'an answer' : `${brokenOff} answers`;
    const detail = `${what} of ${sensorLabel} broke off; an old server forgets what it has sent: look in its --movedir, and in the quarantine here`;
    const report: Report = {
      severity: 'high',
      text: 'an answer of a sensor broke off',
      detail,
      count: brokenOff,
    };
    due.push({ report, told: (memory) => ({ ...memory, brokenOff: 0 }) });
  }
  return due;
}

export function unfit({ unfit: { count, text: detail } }: Memory): Due[] {
  if (count === 0) return [];
  const text = 'IDMEF messages do not fit a destination';
  const report: Report = { severity: 'medium', text, detail, count };
  return [{ report, told: (memory) => ({ ...memory, unfit: emptyMemory.unfit }) }];
}

export function sensorFiles(memory: Memory, { sensorLabel, status }: Observation): Due[] {
  if (status === undefined) return [];
  const { stuck, corrupt } = status;
  const words = [
    ...(stuck > memory.stuck ? [`${stuck} stuck`] : []),
    ...(corrupt > memory.corrupt ? [`${corrupt} in corrupt/`] : []),
  ];
  if (words.length === 0) return [];
  const report: Report = {
    severity: 'medium',
    text: 'a sensor cannot take in spool files',
    detail: `spool files of ${sensorLabel}: ${words.join(', ')}; its log says why`,
    count: stuck + corrupt,
  };
  return [{ report, told: (before) => ({ ...before, stuck, corrupt }) }];
}

export function paused(memory: Memory, { sensorLabel, status }: Observation): Due[] {
  if (status?.paused !== true || memory.pausedTold === true) return [];
  const report: Report = {
    severity: 'high',
    text: 'a sensor takes nothing from its spool',
    detail: `${sensorLabel} has paused its intake, because its journal or disk is full or the spool is gone: its log says which`,
  };
  return [{ report, told: (before) => ({ ...before, pausedTold: true }) }];
}

export function newJournal(memory: Memory, { sensorLabel, journal }: Observation): Due[] {
  if (journal === undefined || memory.journal === undefined || journal === memory.journal) return [];
  const detail = `the journal of ${sensorLabel} is a new one (${journal}, before ${memory.journal}): it was reinstalled, or set a damaged file aside`;
  const report: Report = { severity: 'medium', text: 'the journal of a sensor is a new one', detail };
  return [{ report, told: (before) => ({ ...before, journal }) }];
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}

/** `45 s`, `16 min`, `62 h`, `9 d` */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 96 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
