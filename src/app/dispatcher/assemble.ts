/**
 * The parts of the service, made and joined by hand. Called by src/app/alert-dispatcher.ts, which starts and ends what runs by time.
 *
 * Everything that a configuration decides (router, sinks, outbox, locales, sources) is prepared before it is taken up, so that one which
 * does not suit leaves the old one in force.
 */

import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

import { RelayError } from '../../core/errors.ts';
import type { Logger, Random } from '../../core/ports.ts';
import type { MinFree } from '../../core/settings.ts';
import { createDoor, type CountingDoor } from '../../dispatcher/door/door.ts';
import { createKeyRing, type StoredKeyRing } from '../../dispatcher/keys/key-ring.ts';
import { createOutbox, type Outbox } from '../../dispatcher/outbox/outbox.ts';
import { createRouter, type ExplainingRouter } from '../../dispatcher/route/router.ts';
import type { SinkDeps } from '../../dispatcher/model/sink.ts';
import type { ServiceManager } from '../service-notices.ts';
import { createChannels } from './channels.ts';
import {
  type Configuration,
  createConfiguration,
  type InForce,
  prepareAll,
  type Prepared,
} from './configuration.ts';
import { createConsoleEcho } from './console-echo.ts';
import { healthProblems } from './health.ts';
import { dispatcherMetrics } from './metrics.ts';
import { rememberMoved } from './moved-recipients.ts';
import { outboundPolicy } from './outbound.ts';
import { createOutboxRecipients } from './outbox-recipients.ts';
import { systemTimers } from './real-timers.ts';
import { createRenderers, type Renderers } from './renderers.ts';
import { createReports, type Reports } from './reports.ts';
import { createSilences, type Silences } from './silences.ts';
import { createSinkRegistry, type SinkRegistry } from './sink-registry.ts';
import { createSinkTypes } from './sink-types.ts';
import { createSources, type Sources } from './sources.ts';
import { startStore, type StoreThread } from './store-thread.ts';
import { createWaits } from './waits.ts';
import { createWatchdogs, type Watchdogs } from './watchdogs.ts';

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
  readonly watchdogs: Watchdogs;
  readonly reports: Reports;
  readonly startedAt: number;
  readonly version: string;
}

/** Makes the parts; `begin` takes up the first configuration, delivers and listens. */
export async function assemble(
  settings: DispatcherSettings,
  deps: DispatcherDeps,
): Promise<{ readonly parts: Parts; readonly begin: () => Promise<void> }> {
  const { logger: log } = deps;
  const path = join(settings.stateDir, 'dispatcher.db');
  const thread = await startStore({ path, minFree: settings.minFree }, log);
  try {
    return await assembleAround(thread, settings, deps);
  } catch (error) {
    await thread.close();
    throw error;
  }
}

async function assembleAround(
  thread: StoreThread,
  settings: DispatcherSettings,
  deps: DispatcherDeps,
): Promise<{ readonly parts: Parts; readonly begin: () => Promise<void> }> {
  const { logger: log, random, version } = deps;
  const { store } = thread;
  const timers = systemTimers;
  const host = hostname();
  const mark = (): string => thread.id;
  const print = (line: string): void => void deps.stdout.write(line);
  const configuration = createConfiguration({
    place: settings,
    store,
    clock: timers,
    log,
    types: createSinkTypes(print),
  });
  const config = (): InForce['config'] => configuration.current.config;
  const silences = await createSilences(store, log);
  let routerInForce: ExplainingRouter | undefined;
  const router = (): ExplainingRouter => {
    if (routerInForce === undefined) throw new RelayError('BUG', 'there is no configuration yet');
    return routerInForce;
  };
  const renderers = createRenderers(log);
  const outbound = outboundPolicy(config, () => sources.listeners);
  const sinkDeps: SinkDeps = { log, timers, random, hostname: host, version, mark, outbound };
  const sinks = createSinkRegistry(sinkDeps);
  const echo = settings.console ? createConsoleEcho(print) : undefined;
  const door = createDoor({ router, store, clock: timers, log, configHash: () => config().hash, mark });
  const reports: Reports = createReports({
    door,
    store,
    config,
    clock: timers,
    random,
    log,
    hostname: host,
    mark,
  });
  const recipients = createOutboxRecipients({ store, outbox: () => outbox, timers, log });
  const waits = createWaits();
  const outbox: Outbox = createOutbox({
    store,
    sinks: async (endpoint) => {
      const made = sinks.sinkOf(endpoint);
      return echo === undefined ? made : echo(made);
    },
    renderer: renderers.current,
    timers,
    random,
    log,
    recipients: () => recipients.current(),
    onTrouble: (recipient, trouble) => reports.trouble(recipient, trouble),
    onMoved: (name, params) => {
      const recipient = config().recipients.find((one) => one.name === name);
      if (recipient !== undefined) void rememberMoved(store, recipient, params, log);
    },
    onAttempt: ({ waitedMs }) => waits.add(waitedMs),
  });
  const keyRing = createKeyRing({ store, clock: timers });
  const startedAt = timers.now();
  const health = async (): Promise<readonly string[]> => await healthProblems({ thread, outbox, sources });
  const sources: Sources = createSources({
    door,
    keyRing,
    channels: createChannels(config),
    clock: timers,
    timers,
    random,
    log,
    hostname: host,
    mark,
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
    health,
    status: async () => ({ version, startedAt, config: config().hash }),
  });
  let begun = (): void => undefined;
  const listening = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const watchdogs = createWatchdogs(sinkDeps, async () => {
    // Who starts again and again and never listens gives no sign of life.
    await listening;
    return (await health())[0];
  });

  const prepare = async (next: InForce): Promise<Prepared> => {
    const nextRouter = createRouter(next.config, () => silences.current());
    const routing: Prepared = {
      commit: () => {
        routerInForce = nextRouter;
      },
      discard: () => undefined,
    };
    return await prepareAll([
      async () => routing,
      async () => await renderers.prepare(next.config),
      async () => await sinks.prepare(next.config.endpoints, next.types),
      async () => await recipients.prepare(next.config.recipients),
      async () => await sources.prepare(next.config.sources),
      async () => await watchdogs.prepare(next.config),
    ]);
  };
  return {
    parts: {
      thread,
      configuration,
      router,
      silences,
      renderers,
      sinks,
      door,
      keyRing,
      outbox,
      sources,
      watchdogs,
      reports,
      startedAt,
      version,
    },
    async begin() {
      await configuration.start(prepare);
      await outbox.start();
      await sources.listen();
      begun();
    },
  };
}
