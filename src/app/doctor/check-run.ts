/**
 * Who holds a journal right now: a follower may for good, a run no longer than its deadline. Called by
 * check-state.ts and check-server.ts. Tells nothing where /proc/locks hides other processes.
 */

import { readFileSync } from 'node:fs';

import { doctorLimits } from '../../core/limits.ts';
import { lockHolder } from '../../journal/lock.ts';
import type { Examination } from './examination.ts';
import { durationText } from './words.ts';

/** `deadlineSeconds` undefined: a service, which holds its journal as long as it runs. */
export async function checkRun(
  exam: Examination,
  journal: string,
  deadlineSeconds: number | undefined,
): Promise<void> {
  const pid = lockHolder(journal);
  if (pid === undefined) return;
  const age = ageOf(pid);
  const stays = deadlineSeconds === undefined || /--(?:follow|schedule)\b/.test(commandOf(pid));
  if (!stays && age !== undefined && age > deadlineSeconds * 1000 + doctorLimits.runGraceMs) {
    const values = { pid, path: journal, age: durationText(age), deadline: deadlineSeconds };
    await exam.find('run', 'run-hangs', values);
    return;
  }
  await exam.ok('run', `process ${pid} is at work${age === undefined ? '' : `, for ${durationText(age)}`}`);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

/** Milliseconds since the process began: field 22 of stat, in ticks of 10 ms since boot (proc(5)). */
function ageOf(pid: number): number | undefined {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  const started = Number(fields[19]) * 10;
  const uptime = Number(read('/proc/uptime').split(' ')[0]) * 1000;
  const age = uptime - started;
  return Number.isFinite(age) && started > 0 ? Math.max(0, age) : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
