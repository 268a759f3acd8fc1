/**
 * The program alert-dispatcher as a value: create → start → close. Wires the store (in its own thread), the configuration, router, door,
 * outbox, sinks, sources and the control socket, in the order in which a mistake of the operator should show.
 *
 * Called by src/cli/dispatcher/serve.ts, the demonstration and tests (port 0). Nothing is taken in before everything that delivers it
 * stands; at the end the sources close first. A new configuration is taken up whole or not at all (dispatcher/configuration.ts).
 */

import type { RelayError } from '../core/errors.ts';
import { dispatcherLimits } from '../core/limits.ts';
import type { ConfigProblem } from '../dispatcher/config/problem.ts';
import { type ControlServer, serveControl } from '../dispatcher/control/control-server.ts';
import { createExpectations, type Expectations } from '../dispatcher/route/expectations.ts';
import { assemble, type DispatcherDeps, type DispatcherSettings, type Parts } from './dispatcher/assemble.ts';
import { controlContext } from './dispatcher/control.ts';
import { type Housekeeping, startHousekeeping } from './dispatcher/housekeeping.ts';
import { systemTimers } from './dispatcher/real-timers.ts';
import type { Sources } from './dispatcher/sources.ts';
import { createServiceNotices, type ServiceNotices } from './service-notices.ts';

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
      await parts?.watchdogs.close();
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

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  return undefined;
}
