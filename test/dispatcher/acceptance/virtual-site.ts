/**
 * A dispatcher on a virtual clock: the real configuration, router, door, store (SQLite), outbox, expectations and control verbs, with providers
 * a test plays. Days pass in seconds, and the store can be closed and opened again as a restart does.
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSinkTypes } from '../../../src/app/dispatcher/sink-types.ts';
import { loadConfig } from '../../../src/dispatcher/config/load-config.ts';
import { noStoredSettings } from '../../../src/dispatcher/config/stored-settings.ts';
import { callVerb } from '../../../src/dispatcher/control/call.ts';
import type { VerbArgs, VerbName, VerbResult } from '../../../src/dispatcher/control/call.ts';
import { createDoor, type CountingDoor } from '../../../src/dispatcher/door/door.ts';
import type { DispatcherConfig } from '../../../src/dispatcher/model/config.ts';
import type { Inbound, MessageOrigin, Receipt } from '../../../src/dispatcher/model/message.ts';
import type { LimitSpec, Sink, SinkAnswer, SinkType } from '../../../src/dispatcher/model/sink.ts';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import { createOutbox, type Outbox } from '../../../src/dispatcher/outbox/outbox.ts';
import { createExpectations, type Expectations } from '../../../src/dispatcher/route/expectations.ts';
import { createRouter } from '../../../src/dispatcher/route/router.ts';
import { openStore } from '../../../src/dispatcher/store/in-process.ts';
import { parsePath } from '../../../src/idmef/criteria/paths.ts';
import { generator } from '../../support/generator.ts';
import { OK, plainRenderer, sleep, type Call } from '../../support/outbox-world.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { virtualTimers, type VirtualTimers } from '../../support/virtual-timers.ts';

/** What is tried here is not what a disk does. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const MARK = 'mark-of-this-one';

export interface Provider {
  answer: () => SinkAnswer;
  limits: readonly LimitSpec[];
  latencyMs: number;
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

export class VirtualSite {
  readonly timers: VirtualTimers = virtualTimers();
  readonly log = recordingLogger();
  readonly calls: Call[] = [];
  readonly providers = new Map<string, Provider>();
  readonly #dir = mkdtempSync(join(ROOM, 'virtual-site-'));
  readonly #types: ReadonlyMap<string, SinkType>;
  readonly #random = generator(11);
  readonly config: DispatcherConfig;
  #up: Up | undefined;

  private constructor(yaml: string, types: ReadonlyMap<string, SinkType>) {
    this.#types = types;
    this.config = configOf(yaml, types);
  }

  /** @param yaml as in dispatcher.yml */
  static async start(t: Ending, yaml: string): Promise<VirtualSite> {
    const site = new VirtualSite(yaml, await createSinkTypes()(undefined));
    t.after(async () => await site.#end());
    await site.#begin();
    return site;
  }

  /** The process ends, and another one starts over its store. */
  async restart(): Promise<void> {
    const { outbox, store, expectations } = this.#parts();
    await expectations.close();
    // A claim under way is due again, as after a crash.
    await outbox.close();
    await store.close();
    this.timers.drop();
    await this.#begin();
  }

  provider(endpoint: string): Provider {
    const known = this.providers.get(endpoint) ?? { answer: () => OK, limits: [], latencyMs: 0 };
    this.providers.set(endpoint, known);
    return known;
  }

  async accept(bodies: readonly Buffer[], origin: MessageOrigin): Promise<readonly Receipt[]> {
    const batch = bodies.map((body): Inbound => ({ body, origin }));
    return await this.#parts().door.accept(batch);
  }

  async call<N extends VerbName>(name: N, args: VerbArgs<N>): Promise<VerbResult<N>> {
    const { store } = this.#parts();
    const context = { store, clock: this.timers, config: () => this.config };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the verbs that look need no more
    const answer = await callVerb(context as never, name, args, 'cli:test');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the verb of that name returns
    return answer as VerbResult<N>;
  }

  callsTo(recipient: string): readonly Call[] {
    return this.calls.filter((call) => call.recipient === recipient);
  }

  get store(): Store {
    return this.#parts().store;
  }

  #parts(): Up {
    if (this.#up === undefined) throw new Error('not started');
    return this.#up;
  }

  async #begin(): Promise<void> {
    const { timers, log, config } = this;
    const random = {
      bytes: (count: number) => Uint8Array.from({ length: count }, () => Math.floor(this.#random() * 256)),
    };
    const opened = await openStore({
      path: join(this.#dir, 'dispatcher.db'),
      reserveBytes: 0,
      clock: timers,
      random,
    });
    const store = waitedFor(opened, timers);
    const router = createRouter(config, () => []);
    const door = createDoor({
      router: () => router,
      store,
      clock: timers,
      log,
      configHash: () => config.hash,
      mark: () => MARK,
    });
    await store.keepConfig({ hash: config.hash, text: config.text, at: timers.now(), provenance: 'file' });
    const outbox = createOutbox({
      store,
      timers,
      log,
      random,
      renderer: plainRenderer,
      recipients: () => config.recipients,
      sinks: async (endpoint) =>
        await Promise.resolve({ type: this.#typeOf(endpoint), sink: this.#sink(endpoint) }),
      onTrouble: () => undefined,
      onAttempt: () => undefined,
      onMoved: () => undefined,
    });
    await outbox.start();
    const expectations = createExpectations({
      expectations: () => config.expect,
      store,
      door,
      timers,
      random,
      log,
      instance: () => config.instance,
      mark: () => MARK,
      version: '0.0.0',
    });
    this.#up = { store, door, outbox, expectations };
  }

  async #end(): Promise<void> {
    const { outbox, store, expectations } = this.#parts();
    await expectations.close();
    await outbox.close();
    await store.close();
    rmSync(this.#dir, { recursive: true });
  }

  #typeOf(name: string): SinkType {
    const endpoint = this.config.endpoints.find((one) => one.name === name);
    const type = this.#types.get(endpoint?.type ?? '');
    if (type === undefined) throw new Error(`no type of ${name}`);
    return type;
  }

  #sink(endpoint: string): Sink {
    const provider = this.provider(endpoint);
    return {
      limits: () => provider.limits,
      send: async (notification) => {
        const seqs = notification.messages.map(({ seq }) => seq);
        const { name } = notification.recipient;
        this.calls.push({ recipient: name, at: this.timers.monotonic(), notification, seqs });
        if (provider.latencyMs > 0) await sleep(this.timers, provider.latencyMs);
        return provider.answer();
      },
      close: async () => await Promise.resolve(),
    };
  }
}

interface Up {
  readonly store: Store;
  readonly door: CountingDoor;
  readonly outbox: Outbox;
  readonly expectations: Expectations;
}

function configOf(yaml: string, types: ReadonlyMap<string, SinkType>): DispatcherConfig {
  const loaded = loadConfig([{ path: '/etc/idmef-relay/dispatcher.yml', text: yaml }], noStoredSettings, {
    types,
    secrets: { read: () => ({ mode: 0o600, text: '1:token' }) },
    readTemplate: () => '',
    pathFault: (path) => {
      const parsed = parsePath(path.startsWith('alert.') ? path : `alert.${path}`);
      return parsed.ok ? undefined : parsed.text;
    },
    hostname: 'manager.example.org',
    timeZone: 'UTC',
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ path, text }) => `${path}: ${text}`).join('\n'));
  return loaded.config;
}

/** The clock does not move on while the store is asked: it answers in other turns. */
function waitedFor(store: Store, timers: VirtualTimers): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        if (!(result instanceof Promise)) return result;
        timers.busy += 1;
        return result.finally(() => {
          timers.busy -= 1;
        });
      };
    },
  });
}
