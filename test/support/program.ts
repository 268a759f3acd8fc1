/**
 * Runs the built commands as an operator would, for end-to-end tests: `startProgram('reverse-server', [...])`.
 *
 * The binaries are those compiled beside this file (`<build>/src/bin/<name>.js`), or those of `dist/` when
 * IDMEF_RELAY_DIST is set. Every process is ended by its own pid; nothing is left behind when the test ends.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type ProgramName = 'reverse-server' | 'http-proxy' | 'alert-dispatcher' | 'idmef';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /** Resolves with the match of the first line of stdout or stderr that fits; rejects after the timeout or exit. */
  line(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Flags for Node itself. */
  readonly nodeFlags?: readonly string[];
  /** A command that runs Node and what follows it: `strace -f …`. `kill` then reaches that command. */
  readonly under?: readonly string[];
  /** Only root may start a program as somebody else. */
  readonly uid?: number;
  readonly gid?: number;
}

/** Path of a built command. */
export function binPath(name: ProgramName): string {
  return fileURLToPath(new URL(`../../src/bin/${name}.js`, import.meta.url));
}

export function startProgram(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): Program {
  return startNode([binPath(name), ...args], options);
}

/** Runs a command to its end. */
export async function runProgram(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Exit & { stdout: string; stderr: string }> {
  const program = startProgram(name, args, options);
  const exit = await program.exited;
  return { ...exit, stdout: program.stdout(), stderr: program.stderr() };
}

/** Any script under this Node, with a clean environment: no setting of the caller's shell reaches a program. */
export function startNode(args: readonly string[], options: ProgramOptions = {}): Program {
  const words = [process.execPath, ...(options.nodeFlags ?? []), ...args];
  return startCommand([...(options.under ?? []), ...words], options);
}

/** Any program, in the same environment. */
export function startCommand(words: readonly string[], options: ProgramOptions = {}): Program {
  const child = spawn(words[0] ?? process.execPath, words.slice(1), {
    cwd: options.cwd,
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return watch(child, options.stdin);
}

/** Ids to start a program with whose rights are not those of root; or why that is not possible here. */
export function otherUser(): { readonly uid?: number; readonly gid?: number } | string {
  if (process.getuid?.() !== 0) return {};
  const nobody = { uid: 65_534, gid: 65_534 };
  const program = binPath('idmef');
  const tried = spawnSync(process.execPath, [program, '--version'], { ...nobody, cwd: '/', env: {} });
  return tried.status === 0 ? nobody : `user ${nobody.uid} cannot run ${process.execPath} ${program}`;
}

function watch(child: ChildProcess, stdin: string | Uint8Array | undefined): Program {
  let out = '';
  let err = '';
  let ended: Exit | undefined;
  const waiters = new Set<() => void>();
  const changed = (): void => {
    for (const waiter of waiters) waiter();
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    changed();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    changed();
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ended = { code, signal };
      changed();
      resolve(ended);
    });
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    exited,
    stdout: () => out,
    stderr: () => err,
    line: (pattern, timeoutMs = 120_000) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          waiters.delete(look);
          settle();
        };
        const look = (): void => {
          const match = firstLine(out, pattern) ?? firstLine(err, pattern);
          if (match !== undefined) finish(() => resolve(match));
          else if (ended !== undefined) {
            finish(() =>
              reject(new Error(`ended (${JSON.stringify(ended)}) before ${pattern}\n${out}${err}`)),
            );
          }
        };
        const timer = setTimeout(
          () => finish(() => reject(new Error(`no ${pattern} within ${timeoutMs} ms\n${out}${err}`))),
          timeoutMs,
        );
        waiters.add(look);
        look();
      }),
    kill: (signal) => {
      if (ended === undefined) child.kill(signal);
      return exited;
    },
  };
}

function firstLine(text: string, pattern: RegExp): RegExpExecArray | undefined {
  for (const line of text.split('\n')) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}
