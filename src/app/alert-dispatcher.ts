/**
 * The program alert-dispatcher as a value: create → start → close. Wires the store (in its own thread), the configuration, router, door,
 * outbox, sinks, sources and the control socket, in the order in which a mistake of the operator should show.
 *
 * Called by src/cli/dispatcher/serve.ts, the demonstration and tests (port 0). Nothing is taken in before everything that delivers it
 * stands; at the end the sources close first. A new configuration is taken up whole or not at all (dispatcher/configuration.ts).
 */

import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

import { RelayError } from '../core/errors.ts';
import { dispatcherLimits } from '../core/limits.ts';
import type { Logger, Random } from '../core/ports.ts';
import type { MinFree } from '../core/settings.ts';
import type { ConfigProblem } from '../dispatcher/config/problem.ts';
import { type ControlServer, serveControl } from '../dispatcher/control/control-server.ts';
import { createDoor, type CountingDoor } from '../dispatcher/door/door.ts';
import { createKeyRing, type StoredKeyRing } from '../dispatcher/keys/key-ring.ts';
import { createOutbox, type Outbox } from '../dispatcher/outbox/outbox.ts';
import { createExpectations, type Expectations } from '../dispatcher/route/expectations.ts';
import { createRouter, type ExplainingRouter } from '../dispatcher/route/router.ts';
import { createChannels } from './dispatcher/channels.ts';
import {
  type Configuration,
  createConfiguration,
  type InForce,
  type Prepared,
} from './dispatcher/configuration.ts';
import { controlContext } from './dispatcher/control.ts';
import { type Housekeeping, startHousekeeping } from './dispatcher/housekeeping.ts';
import { dispatcherMetrics } from './dispatcher/metrics.ts';
import { rememberMoved, withMoved } from './dispatcher/moved-recipients.ts';
import { systemTimers } from './dispatcher/real-timers.ts';
import { outboundPolicy } from './dispatcher/outbound.ts';
import { createReports, type Reports } from './dispatcher/reports.ts';
import { createRenderers, type Renderers } from './dispatcher/renderers.ts';
import { createSilences, type Silences } from './dispatcher/silences.ts';
import { createSinkRegistry, type SinkRegistry } from './dispatcher/sink-registry.ts';
import { createSources, type Sources } from './dispatcher/sources.ts';
import { startStore, type StoreThread } from './dispatcher/store-thread.ts';
import { createWaits } from './dispatcher/waits.ts';
import { createServiceNotices } from './service-notices.ts';
import type { ServiceManager, ServiceNotices } from './service-notices.ts';

export interface DispatcherSettings {
  readonly configFile: string;
  readonly stateDir: string;
  readonly socket: string;
  readonly credentialsDirectory?: string;
  /** A line on stdout for each delivery to people. */
  readonly console: boolean;
  readonly minFree: MinFree;
}

export interface DispatcherDeps {
  readonly logger: Logger;
  readonly random: Random;
  readonly version: string;
  readonly manager?: ServiceManager;
  /** Gets the lines of the `console` sink, and one line for each listener. */
  readonly stdout: Pick<Writable, 'write'>;
}

export interface AlertDispatcher {
  /** Resolves when all sources listen. Throws RelayError (CONFIG, TLS_FILE, LISTEN, JOURNAL_…). */
  start(): Promise<void>;
  /** Where what listens now. */
  listeners(): Sources['listeners'];
  /** SIGHUP: configuration and certificates. Never rejects for what is wrong with them. */
  reload(): Promise<readonly ConfigProblem[]>;
  /** Resolves if the service cannot go on: its store's thread has ended. */
  readonly failed: Promise<RelayError>;
  close(): Promise<void>;
  /** start, wait for the signal or a failure (thrown), close. */
  run(signal: AbortSignal): Promise<void>;
}

/** Everything that stands once it has started. */
export interface Parts {
  readonly thread: StoreThread;
  readonly configuration: Configuration;
  readonly router: () => ExplainingRouter;
  readonly silences: Silences;
  readonly renderers: Renderers;
  readonly sinks: SinkRegistry;
  readonly door: CountingDoor;
  readonly keyRing: StoredKeyRing;
  readonly outbox: Outbox;
  readonly sources: Sources;
  readonly reports: Reports;
  readonly startedAt: number;
  readonly version: string;
}

export function createAlertDispatcher(settings: DispatcherSettings, deps: DispatcherDeps): AlertDispatcher {
  const { logger: log } = deps;
  let parts: Parts | undefined;
  let control: ControlServer | undefined;
  let housekeeping: Housekeeping | undefined;
  let expectations: Expectations | undefined;
  let closing: Promise<void> | undefined;
  let fail: (error: RelayError) => void;
  const failed = new Promise<RelayError>((resolve) => {
    fail = resolve;
  });
  const notices: ServiceNotices = createServiceNotices({
    manager: deps.manager ?? {},
    logger: log,
    status: async () => {
      if (parts === undefined) return 'starting';
      const { outbox, thread } = parts;
      const pending = (await thread.store.queues(systemTimers.now())).reduce(
        (sum, queue) => sum + queue.pending,
        0,
      );
      const held = outbox.status().lanes.filter(({ state }) => state === 'held');
      return `${pending} deliveries pending${held.length === 0 ? '' : `, held: ${held.map(({ recipient }) => recipient).join(', ')}`}`;
    },
  });

  async function start(): Promise<void> {
    const made = await assemble(settings, deps);
    parts = made.parts;
    void parts.thread.failed.then(fail);
    await made.begin();
    housekeeping = startHousekeeping({
      store: parts.thread.store,
      config: () => made.parts.configuration.current.config,
      reports: parts.reports,
      timers: systemTimers,
      log,
    });
    expectations = createExpectations({
      expectations: () => made.parts.configuration.current.config.expect,
      store: parts.thread.store,
      door: parts.door,
      timers: systemTimers,
      random: deps.random,
      log,
      instance: parts.configuration.current.config.instance,
      mark: () => made.parts.thread.id,
      version: deps.version,
    });
    control = await serveControl(settings.socket, controlContext(parts, deps.random), log);
    for (const { source, address, port } of parts.sources.listeners) {
      deps.stdout.write(`Listening: ${source} on ${address} port ${port}\n`);
    }
    log.notice(`started: ${parts.configuration.current.config.recipients.length} recipients`, {
      event: 'started',
      config: parts.configuration.current.config.hash.slice(0, 12),
    });
    notices.ready();
  }

  async function close(): Promise<void> {
    closing ??= (async () => {
      notices.stopping();
      await control?.close();
      await expectations?.close();
      await parts?.sources.close();
      await housekeeping?.close();
      await parts?.reports.idle();
      await parts?.door.settle();
      const cut = (await parts?.outbox.drain(dispatcherLimits.drainMs)) ?? 0;
      if (cut > 0)
        log.warning(`${cut} calls were cut off: what they carried is due again, marked as repeated`);
      await parts?.outbox.close();
      await parts?.sinks.close();
      await parts?.renderers.close();
      await parts?.thread.close();
      await notices.close();
    })();
    await closing;
  }

  return {
    start,
    failed,
    close,
    listeners: () => parts?.sources.listeners ?? [],
    reload: async () => {
      if (parts === undefined) return [];
      parts.sources.lookAtCertificates();
      const problems = await parts.configuration.reload();
      if (problems.length > 0) parts.reports.refusedReload(parts.configuration.refused?.problems ?? []);
      return problems;
    },
    async run(signal) {
      try {
        await start();
        const failure = await Promise.race([failed, aborted(signal)]);
        if (failure !== undefined) throw failure;
      } finally {
        await close();
      }
    },
  };
}

/** Makes the parts; `begin` takes up the first configuration, delivers and listens. */
async function assemble(
  settings: DispatcherSettings,
  deps: DispatcherDeps,
): Promise<{ readonly parts: Parts; readonly begin: () => Promise<void> }> {
  const { logger: log, random, version } = deps;
  const timers = systemTimers;
  const host = hostname();
  const thread = await startStore(
    { path: join(settings.stateDir, 'dispatcher.db'), minFree: settings.minFree },
    log,
  );
  try {
    const { store } = thread;
    const configuration = createConfiguration({
      place: settings,
      store,
      clock: timers,
      log,
      print: (line) => void deps.stdout.write(line),
    });
    const config = (): InForce['config'] => configuration.current.config;
    const silences = await createSilences(store, log);
    const waits = createWaits();
    let router: ExplainingRouter | undefined;
    const routerInForce = (): ExplainingRouter => {
      if (router === undefined) throw new RelayError('BUG', 'there is no configuration yet');
      return router;
    };
    const renderers = createRenderers(log);
    const outbound = outboundPolicy(config, () => sources.listeners);
    const sinks: SinkRegistry = createSinkRegistry(
      {
        log,
        timers,
        random,
        hostname: host,
        version,
        mark: () => thread.id,
        outbound,
      },
      timers,
      log,
    );
    const door = createDoor({
      router: routerInForce,
      store,
      clock: timers,
      log,
      configHash: () => config().hash,
      mark: () => thread.id,
    });
    const reports: Reports = createReports({
      door,
      store,
      config,
      clock: timers,
      random,
      log,
      hostname: host,
      mark: () => thread.id,
    });
    const outbox = createOutbox({
      store,
      sinks: async (endpoint) => sinks.sinkOf(endpoint),
      renderer: renderers.current,
      timers,
      random,
      log,
      recipients: () => config().recipients,
      onTrouble: (recipient, trouble) => reports.trouble(recipient, trouble),
      onMoved: (name, params) => {
        const recipient = config().recipients.find((one) => one.name === name);
        if (recipient !== undefined) void rememberMoved(store, recipient, params, log);
      },
      onAttempt: ({ waitedMs }) => waits.add(waitedMs),
    });
    const keyRing = createKeyRing({ store, clock: timers });
    const startedAt = timers.now();
    const sources: Sources = createSources({
      door,
      keyRing,
      channels: createChannels(config),
      clock: timers,
      timers,
      random,
      log,
      hostname: host,
      store,
      outbound,
      metrics: async () =>
        await dispatcherMetrics({
          version,
          uptimeSeconds: (timers.now() - startedAt) / 1000,
          residentBytes: process.memoryUsage.rss(),
          now: timers.now(),
          stats: await store.stats(timers.now()),
          outbox: outbox.status(),
          waits: waits.seen(),
          inFlight: door.inFlight(),
          more: sources.families(),
        }),
      health: async () => await healthProblems(thread, outbox),
      status: async () => ({ version, startedAt, config: config().hash }),
    });

    const prepare = async (next: InForce): Promise<Prepared> => {
      const recipients = await withMoved(store, next.config.recipients);
      const nextRouter = createRouter(next.config, () => silences.current());
      const preparedRenderer = await renderers.prepare(next.config);
      try {
        const preparedSinks = await sinks.prepare(next.config.endpoints, next.types);
        try {
          const preparedSources = await sources.prepare(next.config.sources);
          return {
            async commit() {
              router = nextRouter;
              await preparedRenderer.commit();
              await preparedSinks.commit();
              await outbox.configure(recipients);
              await preparedSources.commit();
            },
            async discard() {
              await preparedSources.discard();
            },
          };
        } catch (error) {
          await preparedSinks.discard();
          throw error;
        }
      } catch (error) {
        await preparedRenderer.discard();
        throw error;
      }
    };
    return {
      parts: {
        thread,
        configuration,
        router: routerInForce,
        silences,
        renderers,
        sinks,
        door,
        keyRing,
        outbox,
        sources,
        reports,
        startedAt,
        version,
      },
      async begin() {
        await configuration.start(prepare);
        await outbox.start();
        await sources.listen();
      },
    };
  } catch (error) {
    await thread.close();
    throw error;
  }
}

/** Sentences; none is healthy. A provider that is down is no illness of ours: the queue is kept. */
async function healthProblems(thread: StoreThread, outbox: Outbox): Promise<string[]> {
  const problems: string[] = [];
  try {
    await thread.store.state('health');
  } catch (error) {
    problems.push(`the store does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
  const shortage = thread.shortage();
  if (shortage !== undefined) problems.push(shortage);
  for (const { recipient, heldReason } of outbox.status().lanes) {
    if (heldReason !== undefined) problems.push(`recipient ${recipient} is held: ${heldReason}`);
  }
  return problems;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  return undefined;
}
