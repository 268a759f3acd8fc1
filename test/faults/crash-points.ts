/**
 * Every durable change of a cycle as a place to die.
 *
 * `planPoints` runs the cycle once under strace and lists each durable call of each thread; `crashAt` makes a fresh rig and
 * kills the program before that very call, verified in the thread's log: a kill of another thread, at another number or at
 * a call that changes nothing is no hit. The file may be another than in the counted run, where two things go on at once.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Cycle, Ended, Rig } from './cycle.ts';
import { DURABLE, isDurable, readThreads, strace, type Call, type Injection, type Thread } from './strace.ts';

/** The run made fewer such calls than the counted one. */
export const NOT_KILLED = 'it was not killed';

export interface Point {
  readonly thread: 'main' | 'worker';
  readonly syscall: string;
  /** The N-th such call of its thread, of those on `watched` paths if there are any. */
  readonly when: number;
  /** Below the rig's directory, what differs from run to run replaced. */
  readonly target: string;
  /** Relative to the rig's directory: the calls to count. Needed for calls that are made on other things too. */
  readonly watched: readonly string[];
}

/** Calls that every thread makes all the time, on files that are nobody's state. */
const MIXED = new Set(['openat', 'write', 'writev', 'read', 'pread64']);

/** The points of one run, by `run` or another part of the cycle. */
export async function planPoints(
  dir: string,
  rig: Rig,
  part: (under: readonly string[]) => Promise<Ended>,
  durable: (call: Call) => boolean = (call) => isDurable(call, rig.roots),
  trace: readonly string[] = DURABLE,
): Promise<{ readonly points: Point[]; readonly ended: Ended }> {
  const log = freshLog(dir);
  const ended = await part(strace(log, trace));
  const threads = readThreads(log);
  const points = threads.flatMap((thread) => pointsOf(thread, threads, dir, durable));
  return { points, ended };
}

function pointsOf(
  thread: Thread,
  all: readonly Thread[],
  dir: string,
  durable: (call: Call) => boolean,
): Point[] {
  const watched = new Map<string, readonly string[]>();
  const pathsOf = (syscall: string): readonly string[] => {
    if (!MIXED.has(syscall)) return [];
    let paths = watched.get(syscall);
    if (paths === undefined) {
      const calls = all
        .flatMap(({ calls: list }) => list)
        .filter((call) => call.syscall === syscall && durable(call));
      paths = [...new Set(calls.flatMap((call) => call.paths.filter((path) => path.startsWith(`${dir}/`))))];
      watched.set(syscall, paths);
    }
    return paths;
  };
  const counts = new Map<string, number>();
  const points: Point[] = [];
  for (const call of thread.calls) {
    const paths = pathsOf(call.syscall);
    if (MIXED.has(call.syscall) && !call.paths.some((path) => paths.includes(path))) continue;
    const when = (counts.get(call.syscall) ?? 0) + 1;
    counts.set(call.syscall, when);
    if (!durable(call)) continue;
    points.push({
      thread: thread.main ? 'main' : 'worker',
      syscall: call.syscall,
      when,
      target: targetOf(call, dir),
      watched: paths.map((path) => path.slice(dir.length + 1)),
    });
  }
  return points;
}

export function injectionAt(point: Point, dir: string, effect: string): Injection {
  const paths = point.watched.map((path) => join(dir, path));
  return { syscall: point.syscall, when: point.when, effect, ...(paths.length === 0 ? {} : { paths }) };
}

/** Whether the process died before the planned call of the planned thread; else where it died, in words. */
export function hitPoint(dir: string, point: Point): true | string {
  const threads = readThreads(logIn(dir));
  const where: string[] = [];
  for (const thread of threads) {
    const calls = thread.calls.filter(({ syscall }) => syscall === point.syscall);
    const last = calls.at(-1);
    if (last?.result !== '?') continue;
    const name = thread.main ? 'main' : 'worker';
    const target = targetOf(last, dir);
    if (name === point.thread && calls.length === point.when && target !== '') return true;
    where.push(`${name} ${point.syscall} ${calls.length} ${target}`);
  }
  return where.length === 0 ? NOT_KILLED : where.join(', ');
}

/** The cycle's program killed at the point, in a fresh rig. The rig is the caller's to finish and close. */
export async function crashAt(
  cycle: Cycle,
  point: Point,
  dir: string,
): Promise<{ readonly rig: Rig; readonly hit: true | string }> {
  mkdirSync(dir, { recursive: true });
  const rig = await cycle.rig(dir);
  try {
    const injection = injectionAt(point, dir, 'signal=KILL');
    await rig.run(strace(freshLog(dir), [point.syscall], injection));
    return { rig, hit: hitPoint(dir, point) };
  } catch (error) {
    await rig.close();
    throw error;
  }
}

/** Where strace writes, emptied. */
export function freshLog(dir: string): string {
  const folder = join(dir, 'log');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return logIn(dir);
}

function logIn(dir: string): string {
  return join(dir, 'log', 'trace');
}

export function pointName({ thread, syscall, when, target }: Point): string {
  return `${thread} ${syscall} ${when} (${target})`;
}

/** The paths of a call, relative, with inode numbers and random parts of names made equal. */
function targetOf({ paths }: Call, dir: string): string {
  const own = paths.filter((path) => path.startsWith(`${dir}/`)).map((path) => path.slice(dir.length + 1));
  return [...new Set(own)]
    .join(' → ')
    .replaceAll(/taken-\d+/g, 'taken-N')
    .replaceAll(/[0-9a-f]{32}/g, 'ID');
}
