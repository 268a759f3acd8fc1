/**
 * A store that lives in another thread: this end of the MessagePort. serve.ts is the other.
 *
 * Used by the service, whose sockets must not wait for the disk. When the other thread ends, however it ends, every call under
 * way and every later one is rejected, naming that.
 */

import type { MessagePort } from 'node:worker_threads';
import { RelayError } from '../../core/errors.ts';
import { fromPlain } from '../../journal/protocol.ts';
import type { Store } from '../model/store.ts';
import { checkArrivals } from './accept.ts';
import { AcceptTogether } from './accept-together.ts';
import type { StoreEvents } from './options.ts';
import {
  type Accepted,
  packArrivals,
  verbNames,
  withBuffers,
  type Notice,
  type Request,
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

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RelayError) => void;
}

class Connection {
  readonly ready: Promise<void>;
  readonly listeners = new Set<(recipients: readonly string[]) => void>();
  readonly #port: MessagePort;
  readonly #events: StoreEvents;
  readonly #pending = new Map<number, Pending>();
  readonly #accepts = new AcceptTogether(async (batches) => {
    const packed = packArrivals(batches);
    const answers = await this.#post((call) => ({ call, verb: 'accept', packed }), [packed.bytes.buffer]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- serve.ts answers so
    return answers as readonly Accepted[];
  });
  #opening: Pending | undefined;
  #lastCall = 0;
  #ended = false;
  #closing = false;

  constructor(port: MessagePort, events: StoreEvents) {
    this.#port = port;
    this.#events = events;
    this.ready = new Promise((resolve, reject) => {
      this.#opening = { resolve: () => resolve(), reject };
    });
    port.on('message', (notice: Notice) => this.#receive(notice));
    port.on('close', () => this.#end());
  }

  async call(verb: VerbName, args: readonly unknown[]): Promise<unknown> {
    return withBuffers(await this.#ask((call) => ({ call, verb, args })));
  }

  async accept(batch: Parameters<Store['accept']>[0]): ReturnType<Store['accept']> {
    if (this.#ended || this.#closing) throw this.#gone();
    return await this.#accepts.add(batch);
  }

  /** Closing twice, or after the other thread ended, is no error. */
  async close(): Promise<void> {
    if (this.#ended || this.#closing) return;
    const closed = this.#ask((call) => ({ call, verb: 'close', args: [] }));
    this.#closing = true;
    await closed;
    this.#end();
    this.#port.close();
  }

  /** In the order in which it was asked. */
  #ask(request: (call: number) => Request): Promise<unknown> {
    this.#accepts.flush();
    return this.#post(request);
  }

  #post(request: (call: number) => Request, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#ended || this.#closing) return Promise.reject(this.#gone());
    const call = ++this.#lastCall;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(call, { resolve, reject }));
    this.#port.postMessage(request(call), transfer);
    return answer;
  }

  #receive(notice: Notice): void {
    switch (notice.kind) {
      case 'ready':
        this.#opening?.resolve(undefined);
        this.#opening = undefined;
        break;
      case 'failed':
        this.#opening?.reject(fromPlain(notice.error));
        this.#opening = undefined;
        this.#ended = true;
        this.#port.close();
        break;
      case 'result':
        this.#take(notice.call)?.resolve(notice.value);
        break;
      case 'error':
        this.#take(notice.call)?.reject(fromPlain(notice.error));
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

  #take(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    this.#pending.delete(call);
    return pending;
  }

  #end(): void {
    this.#ended = true;
    this.#opening?.reject(this.#gone());
    this.#opening = undefined;
    for (const { reject } of this.#pending.values()) reject(this.#gone());
    this.#pending.clear();
    this.listeners.clear();
  }

  #gone(): RelayError {
    if (this.#closing) return new RelayError('JOURNAL_IO', 'the store is closed');
    return new RelayError('JOURNAL_IO', 'the thread of the store has ended', {
      hint: 'restart the program: what was acknowledged is safe in the file, and the log says why it ended',
    });
  }
}

/** A verb that is missing in the table would be missing in the stub. */
type Covered = Exclude<keyof Store, VerbName | 'accept' | 'onDue' | 'close'> extends never ? true : never;
const coversAllVerbs: Covered = true;
void coversAllVerbs;
