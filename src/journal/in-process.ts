/**
 * The journal on the calling thread: the asynchronous interface over the synchronous core.
 *
 * Made by the oneshot poller, and by serve.ts for callers in other threads. Appends and settlements that come
 * together share a transaction; everything else happens at once. Several may be made over one core.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { checkCall, type AppendCall } from './append.ts';
import { JournalCore } from './core.ts';
import { GroupCommit } from './group-commit.ts';
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
import { journalLimits } from '../core/limits.ts';
import type { SettleCall } from './leasing.ts';
import type { JournalOptions } from './options.ts';

export async function openJournal(options: JournalOptions): Promise<Journal> {
  return new InProcessJournal(new JournalCore(options));
}

export class InProcessJournal implements Journal {
  readonly quarantine: Journal['quarantine'];
  readonly state: Journal['state'];
  readonly #core: JournalCore;
  readonly #appends: GroupCommit<AppendCall, AppendResult>;
  readonly #settlements: GroupCommit<SettleCall, undefined>;
  readonly #listeners = new Set<() => void>();
  readonly #forget: () => void;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: NodeJS.Immediate | undefined;
  #detached = false;

  constructor(core: JournalCore) {
    const { commitMessages, commitBytes, settleGroup } = journalLimits;
    this.#core = core;
    this.#appends = new GroupCommit([commitMessages, commitBytes], sizeOf, (calls) =>
      core.appendAll(calls).map((result) => ({ result })),
    );
    this.#settlements = new GroupCommit<SettleCall, undefined>(
      [settleGroup],
      () => [1],
      (calls) =>
        core.settleAll(calls).map((error) => (error === undefined ? { result: undefined } : { error })),
    );
    this.#forget = core.onDue(() => this.#announce());
    this.quarantine = {
      list: async () => core.listQuarantine(),
      count: async () => core.countQuarantine(),
      show: async (id) => core.showQuarantine(id),
      accept: async (id, body) => core.acceptQuarantined(id, body),
      drop: async (id) => core.dropQuarantined(id),
    };
    this.state = {
      get: async (key) => core.getState(key),
      set: async (key, value) => core.setState(key, value),
    };
    this.#tidyLater();
  }

  get id(): string {
    return this.#core.id;
  }

  async append(messages: readonly NewMessage[], origin?: Origin): Promise<AppendResult> {
    const call = { messages, origin };
    checkCall(call);
    return await this.#appends.push(call);
  }

  async lease(consumer: string, want: Want): Promise<Claim | undefined> {
    const claim = this.#core.lease(consumer, want);
    this.#wakeLater();
    return claim;
  }

  async reserve(consumer: string, want: Want | undefined, held: readonly number[]): Promise<Reservation> {
    return this.#core.reserve(consumer, want, held);
  }

  async grant(consumer: string, claims: readonly number[]): Promise<void> {
    this.#core.grant(consumer, claims);
  }

  async peek(consumer: string, want?: PeekWant): Promise<Claim | undefined> {
    return this.#core.peek(consumer, want);
  }

  async read(claim: number): Promise<Chunk> {
    return this.#core.read(claim);
  }

  async rewind(claim: number): Promise<void> {
    this.#settlements.flush();
    this.#core.rewind(claim);
  }

  async settle(claim: number, sequences?: readonly number[]): Promise<void> {
    await this.#settlements.push({ claim, sequences });
    this.#tidyLater();
  }

  async release(claim: number, options?: ReleaseOptions): Promise<void> {
    // What its holder has settled must not be given back.
    this.#settlements.flush();
    this.#core.release(claim, options);
    this.#wakeLater();
    this.#tidyLater();
  }

  async bury(claim: number, sequence: number, why: QuarantineReason): Promise<void> {
    this.#settlements.flush();
    this.#core.bury(claim, sequence, why);
  }

  onDue(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stats(): Promise<JournalStats> {
    return this.#core.stats();
  }

  async freeConsumer(name: string): Promise<number> {
    return this.#core.freeConsumer(name);
  }

  async tidy(): Promise<void> {
    // Others get their turns in between.
    while (!this.#detached && this.#core.tidy()) await turn();
  }

  /** Commit what is waiting to be grouped. */
  flush(): void {
    this.#appends.flush();
    this.#settlements.flush();
  }

  async close(): Promise<void> {
    this.flush();
    this.detach();
    this.#core.close();
  }

  /** Stop working on the core without closing it. */
  detach(): void {
    this.#detached = true;
    this.#forget();
    clearTimeout(this.#timer);
    clearImmediate(this.#sweeping);
    this.#listeners.clear();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Messages put off become due without a commit: announce that as well. */
  #wakeLater(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const wait = this.#detached ? undefined : this.#core.dueIn();
    if (wait === undefined) return;
    this.#timer = setTimeout(() => this.#announce(), wait);
    this.#timer.unref();
  }

  #tidyLater(): void {
    if (this.#detached || this.#core.readOnly) return;
    this.#sweeping ??= setImmediate(() => {
      this.#sweeping = undefined;
      try {
        if (this.#core.sweep()) this.#tidyLater();
      } catch {
        // The file cannot be written: the next verb says so to somebody who can act.
      }
    });
  }
}

function sizeOf({ messages }: AppendCall): readonly number[] {
  return [messages.length, messages.reduce((sum, { body }) => sum + body.byteLength, 0)];
}
