/**
 * How long a fault has lasted and in how many runs: a oneshot poller has no memory but the journal's state.
 *
 * Called by profile-run.ts and follow.ts for the sensor (key `fault sensor`) and by destination-health.ts.
 * `begin` or repeat at each run that meets the fault, `end` at the first that does not.
 */

import { jsonObject, numberOf } from '../core/json-object.ts';
import type { Clock } from '../core/ports.ts';
import type { Journal } from '../journal/journal.ts';

export interface FaultStreak {
  /** Wall time, ms. */
  readonly since: number;
  readonly runs: number;
}

/** Counts this run. The result includes it. */
export async function repeatFault(state: Journal['state'], key: string, clock: Clock): Promise<FaultStreak> {
  const before = await readFault(state, key);
  const streak = { since: before?.since ?? clock.now(), runs: (before?.runs ?? 0) + 1 };
  await state.set(key, JSON.stringify(streak));
  return streak;
}

/** The streak that has ended, or undefined when there was none. Writes only when there was. */
export async function endFault(state: Journal['state'], key: string): Promise<FaultStreak | undefined> {
  const streak = await readFault(state, key);
  if (streak !== undefined) await state.set(key, '');
  return streak;
}

async function readFault(state: Journal['state'], key: string): Promise<FaultStreak | undefined> {
  const entry = jsonObject(await state.get(key));
  const since = numberOf(entry?.['since']);
  const runs = numberOf(entry?.['runs']);
  return since === undefined || runs === undefined ? undefined : { since, runs };
}

/** `, since 2026-11-19 18:02, run 12`; nothing at the first run. */
export function streakText({ since, runs }: FaultStreak): string {
  return runs < 2 ? '' : `, since ${localTime(since)}, run ${grouped(runs)}`;
}

/** `2026-11-19 18:02`, local time as in the system's own logs. */
export function localTime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `12,408` */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
