/**
 * Judges one profile for `idmef check`. Called by check.ts. Pure.
 *
 * A fault that may pass by itself (a sensor that reboots, a gateway that restarts) is judged by how long it has
 * lasted; one that somebody must mend is a warning at once, and critical when nothing is fetched because of it.
 */

import { errorCodes, type ErrorKind } from '../core/errors.ts';
import { statusLimits } from '../core/limits.ts';
import { lostHere, shownId, type ProfileFacts } from '../poller/profile-facts.ts';
import type { RememberedFault } from '../poller/fault-streak.ts';
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
import type { ProfileReport } from './profile-report.ts';
import { oldestAt, pendingOf } from './status-table.ts';
import { since } from './status-words.ts';

const DAY_MS = 86_400_000;

export function judgeProfile(report: ProfileReport, limits: Thresholds): Judgement {
  const { source, look, at, certificateEnd } = report;
  const findings: (Finding | undefined)[] = [];
  if (source.fault !== undefined) {
    findings.push({ level: source.fault.denied ? UNKNOWN : CRITICAL, text: source.fault.message });
  }
  findings.push(certificateFinding('our certificate', certificateEnd, at, limits));
  const measurements: Measurement[] = [];
  let good = '';
  if (look.kind === 'never') {
    // With wrong settings it cannot have run, and where its state is stands there.
    if (source.fault === undefined)
      findings.push({ level: CRITICAL, text: 'never ran: is its timer enabled?' });
  } else if (look.kind === 'unreadable')
    findings.push({ level: UNKNOWN, text: `${look.reason}; ${look.hint}` });
  else if (look.kind === 'damaged') findings.push({ level: CRITICAL, text: look.reason });
  else {
    findings.push(...factFindings(source.name, look.facts, at, limits));
    measurements.push(...measure(look.facts, at, limits));
    good =
      `last success ${since(look.facts.lastSuccess, at)} ago, ${pendingOf(look.facts)} pending, ` +
      `${look.facts.quarantine} quarantined`;
  }
  if (certificateEnd !== undefined)
    measurements.push(dayMeasurement('cert_days', certificateEnd, at, limits));
  return { findings: findings.filter((one) => one !== undefined), good, measurements };
}

function factFindings(
  name: string,
  facts: ProfileFacts,
  at: number,
  limits: Thresholds,
): (Finding | undefined)[] {
  const { sensor, destinations, quarantine, brokenLaws } = facts;
  const { warnAgeMs, critAgeMs, warnPending, critPending, warnQuarantine } = limits;
  const ageOf = (time: number | undefined): number | undefined => time && Math.max(0, at - time);
  const oldest = ageOf(oldestAt(facts));
  return [
    ...brokenLaws.map((text) => ({ level: CRITICAL, text: `law broken: ${text}` }) as const),
    ...faultFindings(facts, at, limits),
    above(oldest, warnAgeMs, critAgeMs, () => `oldest alert kept for ${since(oldestAt(facts), at)}`),
    above(pendingOf(facts), warnPending, critPending, (value) => `${value} pending`),
    ...destinations.flatMap(({ id, illness }) =>
      illness === undefined
        ? []
        : [
            illnessFinding(
              `${shownId(id)} ${illness.reason}`,
              illness.kind,
              ageOf(illness.since) ?? 0,
              limits,
            ),
          ],
    ),
    ...destinations.map(({ id, held }): Finding | undefined =>
      held === 0
        ? undefined
        : { level: WARNING, text: `${held} held for ${shownId(id)}, not configured any more` },
    ),
    quarantine > warnQuarantine
      ? { level: WARNING, text: `${quarantine} quarantined: idmef quarantine list --profile ${name}` }
      : undefined,
    ...sensorFindings(facts, at, limits),
    certificateFinding("the sensor's certificate", sensor.certificateEnd, at, limits),
  ];
}

/** No run at all, no good answer, and why. */
function faultFindings(
  { lastRunAt, lastSuccess, sensorFault, runFault }: ProfileFacts,
  at: number,
  { warnAgeMs, critAgeMs }: Thresholds,
): (Finding | undefined)[] {
  const why = sensorFault === undefined ? '' : `: ${sensorFault.text}`;
  const stopped = above(at - (lastRunAt ?? 0), warnAgeMs, critAgeMs, () =>
    lastRunAt === undefined ? 'never ran' : `no run for ${since(lastRunAt, at)}: is its timer enabled?`,
  );
  const unanswered = above(at - (lastSuccess ?? 0), warnAgeMs, critAgeMs, () =>
    lastSuccess === undefined
      ? `the sensor never answered well${why}`
      : `no success for ${since(lastSuccess, at)}${why}`,
  );
  const found = stopped?.level === CRITICAL ? [stopped] : [stopped, unanswered];
  const said = found.some((one) => one === unanswered && one !== undefined);
  return [...found, said ? undefined : atOnce(sensorFault), atOnce(runFault)];
}

/** Of the fault alone, however young. */
function atOnce(fault: RememberedFault | undefined): Finding | undefined {
  if (fault === undefined) return undefined;
  const kind = kindOf(fault.code);
  if (kind === 'transient' && fault.code.startsWith('SENSOR_')) return undefined;
  const level = kind === 'operator' || kind === 'bug' ? CRITICAL : WARNING;
  return { level, text: fault.text };
}

/** One of an earlier or later version counts as passing. */
function kindOf(code: string): ErrorKind {
  return Object.entries(errorCodes).find(([name]) => name === code)?.[1].kind ?? 'transient';
}

function illnessFinding(
  text: string,
  kind: 'again' | 'broken',
  age: number,
  { warnAgeMs, critAgeMs }: Thresholds,
): Finding | undefined {
  return above(age, kind === 'broken' ? -1 : warnAgeMs, critAgeMs, () => text);
}

function sensorFindings(
  { sensor, lastSuccess }: ProfileFacts,
  at: number,
  { warnAgeMs, critAgeMs }: Thresholds,
): (Finding | undefined)[] {
  const { said, clockOffsetMs = 0 } = sensor;
  const offset = Math.abs(clockOffsetMs);
  const waits =
    said === undefined || said.pending === 0 ? undefined : said.oldestMs + (at - (lastSuccess ?? at));
  return [
    above(waits, warnAgeMs, critAgeMs, () => `${said?.pending ?? 0} alerts wait on the sensor`),
    said?.paused === true
      ? {
          level: CRITICAL,
          text: 'the sensor takes nothing from its spool: its journal or disk is full, or the spool is gone',
        }
      : undefined,
    said === undefined || said.stuck === 0
      ? undefined
      : { level: WARNING, text: `stuck files on the sensor: ${said.stuck}` },
    said === undefined || said.corrupt === 0
      ? undefined
      : { level: WARNING, text: `corrupt files on the sensor: ${said.corrupt}` },
    offset < statusLimits.clockOffsetMs
      ? undefined
      : {
          level: WARNING,
          text: `the sensor's clock is ${since(0, offset)} ${clockOffsetMs > 0 ? 'ahead' : 'behind'}`,
        },
  ];
}

export function certificateFinding(
  what: string,
  end: number | undefined,
  at: number,
  { warnDays, critDays }: Thresholds,
): Finding | undefined {
  if (end === undefined) return undefined;
  const left = Math.floor((end - at) / DAY_MS);
  if (end > at && left >= warnDays) return undefined;
  const level = end <= at || left < critDays ? CRITICAL : WARNING;
  return { level, text: end <= at ? `${what} ended ${since(end, at)} ago` : `${what} ends in ${left} d` };
}

export function dayMeasurement(
  label: string,
  end: number,
  at: number,
  { warnDays, critDays }: Thresholds,
): Measurement {
  const value = Math.floor((end - at) / DAY_MS);
  return { label, value, warn: `${warnDays}:`, crit: `${critDays}:` };
}

function measure(facts: ProfileFacts, at: number, limits: Thresholds): Measurement[] {
  const { lastRunAt, lastSuccess, quarantine, sensor } = facts;
  const age = {
    unit: 's',
    warn: String(limits.warnAgeMs / 1000),
    crit: String(limits.critAgeMs / 1000),
  } as const;
  const seconds = (time: number): number => Math.max(0, Math.round((at - time) / 1000));
  const found: Measurement[] = [];
  if (lastRunAt !== undefined) found.push({ label: 'run_age', value: seconds(lastRunAt), ...age });
  if (lastSuccess !== undefined) found.push({ label: 'success_age', value: seconds(lastSuccess), ...age });
  found.push({
    label: 'pending',
    value: pendingOf(facts),
    warn: String(limits.warnPending),
    crit: String(limits.critPending),
  });
  found.push({ label: 'oldest', value: seconds(oldestAt(facts) ?? at), ...age });
  found.push({ label: 'quarantine', value: quarantine, warn: String(limits.warnQuarantine) });
  found.push({ label: 'dropped', value: lostHere(facts), unit: 'c' });
  for (const [label, value] of Object.entries(sensor.said ?? {})) {
    if (label !== 'oldestMs' && typeof value === 'number')
      found.push({ label: `sensor_${label}`, value, ...(label === 'dropped' ? { unit: 'c' } : {}) });
  }
  if (sensor.certificateEnd !== undefined) {
    found.push(dayMeasurement('sensor_cert_days', sensor.certificateEnd, at, limits));
  }
  return found;
}
