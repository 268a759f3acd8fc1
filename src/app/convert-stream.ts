/**
 * `idmef convert --stream`: as convert.ts, of an input that holds documents one after another and may go on for ever.
 *
 * Each document is written as soon as it is complete: for secef one a message, for rfc one document for
 * each. What is no document, or cannot be converted, is said with number, line and byte; exit status 65 then, and with half
 * a document at the end. SIGTERM ends it between two documents.
 */

import { errorCodes } from '../core/errors.ts';
import { convertDocument } from '../idmef/prelude/convert-message.ts';
import { readPart } from '../idmef/stream/read-part.ts';
import { escapeText } from '../log/escape.ts';
import type { CommandIo } from './command-io.ts';
import { type ConvertOptions, summary, type Tally, writeConverted } from './convert.ts';
import { inputName } from './read-input.ts';
import { documentName, mendedNote, readParts, skippedWords } from './stream-input.ts';
import { faultOf } from './submit.ts';

/** Converts all streams in order; resolves with the exit status. */
export async function runConvertStream(
  { files, to }: ConvertOptions,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const tally: Tally = { converted: 0, refused: 0 };
  let exit = 0;
  for (const file of files) {
    const name = inputName(file);
    for await (const event of readParts(file, io, signal)) {
      if (event.kind === 'failed') {
        await io.stderr(`idmef: error: cannot read ${escapeText(name)}: ${escapeText(event.reason)}\n`);
        exit = Math.max(exit, event.exit);
      } else if (event.kind === 'skipped') {
        await io.stderr(`idmef: ${event.remark ? 'note' : 'error'}: ${skippedWords(file, event)}\n`);
        if (!event.remark) exit = Math.max(exit, errorCodes.INVALID_INPUT.exit);
      } else if (event.kind === 'document') {
        const { bytes, verdict } = readPart(event.bytes, 'off');
        const document = convertDocument(bytes, to);
        if (document.readable) {
          await io.stderr(mendedNote(file, event, verdict));
          const place = { name, firstLine: event.line };
          await writeConverted(document, { to, place, tally, io });
        } else {
          const fault = faultOf(verdict, event.line) ?? document.problem.text;
          await io.stderr(`idmef: error: ${documentName(file, event)}: ${escapeText(fault)}\n`);
          exit = Math.max(exit, errorCodes.INVALID_INPUT.exit);
        }
      }
    }
    if (signal.aborted) break;
  }
  await io.stderr(summary(tally));
  return tally.refused === 0 ? exit : Math.max(exit, errorCodes.INVALID_INPUT.exit);
}
