/**
 * The dispatcher's store for the service: in a thread of its own, because an fsync may take as long as the disk likes. Takes nothing in while
 * less of the disk is free than `--min-free`: sources answer "later", nothing is dropped, and it goes on by itself.
 */

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

import { RelayError } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { Logger } from '../../core/ports.ts';
import type { MinFree } from '../../core/settings.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import { prepareDirectory } from '../../dispatcher/store/open-file.ts';
import { openStoreInWorker } from '../../dispatcher/store/open-in-worker.ts';
import { diskReserve } from '../../os/disk-reserve.ts';
import { systemTimers } from './real-timers.ts';
import { lossText, setAsideText } from './store-words.ts';

export interface StoreThread {
  readonly store: Store;
  /** The store's random id: what our deliveries are marked with. */
  readonly id: string;
  /** Resolves if the thread ends by itself. */
  readonly failed: Promise<RelayError>;
  /** Why nothing is taken in; undefined when it is. */
  shortage(): string | undefined;
  close(): Promise<void>;
}

/** Throws RelayError JOURNAL_…, STATE_OWNER. */
export async function startStore(
  { path, minFree }: { readonly path: string; readonly minFree: MinFree },
  log: Logger,
): Promise<StoreThread> {
  let fail: (error: RelayError) => void;
  const failed = new Promise<RelayError>((resolve) => {
    fail = resolve;
  });
  // Here too: a thread does not know the command that the remedy names.
  prepareDirectory(path);
  const store = await openStoreInWorker(
    { path },
    {
      onSetAside: (event) => log.error(setAsideText(event), { event: 'store-set-aside' }),
      onLoss: (event) => log.error(lossText(event), { event: 'delivery-lost' }),
    },
    (error) => fail(error),
  );
  const { id } = await store.stats(systemTimers.now());
  let lookedAt = -Infinity;
  let shortage: string | undefined;

  const look = (): string | undefined => {
    const now = systemTimers.monotonic();
    if (now - lookedAt < dispatcherLimits.diskLookMs) return shortage;
    lookedAt = now;
    const { ok, reason } = diskReserve(dirname(path), minFree, statfsSync);
    if (!ok && shortage === undefined) {
      log.error(`${reason}: nothing is taken in; it goes on by itself`, { event: 'disk-reserve' });
    }
    if (ok && shortage !== undefined)
      log.notice('there is room on the disk again', { event: 'disk-reserve-ok' });
    shortage = ok ? undefined : reason;
    return shortage;
  };

  const guarded: Store = Object.create(store, {
    accept: {
      value: async (batch: Parameters<Store['accept']>[0]) => {
        const reason = look();
        if (reason !== undefined) throw new RelayError('DISK_RESERVE', reason);
        return await store.accept(batch);
      },
    },
  });
  return { store: guarded, id, failed, shortage: look, close: async () => await store.close() };
}
