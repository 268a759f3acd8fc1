/**
 * Faults at system calls, by strace: start a program under it, kill it before its N-th call of a kind or let that call
 * fail, and read afterwards which thread made which durable change.
 *
 * strace counts `when=N` per thread and per system call, and with `-P` only the calls that touch one of those paths. Each
 * thread has a log of its own (`-ff`), so that calls do not interleave. A SIGKILL injected at a call's entry ends the
 * process before the call does anything. strace's seccomp filter is not used: with it signals are not injected.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Calls that change a file or make a change last. */
export const DURABLE = [
  'write',
  'pwrite64',
  'writev',
  'pwritev',
  'fsync',
  'fdatasync',
  'sync_file_range',
  'rename',
  'renameat',
  'renameat2',
  'unlink',
  'unlinkat',
  'link',
  'linkat',
  'symlink',
  'ftruncate',
  'truncate',
  'fallocate',
  'copy_file_range',
  'sendfile',
  'openat',
  'mkdir',
  'mkdirat',
  'rmdir',
] as const;

export interface Injection {
  readonly syscall: string;
  /** The N-th such call of a thread. */
  readonly when: number;
  /** `signal=KILL`, `error=EIO`. */
  readonly effect: string;
  /** Count only calls that touch one of these. */
  readonly paths?: readonly string[];
}

export interface Call {
  readonly syscall: string;
  /** As strace prints it, without strings that are no paths. */
  readonly text: string;
  /** Absolute paths it names, by argument or descriptor. */
  readonly paths: readonly string[];
  /** `?` when the process ended in it. */
  readonly result: string;
}

export interface Thread {
  readonly id: number;
  /** Whose first thread has the id of the process. */
  readonly main: boolean;
  readonly calls: readonly Call[];
}

/** The words before the program. Logs become `<log>.<thread>`. */
export function strace(log: string, trace: readonly string[], injection?: Injection): string[] {
  const words = ['strace', '-ff', '-y', '-s', '0', '-o', log, '-e', `trace=${trace.join(',')},execve`];
  if (injection === undefined) return [...words, '--'];
  const { syscall, when, effect, paths = [] } = injection;
  words.push('-e', `inject=${syscall}:${effect}:when=${when}`);
  for (const path of paths) words.push('-P', path);
  return [...words, '--'];
}

/** The process strace runs; undefined when it has not begun or has ended. */
export function traced(tracer: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${tracer}/task/${tracer}/children`, 'utf8');
    const [first] = text.trim().split(' ').filter(Boolean).map(Number);
    return first;
  } catch {
    return undefined;
  }
}

export function readThreads(log: string): Thread[] {
  const prefix = `${basename(log)}.`;
  const ids = readdirSync(dirname(log))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .toSorted((a, b) => a - b);
  return ids.map((id) => {
    const lines = readFileSync(join(dirname(log), `${prefix}${id}`), 'utf8').split('\n');
    const calls = lines.flatMap((line) => parseCall(line) ?? []);
    return { id, main: calls[0]?.syscall === 'execve' || id === ids[0], calls };
  });
}

function parseCall(line: string): Call | undefined {
  const match = /^(\w+)\((.*?)\)?\s+= (\?|-?\d+|0x[0-9a-f]+)/.exec(line);
  if (match === null) return undefined;
  const [, syscall = '', text = '', result = ''] = match;
  const named = text.replace(/^AT_FDCWD<[^>]*>/, '').matchAll(/"(\/[^"]*)"|<(\/[^>]*)>/g);
  return { syscall, text, result, paths: [...named].map(([, quoted, opened]) => quoted ?? opened ?? '') };
}

/** Whether strace's `error=` took effect anywhere. */
export function injected(log: string): boolean {
  const prefix = `${basename(log)}.`;
  return readdirSync(dirname(log)).some(
    (name) =>
      name.startsWith(prefix) && readFileSync(join(dirname(log), name), 'utf8').includes('(INJECTED)'),
  );
}

/** Whether a call changes something below one of the directories. */
export function isDurable({ syscall, text, paths }: Call, roots: readonly string[]): boolean {
  if (!(DURABLE as readonly string[]).includes(syscall)) return false;
  if (syscall === 'openat' && !/\bO_(?:CREAT|TRUNC)\b/.test(text)) return false;
  return paths.some((path) => roots.some((root) => path === root || path.startsWith(`${root}/`)));
}

/** Throws an error that names what is missing. */
export function needTools(...commands: readonly string[]): void {
  for (const command of commands) {
    if (spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0) {
      throw new Error(`${command} is needed and not installed`);
    }
  }
}
