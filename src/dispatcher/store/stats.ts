/** The store in numbers, from the counters in memory. */

import type { StoreStats } from '../model/store.ts';
import { usedBytes, type Ledger } from './ledger.ts';
import { allQueues } from './queues.ts';

export function storeStats(ledger: Ledger, now: number): StoreStats {
  const { id, counters } = ledger;
  return {
    id,
    offered: counters.get('offered'),
    stored: counters.get('stored'),
    duplicate: counters.get('duplicate'),
    conflict: counters.get('conflict'),
    refused: counters.under('refused:'),
    retained: counters.get('retained'),
    bytes: usedBytes(ledger),
    incidents: {
      open: counters.get('incidents:open'),
      acked: counters.get('incidents:acked'),
      closed: counters.get('incidents:closed'),
    },
    queues: allQueues(ledger, now),
  };
}
