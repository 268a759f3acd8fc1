/** When a journal is to be proven sound (prove.ts does it). Called by core.ts and journal-file.ts, cheap where all is well. */

import type { Consumer } from './consumers.ts';
import type { Store } from './store.ts';
import { load } from './when-damaged.ts';

/** Why: each later reason affords more. */
export const proofFor = { giving: 1, changing: 2, damage: 3 } as const;

export type Proof = (typeof proofFor)[keyof typeof proofFor];

/** A consumer gets nothing. When it is owed something of which nothing is leased or put off, rows may be gone. */
export function checkOwed(store: Store, consumer: Consumer): void {
  const owed = store.counters.get(consumer.counter.pending);
  if (owed <= store.claims.leased(consumer) || consumer.queue.dueIn() !== undefined) return;
  load('./prove').proveOwed(store, consumer);
}
