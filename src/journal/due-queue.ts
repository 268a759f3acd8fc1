/**
 * What of a consumer may be leased next, oldest first, without looking at what is leased.
 *
 * Owed rows are visited once, in sequence order: behind `cursor` every owed row is leased, given back (due
 * again) or put off. Those two are kept here as ranges, so a lease costs what it takes and not what others hold.
 * Memory only; after a restart the walk begins at the first row, and `not_before` in the row puts off again.
 * Waits are measured on the monotonic clock and bounded, so that a wall clock set back cannot hide an alert.
 */

import type { Want } from './journal.ts';
import type { Range } from './ranges.ts';
import type { Clock } from '../core/ports.ts';
import { journalLimits } from '../core/limits.ts';
import type { Database } from './database.ts';
import { MinHeap } from './heap.ts';

/** Ascending; `lengths` belongs to `sequences`. */
export interface Taken {
  readonly sequences: number[];
  readonly lengths: number[];
  bytes: number;
}

const RETURNED = `SELECT seq, len FROM delivery
  WHERE consumer = ? AND seq BETWEEN ? AND ? AND state = 0 ORDER BY seq LIMIT ?`;
const FRESH = `SELECT seq, len, not_before FROM delivery
  WHERE consumer = ? AND seq > ? AND state = 0 ORDER BY seq LIMIT ?`;
const OLDEST = `SELECT seq FROM delivery
  WHERE consumer = ? AND seq >= ? AND state = 0 ORDER BY seq LIMIT 1`;

export class DueQueue {
  readonly #consumer: number;
  readonly #clock: Clock;
  readonly #returned = new MinHeap<Range>();
  readonly #deferred = new MinHeap<Range>();
  #cursor = 0;
  /** No owed row has a smaller number. */
  #oldest = 0;

  constructor(consumer: number, clock: Clock) {
    this.#consumer = consumer;
    this.#clock = clock;
  }

  /** Due again: now, or not before a wall time. */
  giveBack(ranges: readonly Range[], notBefore?: number): void {
    for (const range of ranges) {
      if (notBefore === undefined || notBefore <= this.#clock.now()) this.#returned.push(range.first, range);
      else this.#defer(range, notBefore);
    }
  }

  /** Number of the oldest row still owed, leased or not. */
  oldest(db: Database): number | undefined {
    const row = db.get<{ seq: number }>(OLDEST, this.#consumer, this.#oldest);
    if (row !== undefined) this.#oldest = row.seq;
    return row?.seq;
  }

  /** Milliseconds until something put off is due (0: now); undefined when nothing is put off. */
  dueIn(): number | undefined {
    const at = this.#deferred.firstKey;
    return at === undefined ? undefined : Math.max(0, at - this.#clock.monotonic());
  }

  /** Take the oldest due rows. Nothing but this queue changes; the caller makes a claim of them. */
  take(db: Database, want: Want): Taken {
    const taken: Taken = { sequences: [], lengths: [], bytes: 0 };
    this.#wake();
    return this.#takeReturned(db, want, taken) ? taken : this.#takeFresh(db, want, taken);
  }

  /** True when the wish is fulfilled. */
  #takeReturned(db: Database, want: Want, taken: Taken): boolean {
    for (let range = this.#returned.pop(); range !== undefined; range = this.#returned.pop()) {
      const { first, last } = range;
      const page = pageOf(want, taken);
      const [sequences = [], lengths = []] =
        page === 0 ? [] : db.columns(['seq', 'len'], RETURNED, this.#consumer, first, last, page);
      // Where the rest of the range begins, when there is one.
      let next = sequences.length < page ? last + 1 : (sequences.at(-1) ?? first - 1) + 1;
      for (const [index, sequence] of sequences.entries()) {
        if (add(taken, want, sequence, lengths[index] ?? 0)) continue;
        next = sequence;
        break;
      }
      if (next <= last) {
        this.#returned.push(next, { first: next, last });
        if (pageOf(want, taken) === 0 || sequences.includes(next)) return true;
      }
    }
    return pageOf(want, taken) === 0;
  }

  #takeFresh(db: Database, want: Want, taken: Taken): Taken {
    for (;;) {
      const page = pageOf(want, taken);
      if (page === 0) return taken;
      const names = ['seq', 'len', 'not_before'];
      const columns = db.columns(names, FRESH, this.#consumer, this.#cursor, page);
      const [sequences = [], lengths = [], waits = []] = columns;
      const now = this.#clock.now();
      for (const [index, sequence] of sequences.entries()) {
        const notBefore = waits[index] ?? 0;
        if (notBefore > now) this.#defer({ first: sequence, last: sequence }, notBefore);
        else if (!add(taken, want, sequence, lengths[index] ?? 0)) return taken;
        this.#cursor = sequence;
      }
      if (sequences.length < page) return taken;
    }
  }

  #defer(range: Range, notBefore: number): void {
    const wait = Math.min(notBefore - this.#clock.now(), journalLimits.deferMaxMs);
    this.#deferred.push(this.#clock.monotonic() + wait, range);
  }

  /** Move what was put off and is due to the ranges given back. */
  #wake(): void {
    const now = this.#clock.monotonic();
    while ((this.#deferred.firstKey ?? Infinity) <= now) {
      const range = this.#deferred.pop();
      if (range !== undefined) this.#returned.push(range.first, range);
    }
  }
}

/** False when the row does not fit the wish any more; one row always does. */
function add(taken: Taken, want: Want, sequence: number, length: number): boolean {
  const count = taken.sequences.length;
  if (count >= want.messages || (count > 0 && taken.bytes + length > want.bytes)) return false;
  taken.sequences.push(sequence);
  taken.lengths.push(length);
  taken.bytes += length;
  return true;
}

/** Rows asked of SQLite at once: a wish for everything is fulfilled page by page. */
function pageOf(want: Want, taken: Taken): number {
  return Math.max(0, Math.min(want.messages - taken.sequences.length, journalLimits.walkRows));
}
