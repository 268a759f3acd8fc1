/**
 * A journal that lives in another thread: this end of the MessagePort. serve.ts is the other.
 *
 * Used by services, whose HTTP side must not wait for the disk. When the other thread ends, however it ends,
 * every call under way and every later one is rejected, naming that.
 */

import type { MessagePort } from 'node:worker_threads';
import { RelayError } from '../core/errors.ts';
import type {
  AppendResult,
  Chunk,
  Claim,
  Journal,
  JournalStats,
  NewMessage,
  Origin,
  PeekWant,
  QuarantineReason,
  ReleaseOptions,
  Reservation,
  Want,
} from './journal.ts';
import type { JournalEvents } from './options.ts';
import { fromPlain, packMessages, type Notice, type Request } from './protocol.ts';
import type { RemoteVerbs } from './serve.ts';

export { serveJournal } from './serve.ts';

/** Resolves when the journal on the other end is open; rejects with what prevented it. */
export async function connectJournal(port: MessagePort, events: JournalEvents = {}): Promise<Journal> {
  const connection = new Connection(port, events);
  await connection.ready;
  return new RemoteJournal(connection);
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RelayError) => void;
}

class Connection {
  readonly ready: Promise<void>;
  readonly listeners = new Set<() => void>();
  id = '';
  readonly #port: MessagePort;
  readonly #events: JournalEvents;
  readonly #pending = new Map<number, Pending>();
  #opening: Pending | undefined;
  #lastCall = 0;
  #ended = false;
  #closing = false;

  constructor(port: MessagePort, events: JournalEvents) {
    this.#port = port;
    this.#events = events;
    this.ready = new Promise((resolve, reject) => {
      this.#opening = { resolve: () => resolve(), reject };
    });
    port.on('message', (notice: Notice) => this.#receive(notice));
    port.on('close', () => this.#end());
  }

  async call<Verb extends keyof RemoteVerbs>(
    verb: Verb,
    args: Parameters<RemoteVerbs[Verb]>,
    transfer: ArrayBuffer[] = [],
  ): Promise<Awaited<ReturnType<RemoteVerbs[Verb]>>> {
    if (this.#ended || this.#closing) throw this.#gone();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- serve.ts answers with what the verb returns
    return (await this.#ask(verb, args, transfer)) as Awaited<ReturnType<RemoteVerbs[Verb]>>;
  }

  /** Closing twice, or after the other thread ended, is no error. */
  async close(): Promise<void> {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    await this.#ask('close', [], []);
    this.#end();
    this.#port.close();
  }

  #ask(method: string, args: readonly unknown[], transfer: ArrayBuffer[]): Promise<unknown> {
    const call = ++this.#lastCall;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(call, { resolve, reject }));
    const request: Request = { call, method, args };
    this.#port.postMessage(request, transfer);
    return answer;
  }

  #receive(notice: Notice): void {
    switch (notice.kind) {
      case 'ready':
        this.id = notice.id;
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
        for (const listener of this.listeners) listener();
        break;
      case 'set-aside':
        this.#events.onSetAside?.(notice.event);
        break;
      case 'damage':
        this.#events.onDamage?.(notice.event);
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
    if (this.#closing) return new RelayError('JOURNAL_IO', 'the journal is closed');
    return new RelayError('JOURNAL_IO', 'the thread of the journal has ended', {
      hint: 'restart the program: what was acknowledged is safe in the file, and the log says why it ended',
    });
  }
}

class RemoteJournal implements Journal {
  readonly quarantine: Journal['quarantine'];
  readonly state: Journal['state'];
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.quarantine = {
      list: () => connection.call('listQuarantine', []),
      count: () => connection.call('countQuarantine', []),
      show: (id) => connection.call('showQuarantine', [id]),
      accept: (id, body) => connection.call('acceptQuarantined', [id, body]),
      drop: (id) => connection.call('dropQuarantined', [id]),
    };
    this.state = {
      get: (key) => connection.call('getState', [key]),
      set: (key, value) => connection.call('setState', [key, value]),
    };
  }

  get id(): string {
    return this.#connection.id;
  }

  async append(messages: readonly NewMessage[], origin?: Origin): Promise<AppendResult> {
    const packed = packMessages(messages);
    return await this.#connection.call('append', [packed, origin], [packed.bodies.buffer]);
  }

  lease(consumer: string, want: Want): Promise<Claim | undefined> {
    return this.#connection.call('lease', [consumer, want]);
  }

  reserve(consumer: string, want: Want | undefined, held: readonly number[]): Promise<Reservation> {
    return this.#connection.call('reserve', [consumer, want, held]);
  }

  grant(consumer: string, claims: readonly number[]): Promise<void> {
    return this.#connection.call('grant', [consumer, claims]);
  }

  peek(consumer: string, want?: PeekWant): Promise<Claim | undefined> {
    return this.#connection.call('peek', [consumer, want]);
  }

  read(claim: number): Promise<Chunk> {
    return this.#connection.call('read', [claim]);
  }

  rewind(claim: number): Promise<void> {
    return this.#connection.call('rewind', [claim]);
  }

  settle(claim: number, sequences?: readonly number[]): Promise<void> {
    return this.#connection.call('settle', [claim, sequences]);
  }

  release(claim: number, options?: ReleaseOptions): Promise<void> {
    return this.#connection.call('release', [claim, options]);
  }

  bury(claim: number, sequence: number, why: QuarantineReason): Promise<void> {
    return this.#connection.call('bury', [claim, sequence, why]);
  }

  onDue(listener: () => void): () => void {
    this.#connection.listeners.add(listener);
    return () => this.#connection.listeners.delete(listener);
  }

  stats(): Promise<JournalStats> {
    return this.#connection.call('stats', []);
  }

  freeConsumer(name: string): Promise<number> {
    return this.#connection.call('freeConsumer', [name]);
  }

  tidy(): Promise<void> {
    return this.#connection.call('tidy', []);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
