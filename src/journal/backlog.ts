/**
 * What a journal still owes, read in order and without claims: for people, and for whoever takes it elsewhere.
 *
 * Used by src/app/journal-list.ts and journal-export.ts on a file opened by open-as-is.ts. A page of rows at a time.
 * Bodies are checked by their CRC-32; a damaged one is said and not given.
 */

import { RelayError } from '../core/errors.ts';
import { journalLimits } from '../core/limits.ts';
import type { Severity } from '../core/severity.ts';
import { loadChecksum } from './checksum.ts';
import type { Consumer } from './consumers.ts';
import { endDeliveries } from './deliveries.ts';
import { toRanges } from './ranges.ts';
import { write, type Store } from './store.ts';

export interface OwedMessage {
  readonly sequence: number;
  /** Wall time (ms) at which it was accepted. */
  readonly at: number;
  readonly severity: Severity;
  readonly bytes: number;
  /** Names, in the order of the journal. */
  readonly consumers: readonly string[];
}

interface Row {
  readonly seq: number;
  readonly at: number;
  readonly severity: Severity;
  readonly len: number;
}

/** The consumers meant: one, those in use, or with `all` also those whose claim is held. */
export function chooseConsumers(store: Store, name: string | undefined, all: boolean): readonly Consumer[] {
  const { consumers, db } = store;
  if (name === undefined) return all ? consumers.all : consumers.active;
  const found = consumers.find(name);
  if (found !== undefined) return [found];
  throw new RelayError('NO_INPUT', `journal ${db.path}: no consumer ${name}`, {
    hint: `it has ${consumers.all.map((one) => one.name).join(', ') || 'none'}`,
  });
}

/** The next page of messages owed to any of them, after a sequence number. */
export function readOwed(store: Store, consumers: readonly Consumer[], after: number): OwedMessage[] {
  const { db } = store;
  const ids = consumers.map(({ id }) => id);
  if (ids.length === 0) return [];
  const marks = ids.map(() => '?').join(', ');
  const rows = db.all<Row>(
    `SELECT seq, at, severity, len FROM message WHERE seq > ? AND EXISTS (
       SELECT 1 FROM delivery WHERE delivery.consumer IN (${marks}) AND delivery.seq = message.seq AND state = 0)
       ORDER BY seq LIMIT ?`,
    after,
    ...ids,
    journalLimits.firstReadRows,
  );
  return rows.map(({ seq, at, severity, len }) => ({
    sequence: seq,
    at,
    severity,
    bytes: len,
    consumers: store.consumers.all.filter(({ id }) => owes(store, id, seq)).map(({ name }) => name),
  }));
}

function owes({ db }: Store, consumer: number, sequence: number): boolean {
  const select = 'SELECT 1 FROM delivery WHERE consumer = ? AND seq = ? AND state = 0';
  return db.get(select, consumer, sequence) !== undefined;
}

/** Undefined when it is not what was stored. */
export function readBody({ db }: Store, sequence: number): Uint8Array | undefined {
  const row = db.get<{ body: Uint8Array; crc32: number }>(
    'SELECT body, crc32 FROM message WHERE seq = ?',
    sequence,
  );
  return row !== undefined && loadChecksum()(row.body) === row.crc32 ? Uint8Array.from(row.body) : undefined;
}

/** They were taken elsewhere by hand: owed no more, counted as withdrawn. Ascending numbers. */
export function withdrawOwed(
  store: Store,
  consumers: readonly Consumer[],
  sequences: readonly number[],
): void {
  write(store, () => {
    for (const range of toRanges(sequences)) {
      for (const consumer of consumers) {
        endDeliveries(store, consumer, range, `${consumer.counter.dropped}withdrawn`);
      }
    }
  });
}
