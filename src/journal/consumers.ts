/**
 * Who is owed the messages: named consumers, and the counters of each.
 *
 * A consumer the options no longer name keeps what it was owed (`held`) but is owed nothing new; named again
 * it goes on. One that is new to the file is owed every message the file still holds undelivered.
 */

import type { Clock } from '../core/ports.ts';
import { RelayError } from '../core/errors.ts';
import type { Counters } from './counters.ts';
import type { Database } from './database.ts';
import { DueQueue } from './due-queue.ts';

export interface Consumer {
  readonly id: number;
  readonly name: string;
  /** Named by the options of this opening. */
  readonly active: boolean;
  readonly queue: DueQueue;
  /** Wall time at which it last leased, looked or settled; the counter `seen` follows at a coarse grain. */
  readonly heard: { at: number };
  /** Names of its counters; `dropped` is a prefix, the reason follows. */
  readonly counter: Readonly<
    Record<
      | 'accepted'
      | 'settled'
      | 'pending'
      | 'pendingBytes'
      | 'dead'
      | 'dropped'
      | 'seen'
      /** Wall time at which it was named or last lapsed. */
      | 'since'
      /** Last number of a lapse under way. */
      | 'lapseTo',
      string
    >
  >;
}

interface ConsumerRow {
  readonly id: number;
  readonly name: string;
  readonly active: number;
}

export class Consumers {
  readonly all: readonly Consumer[];
  /** Owed each new message. */
  readonly active: readonly Consumer[];
  readonly #byName: ReadonlyMap<string, Consumer>;

  constructor(all: readonly Consumer[]) {
    this.all = all;
    this.active = all.filter((consumer) => consumer.active);
    this.#byName = new Map(all.map((consumer) => [consumer.name, consumer]));
  }

  find(name: string): Consumer | undefined {
    return this.#byName.get(name);
  }

  /** One that may lease and peek. */
  named(name: string): Consumer {
    const consumer = this.#byName.get(name);
    if (consumer?.active !== true) {
      throw new RelayError('NOT_FOUND', `the journal has no consumer ${name}`, {
        hint: `it has ${this.active.map((other) => other.name).join(', ')}`,
      });
    }
    return consumer;
  }
}

/** As the file has them, without changing it. */
export function readConsumers(db: Database, clock: Clock): Consumers {
  const rows = db.all<ConsumerRow>('SELECT id, name, active FROM consumer ORDER BY id');
  return new Consumers(rows.map((row) => makeConsumer(row.id, row.name, row.active === 1, clock)));
}

/** Make the named ones the active ones. Call in a transaction. */
export function nameConsumers(
  db: Database,
  names: readonly string[],
  counters: Counters,
  clock: Clock,
): void {
  const known = new Map(
    db.all<ConsumerRow>('SELECT id, name, active FROM consumer').map((row) => [row.name, row]),
  );
  for (const row of known.values()) {
    const active = names.includes(row.name) ? 1 : 0;
    if (active !== row.active) db.run('UPDATE consumer SET active = ? WHERE id = ?', active, row.id);
    const { since } = makeConsumer(row.id, row.name, active === 1, clock).counter;
    // Named again, or of a file that did not keep the time: its absence begins now.
    if (active > row.active || counters.get(since) === 0) counters.set(since, clock.now());
  }
  for (const name of names) {
    if (known.has(name)) continue;
    db.run('INSERT INTO consumer(name, active) VALUES(?, 1)', name);
    const row = db.get<{ id: number }>('SELECT id FROM consumer WHERE name = ?', name);
    if (row === undefined) throw new RelayError('BUG', `consumer ${name} was not stored`);
    const consumer = makeConsumer(row.id, name, true, clock);
    oweBacklog(db, consumer, [...known.values()], counters);
    counters.set(consumer.counter.since, clock.now());
  }
}

/** Give a new consumer what any other is still owed. */
function oweBacklog(
  db: Database,
  consumer: Consumer,
  others: readonly ConsumerRow[],
  counters: Counters,
): void {
  for (const other of others) {
    db.run(
      `INSERT OR IGNORE INTO delivery(consumer, seq, len, severity, state, attempts, not_before)
         SELECT ?, seq, len, severity, 0, 0, 0 FROM delivery WHERE consumer = ? AND state = 0`,
      consumer.id,
      other.id,
    );
  }
  if (others.length === 0) return;
  const owed = db.get<{ count: number; bytes: number }>(
    'SELECT count(*) AS count, coalesce(sum(len), 0) AS bytes FROM delivery WHERE consumer = ?',
    consumer.id,
  );
  counters.add(consumer.counter.accepted, owed?.count ?? 0);
  counters.add(consumer.counter.pending, owed?.count ?? 0);
  counters.add(consumer.counter.pendingBytes, owed?.bytes ?? 0);
}

function makeConsumer(id: number, name: string, active: boolean, clock: Clock): Consumer {
  const prefix = `consumer:${id}:`;
  return {
    id,
    name,
    active,
    queue: new DueQueue(id, clock),
    heard: { at: 0 },
    counter: {
      accepted: `${prefix}accepted`,
      settled: `${prefix}settled`,
      pending: `${prefix}pending`,
      pendingBytes: `${prefix}pendingBytes`,
      dead: `${prefix}dead`,
      dropped: `${prefix}dropped:`,
      seen: `${prefix}seen`,
      since: `${prefix}since`,
      lapseTo: `${prefix}lapseTo`,
    },
  };
}
