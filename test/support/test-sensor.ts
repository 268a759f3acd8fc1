/**
 * A sensor server over a real journal in a temporary directory, on a port the system chose, with a client for
 * one request. No spool: tests put messages straight into the journal.
 */

import { request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import type { Clock } from '../../src/core/ports.ts';
import type { Severity } from '../../src/core/severity.ts';
import type { DocumentVerdict } from '../../src/idmef/verdict.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import type { ConsumerStats, Journal } from '../../src/journal/journal.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { consumerNames, SHARED_CONSUMER } from '../../src/sensor/consumers.ts';
import { createSensorServer } from '../../src/sensor/server.ts';
import type { SensorServer, SensorServerDeps } from '../../src/sensor/server.ts';
import { loadCredentials } from '../../src/tls/credentials.ts';
import { tlsParameters } from '../../src/tls/policy.ts';
import { createConsumerLookup, createRoles } from '../../src/tls/roles.ts';
import type { RoleFlags } from '../../src/tls/roles.ts';
import type { Issued, Pki } from './pki.ts';
import { recordingLogger } from './recording-logger.ts';
import type { RecordingLogger } from './recording-logger.ts';
import { sampleMessage } from './sample-alerts.ts';
import { tempDir } from './temp-dir.ts';

interface Ending {
  after(hook: () => void | Promise<void>): void;
}

export interface TestSensorOptions {
  readonly pki: Pki;
  readonly consuming?: boolean;
  readonly maxBatchSize?: number;
  readonly allow?: RoleFlags;
  readonly consumers?: readonly { readonly name: string; readonly peer?: string }[];
  readonly crlFile?: string;
  readonly address?: string;
  readonly port?: number;
  readonly clock?: Clock;
  readonly readDocument?: (bytes: Uint8Array) => DocumentVerdict;
  readonly deps?: Partial<SensorServerDeps>;
  /** Where the journal lives, so that a later sensor can go on with it; default a temporary directory. */
  readonly dir?: string;
  /** Wraps the journal the server sees. */
  readonly wrap?: (journal: Journal) => Journal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AskOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly as?: Issued;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
}

export interface TestSensor {
  readonly port: number;
  readonly journal: Journal;
  readonly server: SensorServer;
  readonly logger: RecordingLogger;
  /** `count` sample messages, numbered on. */
  fill(count: number, severity?: Severity): Promise<void>;
  /** One request on a connection of its own. */
  ask(options?: AskOptions): Promise<Answer>;
  stats(consumer?: string): Promise<ConsumerStats>;
}

export async function startTestSensor(t: Ending, options: TestSensorOptions): Promise<TestSensor> {
  const { pki } = options;
  const logger = recordingLogger();
  const dir = options.dir ?? tempDir(t);
  const clock = options.clock ?? systemClock;
  const consumers = options.consumers ?? [];
  const journal = await openJournal({
    path: join(dir, 'journal.db'),
    consumers: consumerNames(consumers),
    clock,
    random: systemRandom,
  });
  const credentials = loadCredentials({
    certFile: pki.server.certFile,
    keyFile: pki.server.keyFile,
    caFile: pki.caFile,
    policy: 'anssi',
    ...(options.crlFile === undefined ? {} : { crlFile: options.crlFile }),
  });
  const server = createSensorServer(
    {
      address: options.address ?? '127.0.0.1',
      port: options.port ?? 0,
      consuming: options.consuming ?? false,
      ...(options.maxBatchSize === undefined ? {} : { maxBatchSize: options.maxBatchSize }),
    },
    {
      journal: options.wrap?.(journal) ?? journal,
      credentials,
      parameters: tlsParameters({ policy: 'anssi' }).parameters,
      roles: createRoles(options.allow ?? {}),
      consumerOf: createConsumerLookup(consumers, SHARED_CONSUMER),
      firstConsumer: consumerNames(consumers)[0] ?? SHARED_CONSUMER,
      status: () => ({ stuck: 2, corrupt: 3, waiting: 0 }),
      readDocument:
        options.readDocument ??
        (() => {
          throw new Error('this test posts nothing');
        }),
      logger,
      clock,
      random: systemRandom,
      ...options.deps,
    },
  );
  const { port } = await server.listen();
  t.after(async () => {
    await server.close();
    await journal.close();
  });
  let filled = 0;
  return {
    port,
    journal,
    server,
    logger,
    async fill(count, severity = 0) {
      const messages = Array.from({ length: count }, (_, index) => sampleMessage(filled + index + 1));
      filled += count;
      await journal.append(messages.map((body) => ({ body, severity })));
    },
    ask: async (ask = {}) => await askOnce(port, pki, ask),
    async stats(consumer = consumerNames(consumers)[0]) {
      const all = (await journal.stats()).consumers;
      const found = all.find(({ name }) => name === consumer);
      if (found === undefined) throw new Error(`no consumer ${consumer}`);
      return found;
    },
  };
}

async function askOnce(port: number, pki: Pki, ask: AskOptions): Promise<Answer> {
  const identity = ask.as ?? pki.client;
  return await new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        path: ask.path ?? '/',
        method: ask.method ?? 'GET',
        headers: ask.headers ?? {},
        cert: identity.certPem,
        key: identity.keyPem,
        ca: pki.caPem,
        agent: false,
        ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          });
        });
      },
    );
    request.on('error', reject);
    request.end(ask.body);
  });
}
