/**
 * The program reverse-server as a value: create → run(signal) → close. Wires TLS files, the worker with journal and
 * spool intake, and the HTTPS server, in the order in which a mistake of the operator should show.
 *
 * Called by src/bin/reverse-server.ts, the demonstration and tests (port 0). "Listening on" is printed only when
 * connections are accepted, and is the only thing on stdout.
 */

import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { RelayError } from '../core/errors.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { DocumentVerdict } from '../idmef/verdict.ts';
import { consumerNames, SHARED_CONSUMER } from '../sensor/consumers.ts';
import { urlOf } from '../sensor/listen.ts';
import { createSensorServer } from '../sensor/server.ts';
import type { SensorServer } from '../sensor/server.ts';
import { loadCredentials } from '../tls/credentials.ts';
import { tlsParameters } from '../tls/policy.ts';
import { createConsumerLookup, createRoles } from '../tls/roles.ts';
import type { ReverseServerConfig } from './reverse-server-config.ts';
import { startSensorWorker } from './sensor-worker.ts';
import type { SensorWorker } from './sensor-worker.ts';

interface ReverseServerDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Gets the one line with the address. */
  readonly stdout: Pick<Writable, 'write'>;
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
  /** Stops accepting, drains for at most connectionLimits.drainMs, closes the journal. May be called at any time. */
  close(): Promise<void>;
  /** start, wait for the signal or a failure (thrown), close. */
  run(signal: AbortSignal): Promise<void>;
}

export function createReverseServer(config: ReverseServerConfig, deps: ReverseServerDeps): ReverseServer {
  const { logger, clock, random, stdout } = deps;
  let worker: SensorWorker | undefined;
  let server: SensorServer | undefined;
  let closing: Promise<void> | undefined;
  let fail: (error: RelayError) => void;
  const failed = new Promise<RelayError>((resolve) => {
    fail = resolve;
  });

  async function start(): Promise<Listening> {
    const credentials = loadCredentials(config.tls, { now: clock.now(), purpose: 'server' });
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
        credentials,
        parameters,
        roles,
        consumerOf,
        firstConsumer: consumerNames(config.consumers)[0] ?? SHARED_CONSUMER,
        status: () => running.status(),
        readDocument,
        logger,
        clock,
        random,
      },
    );
    const bound = await server.listen();
    const listening = describe(bound);
    stdout.write(`Listening on ${listening.url}\n`);
    return listening;
  }

  async function close(): Promise<void> {
    closing ??= (async () => {
      await server?.close();
      await worker?.close();
    })();
    await closing;
  }

  return {
    start,
    failed,
    close,
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
