/**
 * Runs something by the calendar: `--schedule CRON` of http-proxy. Called by src/app.
 *
 * croner tells when; waiting is done here, in steps, so that a clock that is set or a host that slept does
 * not make a run late by more than one step. Runs never overlap: times that pass during a run are skipped.
 * The only importer of croner.
 */

import { Cron } from 'croner';

import { messageOf, RelayError } from '../core/errors.ts';
import { scheduleLimits } from '../core/limits.ts';

export interface ScheduleOptions {
  /** Ends the waiting; a run in progress is passed the same signal and awaited. */
  readonly signal: AbortSignal;
  /** Each run starts up to so much later, so that many hosts do not dial at the same second. Default 0. */
  readonly jitterMs?: number;
  /** 0 to 1, for the jitter. */
  readonly random?: () => number;
}

/** Throws RelayError USAGE when the expression cannot be read or never comes true. */
export function checkCron(cron: string): void {
  nextRun(parseCron(cron), cron);
}

/** Calls `run` at each time the expression names until the signal; resolves after the last run has ended. */
export async function scheduleRuns(
  cron: string,
  run: (signal: AbortSignal) => Promise<void>,
  options: ScheduleOptions,
): Promise<void> {
  const { signal, jitterMs = 0, random = Math.random } = options;
  const calendar = parseCron(cron);
  while (!signal.aborted) {
    const due = nextRun(calendar, cron).getTime() + Math.floor(random() * jitterMs);
    await waitUntil(due, signal);
    if (!signal.aborted) await run(signal);
  }
}

function parseCron(cron: string): Cron {
  try {
    return new Cron(cron, { paused: true });
  } catch (error) {
    const reason = messageOf(error).replace(/^CronPattern: /, '');
    throw new RelayError('USAGE', `schedule '${cron}' is not a cron expression: ${lowerFirst(reason)}`, {
      hint: "five fields: minute, hour, day, month, weekday, e.g. '*/5 * * * *'",
      cause: error,
    });
  }
}

function nextRun(calendar: Cron, cron: string): Date {
  const next = calendar.nextRun();
  if (next === null) throw new RelayError('USAGE', `schedule '${cron}' names a time that never comes`);
  return next;
}

async function waitUntil(due: number, signal: AbortSignal): Promise<void> {
  for (let left = due - Date.now(); left > 0 && !signal.aborted; left = due - Date.now()) {
    await sleep(Math.min(left, scheduleLimits.waitStepMs), signal);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}
