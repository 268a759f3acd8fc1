/** A store in a thread of its own, which ends with it: what the service opens. store-worker.ts is the thread. */

import { MessageChannel, Worker } from 'node:worker_threads';
import { messageOf, RelayError } from '../../core/errors.ts';
import type { Store } from '../model/store.ts';
import type { StoreEvents, StoreSettings } from './options.ts';
import { connectStore } from './remote.ts';
import type { StoreOrder } from './store-worker.ts';

/**
 * Rejects as the in-process maker does.
 *
 * @param onEnd called once when the thread ends by itself, which it never should
 */
export async function openStoreInWorker(
  { path, reserveBytes }: StoreSettings,
  events: StoreEvents = {},
  onEnd: (error: RelayError) => void = () => undefined,
): Promise<Store> {
  // The same extension as this file's: .ts as it stands, .js when compiled.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const { port1, port2 } = new MessageChannel();
  const order: StoreOrder = {
    settings: { path, ...(reserveBytes === undefined ? {} : { reserveBytes }) },
    port: port2,
  };
  const worker = new Worker(new URL(`./store-worker${extension}`, import.meta.url), {
    workerData: order,
    transferList: [port2],
  });
  let closing = false;
  let cause: unknown;
  worker.on('error', (error) => {
    cause = error;
  });
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      resolve();
      if (closing) return;
      closing = true;
      const reason = cause === undefined ? `status ${code}` : messageOf(cause);
      onEnd(new RelayError('BUG', `the thread of the store has ended: ${reason}`, { cause }));
    });
  });
  try {
    const store = await connectStore(port1, events);
    return {
      ...store,
      close: async () => {
        closing = true;
        await store.close();
        await ended;
      },
    };
  } catch (error) {
    closing = true;
    await worker.terminate();
    throw error;
  }
}
