/**
 * Figures of benches: what a round cost in time, in CPU of the main thread and of all threads; percentiles; the machine's
 * load beside them. The machine is seldom quiet, so the best of several rounds counts, and CPU says what time cannot.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';

export interface Cost {
  readonly ms: number;
  /** CPU of the main thread, */
  readonly mainMs: number;
  /** and of all threads together. */
  readonly cpuMs: number;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One minute's load average, to stand beside every figure. */
export function load(): string {
  return `load ${(loadavg()[0] ?? 0).toFixed(1)}`;
}

/** What `work` cost this process, or another one. */
export async function costOf(work: () => Promise<void>, pid: number = process.pid): Promise<Cost> {
  const before = cpuOf(pid);
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const after = cpuOf(pid);
  return { ms, mainMs: after.main - before.main, cpuMs: after.all - before.all };
}

/** Milliseconds of CPU the kernel has counted: of the thread whose number is the process's, and of all that live. */
function cpuOf(pid: number): { readonly main: number; readonly all: number } {
  const tasks = `/proc/${pid}/task`;
  const msOf = (task: string): number =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  const all = readdirSync(tasks).reduce((sum, task) => sum + msOf(task), 0);
  return { main: msOf(String(pid)), all };
}

export function best<T>(rounds: readonly T[], measure: (round: T) => number): T {
  const [first, ...others] = rounds;
  if (first === undefined) throw new RangeError('no rounds');
  return others.reduce((one, other) => (measure(other) < measure(one) ? other : one), first);
}

/** The value that `share` (0 to 1) of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Resident memory of a process, MiB. */
export function residentMib(pid: number = process.pid): number {
  const match = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}

export function quietLog(): Record<'error' | 'warning' | 'notice' | 'info' | 'debug', () => void> {
  const quiet = (): void => undefined;
  return { error: quiet, warning: quiet, notice: quiet, info: quiet, debug: quiet };
}
