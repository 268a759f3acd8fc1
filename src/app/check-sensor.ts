/** Judges the sensor of this host for `idmef check --sensor`. Called by check.ts. Pure. */

import { certificateFinding, dayMeasurement } from './check-profile.ts';
import {
  above,
  CRITICAL,
  UNKNOWN,
  WARNING,
  type Finding,
  type Judgement,
  type Measurement,
  type Thresholds,
} from './check-finding.ts';
import { lostOf } from '../journal/lost.ts';
import type { SensorReport } from './sensor-report.ts';
import type { SensorJournalFacts } from '../sensor/sensor-look.ts';
import { since } from './status-words.ts';

export function judgeSensor(report: SensorReport, limits: Thresholds): Judgement {
  const { source, look, at, running, certificateEnd, disk } = report;
  const findings: (Finding | undefined)[] = [];
  if (source.fault !== undefined) findings.push({ level: CRITICAL, text: source.fault.message });
  if (running === false && look.kind === 'facts') {
    findings.push({ level: CRITICAL, text: 'reverse-server does not run' });
  }
  if (disk?.ok === false) findings.push({ level: CRITICAL, text: disk.reason });
  findings.push(certificateFinding('its certificate', certificateEnd, at, limits));
  const measurements: Measurement[] = [];
  let good = '';
  if (look.kind === 'never') {
    findings.push({
      level: CRITICAL,
      text: `no journal in ${source.stateDir}: reverse-server never ran with it`,
    });
  } else if (look.kind === 'unreadable') {
    findings.push({ level: UNKNOWN, text: `${look.reason}; ${look.hint}` });
  } else if (look.kind === 'damaged') findings.push({ level: CRITICAL, text: look.reason });
  else {
    const { stats } = look.facts;
    const owed = stats.consumers.reduce((sum, { pending, leased, held }) => sum + pending + leased + held, 0);
    findings.push(...factFindings(look.facts, at, limits));
    measurements.push(...measure(look.facts, owed, at, limits));
    good = `${owed} pending, 0 stuck`;
  }
  if (certificateEnd !== undefined)
    measurements.push(dayMeasurement('cert_days', certificateEnd, at, limits));
  if (disk !== undefined) {
    measurements.push({
      label: 'disk_free',
      value: disk.freeBytes,
      unit: 'B',
      crit: `${Math.ceil(disk.needed)}:`,
    });
  }
  return { findings: findings.filter((one) => one !== undefined), good, measurements };
}

function factFindings(
  { stats, intake, brokenLaws }: SensorJournalFacts,
  at: number,
  { warnAgeMs, critAgeMs, warnPending, critPending }: Thresholds,
): (Finding | undefined)[] {
  const { stuck = 0, corrupt = 0, paused } = intake ?? {};
  return [
    ...brokenLaws.map((text): Finding => ({ level: CRITICAL, text: `law broken: ${text}` })),
    ...stats.consumers.flatMap(({ name, active, pending, leased, held, oldestAt }) => [
      above(
        oldestAt && at - oldestAt,
        warnAgeMs,
        critAgeMs,
        () => `${name} has not fetched for ${since(oldestAt, at)}`,
      ),
      above(pending + leased, warnPending, critPending, (value) => `${value} pending for ${name}`),
      active || held === 0
        ? undefined
        : ({ level: WARNING, text: `${held} held for ${name}, not configured any more` } as const),
    ]),
    paused === undefined ? undefined : { level: CRITICAL, text: `spool intake paused: ${paused}` },
    stuck === 0 ? undefined : { level: WARNING, text: `stuck files in the spool: ${stuck}` },
    corrupt === 0 ? undefined : { level: WARNING, text: `corrupt files: ${corrupt}` },
  ];
}

function measure(
  { stats, intake }: SensorJournalFacts,
  owed: number,
  at: number,
  limits: Thresholds,
): Measurement[] {
  const oldest = Math.min(at, ...stats.consumers.map(({ oldestAt = at }) => oldestAt));
  const [warnAge, critAge] = [limits.warnAgeMs, limits.critAgeMs].map((ms) => String(ms / 1000));
  const ages = { warn: warnAge ?? '', crit: critAge ?? '' };
  return [
    { label: 'pending', value: owed, warn: String(limits.warnPending), crit: String(limits.critPending) },
    { label: 'oldest', value: Math.round((at - oldest) / 1000), unit: 's', ...ages },
    { label: 'stuck', value: intake?.stuck ?? 0, warn: '0' },
    { label: 'corrupt', value: intake?.corrupt ?? 0, warn: '0' },
    {
      label: 'dropped',
      value: stats.consumers.reduce((sum, one) => sum + lostOf(one.dropped), 0),
      unit: 'c',
    },
  ];
}
