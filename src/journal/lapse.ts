/**
 * A consumer that stays away too long, or is owed too much, loses its claim (`--consumer-max-age`, `--consumer-max-bytes`).
 *
 * Called by core.ts when its owner tidies. Everything it is owed at that moment is dropped, counted `dropped.lapsed`,
 * in turns of at most retentionRows; what is accepted afterwards it is owed again, and its time begins anew, so that
 * one who comes back late gets at least what is younger than the lapse. What it holds under a lease is left to it.
 * "Away" is measured from when it was last heard of, or named, or lapsed, or from its oldest message, whichever
 * is latest; and a journal that was itself closed gives everybody graceMs to come back. The shared queue `default`
 * never lapses: it stands for whoever polls.
 */

import { journalLimits } from '../core/limits.ts';
import type { Consumer } from './consumers.ts';
import { dropOldest } from './deliveries.ts';
import { DEFAULT_CONSUMER } from './options.ts';
import { oldestAt } from './stats.ts';
import { write, type Store } from './store.ts';

/** One turn. True when there may be more to drop at once. */
export function sweepLapsed(store: Store): boolean {
  let more = false;
  if (store.consumerBounds === undefined) return more;
  for (const consumer of store.consumers.active) {
    if (consumer.name === DEFAULT_CONSUMER) continue;
    const { counters, losses, clock, claims } = store;
    // An answer that is open over all of it is waited for.
    if (claims.peeked(consumer)) continue;
    if (counters.get(consumer.counter.lapseTo) === 0) {
      if (!isBeyond(store, consumer)) continue;
      write(store, () => {
        counters.set(consumer.counter.lapseTo, counters.get('last'));
        counters.set(consumer.counter.since, clock.now());
      });
    }
    const upTo = counters.get(consumer.counter.lapseTo);
    const fate = `${consumer.counter.dropped}lapsed`;
    const dropped = dropOldest(store, consumer, fate, ({ sequence }) => sequence <= upTo);
    if (dropped === undefined) write(store, () => counters.set(consumer.counter.lapseTo, 0));
    else {
      losses.add({ reason: 'lapsed', consumer: consumer.name, ...dropped });
      more = true;
    }
  }
  return more;
}

function isBeyond(store: Store, consumer: Consumer): boolean {
  const { consumerBounds, counters, ages } = store;
  const { maxAgeMs, maxBytes = Infinity } = consumerBounds ?? {};
  if (counters.get(consumer.counter.pending) === store.claims.leased(consumer)) return false;
  if (counters.get(consumer.counter.pendingBytes) > maxBytes) return true;
  if (maxAgeMs === undefined) return false;
  const before = ages.before(maxAgeMs);
  if (ages.openFor < Math.min(maxAgeMs, journalLimits.graceMs)) return false;
  const { seen, since: named } = consumer.counter;
  const since = Math.max(consumer.heard.at, counters.get(seen), counters.get(named));
  return since < before && (oldestAt(store, consumer) ?? 0) < before;
}
