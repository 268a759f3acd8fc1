/**
 * How long a fault has lasted, in how many runs, and what it was: a oneshot poller has no memory but the
 * journal's state, and `idmef status` reads it there.
 *
 * Called by profile-run.ts and follow.ts for the sensor (key SENSOR_FAULT) and for the run itself (RUN_FAULT).
 * Repeat at each run that meets the fault, end at the first that does not; an ended one stays to be looked at
 * until the next begins.
 */

import type { RelayError } from '../core/errors.ts';
import { jsonObject, numberOf, textOf } from '../core/json-object.ts';
import { statusLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import type { Journal } from '../journal/journal.ts';

/** Faults of the pull side. */
export const SENSOR_FAULT = 'fault sensor';
/** What else ended a run: the deadline, certificate files, the journal. */
export const RUN_FAULT = 'fault run';

export interface FaultStreak {
  /** Wall time, ms. */
  readonly since: number;
  readonly runs: number;
}

/** A fault as it is remembered. */
export interface RememberedFault extends FaultStreak {
  /** Wall time (ms) of the last run that met it. */
  readonly at: number;
  /** Of core/errors.ts. */
  readonly code: string;
  readonly text: string;
  readonly hint?: string;
  /** Wall time (ms) of the first run that did not meet it any more. */
  readonly ended?: number;
}

/** Counts this run. The result includes it. */
export async function repeatFault(
  state: Journal['state'],
  key: string,
  clock: Clock,
  { code, message, hint }: Pick<RelayError, 'code' | 'message' | 'hint'>,
): Promise<FaultStreak> {
  const before = await readFault(state, key);
  const at = clock.now();
  const streak = { since: before?.since ?? at, runs: (before?.runs ?? 0) + 1 };
  const text = message.slice(0, statusLimits.faultChars);
  const more = hint === undefined ? {} : { hint: hint.slice(0, statusLimits.faultChars) };
  await state.set(key, JSON.stringify({ ...streak, at, code, text, ...more }));
  return streak;
}

/** The streak that has ended, or undefined when there was none. Writes only when there was. */
export async function endFault(
  state: Journal['state'],
  key: string,
  clock: Clock,
): Promise<FaultStreak | undefined> {
  const fault = await readFault(state, key);
  if (fault !== undefined) await state.set(key, JSON.stringify({ ...fault, ended: clock.now() }));
  return fault;
}

/** Undefined when the last run met no such fault. */
export async function readFault(state: Journal['state'], key: string): Promise<RememberedFault | undefined> {
  const fault = await lastFault(state, key);
  return fault?.ended === undefined ? fault : undefined;
}

/** The last one, ended or not. Entries of earlier versions have no text. */
export async function lastFault(state: Journal['state'], key: string): Promise<RememberedFault | undefined> {
  const entry = jsonObject(await state.get(key));
  const since = numberOf(entry?.['since']);
  const runs = numberOf(entry?.['runs']);
  if (since === undefined || runs === undefined) return undefined;
  const hint = textOf(entry?.['hint']);
  const ended = numberOf(entry?.['ended']);
  return {
    since,
    runs,
    at: numberOf(entry?.['at']) ?? since,
    code: textOf(entry?.['code']) ?? '',
    text: textOf(entry?.['text']) ?? '',
    ...(hint === undefined ? {} : { hint }),
    ...(ended === undefined ? {} : { ended }),
  };
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
