/**
 * Texts of options → values, one function a kind. Called by settings.ts. Each throws the reason only
 * ("must be …, not '…'"); settings.ts puts the place in front. Sizes are binary: 1K is 1024.
 */

import { durationMs, formatDuration, formatSize, sizeBytes } from '../core/quantities.ts';
import type { MinFree } from '../core/settings.ts';
import type { Option } from './option.ts';

/** The reason a text is not a value of its option. */
export class BadValue extends Error {
  override readonly name = 'BadValue';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

export function parseInteger(option: Option, text: string): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return within(option, text, value, 'a whole number');
}

/** `10`, `10s`, `5m`, `1h`, in seconds. */
export function parseSeconds(option: Option, text: string): number {
  const match = /^(\d{1,9})([smh]?)$/.exec(text);
  const factor = { '': 1, s: 1, m: 60, h: 3600 }[match?.[2] ?? ''] ?? 1;
  return within(option, text, match === null ? Number.NaN : Number(match[1]) * factor, 'seconds');
}

/** `30s`, `15m`, `24h`, `7d`, in milliseconds; a bare number is not enough: of what? Only 0 needs no unit. */
export function parseDuration(option: Option, text: string): number {
  const value = durationMs(text);
  return within(option, text, value, 'a duration such as 30s, 15m, 24h or 7d');
}

/** `1048576`, `512M`, `20G`, in bytes. */
export function parseSize(option: Option, text: string): number {
  return within(option, text, sizeBytes(text), 'a size such as 512M');
}

/** `512M`, `5%` or `512M,5%`. */
export function parseMinFree(text: string): MinFree {
  const result: { bytes?: number; percent?: number } = {};
  for (const part of text.split(',')) {
    const percent = /^(\d{1,2}(?:\.\d{1,3})?)%$/.exec(part.trim());
    const size = percent === null ? sizeBytes(part.trim()) : Number.NaN;
    if (percent !== null && result.percent === undefined) result.percent = Number(percent[1]);
    else if (!Number.isNaN(size) && result.bytes === undefined) result.bytes = size;
    else throw new BadValue(`must be a size, a percentage or both (512M,5%), not '${text}'`);
  }
  return result;
}

export function parseChoice(option: Option, text: string): string {
  const choices = option.choices ?? [];
  if (choices.includes(text)) return text;
  throw new BadValue(`must be one of ${choices.join(', ')}, not '${text}'`);
}

/** A flag in an environment file. */
export function parseYesNo(text: string): boolean {
  if (/^(?:yes|true|on|1)$/i.test(text)) return true;
  if (/^(?:no|false|off|0)$/i.test(text)) return false;
  throw new BadValue(`must be yes or no, not '${text}'`);
}

function within(option: Option, text: string, value: number, what: string): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = option;
  if (value >= min && value <= max) return value;
  const show = option.kind === 'size' ? formatSize : option.kind === 'duration' ? formatDuration : String;
  const range = option.max === undefined ? `, at least ${show(min)}` : ` from ${show(min)} to ${show(max)}`;
  throw new BadValue(`must be ${what}${range}, not '${text}'`);
}
