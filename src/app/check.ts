/**
 * `idmef check`: a monitoring plugin. One line on stdout with performance data, exit 0 OK, 1 WARNING, 2 CRITICAL,
 * 3 UNKNOWN, by the convention of such plugins and not sysexits.
 *
 * Called by src/cli/check.ts with the profiles it found. One profile is told in full; of several the troubled ones
 * are named, and the performance data are sums and maxima, because plugins are read up to some kilobytes.
 */

import {
  compareLevels,
  OK,
  pluginLine,
  UNKNOWN,
  worst,
  type Finding,
  type Judgement,
  type Level,
  type Measurement,
  type Thresholds,
} from './check-finding.ts';
import { judgeProfile } from './check-profile.ts';
import { judgeSensor } from './check-sensor.ts';
import { isConfigured, reportProfiles, type ProfileReport, type ProfileSource } from './profile-report.ts';
import { reportSensor, type SensorSource } from './sensor-report.ts';
import { clockOf, type StatusIo } from './status.ts';
import { pendingOf } from './status-table.ts';

export interface CheckOptions {
  readonly subject:
    | { readonly kind: 'profiles'; readonly sources: readonly ProfileSource[]; readonly all: boolean }
    | { readonly kind: 'sensor'; readonly source: SensorSource };
  readonly thresholds: Thresholds;
}

/** Characters of the words before the performance data: the first line that every monitoring system shows. */
const WORDS = 1000;

export async function runCheck({ subject, thresholds }: CheckOptions, io: StatusIo): Promise<Level> {
  const deps = { clock: clockOf(io), random: io.random };
  if (subject.kind === 'sensor') {
    const report = await reportSensor(subject.source, deps);
    return await say([{ name: 'sensor', judgement: judgeSensor(report, thresholds) }], io);
  }
  const reports = await reportProfiles(subject.sources, deps);
  const counted = subject.all
    ? reports.filter((report) => isConfigured(report.source) || owes(report))
    : reports;
  return await say(
    counted.map((report) => ({ name: report.source.name, judgement: judgeProfile(report, thresholds) })),
    io,
  );
}

/** State without a settings file is of interest while something in it waits to be delivered. */
function owes({ look }: ProfileReport): boolean {
  return look.kind === 'facts' && pendingOf(look.facts) > 0;
}

interface Judged {
  readonly name: string;
  readonly judgement: Judgement;
}

async function say(judged: readonly Judged[], io: StatusIo): Promise<Level> {
  const level = judged.length === 0 ? UNKNOWN : worst(judged.map(({ judgement }) => levelOf(judgement)));
  const [only] = judged;
  if (only !== undefined && judged.length === 1) {
    const { findings, good, measurements } = only.judgement;
    const text = findings.length === 0 ? good : texts(findings);
    await io.stdout(pluginLine(level, shorten(`${only.name}: ${text}`), measurements));
    return level;
  }
  await io.stdout(pluginLine(level, shorten(summary(judged)), sums(judged)));
  return level;
}

function levelOf({ findings }: Judgement): Level {
  return worst(findings.map((finding) => finding.level));
}

/** Worst first, so that what is cut off is the least. */
function texts(findings: readonly Finding[]): string {
  const level = worst(findings.map((finding) => finding.level));
  const first = findings.filter((finding) => finding.level === level);
  return [...first, ...findings.filter((finding) => finding.level !== level)]
    .map(({ text }) => text)
    .join('; ');
}

function summary(judged: readonly Judged[]): string {
  if (judged.length === 0) return 'no profile is configured';
  const troubled = judged.filter(({ judgement }) => judgement.findings.length > 0);
  if (troubled.length === 0) return `${judged.length} profiles`;
  const named = troubled
    .toSorted((a, b) => compareLevels(levelOf(b.judgement), levelOf(a.judgement)))
    .map(({ name, judgement }) => `${name}: ${texts(judgement.findings)}`);
  return `${troubled.length} of ${judged.length} profiles: ${named.join('. ')}`;
}

function sums(judged: readonly Judged[]): Measurement[] {
  const of = (label: string): Measurement[] =>
    judged.flatMap(({ judgement }) => judgement.measurements.filter((one) => one.label === label));
  const total = (label: string): number => of(label).reduce((sum, { value }) => sum + value, 0);
  const extreme = (label: string, pick: (...values: number[]) => number): Measurement[] => {
    const [first, ...rest] = of(label);
    return first === undefined
      ? []
      : [{ ...first, value: pick(first.value, ...rest.map(({ value }) => value)) }];
  };
  const good = judged.filter(({ judgement }) => levelOf(judgement) === OK).length;
  return [
    { label: 'profiles', value: judged.length },
    { label: 'ok', value: good },
    ...extreme('success_age', Math.max),
    { label: 'pending', value: total('pending') },
    ...extreme('oldest', Math.max),
    { label: 'quarantine', value: total('quarantine') },
    ...extreme('cert_days', Math.min),
    ...extreme('sensor_cert_days', Math.min),
  ];
}

function shorten(text: string): string {
  return text.length <= WORDS ? text : `${text.slice(0, WORDS - 1)}…`;
}
