/**
 * Drop what is too old or too much, because the operator said so (`--retention-age`, `--retention-bytes`).
 *
 * Called by core.ts, before it appends and when its owner tidies; a turn ends at most retentionRows deliveries of each
 * consumer, in one transaction with their counter `dropped.retention`. Each consumer for itself, oldest first,
 * also for one that is held: by age, counted from acceptance, and by size, which is what the consumer is owed plus
 * what is in quarantine. Leased messages are passed over; while an answer is open over a consumer's messages (a
 * peek) it keeps them all. Quarantine comes last: by age too, and by size only what exceeds its share of the limit,
 * so that neither junk displaces alerts nor alerts the evidence.
 */

import { journalLimits } from '../core/limits.ts';
import type { Consumer } from './consumers.ts';
import { dropOldest, type Droppable } from './deliveries.ts';
import { dropEntries } from './quarantine.ts';
import { QUARANTINE_BYTES } from './schema.ts';
import { hasRoom, type Store } from './store.ts';

/** One turn. True when there may be more to drop at once. */
export function sweepRetention(store: Store): boolean {
  const { retention, consumers, ages, losses, counters } = store;
  if (retention === undefined) return false;
  const { maxAgeMs, maxBytes = Infinity } = retention;
  const before = maxAgeMs === undefined ? -Infinity : ages.before(maxAgeMs);
  let more = false;
  for (const consumer of consumers.all) {
    let excess = excessOf(store, consumer);
    const tooMany: Droppable = ({ at, length }) => {
      if (excess <= 0 && at >= before) return false;
      excess -= length;
      return true;
    };
    if (excess <= 0 && before === -Infinity) continue;
    const fate = `${consumer.counter.dropped}retention`;
    const dropped = dropOldest(store, consumer, fate, tooMany);
    if (dropped === undefined) continue;
    losses.add({ reason: 'retention', consumer: consumer.name, ...dropped });
    more ||= dropped.messages >= journalLimits.retentionRows;
  }
  let room = counters.get(QUARANTINE_BYTES) - maxBytes * journalLimits.quarantineShare;
  if (room <= 0 && before === -Infinity) return more;
  const entries = dropEntries(store, ({ at, length }) => {
    if (room <= 0 && at >= before) return false;
    room -= length;
    return true;
  });
  if (entries === undefined) return more;
  losses.add({ reason: 'retention', consumer: QUARANTINE, ...entries });
  return more || entries.messages >= journalLimits.retentionRows;
}

/**
 * Drop the oldest of whoever is owed most, although it is not too much: the file's overhead has used up its limit
 * before the bodies did. False when nothing can be dropped.
 */
function dropForRoom(store: Store): boolean {
  const { consumers, counters, losses } = store;
  const owed = (consumer: Consumer): number => counters.get(consumer.counter.pendingBytes);
  const most = Math.max(...consumers.all.map(owed));
  let any = false;
  for (const consumer of consumers.all) {
    if (owed(consumer) < most) continue;
    const dropped = dropOldest(store, consumer, `${consumer.counter.dropped}retention`, () => true);
    if (dropped === undefined) continue;
    losses.add({ reason: 'retention', consumer: consumer.name, ...dropped });
    any = true;
  }
  return any;
}

/** Stands for a consumer in reports; no option can name one so. */
const QUARANTINE = '(quarantine)';

/**
 * Before an append: retention by size keeps pace with what comes in, and a journal whose limit it stays below never
 * refuses for being full as long as something may be dropped.
 */
export function makeRoom(store: Store): void {
  const limit = store.retention?.maxBytes;
  if (limit === undefined) return;
  if (store.consumers.all.some((consumer) => excessOf(store, consumer) > 0)) sweepRetention(store);
  if (limit >= (store.maxBytes ?? 0)) return;
  for (let turn = 0; turn < journalLimits.roomTurns && !hasRoom(store); turn++) {
    if (!dropForRoom(store)) break;
  }
}

function excessOf({ retention, counters }: Store, consumer: Consumer): number {
  const { maxBytes = Infinity } = retention ?? {};
  const owed = counters.get(consumer.counter.pendingBytes);
  return owed === 0 ? 0 : owed + counters.get(QUARANTINE_BYTES) - maxBytes;
}
