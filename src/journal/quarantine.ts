/**
 * Messages set aside: `invalid` at the door, `poison` by a destination with proof (ARCHITECTURE.md: Poller).
 *
 * They keep their body here, apart from the deliveries. Accepting an invalid one makes it an accepted message;
 * accepting poison owes it to that destination again. Both get a new sequence number, because receivers may
 * remember the old one. A dropped one stays counted: as quarantined, or as discarded by its consumer.
 */

import { RelayError } from '../core/errors.ts';
import { journalLimits } from '../core/limits.ts';
import type { Severity } from '../core/severity.ts';
import { checkCall, insertMessages } from './append.ts';
import { indexOf, isUndecided, type LeaseClaim } from './claims.ts';
import { endDeliveries, type Droppable, type Dropped } from './deliveries.ts';
import type { QuarantineEntry, QuarantineReason } from './journal.ts';
import { QUARANTINE_BYTES, QUARANTINE_DROPPED } from './schema.ts';
import { write, type Store } from './store.ts';

interface EntryRow {
  readonly id: number;
  readonly at: number;
  readonly kind: QuarantineEntry['kind'];
  readonly consumer: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly severity: Severity;
  readonly len: number;
}

interface FullRow extends EntryRow {
  readonly body: Uint8Array;
}

const ENTRY = 'id, at, kind, consumer, reason, detail, severity, len';

export function listQuarantine({ db }: Store): QuarantineEntry[] {
  return db.all<EntryRow>(`SELECT ${ENTRY} FROM quarantine ORDER BY id`).map(toEntry);
}

export function countQuarantine({ db }: Store): number {
  return db.get<{ count: number }>('SELECT count(*) AS count FROM quarantine')?.count ?? 0;
}

export function showQuarantine(
  store: Store,
  id: number,
): { readonly entry: QuarantineEntry; readonly body: Uint8Array } | undefined {
  const row = find(store, id);
  return row === undefined ? undefined : { entry: toEntry(row), body: Uint8Array.from(row.body) };
}

/** The destination refuses this message for good. False when it was withdrawn meanwhile. */
export function bury(store: Store, claim: LeaseClaim, sequence: number, why: QuarantineReason): boolean {
  if (!isUndecided(claim, indexOf(claim, sequence))) return false;
  const { consumer } = claim;
  return write(store, () => {
    const copied = store.db.run(
      `INSERT INTO quarantine(at, kind, consumer, reason, detail, severity, len, crc32, body)
         SELECT ?, 'poison', ?, ?, ?, message.severity, message.len, crc32, body
           FROM message JOIN delivery ON delivery.seq = message.seq
           WHERE message.seq = ? AND delivery.consumer = ? AND delivery.state = 0`,
      store.clock.now(),
      consumer.name,
      why.reason,
      why.detail,
      sequence,
      consumer.id,
    );
    if (copied === 0) return false;
    store.counters.add(QUARANTINE_BYTES, claim.lengths[indexOf(claim, sequence)] ?? 0);
    endDeliveries(store, consumer, { first: sequence, last: sequence }, consumer.counter.dead, claim);
    return true;
  });
}

/** False when there is no such entry. */
export function acceptQuarantined(store: Store, id: number, mended?: Uint8Array): boolean {
  const row = find(store, id);
  if (row === undefined) return false;
  const message = { body: mended ?? row.body, severity: row.severity };
  checkCall({ messages: [message] });
  write(store, () => {
    const { counters, consumers } = store;
    const now = store.clock.now();
    if (row.kind === 'invalid') {
      counters.add(`quarantined:${row.reason}`, -1);
      counters.add('accepted', 1);
      insertMessages(store, [message], now, consumers.active);
    } else {
      const consumer = consumerOf(store, row);
      counters.add(consumer.counter.dead, -1);
      // It was accepted once already.
      counters.add(consumer.counter.accepted, -1);
      insertMessages(store, [message], now, [consumer]);
    }
    remove(store, row);
  });
  return true;
}

/** False when there is no such entry. */
export function dropQuarantined(store: Store, id: number): boolean {
  const row = find(store, id);
  if (row === undefined) return false;
  write(store, () => giveUp(store, row, 'discarded'));
  return true;
}

/** Drop the oldest entries until one need not go, at most retentionRows. As if dropped by hand, but for the reason. */
export function dropEntries(store: Store, mustGo: Droppable): Dropped | undefined {
  const gone: EntryRow[] = [];
  let bytes = 0;
  const select = `SELECT ${ENTRY} FROM quarantine ORDER BY id LIMIT ${journalLimits.retentionRows}`;
  for (const row of store.db.all<EntryRow>(select)) {
    if (!mustGo({ sequence: row.id, at: row.at, length: row.len })) break;
    gone.push(row);
    bytes += row.len;
  }
  if (gone.length === 0) return undefined;
  write(store, () => {
    for (const row of gone) giveUp(store, row, 'retention');
  });
  const times = gone.map(({ at }) => at);
  return { messages: gone.length, bytes, from: Math.min(...times), to: Math.max(...times) };
}

function giveUp(store: Store, row: EntryRow, reason: 'discarded' | 'retention'): void {
  if (row.kind === 'poison') {
    const { counter } = consumerOf(store, row);
    store.counters.add(counter.dead, -1);
    store.counters.add(`${counter.dropped}${reason}`, 1);
  }
  store.counters.add(QUARANTINE_DROPPED, 1);
  remove(store, row);
}

function find({ db }: Store, id: number): FullRow | undefined {
  return db.get<FullRow>(`SELECT ${ENTRY}, body FROM quarantine WHERE id = ?`, id);
}

function remove({ db, counters }: Store, { id, len }: EntryRow): void {
  db.run('DELETE FROM quarantine WHERE id = ?', id);
  counters.add(QUARANTINE_BYTES, -len);
}

function consumerOf({ consumers }: Store, row: EntryRow) {
  const consumer = consumers.find(row.consumer ?? '');
  if (consumer === undefined) throw new RelayError('BUG', `quarantine ${row.id} names no known consumer`);
  return consumer;
}

function toEntry({ id, at, kind, consumer, reason, detail, len }: EntryRow): QuarantineEntry {
  return { id, at, kind, consumer: consumer ?? undefined, reason, detail, bytes: len };
}
