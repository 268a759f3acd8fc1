/**
 * Fetch stored bodies and prove them: length and CRC-32 of each, because SQLite does not notice a flipped bit.
 *
 * Called by reading.ts. The fast way lets SQLite join the bodies of consecutive rows into one blob, which is
 * about twice as fast as a row object each; only when the result is not what was announced are the rows
 * looked at one by one, to know which is damaged.
 */

import { RelayError } from '../core/errors.ts';
import { loadChecksum } from './checksum.ts';
import type { Consumer } from './consumers.ts';
import { toRanges, type Range } from './ranges.ts';
import { parseNumbers } from './database.ts';
import type { Store } from './store.ts';

/** Rows of `delivery`, ascending: where bodies are and how long they must be. */
export interface Places {
  readonly sequences: readonly number[];
  readonly lengths: readonly number[];
}

export interface Bodies {
  /** One after the other, in a buffer of its own (it may be given to another thread). */
  readonly bytes: Uint8Array;
  readonly attempts: readonly number[];
}

export interface DamagedRow {
  readonly sequence: number;
  readonly reason: string;
  /** What is there instead; undefined when nothing is. */
  readonly body: Uint8Array | undefined;
}

// Rows of a range come in the order of their numbers; did they not, the checksums would not match.
// No text is converted: the casts only tell group_concat to take the bytes as they are.
const JOINED = `
  SELECT cast(group_concat(cast(body AS TEXT), '') AS BLOB) AS body, json_group_array(crc32) AS checksums
    FROM message WHERE seq BETWEEN ? AND ?`;
const ATTEMPTS = `
  SELECT count(*) AS count, max(attempts) AS most FROM delivery WHERE consumer = ? AND seq BETWEEN ? AND ?`;
const EACH_ATTEMPTS = 'SELECT attempts FROM delivery WHERE consumer = ? AND seq BETWEEN ? AND ? ORDER BY seq';
const ONE = `
  SELECT message.len AS stored, crc32, body FROM delivery CROSS JOIN message ON message.seq = delivery.seq
    WHERE consumer = ? AND delivery.seq = ?`;

/** The bodies, or which of them are damaged. */
export function fetchBodies(
  store: Store,
  consumer: Consumer,
  places: Places,
): Bodies | { readonly damaged: readonly DamagedRow[] } {
  const parts: Bodies[] = [];
  let index = 0;
  for (const range of toRanges(places.sequences)) {
    const lengths = places.lengths.slice(index, index + range.last - range.first + 1);
    const part = joined(store, consumer, range, lengths);
    if (part === undefined) return { damaged: findDamaged(store, consumer, places) };
    parts.push(part);
    index += lengths.length;
  }
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return { bytes: concatenate(parts), attempts: parts.flatMap(({ attempts }) => attempts) };
}

/** Undefined when anything is not as announced. */
function joined(
  { db }: Store,
  consumer: Consumer,
  range: Range,
  lengths: readonly number[],
): Bodies | undefined {
  const { first, last } = range;
  const row = db.get<{ body: Uint8Array | null; checksums: string }>(JOINED, first, last);
  const bytes = row?.body ?? new Uint8Array(0);
  const checksums = parseNumbers(row?.checksums);
  if (checksums.length !== lengths.length) return undefined;
  const checksum = loadChecksum();
  let offset = 0;
  for (const [index, len] of lengths.entries()) {
    if (checksum(bytes.subarray(offset, offset + len)) !== checksums[index]) return undefined;
    offset += len;
  }
  if (offset !== bytes.byteLength) return undefined;
  const tried = db.get<{ count: number; most: number | null }>(ATTEMPTS, consumer.id, first, last);
  if (tried?.count !== lengths.length) return undefined;
  if (tried.most === 0) return { bytes, attempts: lengths.map(() => 0) };
  const [attempts = []] = db.columns(['attempts'], EACH_ATTEMPTS, consumer.id, first, last);
  return { bytes, attempts };
}

function findDamaged({ db }: Store, consumer: Consumer, { sequences, lengths }: Places): DamagedRow[] {
  const checksum = loadChecksum();
  const damaged = sequences.flatMap((seq, index): DamagedRow[] => {
    const len = lengths[index];
    const row = db.get<{ stored: number; crc32: number; body: Uint8Array }>(ONE, consumer.id, seq);
    if (row === undefined) return [{ sequence: seq, reason: 'body missing', body: undefined }];
    const { stored, body } = row;
    if (body.byteLength !== len || stored !== len) {
      return [{ sequence: seq, reason: `${body.byteLength} bytes instead of ${len}`, body }];
    }
    return checksum(body) === row.crc32 ? [] : [{ sequence: seq, reason: 'checksum differs', body }];
  });
  if (damaged.length === 0) throw new RelayError('BUG', 'bodies that are sound alone and not together');
  return damaged;
}

function concatenate(parts: readonly Bodies[]): Uint8Array {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
  let offset = 0;
  for (const { bytes } of parts) {
    whole.set(bytes, offset);
    offset += bytes.byteLength;
  }
  return whole;
}
