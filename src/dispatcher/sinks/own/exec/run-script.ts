/**
 * One run of a script: JSON in, a bounded piece of its output out, an end in any case.
 *
 * The script leads a process group of its own; when its time is over, or the caller aborts, the whole group is asked to end and, shortly
 * after, killed, so that nothing it started stays behind (what has left the group ends with the unit). Its exit counts, not the end of
 * its output, which something in the background may hold open. Called by exec.ts.
 */

import { spawn, type ChildProcess } from 'node:child_process';

import { messageOf, systemCode } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import type { Timers } from '../../../model/timers.ts';

export interface ScriptRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly input: string;
  readonly timeoutMs: number;
  readonly timers: Pick<Timers, 'after'>;
}

export type ScriptEnd = { /** The first of what it said, errors first. */ readonly output: string } & (
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout' }
  /** `code`: the system's; '' where it has none. */
  | { readonly kind: 'unstartable'; readonly code: string }
);

/** All a script gets of our environment. */
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/** Rejects only when the signal aborts. */
export async function runScript(run: ScriptRun, signal: AbortSignal): Promise<ScriptEnd> {
  signal.throwIfAborted();
  let child: ChildProcess;
  try {
    child = spawn(run.command, run.args, {
      env: environment,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    // Some failures of the system are an event, others are thrown.
    return unstartable(error);
  }
  const output = collect(child);
  const kill = killer(child, run.timers);
  let late = false;
  const cancel = run.timers.after(run.timeoutMs, () => {
    late = true;
    kill();
  });
  signal.addEventListener('abort', kill, { once: true });
  try {
    // A script may end without having read everything.
    child.stdin?.on('error', () => undefined).end(run.input);
    const end = await ended(child, output);
    signal.throwIfAborted();
    return late ? { kind: 'timeout', output: output() } : end;
  } finally {
    cancel();
    signal.removeEventListener('abort', kill);
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  }
}

function ended(child: ChildProcess, output: () => string): Promise<ScriptEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(unstartable(error)));
    child.once('exit', (status, by) => {
      // What it wrote before its exit is in the pipes by now.
      setImmediate(() => {
        resolve(
          status === null
            ? { kind: 'signal', signal: by ?? 'a signal', output: output() }
            : { kind: 'exit', status, output: output() },
        );
      });
    });
  });
}

function unstartable(error: unknown): ScriptEnd {
  return { kind: 'unstartable', code: systemCode(error), output: messageOf(error) };
}

/** The group, politely, then for good. */
function killer(child: ChildProcess, timers: Pick<Timers, 'after'>): () => void {
  const group = (by: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, by);
    } catch {
      // All of it has ended.
    }
  };
  return () => {
    group('SIGTERM');
    timers.after(ownSinkLimits.scriptKillMs, () => group('SIGKILL'));
  };
}

function collect(child: ChildProcess): () => string {
  const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  let length = 0;
  for (const name of ['stderr', 'stdout'] as const) {
    child[name]
      ?.on('error', () => undefined)
      .on('data', (part: Buffer) => {
        const room = ownSinkLimits.scriptOutputBytes - length;
        if (room <= 0) return;
        parts[name].push(part.subarray(0, room));
        length += Math.min(part.length, room);
      });
  }
  return () =>
    Buffer.concat([...parts.stderr, ...parts.stdout])
      .toString('utf8')
      .trim();
}
