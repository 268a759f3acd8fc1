/**
 * Weekly windows as people write them: `mon-fri 08:00-18:00`, `sat,sun`, `22:00-06:00`, `always`; several with `;` between.
 *
 * Called by the configuration for `time_intervals`, `active` and `mute`. A window whose end is not after its beginning reaches
 * into the next day. Never throws.
 */

import type { TimeInterval, TimeWindow } from '../model/config.ts';

export type ParsedInterval =
  | { readonly ok: true; readonly interval: TimeInterval }
  /** One clause, lower case. */
  | { readonly ok: false; readonly text: string };

const DAY_MINUTES = 24 * 60;
const NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const DAYS = /^[a-z]+(?:-[a-z]+)?(?:,[a-z]+(?:-[a-z]+)?)*$/;
const TIMES = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/;

/** 0 to 6; a clause when a name is none. */
function daysOf(text: string): readonly number[] | string {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [from = '', to = from] = part.split('-');
    const [first, last] = [NAMES.indexOf(from.slice(0, 3)), NAMES.indexOf(to.slice(0, 3))];
    const wrong = first < 0 ? from : last < 0 ? to : undefined;
    if (wrong !== undefined) return `"${wrong}" is no day: there are ${NAMES.join(', ')}`;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].toSorted((a, b) => a - b);
}

/** Minutes of the day; a clause when they are none. */
function timesOf(text: string): readonly [from: number, to: number] | string {
  const [, ...digits] = TIMES.exec(text) ?? [];
  const [h1 = 0, m1 = 0, h2 = 0, m2 = 0] = digits.map(Number);
  const [from, to] = [h1 * 60 + m1, h2 * 60 + m2];
  if (m1 > 59 || m2 > 59 || from >= DAY_MINUTES || to > DAY_MINUTES) return `"${text}" is no span of a day`;
  if (from === to) return `"${text}" is empty: leave the times out for whole days`;
  return [from, to > from ? to : to + DAY_MINUTES];
}

function windowOf(text: string): TimeWindow | string {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (words.length === 1 && words[0] === 'always') return { days: EVERY_DAY, from: 0, to: DAY_MINUTES };
  const [first = '', second] = words;
  const isDays = DAYS.test(first);
  const times = isDays ? second : first;
  if (words.length > (isDays ? 2 : 1) || (times !== undefined && !TIMES.test(times))) {
    return `"${text.trim()}" is no window: write mon-fri 08:00-18:00, sat,sun or 22:00-06:00`;
  }
  const days = isDays ? daysOf(first) : EVERY_DAY;
  if (typeof days === 'string') return days;
  const span = times === undefined ? ([0, DAY_MINUTES] as const) : timesOf(times);
  return typeof span === 'string' ? span : { days, from: span[0], to: span[1] };
}

function isZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** `timeZone`: an IANA name. `name`: what `why` calls it. */
export function parseTimeInterval(text: string, timeZone: string, name = text.trim()): ParsedInterval {
  if (!isZone(timeZone))
    return { ok: false, text: `"${timeZone}" is no time zone: write Europe/Madrid or UTC` };
  const windows: TimeWindow[] = [];
  for (const part of text.split(';')) {
    const window = windowOf(part);
    if (typeof window === 'string') return { ok: false, text: window };
    windows.push(window);
  }
  return { ok: true, interval: { name, timeZone, windows } };
}
