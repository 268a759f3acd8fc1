/**
 * What of a consumer may be leased next, oldest first, without looking at what is leased; in lanes, by severity.
 *
 * Owed rows are visited once by each lane, in sequence order. Lane m holds the rows at least as severe as m (lane 0:
 * all), and `cursors[m]` says up to where it has visited them; so a row is visited when it lies behind the cursor
 * of any lane it belongs to. A visited row that is owed is leased, given back (in `returned`, due again) or put off
 * (in `deferred`). A lease therefore costs what it takes, not what others hold, and a lane does not look at the
 * backlog it overtakes: severe rows have an index; milder ones are looked for in windows, each only once, and no
 * further than where the last of them was appended.
 * Memory only; after a restart the walks begin at the first row, and `not_before` in the row puts off again.
 * Waits are measured on the monotonic clock and bounded, so that a wall clock set back cannot hide an alert.
 */

import type { Want } from './journal.ts';
import { RangeSet } from './range-set.ts';
import type { Range } from './ranges.ts';
import type { Clock } from '../core/ports.ts';
import { journalLimits } from '../core/limits.ts';
import type { Severity } from '../core/severity.ts';
import type { Database } from './database.ts';
import { MinHeap } from './heap.ts';
import { SEVERE } from './schema.ts';

/** Ascending; `lengths` belongs to `sequences`. */
export interface Taken {
  readonly sequences: number[];
  readonly lengths: number[];
  bytes: number;
}

const NAMES = ['seq', 'len', 'not_before', 'severity'];
const OWED = 'WHERE consumer = ?1 AND seq BETWEEN ?2 AND ?3 AND state = 0';
/** The index is named, because SQLite would rather walk; `severity >= SEVERE` is repeated as the index has it. */
const severeRows = (severity: Severity): string =>
  `SELECT ${NAMES.join(', ')} FROM delivery INDEXED BY delivery_severe
     ${OWED} AND severity >= ${SEVERE} AND severity = ${severity}`;
const walkedRows = (least: Severity): string =>
  `SELECT ${NAMES.join(', ')} FROM delivery ${OWED}${least === 0 ? '' : ` AND severity >= ${least}`}`;
/** The owed rows of each lane within a range, oldest first. */
const ROWS: Readonly<Record<Severity, string>> = {
  0: `${walkedRows(0)} ORDER BY seq LIMIT ?4`,
  1: `${walkedRows(1)} ORDER BY seq LIMIT ?4`,
  2: `${walkedRows(2)} ORDER BY seq LIMIT ?4`,
  3: `${severeRows(3)} UNION ALL ${severeRows(4)} ORDER BY seq LIMIT ?4`,
  4: `${severeRows(4)} ORDER BY seq LIMIT ?4`,
};
const WINDOW = `SELECT max(seq) AS last, count(*) AS count FROM (
  SELECT seq FROM delivery WHERE consumer = ? AND seq > ? AND state = 0 ORDER BY seq LIMIT ?)`;
const OLDEST = `SELECT seq FROM delivery
  WHERE consumer = ? AND seq >= ? AND state = 0 ORDER BY seq LIMIT 1`;

export class DueQueue {
  readonly #consumer: number;
  readonly #clock: Clock;
  readonly #returned = new RangeSet();
  readonly #deferred = new MinHeap<Range>();
  readonly #cursors: Record<Severity, number> = { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 };
  /** No owed row has a smaller number. */
  #oldest = 0;

  constructor(consumer: number, clock: Clock) {
    this.#consumer = consumer;
    this.#clock = clock;
  }

  /** Due again: now, or not before a wall time. */
  giveBack(ranges: readonly Range[], notBefore?: number): void {
    if (notBefore === undefined || notBefore <= this.#clock.now()) this.#returned.add(ranges);
    else for (const range of ranges) this.#defer(range, notBefore);
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

  /**
   * Take the oldest due rows of a lane. Nothing but this queue changes; the caller makes a claim of them.
   *
   * @param lastMild the largest number ever given to a row of the lane that has no index
   */
  take(db: Database, want: Want, lastMild: number): Taken {
    const taken: Taken = { sequences: [], lengths: [], bytes: 0 };
    const lane = want.minSeverity ?? 0;
    this.#wake(want.early === true);
    const visited = this.#visited(lane);
    if (this.#takeReturned(db, want, lane, visited, lastMild, taken)) {
      this.#takeFresh(db, want, lane, lastMild, taken);
    }
    this.#returned.remove(taken.sequences);
    return taken;
  }

  /** Rows given back, as far as the lane has been. True when there is room for more. */
  #takeReturned(
    db: Database,
    want: Want,
    lane: Severity,
    visited: number,
    lastMild: number,
    taken: Taken,
  ): boolean {
    const ranges = this.#returned.upTo(visited);
    const [{ first } = { first: 0 }] = ranges;
    const source = sourceOf(lane, first, lastMild);
    // An index finds the severe ones of all ranges at once; others are looked for in the ranges only.
    const spans = source >= SEVERE && ranges.length > 0 ? [{ first, last: visited }] : ranges;
    for (const span of spans) {
      for (let from = span.first; from <= span.last;) {
        const page = source >= SEVERE ? journalLimits.walkRows : pageOf(want, taken);
        if (page === 0) return this.#stopAt(lane, from);
        const rows = this.#rows(db, source, from, span.last, page);
        for (const { sequence, length } of rows) {
          if (this.#returned.has(sequence) && !add(taken, want, sequence, length)) {
            return this.#stopAt(lane, sequence);
          }
          from = sequence + 1;
        }
        if (rows.length < page) break;
      }
    }
    if (lane === 0) this.#returned.removeBelow(visited + 1);
    return true;
  }

  /** Of what lies below, everything in the set is taken or has ended. */
  #stopAt(lane: Severity, sequence: number): false {
    if (lane === 0) this.#returned.removeBelow(sequence);
    return false;
  }

  #takeFresh(db: Database, want: Want, lane: Severity, lastMild: number, taken: Taken): void {
    const now = this.#clock.now();
    let from = this.#visited(lane);
    for (;;) {
      const room = pageOf(want, taken);
      if (room === 0) return;
      // Where more severe rows have been taken out of their turn some of what is read is passed over.
      const page = this.#visited(4) > from ? journalLimits.walkRows : room;
      const source = sourceOf(lane, from + 1, lastMild);
      const walks = source > 0 && source < SEVERE;
      const window = walks ? this.#window(db, from) : { last: Number.MAX_SAFE_INTEGER, end: true };
      const rows = this.#rows(db, source, from + 1, window.last, page);
      for (const { sequence, length, notBefore, severity } of rows) {
        if (sequence <= this.#visited(severity)) {
          if (this.#returned.has(sequence) && !add(taken, want, sequence, length)) return;
        } else if (notBefore > now && want.early !== true) {
          this.#defer({ first: sequence, last: sequence }, notBefore);
        } else if (!add(taken, want, sequence, length)) {
          return;
        }
        this.#cursors[lane] = from = sequence;
      }
      if (rows.length === page) continue;
      if (walks) this.#cursors[lane] = from = window.last;
      if (window.end) return;
    }
  }

  /** Rows of this severity up to here have been visited. */
  #visited(severity: Severity): number {
    let furthest = 0;
    for (const lane of [0, 1, 2, 3, 4] as const) {
      if (lane <= severity) furthest = Math.max(furthest, this.#cursors[lane]);
    }
    return furthest;
  }

  /** How far to look in one question: a walk may find nothing in a million rows, and must remember that. */
  #window(db: Database, from: number): { readonly last: number; readonly end: boolean } {
    const { laneRows } = journalLimits;
    const row = db.get<{ last: number | null; count: number }>(WINDOW, this.#consumer, from, laneRows);
    return { last: row?.last ?? from, end: (row?.count ?? 0) < laneRows };
  }

  #rows(db: Database, lane: Severity, first: number, last: number, limit: number) {
    const columns = db.columns(NAMES, ROWS[lane], this.#consumer, first, last, limit);
    const [sequences = [], lengths = [], waits = [], severities = []] = columns;
    return sequences.map((sequence, index) => ({
      sequence,
      length: lengths[index] ?? 0,
      notBefore: waits[index] ?? 0,
      severity: toSeverity(severities[index] ?? 0),
    }));
  }

  #defer(range: Range, notBefore: number): void {
    const wait = Math.min(notBefore - this.#clock.now(), journalLimits.deferMaxMs);
    this.#deferred.push(this.#clock.monotonic() + wait, range);
  }

  /** Move what was put off and is due, or all of it, to what was given back. */
  #wake(all: boolean): void {
    const now = all ? Number.MAX_VALUE : this.#clock.monotonic();
    const due: Range[] = [];
    while ((this.#deferred.firstKey ?? Infinity) <= now) {
      const range = this.#deferred.pop();
      if (range !== undefined) due.push(range);
    }
    this.#returned.add(due);
  }
}

/** The lane whose rows are looked at, from a number on: where nothing mild is left the index serves a mild lane too. */
function sourceOf(lane: Severity, first: number, lastMild: number): Severity {
  return lane === 1 || lane === 2 ? (first <= lastMild ? lane : SEVERE) : lane;
}

/** A damaged column is no reason to lose the row: it belongs to the lane it can be in. */
function toSeverity(value: number): Severity {
  return value === 1 || value === 2 || value === 3 || value === 4 ? value : 0;
}

/** False when the row does not fit the wish any more; one row always does, unless the wish is strict. */
function add(taken: Taken, want: Want, sequence: number, length: number): boolean {
  const count = taken.sequences.length;
  const mustFit = count > 0 || want.strict === true;
  if (count >= want.messages || (mustFit && taken.bytes + length > want.bytes)) return false;
  taken.sequences.push(sequence);
  taken.lengths.push(length);
  taken.bytes += length;
  return true;
}

/** Rows asked of SQLite at once: a wish for everything is fulfilled page by page. */
function pageOf(want: Want, taken: Taken): number {
  return Math.max(0, Math.min(want.messages - taken.sequences.length, journalLimits.walkRows));
}
