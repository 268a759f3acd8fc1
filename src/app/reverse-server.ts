/**
 * The program reverse-server as a value: create → run(signal) → close. Wires TLS files, the worker with journal and
 * spool intake, and the HTTPS server, in the order in which a mistake of the operator should show.
 *
 * Called by src/bin/reverse-server.ts, the demonstration and tests (port 0). "Listening on" is printed only when
 * connections are accepted, and is the only thing on stdout.
 */

import { statfs } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { RelayError } from '../core/errors.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { DocumentVerdict } from '../idmef/verdict.ts';
import { consumerNames, SHARED_CONSUMER } from '../sensor/consumers.ts';
import { urlOf } from '../os/listen.ts';
import { certificateFamilies } from '../sensor/metrics-certificates.ts';
import { createSensorServer } from '../sensor/server.ts';
import type { SensorServer } from '../sensor/server.ts';
import { diskReserve } from '../os/disk-reserve.ts';
import { certificateDates } from '../tls/end-dates.ts';
import { tlsParameters } from '../tls/policy.ts';
import { createConsumerLookup, createRoles } from '../tls/roles.ts';
import type { ReverseServerConfig } from './reverse-server-config.ts';
import { startSensorWorker } from './sensor-worker.ts';
import type { SensorWorker } from './sensor-worker.ts';
import { createServiceNotices } from './service-notices.ts';
import type { ServiceManager } from './service-notices.ts';
import { createTlsCare } from './tls-care.ts';
import type { TlsCare } from './tls-care.ts';

interface ReverseServerDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Gets the one line with the address. */
  readonly stdout: Pick<Writable, 'write'>;
  readonly version?: string;
  readonly manager?: ServiceManager;
  readonly logLinesLost?: () => number;
}

export interface Listening {
  readonly address: string;
  readonly port: number;
  /** `https://ADDRESS:PORT/`; IPv6 addresses in brackets. */
  readonly url: string;
}

export interface ReverseServer {
  /** Resolves when connections are accepted. Throws RelayError (TLS_FILE, CONFIG, LISTEN, JOURNAL_…, …). */
  start(): Promise<Listening>;
  /** Resolves if the service cannot go on: its worker ended. Never otherwise. */
  readonly failed: Promise<RelayError>;
  /** Reads the TLS files now (SIGHUP). What is wrong with them is logged, and the old ones stay. */
  reload(): void;
  /** Stops accepting, drains for at most connectionLimits.drainMs, closes the journal. May be called at any time. */
  close(): Promise<void>;
  /** start, wait for the signal or a failure (thrown), close. */
  run(signal: AbortSignal): Promise<void>;
}

export function createReverseServer(config: ReverseServerConfig, deps: ReverseServerDeps): ReverseServer {
  const { logger, clock, random, stdout } = deps;
  let worker: SensorWorker | undefined;
  let server: SensorServer | undefined;
  let care: TlsCare | undefined;
  let closing: Promise<void> | undefined;
  let fail: (error: RelayError) => void;
  const failed = new Promise<RelayError>((resolve) => {
    fail = resolve;
  });
  const notices = createServiceNotices({ manager: deps.manager ?? {}, logger, status });

  /** For the service manager; the journal's thread has to answer for it. */
  async function status(): Promise<string> {
    if (worker === undefined || server === undefined) return 'starting';
    const { consumers } = await worker.journal.stats();
    const pending = Math.max(0, ...consumers.map((one) => one.pending));
    const { stuck, corrupt, paused } = worker.status();
    const files = `${stuck} stuck and ${corrupt} corrupt files`;
    const { open } = server.connections();
    return `${pending} messages pending, ${files}, ${open} connections${paused === undefined ? '' : `, intake paused: ${paused}`}`;
  }

  async function start(): Promise<Listening> {
    care = createTlsCare(config.tls, { logger, clock, random });
    const { credentials } = care;
    const { parameters, warnings } = tlsParameters(config.tls);
    const roles = createRoles(config.allow);
    const consumerOf = createConsumerLookup(config.consumers, SHARED_CONSUMER);
    for (const warning of [...credentials.warnings, ...warnings]) {
      logger.warning(warning, { event: 'tls-warning' });
    }
    if (roles.everybodyPolls) {
      logger.warning(
        'every certificate of the authority may fetch alerts: name the pollers with --allow-poller',
        {
          event: 'everybody-polls',
        },
      );
    }
    const readDocument = await documentReader(roles.hasProducers);
    const running = await startSensorWorker(config, logger);
    worker = running;
    void running.failed.then(fail);
    server = createSensorServer(
      {
        address: config.address,
        port: config.port,
        consuming: config.delete || config.moveDir !== undefined,
        ...(config.maxBatchSize === undefined ? {} : { maxBatchSize: config.maxBatchSize }),
      },
      {
        journal: running.journal,
        credentials: care.credentials,
        parameters,
        roles,
        consumerOf,
        firstConsumer: consumerNames(config.consumers)[0] ?? SHARED_CONSUMER,
        status: () => running.status(),
        readDocument,
        logger,
        clock,
        random,
        program: {
          ...(deps.version === undefined ? {} : { version: deps.version }),
          disk: async () => {
            const found = await statfs(config.stateDir);
            return diskReserve(config.stateDir, config.minFree, () => found);
          },
          logLinesLost: deps.logLinesLost ?? (() => 0),
          gauges: () =>
            care === undefined ? [] : certificateFamilies(certificateDates(care.credentials), clock.now()),
        },
      },
    );
    const bound = await server.listen();
    care.attach({ server, journal: running.journal });
    const listening = describe(bound);
    stdout.write(`Listening on ${listening.url}\n`);
    notices.ready();
    return listening;
  }

  async function close(): Promise<void> {
    closing ??= (async () => {
      notices.stopping();
      await care?.close();
      await server?.close();
      await worker?.close();
      await notices.close();
    })();
    await closing;
  }

  return {
    start,
    failed,
    close,
    reload: () => care?.reload(),
    async run(signal) {
      try {
        await start();
        const failure = await Promise.race([failed, aborted(signal)]);
        if (failure !== undefined) {
          throw failure;
        }
      } finally {
        await close();
      }
    },
  };
}

/** The reader is loaded only where somebody may POST: it is memory that a plain sensor does not need twice. */
async function documentReader(needed: boolean): Promise<(bytes: Uint8Array) => DocumentVerdict> {
  if (!needed) {
    return () => {
      throw new RelayError('BUG', 'a document was posted although nobody may');
    };
  }
  const { readDocument } = await import('../idmef/read-document.ts');
  return (bytes) => readDocument(bytes, 'off');
}

function describe(bound: AddressInfo): Listening {
  return { address: bound.address, port: bound.port, url: urlOf(bound) };
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  return undefined;
}
