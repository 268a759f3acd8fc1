/**
 * `idmef convert --to secef|rfc FILE…|-`: messages in the form that a SECEF gateway reads in full, or in RFC 4765.
 *
 * Takes RFC 4765 (lenient), the gateway's dialect and Prelude's own XML. stdout has the documents: for secef one a message
 * and line, as each is one POST; for rfc one a file. stderr has what was changed and what could not be converted, a line
 * each with file, line, message, rule and place, and a summary. Exit status 0; 65 when something could not be
 * converted; 66 or 74 when a file could not be read. Streams: convert-stream.ts.
 */

import { errorCodes } from '../core/errors.ts';
import type { Change } from '../core/outcome.ts';
import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import {
  convertDocument,
  type Converted,
  type ConvertedDocument,
  type ConvertTarget,
} from '../idmef/prelude/convert-message.ts';
import { escapeText } from '../log/escape.ts';
import type { CommandIo } from './command-io.ts';
import { inputName, readInput } from './read-input.ts';

export interface ConvertOptions {
  readonly files: readonly string[];
  readonly to: ConvertTarget;
}

export interface Tally {
  converted: number;
  refused: number;
}

interface Place {
  readonly name: string;
  /** Of the document, where it stands in a stream. */
  readonly firstLine: number;
}

function lineOf({ name, firstLine }: Place, { message }: Converted): string {
  return `${name}:${message.line + firstLine - 1}`;
}

function noteOf(place: Place, each: Converted, what: string, { rule, path, text }: Change): string {
  const { message } = each;
  const id = message.messageid === '' ? message.kind : `${message.kind} ${message.messageid}`;
  const where = path === '' ? '' : ` ${path}`;
  return `${escapeText(`${lineOf(place, each)}: ${id}: ${what} ${rule}${where}: ${text}`)}\n`;
}

function notesOf(place: Place, each: Converted): string {
  const changes = each.changes.map((change) => noteOf(place, each, 'changed', change));
  if (!each.ok)
    return [...changes, ...each.reasons.map((reason) => noteOf(place, each, 'error', reason))].join('');
  if (each.leniencies.length > 0) {
    changes.unshift(
      escapeText(`${lineOf(place, each)}: note: repaired by ${each.leniencies.join(', ')}`),
      '\n',
    );
  }
  return changes.join('');
}

function textOf({ messages }: Extract<ConvertedDocument, { readable: true }>, to: ConvertTarget): string {
  const bodies = messages.flatMap((each) => (each.ok ? [Buffer.from(each.bytes).toString()] : []));
  if (to === 'secef') return bodies.map((body) => `${body}\n`).join('');
  if (bodies.length === 0 && messages.length > 0) return '';
  return [Buffer.from(envelopeHead).toString(), ...bodies, Buffer.from(envelopeTail).toString()].join('');
}

export function summary({ converted, refused }: Tally): string {
  const parts = [`${converted} converted`];
  if (refused > 0) parts.push(`${refused} not`);
  const all = converted + refused;
  return `idmef: ${all} message${all === 1 ? '' : 's'}: ${parts.join(', ')}\n`;
}

/** Writes what became of a readable document. */
export async function writeConverted(
  document: Extract<ConvertedDocument, { readable: true }>,
  { to, place, tally, io }: { to: ConvertTarget; place: Place; tally: Tally; io: CommandIo },
): Promise<void> {
  for (const each of document.messages) {
    tally[each.ok ? 'converted' : 'refused'] += 1;
    const notes = notesOf(place, each);
    if (notes !== '') await io.stderr(notes);
  }
  await io.stdout(textOf(document, to));
}

/** Converts all files in order; resolves with the exit status. */
export async function runConvert({ files, to }: ConvertOptions, io: CommandIo): Promise<number> {
  const invalid = errorCodes.INVALID_INPUT.exit;
  const tally: Tally = { converted: 0, refused: 0 };
  let exit = 0;
  for (const file of files) {
    const name = inputName(file);
    const input = await readInput(file, io);
    if (!input.ok) {
      await io.stderr(`idmef: error: cannot read ${escapeText(name)}: ${escapeText(input.reason)}\n`);
      exit = Math.max(exit, input.exit);
      continue;
    }
    const document = convertDocument(input.bytes, to);
    if (!document.readable) {
      const { line, column, text } = document.problem;
      await io.stderr(`idmef: error: ${escapeText(`${name}:${line}:${column}: ${text}`)}\n`);
      exit = Math.max(exit, invalid);
      continue;
    }
    await writeConverted(document, { to, place: { name, firstLine: 1 }, tally, io });
  }
  await io.stderr(summary(tally));
  return tally.refused === 0 ? exit : Math.max(exit, invalid);
}
