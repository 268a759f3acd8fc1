/**
 * What `idmef check` finds and how it says it: levels, thresholds, performance data, in the form monitoring plugins
 * have (https://www.monitoring-plugins.org/doc/guidelines.html).
 *
 * Used by check-profile.ts, check-sensor.ts and check.ts. Pure. Exit codes are the plugins' (0 to 3), not sysexits.
 */

import { escapeText } from '../log/escape.ts';

export const OK = 0;
export const WARNING = 1;
export const CRITICAL = 2;
export const UNKNOWN = 3;

export type Level = typeof OK | typeof WARNING | typeof CRITICAL | typeof UNKNOWN;

export interface Finding {
  readonly level: Level;
  readonly text: string;
}

/** `'label'=value[unit];warn;crit;min`. */
export interface Measurement {
  readonly label: string;
  readonly value: number;
  readonly unit?: 's' | 'B' | 'c';
  /** As plugins write ranges: `900` alerts above, `14:` below. */
  readonly warn?: string;
  readonly crit?: string;
}

export interface Judgement {
  readonly findings: readonly Finding[];
  /** Said when there are none. */
  readonly good: string;
  readonly measurements: readonly Measurement[];
}

export interface Thresholds {
  /** Since the last run, the last good answer, and of the oldest alert that waits. */
  readonly warnAgeMs: number;
  readonly critAgeMs: number;
  readonly warnPending: number;
  readonly critPending: number;
  /** More entries than these. */
  readonly warnQuarantine: number;
  /** Until a certificate ends. */
  readonly warnDays: number;
  readonly critDays: number;
}

const names = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
/** Worst last. A plugin that does not know is worse than a warning, because it may hide something critical. */
const order: readonly Level[] = [OK, WARNING, UNKNOWN, CRITICAL];

export function worst(levels: readonly Level[]): Level {
  return levels.reduce<Level>((one, other) => (compareLevels(other, one) > 0 ? other : one), OK);
}

/** Positive when the first is worse. */
export function compareLevels(one: Level, other: Level): number {
  return order.indexOf(one) - order.indexOf(other);
}

/** The whole output. `text` is made one line without `|`, which begins the performance data. */
export function pluginLine(level: Level, text: string, measurements: readonly Measurement[] = []): string {
  const data = measurements.map(measured).join(' ');
  const said = escapeText(text).replaceAll('|', '/');
  return `IDMEF ${names[level]} - ${said}${data === '' ? '' : ` | ${data}`}\n`;
}

function measured({ label, value, unit, warn = '', crit = '' }: Measurement): string {
  const fields = [`${label}=${Number(value.toFixed(3))}${unit ?? ''}`, warn, crit, value < 0 ? '' : '0'];
  return fields.join(';').replace(/;+$/, '');
}

/** Above a threshold, as plugins mean it. Undefined when above neither, or when the value is not known. */
export function above(
  value: number | undefined,
  warn: number,
  crit: number,
  text: (value: number) => string,
): Finding | undefined {
  if (value === undefined || value <= Math.min(warn, crit)) return undefined;
  return { level: value > crit ? CRITICAL : WARNING, text: text(value) };
}
