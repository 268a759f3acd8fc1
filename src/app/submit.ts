/**
 * `idmef submit FILE… --spooldir DIR`: puts documents into the sensor's spool, durably and in order.
 *
 * Only what the intake would take goes in: well-formed IDMEF within the limits; RFC validity is the manager's
 * business. Names are unique and sort by the time of submission, so that the intake keeps the order even among
 * files of one millisecond. Prints the path of each spool file. Exit status 0, 65 when a document was refused, 66
 * or 74 when a file could not be read; the others are submitted all the same. Streams: submit-stream.ts.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';

import { errorCodes, RelayError } from '../core/errors.ts';
import { readDocument } from '../idmef/read-document.ts';
import type { DocumentVerdict } from '../idmef/verdict.ts';
import { escapeText } from '../log/escape.ts';
import { writeFileAtomic } from '../os/atomic-write.ts';
import type { CommandIo } from './command-io.ts';
import { inputName, readInput } from './read-input.ts';

export interface SubmitOptions {
  readonly files: readonly string[];
  readonly spoolDir: string;
}

export function requireDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new RelayError('SPOOL_IO', `the spool ${path} is not a directory`, {
      hint: 'give the directory that reverse-server watches with --spooldir',
    });
  }
}

/** The name of file number `index` of this command. */
export function spoolName(index: number, io: CommandIo): string {
  const time = String(io.now()).padStart(14, '0');
  const unique = Buffer.from(io.random.bytes(4)).toString('hex');
  return `${time}-${String(index).padStart(9, '0')}-${unique}.xml`;
}

/** Writes one document into the spool as file number `index` of this command; returns the path. */
export function putIntoSpool(document: Uint8Array, spoolDir: string, index: number, io: CommandIo): string {
  requireDirectory(spoolDir);
  const path = join(spoolDir, spoolName(index, io));
  writeFileAtomic(path, document);
  return path;
}

/** Why the intake would not take a document; `firstLine` is that of the document. */
export function faultOf(verdict: DocumentVerdict, firstLine = 1): string | undefined {
  if (verdict.readable) return verdict.messages.length === 0 ? 'it holds no message' : undefined;
  const { line, column, text } = verdict.problem;
  const hint = verdict.followed === true ? '; --stream takes several documents' : '';
  return `line ${line + firstLine - 1}, column ${column}: ${text}${hint}`;
}

/** Submits all files in order; resolves with the exit status. Throws RelayError when the spool cannot be written. */
export async function runSubmit(options: SubmitOptions, io: CommandIo): Promise<number> {
  requireDirectory(options.spoolDir);
  let exit = 0;
  for (const [index, file] of options.files.entries()) {
    const name = escapeText(inputName(file));
    const input = await readInput(file, io);
    if (!input.ok) {
      await io.stderr(`idmef: error: cannot read ${name}: ${escapeText(input.reason)}\n`);
      exit = Math.max(exit, input.exit);
      continue;
    }
    const fault = faultOf(readDocument(input.bytes, 'off'));
    if (fault !== undefined) {
      await io.stderr(`idmef: error: ${name} not submitted: ${escapeText(fault)}\n`);
      exit = Math.max(exit, errorCodes.INVALID_INPUT.exit);
      continue;
    }
    await io.stdout(`${putIntoSpool(input.bytes, options.spoolDir, index, io)}\n`);
  }
  return exit;
}
