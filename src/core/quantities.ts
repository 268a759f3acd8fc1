/**
 * Durations and sizes as operators write them (`30s`, `15m`, `24h`, `7d`; `512M`, `20G`), both ways, and ages as they read them. Used by
 * the options of the commands, by the dispatcher's configuration, and in logs and status. Sizes are binary: 1K is 1024.
 */

/** A day of 24 hours, in milliseconds. */
export const DAY_MS = 86_400_000;

const durations: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const units: ReadonlyMap<string, number> = new Map([
  ['K', 1024],
  ['M', 1024 ** 2],
  ['G', 1024 ** 3],
  ['T', 1024 ** 4],
]);

/** Added to a time it is still one, which every part of the program can hold. */
const LONGEST_MS = 36_500 * DAY_MS;

/** `30s`, `15m`, `24h`, `7d`, in milliseconds; only 0 needs no unit. NaN when it is none, or longer than 36,500 days. */
export function durationMs(text: string): number {
  if (text === '0') return 0;
  const [, digits = '', unit = ''] = /^(\d{1,10})([smhd])$/.exec(text) ?? [];
  const value = Number(digits || Number.NaN) * (durations.get(unit) ?? Number.NaN);
  return value > LONGEST_MS ? Number.NaN : value;
}

/** `1048576`, `512M`, `20G`, in bytes. NaN when it is none. */
export function sizeBytes(text: string): number {
  const match = /^(\d{1,15})([KMGT]?)(?:i?B)?$/i.exec(text);
  if (match === null) return Number.NaN;
  const value = Number(match[1]) * (units.get((match[2] ?? '').toUpperCase()) ?? 1);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** A duration in milliseconds for messages: `24h` where it comes out even. */
export function formatDuration(value: number): string {
  for (const [unit, factor] of [...durations].toReversed()) {
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`;
  }
  return value === 0 ? '0' : `${value} ms`;
}

/** A size in bytes for messages: `512M` where it comes out even. */
export function formatSize(value: number): string {
  for (const [unit, factor] of [...units].toReversed()) {
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`;
  }
  return String(value);
}

/** For people: `45 s`, `12 min`, `62 h`, `9 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 96 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
