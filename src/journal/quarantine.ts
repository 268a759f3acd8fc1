/**
 * Messages set aside: `invalid` at the door, `poison` by a destination with proof (ARCHITECTURE.md: Poller).
 *
 * They keep their body here, apart from the deliveries. Accepting an invalid one makes it an accepted message;
 * accepting poison owes it to that destination again. Both get a new sequence number, because receivers may
 * remember the old one. A dropped one stays counted: as quarantined, or as discarded by its consumer.
 */

import { RelayError } from '../core/errors.ts';
import type { Severity } from '../core/severity.ts';
import { checkCall, insertMessages } from './append.ts';
import { indexOf, isUndecided, type LeaseClaim } from './claims.ts';
import { endDeliveries } from './deliveries.ts';
import type { QuarantineEntry, QuarantineReason } from './journal.ts';
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
    remove(store, id);
  });
  return true;
}

/** False when there is no such entry. */
export function dropQuarantined(store: Store, id: number): boolean {
  const row = find(store, id);
  if (row === undefined) return false;
  write(store, () => {
    if (row.kind === 'poison') {
      const { counter } = consumerOf(store, row);
      store.counters.add(counter.dead, -1);
      store.counters.add(`${counter.dropped}discarded`, 1);
    }
    remove(store, id);
  });
  return true;
}

function find({ db }: Store, id: number): FullRow | undefined {
  return db.get<FullRow>(`SELECT ${ENTRY}, body FROM quarantine WHERE id = ?`, id);
}

function remove({ db }: Store, id: number): void {
  db.run('DELETE FROM quarantine WHERE id = ?', id);
}

function consumerOf({ consumers }: Store, row: EntryRow) {
  const consumer = consumers.find(row.consumer ?? '');
  if (consumer === undefined) throw new RelayError('BUG', `quarantine ${row.id} names no known consumer`);
  return consumer;
}

function toEntry({ id, at, kind, consumer, reason, detail, len }: EntryRow): QuarantineEntry {
  return { id, at, kind, consumer: consumer ?? undefined, reason, detail, bytes: len };
}
