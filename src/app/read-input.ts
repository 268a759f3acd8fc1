/**
 * One input of a by-hand command: a regular file, or standard input as `-`, whole and within the limit.
 *
 * Never blocks on what is not a file: a FIFO or device is opened non-blocking, looked at and refused. What cannot
 * be read is a value with the reason in words, so that the other files are still judged. Called by validate.ts,
 * show.ts and submit.ts.
 */

import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

import { errorCodes, messageOf, systemCode } from '../core/errors.ts';
import { xmlLimits } from '../core/limits.ts';
import type { CommandIo } from './command-io.ts';

export interface Failure {
  readonly reason: string;
  readonly exit: number;
}

export type Input = { readonly ok: true; readonly bytes: Uint8Array } | ({ readonly ok: false } & Failure);

/** How an input is called in messages. */
export function inputName(file: string): string {
  return file === '-' ? '<stdin>' : file;
}

const NO_INPUT = errorCodes.NO_INPUT.exit;
const IO_ERROR = errorCodes.SPOOL_IO.exit;

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENOTDIR', 'a part of the path is not a directory'],
  ['ELOOP', 'too many symbolic links'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['ENXIO', 'it is a socket or device, not a file'],
  ['ENODEV', 'it is a device, not a file'],
]);

function tooLarge(): Input {
  const mebibytes = xmlLimits.documentBytes / 1024 / 1024;
  return { ok: false, reason: `larger than the limit of ${mebibytes} MiB`, exit: NO_INPUT };
}

async function readStdin(io: CommandIo): Promise<Input> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of io.stdin) {
    length += chunk.length;
    if (length > xmlLimits.documentBytes) {
      return tooLarge();
    }
    chunks.push(chunk);
  }
  return { ok: true, bytes: Buffer.concat(chunks) };
}

/** Why what was opened cannot be read as a file; undefined if it can. */
export function notAFile(stat: Stats): Failure | undefined {
  if (stat.isFile()) return undefined;
  const kind = stat.isDirectory() ? 'a directory' : stat.isFIFO() ? 'a pipe' : 'a device or socket';
  return { reason: `it is ${kind}, not a file; use - for standard input`, exit: NO_INPUT };
}

async function readRegular(file: string): Promise<Input> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = await handle.stat();
    const refusal = notAFile(stat);
    if (refusal !== undefined) return { ok: false, ...refusal };
    return stat.size > xmlLimits.documentBytes ? tooLarge() : { ok: true, bytes: await handle.readFile() };
  } finally {
    await handle.close();
  }
}

/** A failed system call in words; throws what is none. */
export function inputFailure(error: unknown): Failure {
  const code = systemCode(error);
  if (code === '') {
    throw error;
  }
  const known = reasons.get(code);
  return { reason: known ?? messageOf(error), exit: known === undefined ? IO_ERROR : NO_INPUT };
}

/** The bytes of `file`, or why there are none. Does not throw for what an operator can mend. */
export async function readInput(file: string, io: CommandIo): Promise<Input> {
  try {
    return file === '-' ? await readStdin(io) : await readRegular(file);
  } catch (error) {
    return { ok: false, ...inputFailure(error) };
  }
}
