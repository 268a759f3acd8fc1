/**
 * What the journal's verbs work on: the file, its counters, its consumers and the open claims.
 *
 * Made when a file is opened and replaced as a whole when the file is. `write` is the only way to change the
 * file: rows and counters in one transaction, memory following the commit.
 */

import type { Clock } from '../core/ports.ts';
import { RelayError } from '../core/errors.ts';
import { AgeClock } from './age-clock.ts';
import { Claims } from './claims.ts';
import { nameConsumers, readConsumers, type Consumers } from './consumers.ts';
import { Counters } from './counters.ts';
import type { Database } from './database.ts';
import { AS } from './driver.ts';
import { Losses } from './losses.ts';
import { corruption, isFull } from './sqlite-errors.ts';
import { Reserve } from './reserve.ts';
import { DEFAULT_CONSUMER, type Bounds, type JournalOptions } from './options.ts';

export interface Store {
  readonly id: string;
  readonly db: Database;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly consumers: Consumers;
  readonly claims: Claims;
  readonly maxBytes: number | undefined;
  readonly retention: Bounds | undefined;
  readonly consumerBounds: Bounds | undefined;
  readonly ages: AgeClock;
  readonly reserve: Reserve;
  readonly losses: Losses;
  /** Consumers (ids) that may have retired rows to sweep. */
  readonly unswept: Set<number>;
}

/** @param nextClaim numbers claims; never gives a number twice within the process */
export function loadStore(
  db: Database,
  options: JournalOptions,
  nextClaim: () => number,
  reserve = new Reserve(db.path, 0, options.clock),
): Store {
  const { clock, maxBytes, readOnly } = options;
  const counters = new Counters();
  counters.load(db);
  if (readOnly !== true) {
    const names = options.consumers ?? [];
    const active = names.length === 0 ? [DEFAULT_CONSUMER] : names;
    change(db, counters, () => nameConsumers(db, active, counters, clock));
  }
  const consumers = readConsumers(db, clock);
  const unswept = new Set<number>();
  let tick = 0;
  for (const { id } of consumers.all) {
    const newest = db.get<{ tick: number }>(
      'SELECT not_before AS tick FROM delivery WHERE consumer = ? AND state = 2 ORDER BY not_before DESC LIMIT 1',
      id,
    );
    if (newest === undefined) continue;
    unswept.add(id);
    tick = Math.max(tick, newest.tick);
  }
  const meta = db.get<{ value: string }>(`SELECT value FROM meta WHERE key = 'id'`);
  if (!/^[0-9a-f]{32}$/.test(String(meta?.value))) throw corruption('it has no id');
  return {
    id: meta?.value ?? '',
    db,
    clock,
    counters,
    consumers,
    claims: new Claims(tick, nextClaim),
    maxBytes,
    retention: bounds(options.retention),
    consumerBounds: bounds(options.consumerBounds),
    ages: new AgeClock(clock),
    reserve,
    losses: new Losses(clock),
    unswept,
  };
}

/** Bounds that bound something. */
function bounds(given: Bounds | undefined): Bounds | undefined {
  return given?.maxAgeMs === undefined && given?.maxBytes === undefined ? undefined : given;
}

/**
 * Change the file: all or nothing, rows and counters together, durable when it returns. On a full disk the log is
 * written over from its beginning, and if that is not enough the reserve is given up for it, so `work` may be done
 * several times and must not change memory.
 */
export function write<T>(store: Store, work: () => T): T {
  for (let attempt = 0; ; attempt++) {
    try {
      return change(store.db, store.counters, work);
    } catch (error) {
      if (!isFull(error) || (attempt > 0 && !store.reserve.giveUp())) throw error;
      foldLog(store.db);
    }
  }
}

/** As `write`, for what takes room: the reserve is not for it. */
export function add<T>(store: Store, work: () => T): T {
  const result = change(store.db, store.counters, work);
  // What the log holds needs as much room again in the file: it is taken while there is some.
  if (store.reserve.isTight) foldLog(store.db);
  return result;
}

/** Move the log into the file and begin it anew, in its place: it keeps its blocks. */
function foldLog(db: Database): void {
  try {
    db.exec(`PRAGMA ${AS}.wal_checkpoint(RESTART)`);
  } catch {
    // There is no room to move it to. It stays in the log, where it is safe.
  }
}

function change<T>(db: Database, counters: Counters, work: () => T): T {
  try {
    const result = db.transaction(() => {
      const value = work();
      counters.write(db);
      return value;
    });
    counters.keep();
    return result;
  } catch (error) {
    counters.undo();
    throw error;
  }
}

/** Pages in use: the file itself does not shrink. */
export function usedBytes(db: Database): number {
  return (db.pragma('page_count') - db.pragma('freelist_count')) * db.pragma('page_size');
}

export function hasRoom({ maxBytes = Infinity, db }: Store): boolean {
  return maxBytes === Infinity || usedBytes(db) < maxBytes;
}

const NO_ROOM = 'free space on its filesystem; it goes on by itself when there is room for its reserve again';

/** Refuse before anything is written. */
export function checkRoom(store: Store): void {
  const { maxBytes, db, reserve } = store;
  if (!reserve.mayAppend) {
    throw new RelayError('JOURNAL_FULL', `journal ${db.path}: the disk is full`, { hint: NO_ROOM });
  }
  if (maxBytes === undefined) return;
  const used = usedBytes(db);
  if (used < maxBytes) return;
  const words = `journal ${db.path}: ${used} bytes used of the ${maxBytes} allowed`;
  throw new RelayError('JOURNAL_FULL', words, {
    hint: 'it goes on by itself when messages are delivered; or raise --max-journal-bytes',
  });
}
