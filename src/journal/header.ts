/**
 * The first 100 bytes of a journal file, and its log's checksums: whether a disk has changed them.
 *
 * Called by open.ts before SQLite sees the file, and by examine.ts. SQLite believes most header fields, and ends a log at the first wrong
 * checksum without a word; what a journal has written there is known. https://www.sqlite.org/fileformat2.html
 */

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { PAGE_BYTES, SCHEMA_VERSION } from './schema.ts';
import { load } from './when-damaged.ts';

export const HEADER_BYTES = 100;

/** Fields that are the same in every journal: offset, length, allowed values. */
const fixed: readonly (readonly [name: string, at: number, bytes: number, allowed: readonly number[]])[] = [
  ['page size', 16, 2, [PAGE_BYTES]],
  // 1: restored from a copy that is not in WAL mode.
  ['write version', 18, 1, [1, 2]],
  ['read version', 19, 1, [1, 2]],
  ['reserved space', 20, 1, [0]],
  ['payload fractions', 21, 3, [0x40_20_20]],
  ['schema format', 44, 4, [4]],
  ['vacuum root', 52, 4, [0]],
  ['format', 60, 4, Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1)],
  ['text encoding', 56, 4, [1]],
  ['vacuum mode', 64, 4, [0]],
];
const MAGIC = 'SQLite format 3\0';

export function isSqlite(header: Buffer): boolean {
  return header.toString('latin1', 0, MAGIC.length) === MAGIC;
}

/** What is wrong with the header of a file that is marked as a journal; undefined: nothing. */
export function headerFault(header: Buffer): string | undefined {
  if (header.readUInt8(18) !== header.readUInt8(19)) return 'header: read and write version differ';
  const wrong = fixed.find(([, at, bytes, allowed]) => !allowed.includes(header.readUIntBE(at, bytes)));
  return wrong === undefined ? undefined : `header: ${wrong[0]} is ${header.readUIntBE(wrong[1], wrong[2])}`;
}

/** A file that ends before its pages do, though its log does not have them; undefined: nothing wrong. */
export function sizeFault(path: string, header: Buffer): string | undefined {
  const pages = header.readUInt32BE(28);
  const whole = Math.floor(statSync(path).size / PAGE_BYTES);
  // The two are equal when the number of pages was kept up to date.
  if (pages <= whole || header.readUInt32BE(24) !== header.readUInt32BE(92)) return undefined;
  const { pages: logged } = load('./salvage/wal').readWal(`${path}-wal`);
  for (let page = whole + 1; page <= Math.min(pages, whole + logged.size + 1); page++) {
    if (!logged.has(page)) return `it ends at page ${whole} of ${pages}`;
  }
  return undefined;
}

/** What is wrong with the log beside a journal; undefined: nothing, or it only ends where a crash ended it. */
export function logFault(path: string): string | undefined {
  const log = `${path}-wal`;
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined;
  return load('./salvage/wal').readWal(log).broken ? 'write-ahead log: a checksum is wrong' : undefined;
}

/** Both, of a file another process may be writing: what is said twice is true. Not while this one has it open. */
export function fileFaults(path: string): string[] {
  const header = Buffer.alloc(HEADER_BYTES);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return []; // Whoever opens it next says why.
  }
  try {
    readSync(descriptor, header, 0, HEADER_BYTES, 0);
  } catch {
    return [];
  } finally {
    closeSync(descriptor);
  }
  const faults = [
    isSqlite(header) ? headerFault(header) : undefined,
    logFault(path) === undefined ? undefined : logFault(path),
  ];
  return faults.filter((fault) => fault !== undefined);
}
