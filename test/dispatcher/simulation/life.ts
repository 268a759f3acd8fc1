/**
 * One simulated life of an outbox from a seed: messages are accepted, providers fail in every way they can, the process is killed
 * between any two awaits and started again over what was committed, recipients are held, changed, removed and brought back. Then
 * everything is well again and comes to rest, and the oracle (oracle.ts) looks at what became of every pair.
 */

import type { Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { Receipt } from '../../../src/dispatcher/model/message.ts';
import type { Arrival } from '../../../src/dispatcher/model/store.ts';
import type { Sink } from '../../../src/dispatcher/model/sink.ts';
import type { OutboxStore } from '../../../src/dispatcher/outbox/deps.ts';
import { createOutbox, type Outbox } from '../../../src/dispatcher/outbox/outbox.ts';
import type { TestStore } from '../../support/memory-store.ts';
import { arrival, plainRenderer } from '../../support/outbox-world.ts';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.ts';
import { virtualTimers, type VirtualTimers } from '../../support/virtual-timers.ts';
import { chanceOf, type Chance } from './chance.ts';
import { Mortal } from './mortal.ts';
import { FakeProvider, MODES, type Effect } from './provider.ts';
import { siteOf, type Place } from './site.ts';

/** A store that outlives the process: `reopen` is what a restart does. */
export interface LastingStore {
  /** Claims of a machine are in the order of the messages' numbers. */
  readonly inOrder: boolean;
  readonly store: TestStore;
  reopen(): Promise<void>;
  carried(claim: number): readonly number[];
  finished(claim: number): boolean;
  /** Equations of conservation that do not hold. */
  laws(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface Life {
  readonly seed: number;
  readonly places: readonly Place[];
  readonly timers: VirtualTimers;
  readonly lasting: LastingStore;
  readonly effects: readonly Effect[];
  readonly receipts: readonly Receipt[];
  readonly planned: ReadonlyMap<number, Arrival>;
  readonly kills: number;
  readonly violations: readonly string[];
  readonly log: RecordingLogger;
  /** Recipients that are gone at the end. */
  readonly removed: ReadonlySet<string>;
}

const MINUTE = 60_000;
/** If need be: enough for every backoff, round, digest and fallback to come to its end. */
const REST_MS = 24 * 60 * MINUTE;

export interface LifeOptions {
  /** How many awaits the first process survives; then the later ones survive all. By chance unless given. */
  readonly fuse?: number;
  /** Before everything is healed. By chance unless given. */
  readonly spanMs?: number;
}

export async function live(
  seed: number,
  open: (timers: VirtualTimers) => Promise<LastingStore>,
  options: LifeOptions = {},
): Promise<Life> {
  const timers = virtualTimers();
  const lasting = await open(timers);
  const living = new Living(seed, timers, lasting, options);
  await living.live();
  return living;
}

class Living implements Life {
  readonly seed: number;
  readonly timers: VirtualTimers;
  readonly lasting: LastingStore;
  readonly places: readonly Place[];
  readonly effects: Effect[] = [];
  readonly receipts: Receipt[] = [];
  readonly planned = new Map<number, Arrival>();
  readonly violations: string[] = [];
  readonly removed = new Set<string>();
  readonly log = recordingLogger();
  kills = 0;
  readonly #options: LifeOptions;
  readonly #chance: Chance;
  readonly #providers: ReadonlyMap<string, FakeProvider>;
  #sinks = new Map<string, Sink>();
  #recipients: readonly Recipient[];
  #process: Mortal;
  #outbox: Outbox | undefined;
  #messages = 0;
  /** Offered and not acknowledged yet: who sent them offers them again. */
  #unacknowledged: (readonly Arrival[])[] = [];

  constructor(seed: number, timers: VirtualTimers, lasting: LastingStore, options: LifeOptions) {
    this.#options = options;
    this.seed = seed;
    this.timers = timers;
    this.lasting = lasting;
    this.#chance = chanceOf(seed);
    this.places = siteOf(this.#chance);
    this.#recipients = this.places.map(({ recipient }) => recipient);
    const ledger = {
      effects: this.effects,
      carried: (claim: number) => lasting.carried(claim),
      finished: (claim: number) => lasting.finished(claim),
      violation: (words: string) => this.violations.push(words),
    };
    this.#providers = new Map(
      this.places.map(({ recipient, habits }) => [
        recipient.endpoint,
        new FakeProvider(habits, timers, this.#chance, ledger),
      ]),
    );
    this.#process = new Mortal(timers, this.#chance, Infinity);
  }

  async live(): Promise<void> {
    const { fuse, spanMs = this.#chance.between(3, 12) * MINUTE } = this.#options;
    await this.#start(fuse);
    const end = this.timers.monotonic() + spanMs;
    while (this.timers.monotonic() < end) {
      await this.timers.run(this.#chance.between(0, 5_000), () => !this.#process.alive);
      if (!this.#process.alive) await this.#restart(fuse === undefined ? undefined : Infinity);
      this.#happen();
    }
    await this.#heal();
  }

  /** Something happens: mostly messages, else a fault, a change, an order. */
  #happen(): void {
    const chance = this.#chance;
    if (chance.is(0.5)) this.#offer(this.#made(chance.pick([1, 1, 2, 5, 30])));
    const provider = chance.pick([...this.#providers.values()]);
    if (chance.is(0.25)) provider.mode = chance.pick(MODES);
    if (chance.is(0.02)) provider.unavailable = chance.is(0.5) ? 'not today' : undefined;
    if (chance.is(0.05)) this.#reconfigure();
    if (chance.is(0.05)) this.#order();
    if (chance.is(0.01)) void this.#drain();
  }

  #made(count: number): Arrival[] {
    const chance = this.#chance;
    const recipients = this.places.map(({ recipient }) => recipient);
    return Array.from({ length: count }, () => {
      this.#messages += 1;
      const wish = {
        to: recipients.map(({ name }) => name).filter(() => chance.is(0.7)),
        severity: chance.pick([0, 2, 2, 3, 4] as const),
        classification: chance.pick(['scan', 'login', 'worm', `new ${chance.between(1, 20)}`]),
        waitMs: chance.pick([0, 0, 30_000]),
        ...(chance.is(0.05) ? { suppress: { reason: 'silence', detail: 'by ana' } as const } : {}),
      };
      return arrival(this.#messages, this.timers.now(), wish, recipients);
    });
  }

  #good(): Arrival {
    this.#messages += 1;
    const recipients = this.places.map(({ recipient }) => recipient);
    return arrival(this.#messages, this.timers.now(), { to: recipients.map(({ name }) => name) }, recipients);
  }

  #offer(batch: readonly Arrival[]): void {
    this.#unacknowledged.push(batch);
    void this.#accept(batch);
  }

  async #accept(batch: readonly Arrival[]): Promise<void> {
    const receipts = await this.#process.passStore(async () => this.lasting.store.accept(batch));
    this.#unacknowledged = this.#unacknowledged.filter((other) => other !== batch);
    this.receipts.push(...receipts);
    receipts.forEach(({ seq }, index) => {
      const own = batch[index];
      if (own !== undefined) this.planned.set(seq, own);
    });
  }

  #reconfigure(): void {
    const chance = this.#chance;
    const gone = new Set(chance.is(0.3) ? [chance.pick(this.places).recipient.name] : []);
    this.#recipients = this.places.flatMap(({ recipient }) =>
      gone.has(recipient.name) ? [] : [{ ...recipient, enabled: chance.is(0.95) }],
    );
    if (chance.is(0.5)) this.#sinks = new Map();
    void this.#outbox?.configure(this.#recipients);
  }

  /** Of an operator, or of another part. */
  #order(): void {
    const { name } = this.#chance.pick(this.places).recipient;
    const { store } = this.lasting;
    const now = this.timers.now();
    const orders = [
      () => store.hold(name, 'by ana', now),
      async () => {
        await store.resume(name, now);
        this.#outbox?.wake([name]);
      },
      () => store.redrive({ recipient: name, now }),
      async () => this.#outbox?.test(name, 'ana').catch(() => undefined),
    ];
    void this.#process.passStore(async () => {
      // A test waits for the virtual clock.
      const done = this.#chance.pick(orders)();
      await Promise.race([done, Promise.resolve()]);
    });
  }

  async #drain(): Promise<void> {
    const process = this.#process;
    await this.#outbox?.drain(this.#chance.between(0, 10_000));
    process.kill();
  }

  async #start(fuse = this.#chance.is(0.7) ? this.#chance.between(1, 3_000) : Infinity): Promise<void> {
    const process = new Mortal(this.timers, this.#chance, fuse);
    this.#process = process;
    this.#sinks = new Map();
    const outbox = this.#create(process);
    this.#outbox = outbox;
    void outbox.start();
    for (const batch of this.#unacknowledged.splice(0)) this.#offer(batch);
    await this.timers.settle();
  }

  async #restart(fuse?: number): Promise<void> {
    this.kills += 1;
    await this.timers.settle();
    await this.lasting.reopen();
    await this.timers.run(this.#chance.pick([0, 0, this.#chance.between(0, 10_000)]));
    await this.#start(fuse);
  }

  #create(process: Mortal): Outbox {
    const chance = this.#chance;
    return createOutbox({
      store: this.#storeOf(process),
      timers: process.timers(),
      log: this.log,
      random: { bytes: (count) => Uint8Array.from({ length: count }, () => chance.between(0, 255)) },
      renderer: {
        view: async (body) => process.pass(async () => plainRenderer.view(body)),
        messages: async (...wish) => process.pass(async () => plainRenderer.messages(...wish)),
        digest: async (...wish) => process.pass(async () => plainRenderer.digest(...wish)),
        test: async (...wish) => process.pass(async () => plainRenderer.test(...wish)),
      },
      recipients: () => this.#recipients,
      sinks: async (endpoint) => process.pass(async () => this.#endpoint(endpoint, process)),
    });
  }

  #endpoint(name: string, process: Mortal) {
    const place = this.places.find(({ recipient }) => recipient.endpoint === name);
    const provider = this.#providers.get(name);
    if (place === undefined || provider === undefined) throw new Error(`no endpoint ${name}`);
    const known = this.#sinks.get(name);
    const sink: Sink = known ?? {
      limits: () => provider.habits.limits,
      isAvailable: async () => process.pass(async () => provider.unavailable),
      send: async (notification, signal) => {
        provider.admit(notification, process);
        return process.pass(async () => provider.answer(notification, signal, process));
      },
      close: async () => undefined,
    };
    this.#sinks.set(name, sink);
    return { type: place.type, sink };
  }

  /** Each call may be the last one; the store itself is outside and goes on. */
  #storeOf(process: Mortal): OutboxStore {
    const { store: own } = this.lasting;
    return new Proxy(own, {
      get: (store, name: keyof OutboxStore) => {
        if (name === 'onDue') {
          return (listener: (recipients: readonly string[]) => void) =>
            store.onDue((recipients) => {
              if (process.alive) listener(recipients);
            });
        }
        const method: unknown = Reflect.get(store, name);
        if (typeof method !== 'function') return method;
        return (...wish: unknown[]) =>
          process.passStore(async () => {
            const done: unknown = Reflect.apply(method, store, wish);
            return done;
          });
      },
    });
  }

  /** All providers are well, everything is configured and resumed, nobody dies any more. */
  async #heal(): Promise<void> {
    for (const provider of this.#providers.values()) {
      provider.mode = 'well';
      provider.unavailable = undefined;
    }
    this.#process.kill();
    const gone = this.#chance.is(0.2) ? this.#chance.pick(this.places).recipient.name : undefined;
    if (gone !== undefined) this.removed.add(gone);
    this.#recipients = this.places.flatMap(({ recipient }) => (recipient.name === gone ? [] : [recipient]));
    await this.#restart(Infinity);
    await this.timers.run(MINUTE);
    for (const { name } of this.#recipients) await this.lasting.store.resume(name, this.timers.now());
    this.#outbox?.wake(this.#recipients.map(({ name }) => name));
    const end = this.timers.monotonic() + REST_MS;
    const bad = this.receipts.reduce((last, { seq }) => Math.max(last, seq), 0);
    for (const provider of this.#providers.values()) provider.badUntil = bad;
    while (this.timers.monotonic() < end && !(await this.#atRest())) {
      // What tells a bad message from a bad recipient is that others are taken.
      this.#offer([this.#good()]);
      await this.timers.run(10 * MINUTE);
    }
    const drained = this.#outbox?.drain(0);
    await this.timers.run(MINUTE);
    await drained;
  }

  async #atRest(): Promise<boolean> {
    const queues = await this.lasting.store.queues(this.timers.now());
    return queues.every(({ pending, leased, held, heldReason }) => {
      return pending + leased === 0 && (held === 0 || heldReason === 'removed');
    });
  }
}
