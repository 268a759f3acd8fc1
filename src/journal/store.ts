/**
 * What the journal's verbs work on: the file, its counters, its consumers and the open claims.
 *
 * Made when a file is opened and replaced as a whole when the file is. `write` is the only way to change the
 * file: rows and counters in one transaction, memory following the commit.
 */

import type { Clock } from '../core/ports.ts';
import { RelayError } from '../core/errors.ts';
import { Claims } from './claims.ts';
import { nameConsumers, readConsumers, type Consumers } from './consumers.ts';
import { Counters } from './counters.ts';
import type { Database } from './database.ts';
import { DEFAULT_CONSUMER, type JournalOptions } from './options.ts';

export interface Store {
  readonly id: string;
  readonly db: Database;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly consumers: Consumers;
  readonly claims: Claims;
  readonly maxBytes: number | undefined;
  /** Consumers (ids) that may have retired rows to sweep. */
  readonly unswept: Set<number>;
}

/** @param nextClaim numbers claims; never gives a number twice within the process */
export function loadStore(db: Database, options: JournalOptions, nextClaim: () => number): Store {
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
  if (meta === undefined) throw new RelayError('JOURNAL_IO', `journal ${db.path}: it has no id`);
  return {
    id: meta.value,
    db,
    clock,
    counters,
    consumers,
    claims: new Claims(tick, nextClaim),
    maxBytes,
    unswept,
  };
}

/** Change the file: all or nothing, rows and counters together, durable when it returns. */
export function write<T>(store: Store, work: () => T): T {
  return change(store.db, store.counters, work);
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
  const row = db.get<{ used: number }>(
    `SELECT (pages.page_count - free.freelist_count) * size.page_size AS used
       FROM pragma_page_count AS pages, pragma_freelist_count AS free, pragma_page_size AS size`,
  );
  return row?.used ?? 0;
}

/** Refuse before anything is written. */
export function checkRoom(store: Store): void {
  const { maxBytes, db } = store;
  if (maxBytes === undefined) return;
  const used = usedBytes(db);
  if (used < maxBytes) return;
  const words = `journal ${db.path}: ${used} bytes used of the ${maxBytes} allowed`;
  throw new RelayError('JOURNAL_FULL', words, {
    hint: 'it goes on by itself when messages are delivered; or raise --max-journal-bytes',
  });
}
