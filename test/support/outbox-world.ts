/**
 * An outbox between a store in memory and providers that a test plays, on a virtual clock: what the tests of the outbox and its
 * simulation are made of.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';

import type { Severity } from '../../src/core/severity.ts';
import type { AlertView } from '../../src/dispatcher/model/alert-view.ts';
import type { Arrival } from '../../src/dispatcher/model/store.ts';
import type { PlannedPair } from '../../src/dispatcher/model/plan.ts';
import type { Recipient } from '../../src/dispatcher/model/recipient.ts';
import type { LimitSpec, Notification, Sink, SinkAnswer, SinkType } from '../../src/dispatcher/model/sink.ts';
import type { Attempt, OutboxDeps, Trouble } from '../../src/dispatcher/outbox/deps.ts';
import { createOutbox, type Outbox } from '../../src/dispatcher/outbox/outbox.ts';
import { generator } from './generator.ts';
import { MemoryStore } from './memory-store.ts';
import { recordingLogger, type RecordingLogger } from './recording-logger.ts';
import { virtualTimers, type VirtualTimers } from './virtual-timers.ts';

export const OK: SinkAnswer = { outcome: { kind: 'ok' } };

/** What a provider did with a call; `never` settles only when it is aborted. */
export type Answering = (notification: Notification, signal: AbortSignal) => SinkAnswer | Promise<SinkAnswer>;

export interface Call {
  readonly recipient: string;
  /** Monotonic ms. */
  readonly at: number;
  readonly notification: Notification;
  readonly seqs: readonly number[];
}

export interface Provider {
  answer: Answering;
  limits: readonly LimitSpec[];
  /** How long each call takes. */
  latencyMs: number;
  unavailable: string | undefined;
  readonly type: SinkType;
}

export interface WorldOptions {
  readonly recipients: readonly Recipient[];
  /** By endpoint; each has one even if nothing is said. */
  readonly types?: Readonly<Record<string, Partial<SinkType>>>;
  readonly deps?: Partial<OutboxDeps>;
  readonly store?: OutboxDeps['store'];
  readonly timers?: VirtualTimers;
}

export class World {
  readonly timers: VirtualTimers;
  readonly store = new MemoryStore();
  readonly log: RecordingLogger = recordingLogger();
  readonly calls: Call[] = [];
  readonly troubles: (Trouble & { readonly recipient: string })[] = [];
  readonly attempts: Attempt[] = [];
  readonly moved: { readonly recipient: string; readonly params: unknown }[] = [];
  readonly #providers = new Map<string, Provider>();
  readonly #sinks = new Map<string, Sink>();
  readonly #options: WorldOptions;
  recipients: readonly Recipient[];
  outbox: Outbox;
  #messages = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.timers = options.timers ?? virtualTimers();
    this.recipients = options.recipients;
    this.outbox = this.#create();
  }

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    await world.outbox.start();
    return world;
  }

  /** Another process over the same store. What the old one has under way is lost with it, unless it was drained. */
  async restart(): Promise<void> {
    this.outbox = this.#create();
    await this.outbox.start();
  }

  provider(endpoint: string): Provider {
    const known = this.#providers.get(endpoint);
    if (known !== undefined) return known;
    const type = sinkType({ type: endpoint, ...this.#options.types?.[endpoint] });
    const provider: Provider = { answer: () => OK, limits: [], latencyMs: 0, unavailable: undefined, type };
    this.#providers.set(endpoint, provider);
    return provider;
  }

  /** The endpoint is configured anew. */
  newSink(endpoint: string): void {
    this.#sinks.delete(endpoint);
  }

  /** Numbers of the messages in the store. */
  accept(count: number, wish: ArrivalWish = {}): Promise<readonly number[]> {
    return this.acceptInto(this.store, count, wish);
  }

  async acceptInto(
    store: Pick<MemoryStore, 'accept'>,
    count: number,
    wish: ArrivalWish = {},
  ): Promise<readonly number[]> {
    const to = wish.to ?? this.recipients.map(({ name }) => name);
    const batch = Array.from({ length: count }, () => {
      this.#messages += 1;
      return arrival(this.#messages, this.timers.now(), { ...wish, to }, this.recipients);
    });
    const receipts = await store.accept(batch);
    return receipts.map(({ seq }) => seq);
  }

  callsTo(recipient: string): readonly Call[] {
    return this.calls.filter((call) => call.recipient === recipient);
  }

  async states(seqs: readonly number[], recipient: string): Promise<readonly string[]> {
    const records = await Promise.all(seqs.map((seq) => this.store.pairs(seq)));
    return records.flat().flatMap((pair) => (pair.recipient === recipient ? [pair.state] : []));
  }

  #create(): Outbox {
    const random = generator(7);
    return createOutbox({
      store: this.#options.store ?? this.store,
      timers: this.timers,
      log: this.log,
      random: { bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)) },
      renderer: plainRenderer,
      recipients: () => this.recipients,
      sinks: async (endpoint) => ({ type: this.provider(endpoint).type, sink: this.#sink(endpoint) }),
      onTrouble: (recipient, trouble) => this.troubles.push({ recipient, ...trouble }),
      onAttempt: (attempt) => this.attempts.push(attempt),
      onMoved: (recipient, params) => this.moved.push({ recipient, params }),
      ...this.#options.deps,
    });
  }

  #sink(endpoint: string): Sink {
    const known = this.#sinks.get(endpoint);
    if (known !== undefined) return known;
    const provider = this.provider(endpoint);
    const sink: Sink = {
      limits: () => provider.limits,
      isAvailable: async () => provider.unavailable,
      send: async (notification, signal) => {
        const seqs = notification.messages.map(({ seq }) => seq);
        const { name } = notification.recipient;
        this.calls.push({ recipient: name, at: this.timers.monotonic(), notification, seqs });
        if (provider.latencyMs > 0) await sleep(this.timers, provider.latencyMs);
        return await provider.answer(notification, signal);
      },
      close: async () => undefined,
    };
    this.#sinks.set(endpoint, sink);
    return sink;
  }
}

export function sleep(timers: Pick<VirtualTimers, 'after'>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(ms, resolve);
  });
}

/** Answers only when it is aborted, like a provider that never does. */
export const silent: Answering = (_notification, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });

export function person(name: string, more: Partial<Recipient> = {}): Recipient {
  return {
    name,
    endpoint: name,
    params: {},
    provenance: 'file',
    audience: 'people',
    enabled: true,
    minSeverity: 0,
    priority: 0,
    locale: 'en',
    timeZone: 'UTC',
    giveUpMs: 24 * 3_600_000,
    verbatim: false,
    ...more,
  };
}

export function machine(name: string, more: Partial<Recipient> = {}): Recipient {
  const { giveUpMs: _never, ...rest } = person(name);
  return { ...rest, audience: 'machine', ...more };
}

export function sinkType(more: Partial<SinkType> & Pick<SinkType, 'type'>): SinkType {
  return {
    summary: '',
    audience: 'people',
    medium: 'plain',
    endpoint: z.object({}),
    recipient: z.object({}),
    secrets: [],
    batch: 1,
    text: { body: 4096 },
    timeoutMs: 10_000,
    create: () => Promise.reject(new Error('made by the test')),
    ...more,
  };
}

export interface ArrivalWish {
  readonly to?: readonly string[];
  readonly severity?: Severity;
  readonly classification?: string;
  readonly source?: string;
  readonly waitMs?: number;
  readonly body?: Buffer;
  readonly suppress?: PlannedPair['suppress'];
}

export function arrival(
  number: number,
  at: number,
  wish: ArrivalWish,
  recipients: readonly Recipient[],
): Arrival {
  const { severity = 2, classification = 'port scan', source = '198.51.100.7', body } = wish;
  const hash = createHash('sha256').update(String(number)).digest();
  const pairs = (wish.to ?? []).map((recipient): PlannedPair => {
    const audience = recipients.find(({ name }) => name === recipient)?.audience ?? 'people';
    return {
      recipient,
      audience,
      route: 'route',
      priority: severity * 1000,
      waitMs: audience === 'machine' ? 0 : (wish.waitMs ?? 0),
      ...(wish.suppress === undefined ? {} : { suppress: wish.suppress }),
    };
  });
  return {
    id: hash.toString('hex', 0, 16),
    hash,
    body: body ?? Buffer.from(`message ${number}`),
    facts: {
      kind: 'alert',
      severity,
      messageid: `m${number}`,
      analyzer: 'ids',
      classification,
      source,
      target: '192.0.2.1',
      createTime: at,
    },
    origin: { source: 'idmef' },
    at,
    config: 'c',
    plan: { incidents: [], pairs },
  };
}

/** Says numbers; what text is made of is not the outbox's business. */
export const plainRenderer: OutboxDeps['renderer'] = {
  view: async () => EMPTY_VIEW,
  messages: async (messages, { tag }) => {
    const words = `${tag} ${messages.map(({ seq }) => seq).join(' ')}`;
    return { subject: words, body: `<b>${words}</b>`, plain: words };
  },
  digest: async ({ count }, { tag }) => ({ subject: tag, body: `<b>${count}</b>`, plain: `${count}` }),
  test: async ({ tag }, by) => ({ subject: `TEST ${tag}`, body: `TEST by ${by}`, plain: `TEST by ${by}` }),
};

const EMPTY_VIEW: AlertView = {
  title: '',
  severity: 0,
  urgency: 3,
  completion: '',
  confidence: '',
  when: undefined,
  analyzer: '',
  node: '',
  sources: [],
  targets: [],
  references: [],
  details: [],
  messageid: '',
  heartbeat: false,
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing here reads it
  message: undefined as never,
};
