/**
 * A journal that lives in another thread: this end of the MessagePort. serve.ts is the other.
 *
 * Used by services, whose HTTP side must not wait for the disk. When the other thread ends, however it ends,
 * every call under way and every later one is rejected, naming that.
 */

import type { MessagePort } from 'node:worker_threads';
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
import { packMessages, type JournalNotice, type Request } from './protocol.ts';
import type { RemoteVerbs } from './serve.ts';
import { ThreadCalls } from './thread-calls.ts';

export { serveJournal } from './serve.ts';

/** Resolves when the journal on the other end is open; rejects with what prevented it. */
export async function connectJournal(port: MessagePort, events: JournalEvents = {}): Promise<Journal> {
  const connection = new Connection(port, events);
  await connection.ready;
  return new RemoteJournal(connection);
}

class Connection {
  readonly ready: Promise<void>;
  readonly listeners = new Set<() => void>();
  id = '';
  readonly #calls: ThreadCalls<JournalNotice>;
  readonly #events: JournalEvents;

  constructor(port: MessagePort, events: JournalEvents) {
    this.#events = events;
    this.#calls = new ThreadCalls(port, 'journal', (notice) => this.#hear(notice));
    this.ready = this.#calls.ready;
  }

  async call<Verb extends keyof RemoteVerbs>(
    verb: Verb,
    args: Parameters<RemoteVerbs[Verb]>,
    transfer: ArrayBuffer[] = [],
  ): Promise<Awaited<ReturnType<RemoteVerbs[Verb]>>> {
    const answer = await this.#calls.ask(requestOf(verb, args), transfer);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- serve.ts answers with what the verb returns
    return answer as Awaited<ReturnType<RemoteVerbs[Verb]>>;
  }

  async close(): Promise<void> {
    await this.#calls.close(requestOf('close', []));
  }

  #hear(notice: JournalNotice): void {
    switch (notice.kind) {
      case 'ready':
        this.id = notice.id;
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
}

function requestOf(method: string, args: readonly unknown[]): (call: number) => Request {
  return (call) => ({ call, method, args });
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
