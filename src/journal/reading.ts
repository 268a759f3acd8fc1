/**
 * Open a peek, and read claims in chunks: at most readRows rows or readBytes, one buffer each; the first smaller.
 *
 * Each row's length and checksum are checked (bodies.ts). A damaged row is dropped for everybody, counted and reported; the claim that announced it cannot be read to its end and
 * says so (JOURNAL_CORRUPT), so that an answer under way is broken off and repeated without the row.
 */

import { RelayError } from '../core/errors.ts';
import { journalLimits } from '../core/limits.ts';
import { fetchBodies, type DamagedRow, type Places } from './bodies.ts';
import { isUndecided, type LeaseClaim, type OpenClaim, type PeekClaim } from './claims.ts';
import type { Consumer } from './consumers.ts';
import { endForAll } from './deliveries.ts';
import type { Chunk, Want } from './journal.ts';
import type { Damage } from './options.ts';
import { formatRanges } from './ranges.ts';
import { write, type Store } from './store.ts';

/** What a consumer is owed, leased messages too; undefined when nothing is. */
export function openPeek(store: Store, consumer: Consumer, want: Partial<Want>): PeekClaim | undefined {
  const { counters, claims } = store;
  const count = counters.get(consumer.counter.pending);
  const bytes = counters.get(consumer.counter.pendingBytes);
  if (count === 0) return undefined;
  if ((want.messages ?? Infinity) >= count && (want.bytes ?? Infinity) >= bytes) {
    return claims.addPeek(consumer, counters.get('last'), count, bytes);
  }
  const part = firstOwed(store, consumer, want);
  return part.count === 0 ? undefined : claims.addPeek(consumer, part.upTo, part.count, part.bytes);
}

function firstOwed({ db }: Store, consumer: Consumer, want: Partial<Want>) {
  const { messages = Infinity, bytes: room = Infinity } = want;
  const found = { upTo: 0, count: 0, bytes: 0 };
  for (;;) {
    const [sequences = [], lengths = []] = db.columns(
      ['seq', 'len'],
      'SELECT seq, len FROM delivery WHERE consumer = ? AND seq > ? AND state = 0 ORDER BY seq LIMIT ?',
      consumer.id,
      found.upTo,
      journalLimits.walkRows,
    );
    for (const [index, seq] of sequences.entries()) {
      const len = lengths[index] ?? 0;
      if (found.count >= Math.max(1, messages) || (found.count > 0 && found.bytes + len > room)) return found;
      found.upTo = seq;
      found.count++;
      found.bytes += len;
    }
    if (sequences.length < journalLimits.walkRows) return found;
  }
}

export function rewind(claim: OpenClaim): void {
  claim.position = 0;
  if (claim.kind === 'peek') claim.read = 0;
}

/** What a damaged row is told to. */
export interface DamageHooks {
  readonly onDamage?: ((event: Damage) => void) | undefined;
  /** The rest of the file must be sound: dropping the row frees pages that a damaged pointer may have stolen. */
  readonly beforeDrop: () => void;
}

export function readChunk(store: Store, claim: OpenClaim, hooks: DamageHooks): Chunk {
  if (claim.broken !== undefined) throw unreadable(claim, claim.broken);
  const places = claim.kind === 'lease' ? nextOfLease(claim) : nextOfPeek(store, claim);
  if (claim.kind === 'peek' && places.sequences.length === 0 && claim.read < claim.count) {
    hooks.beforeDrop();
    claim.broken = `${claim.count - claim.read} of ${claim.count} messages missing`;
    throw unreadable(claim, claim.broken);
  }
  const found = fetchBodies(store, claim.consumer, places);
  if ('damaged' in found) {
    hooks.beforeDrop();
    for (const row of found.damaged) dropDamaged(store, row, hooks.onDamage);
    claim.broken = `damaged: ${formatRanges(found.damaged.map(({ sequence }) => sequence))}`;
    throw unreadable(claim, claim.broken);
  }
  return {
    bodies: found.bytes,
    ...places,
    attempts: found.attempts,
    done: advance(claim, places),
  };
}

/** Messages the holder settled or gave back are no longer part of the lease; withdrawn ones still are. */
function nextOfLease(claim: LeaseClaim): Places {
  const sequences: number[] = [];
  const lengths: number[] = [];
  const room = roomOf(claim);
  let bytes = 0;
  for (let index = claim.position; index < claim.count && sequences.length < room.rows; index++) {
    if (!isUndecided(claim, index)) continue;
    const len = claim.lengths[index] ?? 0;
    if (sequences.length > 0 && bytes + len > room.bytes) break;
    sequences.push(claim.sequences[index] ?? 0);
    lengths.push(len);
    bytes += len;
  }
  return { sequences, lengths };
}

function nextOfPeek({ db }: Store, claim: PeekClaim): Places {
  const room = roomOf(claim);
  // Rows that will not fit are not worth looking at: about so many do.
  const fitting = Math.ceil((room.bytes * claim.count) / Math.max(1, claim.bytes));
  const [sequences = [], lengths = []] = db.columns(
    ['seq', 'len'],
    `SELECT seq, len FROM delivery WHERE consumer = ? AND seq > ? AND seq <= ?
       AND (state = 0 OR (state = 2 AND not_before > ?)) ORDER BY seq LIMIT ?`,
    claim.consumer.id,
    claim.position,
    claim.upTo,
    claim.tick,
    Math.min(Math.max(1, fitting), room.rows),
  );
  let taken = 0;
  for (let bytes = 0; taken < lengths.length; taken++) {
    bytes += lengths[taken] ?? 0;
    if (taken > 0 && bytes > room.bytes) break;
  }
  return { sequences: sequences.slice(0, taken), lengths: lengths.slice(0, taken) };
}

/** The first chunk is small: somebody waits for the first byte. */
function roomOf({ position }: OpenClaim): { readonly rows: number; readonly bytes: number } {
  const { readRows, readBytes, firstReadRows, firstReadBytes } = journalLimits;
  return position === 0
    ? { rows: firstReadRows, bytes: firstReadBytes }
    : { rows: readRows, bytes: readBytes };
}

/** Move past what was read. True when nothing follows. */
function advance(claim: OpenClaim, { sequences: read }: Places): boolean {
  const last = read.at(-1);
  if (claim.kind === 'peek') {
    claim.position = last ?? claim.position;
    claim.read += read.length;
    return claim.read >= claim.count;
  }
  const { sequences, count } = claim;
  while (claim.position < count) {
    const done = last !== undefined && (sequences[claim.position] ?? 0) <= last;
    if (!done && isUndecided(claim, claim.position)) return false;
    claim.position++;
  }
  return true;
}

function dropDamaged(
  store: Store,
  { sequence, reason, body }: DamagedRow,
  onDamage?: (event: Damage) => void,
): void {
  const { consumers, claims } = store;
  const range = { first: sequence, last: sequence };
  const owing = consumers.all.filter((consumer) => isOwed(store, consumer, sequence));
  write(store, () => {
    endForAll(store, range, (consumer) => `${consumer.counter.dropped}damaged`);
    // Even where a claim pins the row: there is nothing left to read.
    for (const { id } of consumers.all) {
      store.db.run('DELETE FROM delivery WHERE consumer = ? AND seq = ?', id, sequence);
    }
    store.db.run('DELETE FROM message WHERE seq = ?', sequence);
    for (const consumer of consumers.all) recountBytes(store, consumer);
  });
  for (const consumer of consumers.all) claims.markGone(consumer, range);
  if (owing.length > 0) onDamage?.({ sequence, consumers: owing.map(({ name }) => name), reason, body });
}

/** A damaged length must not falsify the sum for good: answers announce it as their length. */
function recountBytes({ db, counters }: Store, consumer: Consumer): void {
  const select = 'SELECT coalesce(sum(len), 0) AS bytes FROM delivery WHERE consumer = ? AND state = 0';
  const row = db.get<{ bytes: number }>(select, consumer.id);
  counters.set(consumer.counter.pendingBytes, row?.bytes ?? 0);
}

function isOwed({ db }: Store, consumer: Consumer, sequence: number): boolean {
  const select = 'SELECT 1 FROM delivery WHERE consumer = ? AND seq = ? AND state = 0';
  return db.get(select, consumer.id, sequence) !== undefined;
}

function unreadable(claim: OpenClaim, reason: string): RelayError {
  const words = `claim ${claim.id} of consumer ${claim.consumer.name}: ${reason}`;
  return new RelayError('JOURNAL_CORRUPT', words, {
    hint: 'give it back and take a new one: the damaged messages are dropped and counted',
  });
}
