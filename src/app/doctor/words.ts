/** Numbers, times and owners as the doctor says them. Pure but for `userName`, which reads the list of users. */

import { readFileSync } from 'node:fs';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `45 s`, `12 min`, `62 h`, `9 d`. */
export function durationText(ms: number): string {
  const size = Math.abs(ms);
  if (size < 2 * MINUTE) return `${Math.round(size / SECOND)} s`;
  if (size < 2 * HOUR) return `${Math.round(size / MINUTE)} min`;
  if (size < 4 * DAY) return `${Math.round(size / HOUR)} h`;
  return `${Math.round(size / DAY)} d`;
}

/** `2026-11-19`. */
export function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** `2026-11-19 10:00:00 UTC`: clocks are compared, so the zone must be one. */
export function instantText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `1 message`, `2 messages`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `ours is 7 min behind`; `difference` is theirs minus ours. */
export function clockText(difference: number): string {
  return `ours is ${durationText(difference)} ${difference > 0 ? 'behind' : 'ahead'} of it`;
}

/** Login name, or `user id 1234`. */
export function userName(uid: number): string {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(uid));
    return line?.split(':')[0] ?? `user id ${uid}`;
  } catch {
    return `user id ${uid}`;
  }
}

export function ownName(): string {
  return userName(process.geteuid?.() ?? 0);
}
