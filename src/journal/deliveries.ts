/**
 * Rows leave here: settled, withdrawn, buried, damaged, given up. The body goes with the last row that owes it.
 *
 * All functions run inside a transaction of their caller. A row an open claim may still read is only marked
 * retired; `sweep` clears it away when the last such claim is closed, or after a restart.
 */

import { RelayError } from '../core/errors.ts';
import { journalLimits } from '../core/limits.ts';
import type { OpenClaim } from './claims.ts';
import type { Consumer } from './consumers.ts';
import { toRanges, type Range } from './ranges.ts';
import { write, type Store } from './store.ts';

const RETIRED = 2;

/**
 * End what a consumer is owed within a range and count it under a fate.
 *
 * @param fate name of the counter that receives the messages
 * @param acting the claim that decides, which will not read them again
 * @returns messages ended
 */
export function endDeliveries(
  store: Store,
  consumer: Consumer,
  range: Range,
  fate: string,
  acting?: OpenClaim,
): number {
  const { db, counters } = store;
  const { first, last } = range;
  const owed = db.get<{ count: number; bytes: number }>(
    `SELECT count(*) AS count, coalesce(sum(len), 0) AS bytes FROM delivery
       WHERE consumer = ? AND seq BETWEEN ? AND ? AND state = 0`,
    consumer.id,
    first,
    last,
  );
  if (owed === undefined || owed.count === 0) return 0;
  counters.add(fate, owed.count);
  counters.add(consumer.counter.pending, -owed.count);
  counters.add(consumer.counter.pendingBytes, -owed.bytes);
  if (store.claims.pins(consumer, range, acting)) {
    db.run(
      `UPDATE delivery SET state = ${RETIRED}, not_before = ? WHERE consumer = ? AND seq BETWEEN ? AND ? AND state = 0`,
      store.claims.nextTick(),
      consumer.id,
      first,
      last,
    );
    store.unswept.add(consumer.id);
    return owed.count;
  }
  db.run(
    'DELETE FROM delivery WHERE consumer = ? AND seq BETWEEN ? AND ? AND state = 0',
    consumer.id,
    first,
    last,
  );
  deleteBodies(store, range);
  return owed.count;
}

/** End what everybody is owed within a range. */
export function endForAll(store: Store, range: Range, fate: (consumer: Consumer) => string): void {
  for (const consumer of store.consumers.all) endDeliveries(store, consumer, range, fate(consumer));
}

/** Delete the bodies of a range that no delivery owes any more. */
function deleteBodies({ db, consumers }: Store, { first, last }: Range): void {
  if (consumers.all.length === 1) {
    const id = consumers.all[0]?.id ?? 0;
    db.run(
      `DELETE FROM message WHERE seq BETWEEN ? AND ?
         AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.consumer = ? AND delivery.seq = message.seq)`,
      first,
      last,
      id,
    );
    return;
  }
  db.run(
    `DELETE FROM message WHERE seq BETWEEN ? AND ? AND NOT EXISTS (
       SELECT 1 FROM consumer CROSS JOIN delivery
         ON delivery.consumer = consumer.id AND delivery.seq = message.seq)`,
    first,
    last,
  );
}

/** Clear away retired rows nobody reads any more, at most sweepRows. True when there may be more. */
export function sweep(store: Store): boolean {
  const { db, claims, unswept, consumers } = store;
  let room: number = journalLimits.sweepRows;
  for (const id of unswept) {
    const consumer = consumers.all.find((one) => one.id === id);
    const before = consumer === undefined ? Infinity : claims.oldestTick(consumer);
    const [sequences = []] = db.columns(
      ['seq'],
      `SELECT seq FROM delivery WHERE consumer = ? AND state = ${RETIRED} AND not_before < ?
         ORDER BY not_before LIMIT ?`,
      id,
      Math.min(before, Number.MAX_SAFE_INTEGER),
      room,
    );
    if (sequences.length > 0) {
      const ranges = toRanges(sequences.toSorted((a, b) => a - b));
      write(store, () => {
        for (const range of ranges) {
          db.run(
            `DELETE FROM delivery WHERE consumer = ? AND seq BETWEEN ? AND ? AND state = ${RETIRED}`,
            id,
            range.first,
            range.last,
          );
          deleteBodies(store, range);
        }
      });
    }
    room -= sequences.length;
    if (room <= 0) return true;
    if (before === Infinity) unswept.delete(id);
  }
  return false;
}

/** A consumer that is no longer named is owed nothing more. In transactions of bounded size. How many it was. */
export function freeConsumer(store: Store, name: string): number {
  const consumer = store.consumers.find(name);
  const { path } = store.db;
  if (consumer === undefined) throw new RelayError('NO_INPUT', `journal ${path}: no consumer ${name}`);
  if (consumer.active) {
    throw new RelayError('USAGE', `journal ${path}: consumer ${name} is in use`, {
      hint: 'remove it from the configuration first',
    });
  }
  let freed = 0;
  for (;;) {
    const [sequences = []] = store.db.columns(
      ['seq'],
      'SELECT seq FROM delivery WHERE consumer = ? AND state = 0 ORDER BY seq LIMIT ?',
      consumer.id,
      journalLimits.sweepRows,
    );
    const [first] = sequences;
    const last = sequences.at(-1);
    if (first === undefined || last === undefined) return freed;
    const fate = `${consumer.counter.dropped}discarded`;
    freed += write(store, () => endDeliveries(store, consumer, { first, last }, fate));
  }
}

/** What is known of a message that may have to go. */
export type Droppable = (message: {
  readonly sequence: number;
  readonly at: number;
  readonly length: number;
}) => boolean;

/** What went in one turn. */
export interface Dropped {
  readonly messages: number;
  readonly bytes: number;
  /** Accepted at: the oldest and the youngest of them. */
  readonly from: number;
  readonly to: number;
}

const OLDEST = `
  SELECT delivery.seq AS seq, at, delivery.len AS len FROM delivery CROSS JOIN message ON message.seq = delivery.seq
    WHERE consumer = ? AND delivery.seq >= ? AND state = 0 ORDER BY delivery.seq LIMIT ?`;

/**
 * Drop the oldest a consumer is owed, in one transaction, until one need not go; at most retentionRows. What is
 * leased is passed over; while a peek is open nothing goes, because the rows it announced would be kept anyway.
 */
export function dropOldest(
  store: Store,
  consumer: Consumer,
  fate: string,
  mustGo: Droppable,
): Dropped | undefined {
  const { db, claims } = store;
  if (claims.peeked(consumer)) return undefined;
  const held = claims.held(consumer);
  const oldest = consumer.queue.oldest(db) ?? 0;
  const limit = journalLimits.retentionRows + held.size;
  const [sequences = [], times = [], lengths = []] = db.columns(
    ['seq', 'at', 'len'],
    OLDEST,
    consumer.id,
    oldest,
    limit,
  );
  const gone: number[] = [];
  let bytes = 0;
  let from = Infinity;
  let to = 0;
  for (const [index, sequence] of sequences.entries()) {
    const message = { sequence, at: times[index] ?? 0, length: lengths[index] ?? 0 };
    if (gone.length >= journalLimits.retentionRows) break;
    if (held.has(sequence)) continue;
    if (!mustGo(message)) break;
    gone.push(sequence);
    bytes += message.length;
    from = Math.min(from, message.at);
    to = Math.max(to, message.at);
  }
  if (gone.length === 0) return undefined;
  const messages = write(store, () =>
    toRanges(gone).reduce((sum, range) => sum + endDeliveries(store, consumer, range, fate), 0),
  );
  return { messages, bytes, from, to };
}
