/**
 * Settles deliveries in groups: a commit each would limit a receiver of single messages to the disk's pace.
 *
 * Called by deliver-lease.ts for one claim. A group is written when it is full or a little old; what is
 * accepted but not yet settled when the process dies is delivered again, so the group bounds the repeats.
 * What is reported in one go (a directory, a batch) is one group, however large.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Claim, Journal } from '../journal/journal.ts';

export interface SettleGroup {
  add(sequence: number): void;
  /** Resolves when everything added is durable. Rejects with the first failure of any group. */
  flush(): Promise<void>;
}

export function createSettleGroup(journal: Journal, { id, count }: Claim): SettleGroup {
  let group: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  const writes: Promise<void>[] = [];
  const write = (): void => {
    clearTimeout(timer);
    clearImmediate(soon);
    timer = undefined;
    soon = undefined;
    if (group.length === 0) return;
    const sequences = group.length === count ? undefined : group.toSorted((a, b) => a - b);
    group = [];
    const settled = journal.settle(id, sequences);
    settled.catch(() => undefined); // flush() reports it
    writes.push(settled);
  };
  return {
    add: (sequence) => {
      group.push(sequence);
      if (group.length >= pollerLimits.settleMessages) soon ??= setImmediate(write);
      else timer ??= setTimeout(write, pollerLimits.settleMs);
    },
    flush: async () => {
      write();
      await Promise.all(writes);
    },
  };
}
