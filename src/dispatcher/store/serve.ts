/**
 * The thread that owns a store answers the stub on the other end of a MessagePort (remote.ts).
 *
 * Called by store-worker.ts. What arrives while a transaction is under way shares the next one. When the port closes the
 * store is closed; claims that were open are due again at the next opening.
 */

import type { MessagePort } from 'node:worker_threads';
import { RelayError } from '../../core/errors.ts';
import { toPlain } from '../../journal/protocol.ts';
import type { Store } from '../model/store.ts';
import { openStore } from './in-process.ts';
import type { StoreOptions } from './options.ts';
import {
  unpackArrivals,
  verbNames,
  withBuffers,
  type Accepted,
  type Notice,
  type PackedArrivals,
  type Request,
} from './protocol.ts';

/** Open a store and serve it until its stub closes it or the port closes. Failures go to the stub. */
export async function serveStore(port: MessagePort, options: StoreOptions): Promise<void> {
  const post = (notice: Notice): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
    port.postMessage(notice);
  };
  let store: Store;
  try {
    store = await openStore({
      ...options,
      onSetAside: (event) => post({ kind: 'set-aside', event }),
      onLoss: (event) => post({ kind: 'loss', event }),
    });
  } catch (error) {
    post({ kind: 'failed', error: toPlain(error) });
    port.close();
    return;
  }
  store.onDue((recipients) => post({ kind: 'due', recipients }));
  const running = new Set<Promise<void>>();
  const handle = async (request: Request): Promise<void> => {
    const { call } = request;
    try {
      post({ kind: 'result', call, value: await answer(store, request) });
    } catch (error) {
      post({ kind: 'error', call, error: toPlain(error) });
    }
  };
  /** What was asked before is answered first. */
  const end = async (request: Request): Promise<void> => {
    await Promise.all(running);
    await handle(request);
    port.close();
  };
  port.on('message', (request: Request) => {
    if (request.verb === 'close') {
      void end(request);
      return;
    }
    const done = handle(request);
    running.add(done);
    void done.finally(() => running.delete(done));
  });
  port.on('close', () => void store.close());
  post({ kind: 'ready' });
}

/** Each by itself; all of them share a commit. */
async function acceptEach(store: Store, packed: PackedArrivals): Promise<readonly Accepted[]> {
  return await Promise.all(
    unpackArrivals(packed).map(async (batch) => {
      try {
        return { receipts: await store.accept(batch) };
      } catch (error) {
        return { error: toPlain(error) };
      }
    }),
  );
}

async function answer(store: Store, request: Request): Promise<unknown> {
  if (request.verb === 'accept') return await acceptEach(store, request.packed);
  const { verb, args } = request;
  if (verb === 'close') return await store.close();
  if (!verbNames.includes(verb)) throw new RelayError('BUG', 'the store has no such verb');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the stub's types fix the arguments of each verb
  const method = store[verb].bind(store) as (...values: readonly unknown[]) => Promise<unknown>;
  return await method(...args.map(withBuffers));
}
