/**
 * What every command does around its own work: help, version, signals, errors, exit code. Called by src/bin.
 *
 * stdout is data, stderr is log and errors. SIGTERM and SIGINT abort the signal handed to the command, which
 * ends in its own time; a second one ends the process at once. A closed stdout (`| head`) is no error.
 */

import { writeSync } from 'node:fs';

import type { ServiceManager } from '../app/service-notices.ts';
import { type ProcessEnvironment, readProcessEnvironment } from '../config/process-environment.ts';
import { messageOf, RelayError, systemCode } from '../core/errors.ts';
import { escapeText } from '../log/escape.ts';
import { createStderrWriter } from '../log/stderr-writer.ts';
import { logStyle } from './logging.ts';
import type { CommandTable } from './option.ts';
import { type Arguments, parseArguments } from './parse.ts';
import { reportError } from './report.ts';

export interface Context {
  readonly env: ProcessEnvironment;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
  /** Calls the listener at each SIGHUP, which otherwise ends the process. */
  readonly onHangup: (listener: () => void) => void;
  /** Writes data. */
  readonly print: (text: string) => boolean;
}

/** What systemd wants to hear of a service, as src/app takes it. */
export function managerOf({ notifySocket, watchdogMs }: ProcessEnvironment): ServiceManager {
  return {
    ...(notifySocket === undefined ? {} : { socket: notifySocket }),
    ...(watchdogMs === undefined ? {} : { watchdogMs }),
  };
}

/** The command's work; resolves with its exit code. */
export type Work = (args: Arguments, context: Context) => Promise<number>;

/** Runs a command to its end and ends the process. */
export async function start(table: CommandTable, argv: readonly string[], work: Work): Promise<never> {
  const env = readProcessEnvironment();
  const [name = ''] = table.command.split(' ');
  const failed = (error: unknown): number =>
    table.plugin === true ? unknown(error) : fail(name, env, error);
  process.once('uncaughtException', (error) => {
    process.exit(failed(error));
  });
  try {
    process.exit(await run(table, argv, work, env));
  } catch (error) {
    process.exit(failed(error));
  }
}

async function run(
  table: CommandTable,
  argv: readonly string[],
  work: Work,
  env: ProcessEnvironment,
): Promise<number> {
  const args = parseArguments(table, argv);
  const text = await information(table, args);
  if (text !== undefined) {
    print(text);
    return 0;
  }
  const abort = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (abort.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
      abort.abort();
    });
  }
  return work(args, {
    env,
    signal: abort.signal,
    onHangup: (listener) => {
      process.on('SIGHUP', listener);
    },
    print,
  });
}

/** Undefined when the command's own work is wanted, for which the words need not be loaded. */
async function information(table: CommandTable, { given }: Arguments): Promise<string | undefined> {
  if (given.has('help-all')) return (await import('./help.ts')).fullHelp(table);
  if (given.has('help')) return (await import('./help.ts')).briefHelp(table);
  if (!given.has('version')) return undefined;
  const { readVersion } = await import('./version.ts');
  const [name] = table.command.split(' ');
  return `${name} (idmef-relay) ${readVersion()}\n`;
}

function print(text: string): boolean {
  endWithClosedStdout();
  return process.stdout.write(text);
}

/** Nobody reads on (`| head`): that is no error, and nothing is left to do. */
export function endWithClosedStdout(): void {
  if (process.stdout.listenerCount('error') > 0) return;
  process.stdout.on('error', (error) => {
    if (systemCode(error) === 'EPIPE') process.exit(0);
    throw error;
  });
}

function fail(name: string, env: ProcessEnvironment, error: unknown): number {
  const { lines, exit } = reportError(name, error);
  const prefix = logStyle(env) === 'journald' ? '<3>' : '';
  const write = createStderrWriter();
  for (const line of lines) write(`${prefix}${line}\n`);
  return exit;
}

/** A monitoring system reads stdout and knows four exit codes. */
function unknown(error: unknown): number {
  const text = messageOf(error);
  const hint = error instanceof RelayError && error.hint !== undefined ? `; ${error.hint}` : '';
  writeSync(1, `IDMEF UNKNOWN - ${escapeText(`${text}${hint}`).replaceAll('|', '/')}\n`);
  return 3;
}
