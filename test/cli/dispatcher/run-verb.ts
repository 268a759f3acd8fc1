/** Runs a command of alert-dispatcher in this process, as src/cli/dispatcher/run.ts does, and keeps what it writes. */

import type { CommandIo } from '../../../src/app/command-io.ts';
import { runVerb } from '../../../src/cli/dispatcher/run.ts';
import { dispatcherTables, type DispatcherVerb } from '../../../src/cli/dispatcher/tables.ts';
import { verbContext } from '../../../src/cli/dispatcher/verb-context.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import { RelayError } from '../../../src/core/errors.ts';
import { systemRandom } from '../../../src/os/random.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly error: RelayError | undefined;
}

/** @param words `recipients`, `list`, `--state`, … */
export async function run(...[verb = '', ...words]: readonly string[]): Promise<Ran> {
  let stdout = '';
  const io: CommandIo = {
    stdin: process.stdin,
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stdout += text;
    },
    now: () => Date.now(),
    random: systemRandom,
    hostname: 'host',
    user: 'tester',
  };
  const context = {
    env: {},
    signal: new AbortController().signal,
    onHangup: () => undefined,
    print: () => true,
  };
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a test names them
    const name = verb as DispatcherVerb;
    const table = dispatcherTables[name];
    const code = await runVerb(name, verbContext(table, parseArguments(table, words), context, io));
    return { code, stdout, error: undefined };
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    return { code: error.exit, stdout, error };
  }
}
