/**
 * Appends whole lines to a file, durably: written, synced, and only then reported.
 *
 * On-disk states: n whole lines → n whole lines and a torn one (a crash in the middle) → at the next append the torn one is cut off
 * (`jsonl`) or ended (`text`), so that it never runs into a whole one; its alert was not reported and comes again. A write that
 * fails half way (full disk) is cut off at once. Rotation: NAME.keep is removed, NAME.n becomes NAME.n+1, NAME becomes NAME.1; a crash in
 * the middle leaves a gap in the numbers. Called by file.ts, one at a time a directory.
 */

import { constants } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RelayError, systemCode } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';

export interface AppendOptions {
  readonly lines: 'jsonl' | 'text';
  readonly rotateBytes: number;
  readonly rotateMs?: number;
  readonly keep: number;
  /** Wall ms. */
  readonly now: number;
  /** What was found amiss: a sentence. */
  readonly log: (sentence: string) => void;
}

const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Rejects with the system's error, or a RelayError CONFIG for what is not a file of ours. */
export async function appendDurably(path: string, data: Buffer, options: AppendOptions): Promise<void> {
  let file = await openOwn(path);
  try {
    let { size, birthtimeMs, ctimeMs } = await file.stat();
    const age = options.now - (birthtimeMs === 0 ? ctimeMs : birthtimeMs);
    const old = options.rotateMs !== undefined && age >= options.rotateMs;
    if (size > 0 && (old || size + data.length > options.rotateBytes)) {
      await file.close();
      await rotate(path, options.keep);
      file = await openOwn(path);
      size = 0;
    }
    size = await mend(file, size, path, options);
    try {
      await file.appendFile(data);
      await file.datasync();
    } catch (error) {
      // Best effort: what cannot be cut off now is a torn line, which the next append mends.
      await file.truncate(size).catch(() => undefined);
      throw error;
    }
    if (size === 0) await syncDirectory(dirname(path));
  } finally {
    await file.close().catch(() => undefined);
  }
}

async function openOwn(path: string): Promise<FileHandle> {
  const file = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o640);
  const stat = await file.stat();
  const wrong = !stat.isFile()
    ? 'is no regular file'
    : stat.nlink > 1
      ? 'has a second name elsewhere (hard link)'
      : '';
  if (wrong === '') return file;
  await file.close();
  throw new RelayError('CONFIG', `${path} ${wrong}`, { hint: 'remove it' });
}

/** The size from which the new lines begin. */
async function mend(file: FileHandle, size: number, path: string, options: AppendOptions): Promise<number> {
  if (size === 0) return 0;
  const length = Math.min(size, ownSinkLimits.fileTailBytes);
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  if (last[0] === 0x0a) return size;
  const tail = Buffer.alloc(length);
  await file.read(tail, 0, length, size - length);
  const at = tail.lastIndexOf(0x0a) + 1;
  const torn = options.lines === 'jsonl' && (at > 0 || length === size) && !isJson(tail.subarray(at));
  if (!torn) {
    await file.appendFile('\n');
    return size + 1;
  }
  const whole = size - length + at;
  await file.truncate(whole);
  options.log(
    `${path} ended in the middle of a line: ${size - whole} bytes were cut off, their alert comes again`,
  );
  return whole;
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

async function rotate(path: string, keep: number): Promise<void> {
  await rm(`${path}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 0; number--) {
    try {
      await rename(number === 0 ? path : `${path}.${number}`, `${path}.${number + 1}`);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  await syncDirectory(dirname(path));
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
