/**
 * `idmef show FILE…|-`: the readable view of every message in the files, valid or not.
 *
 * Text of 80 columns, messages parted by an empty line; with --json one object a message. Lenient reading, so
 * that repaired messages are shown as they would be forwarded. Exit status 0; 65 when a document could not be
 * taken apart; 66 or 74 when a file could not be read. Called by src/bin/idmef.ts.
 */

import { errorCodes } from '../core/errors.ts';
import { readDocument } from '../idmef/read-document.ts';
import { viewMessage } from '../idmef/view.ts';
import { escapeText } from '../log/escape.ts';
import type { CommandIo } from './command-io.ts';
import { inputName, readInput } from './read-input.ts';
import { showText } from './show-text.ts';

export interface ShowOptions {
  readonly files: readonly string[];
  readonly json: boolean;
}

/** Shows all files in order; resolves with the exit status. */
export async function runShow(options: ShowOptions, io: CommandIo): Promise<number> {
  let exit = 0;
  let shown = 0;
  for (const file of options.files) {
    const name = inputName(file);
    const input = await readInput(file, io);
    if (!input.ok) {
      await io.stderr(`idmef: error: cannot read ${escapeText(name)}: ${escapeText(input.reason)}\n`);
      exit = Math.max(exit, input.exit);
      continue;
    }
    const verdict = readDocument(input.bytes, 'lenient');
    if (!verdict.readable) {
      const { line, column, text } = verdict.problem;
      await io.stderr(`idmef: error: ${escapeText(`${name}:${line}:${column}: ${text}`)}\n`);
      exit = Math.max(exit, errorCodes.INVALID_INPUT.exit);
      continue;
    }
    for (const { bytes, line, valid, leniencies } of verdict.messages) {
      const view = await viewMessage(bytes);
      if (options.json) {
        await io.stdout(`${JSON.stringify({ file: name, line, valid, leniencies, ...view })}\n`);
      } else {
        const state = valid ? (leniencies.length > 0 ? ', repaired' : '') : ', not valid';
        const place = `${name}:${line}${state}`;
        await io.stdout(`${shown > 0 ? '\n' : ''}${showText(view, place)}`);
      }
      shown += 1;
    }
  }
  return exit;
}
