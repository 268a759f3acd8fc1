/**
 * Settles deliveries in groups: a commit each would limit a receiver of single messages to the disk's pace.
 *
 * Called by deliver-lease.ts for one claim. A group is written when it is full or a little old; what is
 * accepted but not yet settled when the process dies is delivered again, so the group bounds the repeats.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Journal } from '../journal/journal.ts';

export interface SettleGroup {
  add(sequence: number): void;
  /** Resolves when everything added is durable. Rejects with the first failure of any group. */
  flush(): Promise<void>;
}

export function createSettleGroup(journal: Journal, claim: number): SettleGroup {
  let group: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  const writes: Promise<void>[] = [];
  const write = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (group.length === 0) return;
    const sequences = group.toSorted((a, b) => a - b);
    group = [];
    const settled = journal.settle(claim, sequences);
    settled.catch(() => undefined); // flush() reports it
    writes.push(settled);
  };
  return {
    add: (sequence) => {
      group.push(sequence);
      if (group.length >= pollerLimits.settleMessages) write();
      else timer ??= setTimeout(write, pollerLimits.settleMs);
    },
    flush: async () => {
      write();
      await Promise.all(writes);
    },
  };
}
