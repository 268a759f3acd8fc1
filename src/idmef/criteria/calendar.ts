/**
 * Times as criteria write them: an instant (`2024-03-04`, `2024-03-04T05:06:07.5+02:00`, an NTP stamp), or parts of the calendar
 * (`'month:march wday:monday hour:3 gmtoff:2'`), libprelude's both.
 *
 * What names no zone is in the zone of this host, as in libprelude. Of the calendar, years, months and days of the month count as
 * usual, `wday` from 1 for Sunday, `yday` from 0; parts are compared from the largest to the smallest.
 */

import { secondsOfNtpstamp } from '../ntpstamp.ts';

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?[ ]?(Z|[+-]\d\d:\d\d)?)?$/;
const HOUR_MS = 3_600_000;

/** Microseconds since 1970; undefined for what is no instant. */
export function instantOf(text: string): number | undefined {
  const stamp = secondsOfNtpstamp(text);
  if (stamp !== undefined) return stamp.seconds * 1e6 + Math.round((stamp.fraction / 2 ** 32) * 1e6);
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', zone] = match;
  const parts = [year, month, day, hour, minute, second].map(Number);
  const [y = 0, m = 1, d = 1, h = 0, min = 0, s = 0] = parts;
  const utc = Date.UTC(y, m - 1, d, h, min, s);
  const said = new Date(utc);
  const isReal = said.getUTCMonth() === m - 1 && said.getUTCDate() === d && h < 24 && min < 60 && s < 60;
  if (!isReal) return undefined;
  const ms = zone === undefined ? new Date(y, m - 1, d, h, min, s).getTime() : utc - offsetMs(zone);
  return ms * 1000 + Number(fraction.padEnd(6, '0'));
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const ms = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * 60_000;
  return zone.startsWith('-') ? -ms : ms;
}

type Part = 'year' | 'month' | 'yday' | 'mday' | 'wday' | 'hour' | 'min' | 'sec';

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

/** From the largest to the smallest. */
const order: readonly Part[] = ['year', 'month', 'yday', 'mday', 'wday', 'hour', 'min', 'sec'];
const ranges: Readonly<Record<Part, readonly [least: number, most: number]>> = {
  year: [1970, 2106],
  month: [1, 12],
  yday: [0, 365],
  mday: [1, 31],
  wday: [1, 7],
  hour: [0, 23],
  min: [0, 59],
  sec: [0, 60],
};

export interface CalendarParts {
  readonly wanted: readonly (readonly [part: Part, value: number])[];
  /** Hours east of UTC; undefined for this host's zone. */
  readonly zoneHours: number | undefined;
}

function partValue(part: Part, text: string): number | undefined {
  const names = part === 'month' ? MONTHS : part === 'wday' ? DAYS : [];
  const named = names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named + 1 : /^\d{1,4}$/.test(text) ? Number(text) : -1;
  const [least, most] = ranges[part];
  return value >= least && value <= most ? value : undefined;
}

/** Reads `part:value` pairs; a clause when it cannot, undefined when the text is nothing of the kind. */
export function readCalendar(text: string): CalendarParts | string | undefined {
  if (!/^[a-z]+:/.test(text)) return undefined;
  const values = new Map<Part, number>();
  let zoneHours: number | undefined;
  for (const pair of text.trim().split(/ +/)) {
    const [, name = '', value = ''] = /^([a-z]+):(\S+)$/.exec(pair) ?? [];
    const part = order.find((one) => one === name);
    if (name === 'gmtoff' && /^[+-]?\d{1,2}$/.test(value)) {
      zoneHours = Number(value);
      continue;
    }
    const number = part === undefined ? undefined : partValue(part, value);
    if (part === undefined) return `"${pair}" is no part of a time: there are ${order.join(', ')}, gmtoff`;
    if (number === undefined) {
      const names = part === 'month' ? ' or a name' : part === 'wday' ? ' (1 is Sunday) or a name' : '';
      return `"${pair}" is no ${part}: it is ${ranges[part].join(' to ')}${names}`;
    }
    values.set(part, number);
  }
  const wanted = order.flatMap((part) => {
    const value = values.get(part);
    return value === undefined ? [] : [[part, value] as const];
  });
  return wanted.length === 0 ? 'a part of a time is missing beside gmtoff' : { wanted, zoneHours };
}

/** A Date whose UTC fields are the clock on the wall. */
function wallClock(micros: number, zoneHours: number | undefined): Date {
  const ms = Math.floor(micros / 1000);
  const offset = zoneHours === undefined ? -new Date(ms).getTimezoneOffset() * 60_000 : zoneHours * HOUR_MS;
  return new Date(ms + offset);
}

const readPart: Readonly<Record<Part, (wall: Date) => number>> = {
  year: (wall) => wall.getUTCFullYear(),
  month: (wall) => wall.getUTCMonth() + 1,
  yday: (wall) => Math.floor((wall.getTime() - Date.UTC(wall.getUTCFullYear(), 0, 1)) / (24 * HOUR_MS)),
  mday: (wall) => wall.getUTCDate(),
  wday: (wall) => wall.getUTCDay() + 1,
  hour: (wall) => wall.getUTCHours(),
  min: (wall) => wall.getUTCMinutes(),
  sec: (wall) => wall.getUTCSeconds(),
};

/** Below 0 when the instant's parts come before those wanted, 0 when they are the same. */
export function compareCalendar(micros: number, { wanted, zoneHours }: CalendarParts): number {
  const wall = wallClock(micros, zoneHours);
  for (const [part, value] of wanted) {
    const difference = readPart[part](wall) - value;
    if (difference !== 0) return difference;
  }
  return 0;
}
