/**
 * A store that lives in another thread: this end of the MessagePort. serve.ts is the other.
 *
 * Used by the service, whose sockets must not wait for the disk. When the other thread ends, however it ends, every call under
 * way and every later one is rejected, naming that.
 */

import type { MessagePort } from 'node:worker_threads';
import { ThreadCalls } from '../../journal/thread-calls.ts';
import type { Store } from '../model/store.ts';
import { checkArrivals } from './accept.ts';
import { AcceptTogether } from './accept-together.ts';
import type { StoreEvents } from './options.ts';
import {
  type Accepted,
  packArrivals,
  verbNames,
  withBuffers,
  type Request,
  type StoreNotice,
  type VerbName,
} from './protocol.ts';

/** Resolves when the store on the other end is open; rejects with what prevented it. */
export async function connectStore(port: MessagePort, events: StoreEvents = {}): Promise<Store> {
  const connection = new Connection(port, events);
  await connection.ready;
  const verbs = Object.fromEntries(
    verbNames.map((verb) => [verb, (...args: readonly unknown[]) => connection.call(verb, args)]),
  );
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- serve.ts answers with what the verb returns
    ...(verbs as unknown as Pick<Store, VerbName>),
    accept: async (batch) => {
      checkArrivals(batch);
      return await connection.accept(batch);
    },
    onDue: (listener) => {
      connection.listeners.add(listener);
      return () => connection.listeners.delete(listener);
    },
    close: () => connection.close(),
  };
}

class Connection {
  readonly ready: Promise<void>;
  readonly listeners = new Set<(recipients: readonly string[]) => void>();
  readonly #events: StoreEvents;
  readonly #calls: ThreadCalls<StoreNotice>;
  readonly #accepts = new AcceptTogether(async (batches) => {
    const packed = packArrivals(batches);
    const request = (call: number): Request => ({ call, verb: 'accept', packed });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- serve.ts answers so
    return (await this.#calls.ask(request, [packed.bytes.buffer])) as readonly Accepted[];
  });

  constructor(port: MessagePort, events: StoreEvents) {
    this.#events = events;
    this.#calls = new ThreadCalls(port, 'store', (notice) => this.#hear(notice));
    this.ready = this.#calls.ready;
  }

  async call(verb: VerbName, args: readonly unknown[]): Promise<unknown> {
    // In the order in which it was asked.
    this.#accepts.flush();
    return withBuffers(await this.#calls.ask((call): Request => ({ call, verb, args })));
  }

  async accept(batch: Parameters<Store['accept']>[0]): ReturnType<Store['accept']> {
    const { gone } = this.#calls;
    if (gone !== undefined) throw gone;
    return await this.#accepts.add(batch);
  }

  async close(): Promise<void> {
    this.#accepts.flush();
    await this.#calls.close((call): Request => ({ call, verb: 'close', args: [] }));
  }

  #hear(notice: StoreNotice): void {
    switch (notice.kind) {
      case 'ready':
        break;
      case 'due':
        for (const listener of this.listeners) listener(notice.recipients);
        break;
      case 'set-aside':
        this.#events.onSetAside?.(notice.event);
        break;
      case 'loss':
        this.#events.onLoss?.(notice.event);
        break;
    }
  }
}

/** A verb that is missing in the table would be missing in the stub. */
type Covered = Exclude<keyof Store, VerbName | 'accept' | 'onDue' | 'close'> extends never ? true : never;
const coversAllVerbs: Covered = true;
void coversAllVerbs;
