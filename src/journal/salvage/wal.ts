/**
 * What a write-ahead log still says, by its own checksums: which frame holds the newest committed image of each page.
 *
 * Used by page-source.ts, and by open.ts before SQLite looks at a log: SQLite ends silently at the first frame whose
 * checksum is wrong, and so would drop every later transaction without a word. Each frame's checksum continues that
 * of the frame before, as stored there; so what follows a damaged frame can still be proven. A log that merely ends
 * in a torn frame is what any crash leaves behind, and no damage. https://www.sqlite.org/fileformat2.html#walformat
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { PAGE_BYTES } from '../schema.ts';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES;
const MAGIC = 0x377f0682;

export interface WalContent {
  /** Offset in the file of each page's newest committed image. */
  readonly pages: ReadonlyMap<number, number>;
  /** The images whose checksum is wrong, although later ones of the same log are right; `page` may be wrong as well. */
  readonly damaged: readonly { readonly page: number; readonly offset: number }[];
  /** The same as `pages`, were the damaged images what they say they are. */
  readonly claimed: ReadonlyMap<number, number>;
  /** Frames of this log follow the last transaction that can be proven: torn by a crash, or damaged. */
  readonly tail: boolean;
  /** The header is not what SQLite wrote, or a frame within is damaged. */
  readonly broken: boolean;
}

interface Frame {
  readonly page: number;
  readonly commit: number;
  readonly valid: boolean;
}

type Sums = readonly [number, number];

const nothing: WalContent = { pages: new Map(), claimed: new Map(), damaged: [], tail: false, broken: false };

/** Undefined when there is no log, or an empty one. */
export function readWal(path: string): WalContent {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return nothing;
    throw error;
  }
  try {
    return readFrames(descriptor, fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}

function readFrames(descriptor: number, size: number): WalContent {
  const count = Math.floor((size - HEADER_BYTES) / FRAME_BYTES);
  if (count < 1) return nothing;
  const header = Buffer.alloc(HEADER_BYTES);
  readSync(descriptor, header, 0, HEADER_BYTES, 0);
  const bigEndian = (header.readUInt32BE(0) & 1) === 1;
  const soundHeader =
    (header.readUInt32BE(0) & ~1) >>> 0 === MAGIC &&
    header.readUInt32BE(8) === PAGE_BYTES &&
    same(sumsOf(header.subarray(0, 24), [0, 0], bigEndian), storedAt(header, 24));
  const salt = soundHeader ? header.subarray(16, 24) : likelySalt(descriptor, count);
  const frames: Frame[] = [];
  let known = 0;
  let last = 0;
  let before = storedAt(header, 24);
  const buffer = Buffer.allocUnsafe(FRAME_BYTES);
  for (let index = 0; index < count; index++) {
    readSync(descriptor, buffer, 0, FRAME_BYTES, HEADER_BYTES + index * FRAME_BYTES);
    const sums = sumsOf(
      buffer.subarray(FRAME_HEADER_BYTES),
      sumsOf(buffer.subarray(0, 8), before, bigEndian),
      bigEndian,
    );
    const valid = buffer.subarray(8, 16).equals(salt) && same(sums, storedAt(buffer, 16));
    frames.push({ page: buffer.readUInt32BE(0), commit: buffer.readUInt32BE(4), valid });
    if (valid && frames[index]?.commit !== 0) known = index + 1;
    if (buffer.subarray(8, 16).equals(salt)) last = index + 1;
    before = storedAt(buffer, 16);
  }
  return { ...contentOf(frames.slice(0, known), soundHeader), tail: last > known };
}

/** Frames up to the last one that proves itself and ends a transaction. */
function contentOf(frames: readonly Frame[], soundHeader: boolean): Omit<WalContent, 'tail'> {
  const pages = new Map<number, number>();
  const claimed = new Map<number, number>();
  const damaged: { page: number; offset: number }[] = [];
  for (const [index, { page, valid }] of frames.entries()) {
    const offset = HEADER_BYTES + index * FRAME_BYTES + FRAME_HEADER_BYTES;
    if (valid) pages.set(page, offset);
    else damaged.push({ page, offset });
    claimed.set(page, offset);
  }
  return { pages, claimed, damaged, broken: frames.length > 0 && (damaged.length > 0 || !soundHeader) };
}

/** Of a log without a sound header: what most of its first frames say. */
function likelySalt(descriptor: number, count: number): Buffer {
  const votes = new Map<string, number>();
  const salt = Buffer.alloc(8);
  for (let index = 0; index < Math.min(count, 3); index++) {
    readSync(descriptor, salt, 0, 8, HEADER_BYTES + index * FRAME_BYTES + 8);
    const key = salt.toString('latin1');
    votes.set(key, (votes.get(key) ?? 0) + 1);
  }
  const [first] = [...votes].toSorted(([, a], [, b]) => b - a);
  return Buffer.from(first?.[0] ?? '', 'latin1');
}

function storedAt(buffer: Buffer, offset: number): Sums {
  return [buffer.readUInt32BE(offset), buffer.readUInt32BE(offset + 4)];
}

function same(a: Sums, b: Sums): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** SQLite's running checksum over 8-byte steps. */
function sumsOf(bytes: Buffer, [first, second]: Sums, bigEndian: boolean): Sums {
  let s0 = first | 0;
  let s1 = second | 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at += 8) {
    s0 = (s0 + view.getInt32(at, !bigEndian) + s1) | 0;
    s1 = (s1 + view.getInt32(at + 4, !bigEndian) + s0) | 0;
  }
  return [s0 >>> 0, s1 >>> 0];
}
