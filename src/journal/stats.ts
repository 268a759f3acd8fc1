/** The journal's numbers, without looking at more than one row per consumer. */

import type { Consumer } from './consumers.ts';
import { fileCounters } from './intake-ledger.ts';
import type { ConsumerStats, JournalStats } from './journal.ts';
import { QUARANTINE_BYTES, QUARANTINE_DROPPED } from './schema.ts';
import { usedBytes, type Store } from './store.ts';

export function journalStats(store: Store): JournalStats {
  const { counters, consumers, db, id, maxBytes } = store;
  return {
    id,
    offered: counters.get('offered'),
    accepted: counters.get('accepted'),
    duplicate: counters.get('duplicate'),
    conflict: counters.get('conflict'),
    quarantined: counters.under('quarantined:'),
    files: fileCounters(store),
    consumers: consumers.all.map((consumer) => consumerStats(store, consumer)),
    quarantineBytes: counters.get(QUARANTINE_BYTES),
    quarantineDropped: counters.get(QUARANTINE_DROPPED),
    usedBytes: usedBytes(db),
    maxBytes,
  };
}

export function consumerStats(store: Store, consumer: Consumer): ConsumerStats {
  const { counters, claims } = store;
  const { name, active, counter } = consumer;
  const owed = counters.get(counter.pending);
  const leased = claims.leased(consumer);
  const heard = Math.max(consumer.heard.at, counters.get(counter.seen));
  return {
    name,
    accepted: counters.get(counter.accepted),
    settled: counters.get(counter.settled),
    pending: active ? owed - leased : 0,
    pendingBytes: counters.get(counter.pendingBytes),
    leased,
    held: active ? 0 : owed,
    dead: counters.get(counter.dead),
    dropped: counters.under(counter.dropped),
    oldestAt: owed === 0 ? undefined : oldestAt(store, consumer),
    active,
    ...(heard === 0 ? {} : { lastSeenAt: heard }),
  };
}

/** Wall time at which the oldest message a consumer is owed was accepted. */
export function oldestAt({ db }: Store, consumer: Consumer): number | undefined {
  const oldest = consumer.queue.oldest(db);
  if (oldest === undefined) return undefined;
  return db.get<{ at: number }>('SELECT at FROM message WHERE seq = ?', oldest)?.at;
}
