/**
 * Loaded into a program by `--import` where calls on its files are to be counted: the names of temporary files and the id of
 * a new journal, otherwise random, count upwards. strace's `-P` wants names that are known before. `?from=N` begins
 * elsewhere, for a program that finds what an earlier one left. Everything else stays random.
 */

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** Random bytes in the name of a temporary file (atomic-write.ts) and in the id of a journal (open.ts). */
const SIZES = new Set([6, 16]);
const original = crypto.randomBytes;
let last = Number(new URL(import.meta.url).searchParams.get('from') ?? 0);

function steady(size: number): Buffer {
  if (!SIZES.has(size)) return original(size);
  last += 1;
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32BE(last, size - 4);
  return bytes;
}

Object.assign(crypto, { randomBytes: steady });
syncBuiltinESMExports();
