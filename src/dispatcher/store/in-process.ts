/**
 * The store on the calling thread: the asynchronous interface over the synchronous core.
 *
 * Made by tests and commands, and by serve.ts for callers in other threads. Batches that arrive together share a transaction,
 * and so do claims and ended calls. The verbs that are one function of the ledger each are in queue-verbs.ts and
 * record-verbs.ts.
 */

import { storeLimits } from '../../core/limits.ts';
import { GroupCommit } from '../../journal/group-commit.ts';
import type { Receipt } from '../model/message.ts';
import type { Arrival, Store } from '../model/store.ts';
import { checkArrivals } from './accept.ts';
import { auditedVerbs } from './audited.ts';
import { backupStore } from './backup.ts';
import { StoreCore, type Leased, type OutboxCall } from './core.ts';
import type { StoreOptions } from './options.ts';
import { queueVerbs } from './queue-verbs.ts';
import { recordVerbs } from './record-verbs.ts';
import { storeStats } from './stats.ts';

/** Open a store, or make it. Rejects with a RelayError of the journal's codes. */
export async function openStore(options: StoreOptions): Promise<Store> {
  return storeOver(new StoreCore(options));
}

/** Over a core that is open; closing it closes the core. */
export function storeOver(core: StoreCore): Store {
  const { commitMessages, commitBytes, callGroup } = storeLimits;
  const accepts = new GroupCommit<readonly Arrival[], readonly Receipt[]>(
    [commitMessages, commitBytes],
    sizeOf,
    (batches) => core.acceptAll(batches).map((result) => ({ result })),
  );
  const calls = new GroupCommit<OutboxCall, Leased | undefined>(
    [callGroup],
    () => [1],
    (group) => core.callAll(group),
  );
  const forget = new Set<() => void>();
  let closing = false;
  const flush = (): void => {
    accepts.flush();
    calls.flush();
  };
  return {
    ...queueVerbs(core),
    ...recordVerbs(core),
    ...auditedVerbs(core),
    accept: async (batch) => {
      checkArrivals(batch);
      return batch.length === 0 ? [] : await accepts.push(batch);
    },
    onDue: (listener) => {
      const stop = core.onDue(listener);
      forget.add(stop);
      return () => {
        stop();
        forget.delete(stop);
      };
    },
    claim: async (recipient, wish) => {
      if (!core.isDue(recipient, wish.now)) return undefined;
      const claim = await calls.push({ kind: 'claim', recipient, wish });
      return claim === undefined || 'digest' in claim ? undefined : claim;
    },
    claimDigest: async (recipient, now) => {
      const claim = await calls.push({ kind: 'digest', recipient, now });
      return claim !== undefined && 'digest' in claim ? claim : undefined;
    },
    finish: async (finish) => {
      await calls.push({ kind: 'finish', finish });
    },
    abandon: async (claims) => {
      // What its holder has finished must not be given back.
      calls.flush();
      return core.abandon(claims);
    },
    stats: async (now) => core.look((ledger) => storeStats(ledger, now)),
    tidy: async (now, retention) => core.tidy(now, retention),
    backup: async (path) => {
      flush();
      await backupStore(core.path, path);
    },
    close: async () => {
      if (closing) return;
      closing = true;
      flush();
      for (const stop of forget) stop();
      core.close();
    },
  };
}

function sizeOf(batch: readonly Arrival[]): readonly number[] {
  return [batch.length, batch.reduce((sum, { body }) => sum + body.byteLength, 0)];
}
