/**
 * What every verb of alert-dispatcher has at hand: its typed options, its operands, the way to the store, and a way to print.
 */

import type { CommandIo } from '../../app/command-io.ts';
import type { Control } from '../../dispatcher/control/call.ts';
import { RelayError } from '../../core/errors.ts';
import { escapeText } from '../../log/escape.ts';
import { processIo } from '../command-io.ts';
import { commonOptions, type CommandTable } from '../option.ts';
import type { Arguments } from '../parse.ts';
import { Settings } from '../settings.ts';
import type { Context } from '../start.ts';

export interface DispatcherPlace {
  readonly configFile: string;
  readonly stateDir: string;
  readonly socket: string;
  readonly credentialsDirectory?: string;
}

export interface VerbContext {
  readonly table: CommandTable;
  readonly settings: Settings;
  readonly operands: readonly string[];
  readonly json: boolean;
  readonly place: DispatcherPlace;
  readonly context: Context;
  /** Runs work with the way to the store, and closes it. */
  readonly withControl: (work: (control: Control) => Promise<number>) => Promise<number>;
  /** To stdout. Waits while a pipe is full. */
  readonly print: (text: string) => Promise<void>;
  /** The error for operands that do not fit. */
  readonly misuse: (text: string) => RelayError;
}

/** @param io what the process reads and writes; a test's own */
export function verbContext(
  table: CommandTable,
  args: Arguments,
  context: Context,
  io: CommandIo = processIo(),
): VerbContext {
  const { env } = context;
  const settings = new Settings([...table.options, ...commonOptions], args.given, env.credentialsDirectory);
  const stateDir = settings.has('state')
    ? (settings.path('state') ?? '')
    : (env.stateDirectory ?? settings.path('state') ?? '');
  const place: DispatcherPlace = {
    configFile: settings.path('config') ?? '',
    stateDir,
    socket: settings.path('socket') ?? `${stateDir}/control.sock`,
    ...(env.credentialsDirectory === undefined ? {} : { credentialsDirectory: env.credentialsDirectory }),
  };
  return {
    table,
    settings,
    operands: args.operands,
    json: table.options.some(({ name }) => name === 'json') && settings.flag('json'),
    place,
    context,
    async withControl(work) {
      const { openControl } = await import('../../app/dispatcher/open-control.ts');
      const warn = (text: string): void => void io.stderr(`alert-dispatcher: warning: ${escapeText(text)}\n`);
      const control = await openControl(place, `cli:${io.user}`, warn);
      try {
        return await work(control);
      } finally {
        await control.close();
      }
    },
    print: async (text) => await io.stdout(text),
    misuse: (text) => new RelayError('USAGE', text, { hint: `usage: ${table.command} ${table.usage}` }),
  };
}

/** A text in a file, or on stdin (`-`). Throws RelayError NO_INPUT, INVALID_INPUT. */
export async function readText(name: string): Promise<string> {
  const { inputName, readInput } = await import('../../app/read-input.ts');
  const input = await readInput(name, processIo());
  if (!input.ok) throw new RelayError('NO_INPUT', `${inputName(name)}: ${input.reason}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(input.bytes);
  } catch (error) {
    throw new RelayError('INVALID_INPUT', `${inputName(name)} is no UTF-8`, { cause: error });
  }
}
