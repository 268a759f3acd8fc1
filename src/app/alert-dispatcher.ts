/**
 * The program alert-dispatcher as a value: create → start → close. What stands is made in dispatcher/assemble.ts; here it is started and
 * ended in the order in which nothing is lost, and a mistake of the operator shows first.
 *
 * Called by src/cli/dispatcher/serve.ts, the demonstration and tests (port 0). Nothing is taken in before everything that delivers it
 * stands; at the end the sources close first. A new configuration is taken up whole or not at all (dispatcher/configuration.ts).
 */

import { messageOf, type RelayError } from '../core/errors.ts';
import { dispatcherLimits } from '../core/limits.ts';
import { type ConfigProblem, problemLine } from '../dispatcher/config/problem.ts';
import { type ControlServer, serveControl } from '../dispatcher/control/control-server.ts';
import { createExpectations, type Expectations } from '../dispatcher/route/expectations.ts';
import { assemble, type DispatcherDeps, type DispatcherSettings, type Parts } from './dispatcher/assemble.ts';
import { controlContext } from './dispatcher/control.ts';
import { type Housekeeping, startHousekeeping } from './dispatcher/housekeeping.ts';
import { systemTimers } from './dispatcher/real-timers.ts';
import type { Sources } from './dispatcher/sources.ts';
import { createServiceNotices } from './service-notices.ts';

export interface AlertDispatcher {
  /** Resolves when all sources listen. Throws RelayError (CONFIG, TLS_FILE, LISTEN, JOURNAL_…), and leaves nothing open. */
  start(): Promise<void>;
  /** Where what listens now. */
  listeners(): Sources['listeners'];
  /** SIGHUP: configuration and certificates. Why they are not used: nothing when they are. Never rejects. */
  reload(): Promise<readonly ConfigProblem[]>;
  /** Resolves if the service cannot go on: its store's thread has ended. */
  readonly failed: Promise<RelayError>;
  close(): Promise<void>;
  /** start, wait for the signal or a failure (thrown), close. */
  run(signal: AbortSignal): Promise<void>;
}

/** Runs by time, on top of the parts. */
interface Running {
  housekeeping: Housekeeping;
  expectations: Expectations;
  control: ControlServer;
}

export function createAlertDispatcher(settings: DispatcherSettings, deps: DispatcherDeps): AlertDispatcher {
  const { logger: log } = deps;
  let parts: Parts | undefined;
  const running: Partial<Running> = {};
  let starting: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  let fail: (error: RelayError) => void;
  const failed = new Promise<RelayError>((resolve) => {
    fail = resolve;
  });
  const notices = createServiceNotices({
    manager: deps.manager ?? {},
    logger: log,
    status: async () => (parts === undefined ? 'starting' : await statusLine(parts)),
  });

  async function start(): Promise<void> {
    try {
      starting = begin();
      await starting;
    } catch (error) {
      await end();
      throw error;
    }
  }

  async function begin(): Promise<void> {
    const made = await assemble(settings, deps);
    ({ parts } = made);
    const { thread, configuration, reports, door, sources } = parts;
    void thread.failed.then(fail);
    await made.begin();
    const { store } = thread;
    const config = () => configuration.current.config;
    running.housekeeping = startHousekeeping({ store, config, reports, timers: systemTimers, log });
    running.expectations = createExpectations({
      expectations: () => config().expect,
      store,
      door,
      timers: systemTimers,
      random: deps.random,
      log,
      instance: () => config().instance,
      mark: () => thread.id,
      version: deps.version,
    });
    running.control = await serveControl(settings.socket, controlContext(parts, deps.random), log);
    for (const { source, address, port } of sources.listeners) {
      deps.stdout.write(`Listening: ${source} on ${address} port ${port}\n`);
    }
    log.notice(`started: ${config().recipients.length} recipients`, {
      event: 'started',
      config: config().hash.slice(0, 12),
    });
    notices.ready();
  }

  /** One after the other, whatever becomes of each: no step may keep the next from ending what it holds. */
  async function close(): Promise<void> {
    notices.stopping();
    const steps: readonly (() => unknown)[] = [
      () => running.control?.close(),
      () => parts?.configuration.close(),
      () => running.expectations?.close(),
      () => parts?.watchdogs.close(),
      () => parts?.sources.close(),
      () => running.housekeeping?.close(),
      () => parts?.reports.idle(),
      () => parts?.door.settle(),
      async () => {
        const cut = (await parts?.outbox.drain(dispatcherLimits.drainMs)) ?? 0;
        if (cut === 0) return;
        log.warning(`${cut} calls were cut off: what they carried is due again, marked as repeated`);
      },
      () => parts?.outbox.close(),
      () => parts?.sinks.close(),
      () => parts?.renderers.close(),
      () => parts?.thread.close(),
      () => notices.close(),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        log.error(`at the end: ${messageOf(error)}`, { event: 'close-failed' });
      }
    }
  }

  async function end(): Promise<void> {
    await (closing ??= close());
  }

  async function reload(): Promise<readonly ConfigProblem[]> {
    try {
      // One that comes while it starts counts afterwards.
      await starting;
      if (parts === undefined) return [];
      const { sources, configuration, reports } = parts;
      sources.lookAtCertificates();
      const problems = await configuration.reload();
      if (problems.length > 0) reports.refusedReload(problems.map(problemLine));
      return problems;
    } catch (error) {
      log.error(`reload: ${messageOf(error)}`, { event: 'reload-failed' });
      return [{ file: '', path: '', text: messageOf(error) }];
    }
  }

  return {
    start,
    failed,
    close: end,
    listeners: () => parts?.sources.listeners ?? [],
    reload,
    async run(signal) {
      try {
        await start();
        const failure = await Promise.race([failed, aborted(signal)]);
        if (failure !== undefined) throw failure;
      } finally {
        await end();
      }
    },
  };
}

/** For systemctl status. */
async function statusLine({ outbox, thread }: Parts): Promise<string> {
  const queues = await thread.store.queues(systemTimers.now());
  const pending = queues.reduce((sum, queue) => sum + queue.pending, 0);
  const held = outbox.status().lanes.filter(({ state }) => state === 'held');
  const names = held.map(({ recipient }) => recipient).join(', ');
  return `${pending} deliveries pending${names === '' ? '' : `, held: ${names}`}`;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  return undefined;
}
