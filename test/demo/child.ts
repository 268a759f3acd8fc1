/**
 * The programs of the demonstration as child processes whose output is shown while it comes, each line behind
 * the program's name. Every one is ended by its own pid.
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';

export type Command = 'reverse-server' | 'http-proxy' | 'alert-dispatcher' | 'idmef';

export interface Child {
  readonly name: string;
  /** Everything it has printed. */
  output(): string;
  ended(): boolean;
  /** Resolves when a line fits; rejects when the program ends, the time is over or the signal aborts. */
  line(pattern: RegExp, withinMs: number, signal: AbortSignal): Promise<void>;
  /** Resolves with its exit code when it ends by itself. */
  readonly exited: Promise<number>;
  /** At once, for the case that this process ends unexpectedly. */
  kill(): void;
  /** SIGTERM, and SIGKILL for one that does not listen. */
  end(): Promise<void>;
}

const graceMs = 6_000;

export function startChild(root: string, name: Command, args: readonly string[], stop?: RegExp): Child {
  const child = spawn(process.execPath, [join(root, '.build/src/bin', `${name}.js`), ...args], {
    cwd: root,
    // Nothing of the caller's shell reaches the programs.
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let shown = 0;
  let silent = false;
  let exit: number | string | undefined;
  const listeners = new Set<() => void>();
  const take = (chunk: string): void => {
    text += chunk;
    const lines = text.split('\n').slice(0, -1);
    for (const line of lines.slice(shown)) {
      silent ||= stop?.test(line) === true;
      if (!silent) process.stdout.write(`   ${name} | ${line}\n`);
    }
    shown = lines.length;
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const exited = new Promise<number>((resolve) => {
    child.once('error', (error) => take(`cannot be started: ${error.message}\n`));
    child.once('close', (code, signal) => {
      exit = code ?? signal ?? 'unknown';
      for (const listener of listeners) listener();
      resolve(code ?? 1);
    });
  });
  return {
    name,
    exited,
    output: () => text,
    ended: () => exit !== undefined,
    line: (pattern, withinMs, signal) =>
      new Promise((resolve, reject) => {
        const settle = (error?: Error): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', interrupted);
          listeners.delete(look);
          if (error === undefined) resolve();
          else reject(error);
        };
        const look = (): void => {
          if (text.split('\n').some((line) => pattern.test(line))) settle();
          else if (exit !== undefined) settle(new Error(`${name} ended with ${exit}`));
        };
        const interrupted = (): void => settle(new Error('interrupted'));
        const timer = setTimeout(() => settle(new Error(`${name} did not say ${pattern}`)), withinMs);
        signal.addEventListener('abort', interrupted);
        listeners.add(look);
        look();
      }),
    kill: () => void child.kill('SIGKILL'),
    end: async () => {
      if (exit !== undefined) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Runs a command to its end; rejects unless it succeeds. Output from the first line that fits `stop` is not shown. */
export async function runChild(
  root: string,
  name: Command,
  args: readonly string[],
  stop?: RegExp,
): Promise<void> {
  const code = await startChild(root, name, args, stop).exited;
  if (code !== 0) throw new Error(`${name} ${args[0] ?? ''} ended with ${code}`);
}
