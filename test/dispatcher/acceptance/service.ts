/**
 * The whole alert-dispatcher in this process: its real store, router, outbox and sinks, listening on port 0, with a configuration a test
 * writes. What the acceptance tests of the dispatcher run against; nothing in it is played but the providers.
 */

import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';

import { createAlertDispatcher, type AlertDispatcher } from '../../../src/app/alert-dispatcher.ts';
import type { Control, VerbResult } from '../../../src/dispatcher/control/call.ts';
import { connectControl } from '../../../src/dispatcher/control/control-client.ts';
import { systemRandom } from '../../../src/os/random.ts';
import type { Issued, Pki } from '../../support/pki.ts';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';

export interface Posted {
  readonly status: number;
  readonly text: string;
}

export interface Post {
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body: string | Buffer;
  /** Default: no certificate. */
  readonly as?: Issued;
}

type Queue = VerbResult<'status'>['stats']['queues'][number];

export interface Service {
  readonly dir: string;
  readonly log: RecordingLogger;
  readonly control: Control;
  readonly dispatcher: AlertDispatcher;
  readonly stdout: () => string;
  port(source?: string): number;
  post(post: Post): Promise<Posted>;
  /** A key of a new user. */
  key(owner: string): Promise<string>;
  queue(recipient: string): Promise<Queue>;
  /** Resolves when so many of its deliveries are sent, and none is left. */
  sent(recipient: string, count: number): Promise<void>;
  close(): Promise<void>;
}

interface Ending {
  after(hook: () => void | Promise<void>): void;
}

export interface ServiceOptions {
  readonly pki: Pki;
  /** As YAML, of which JSON is a part; `sources.https` without certificates gets those of the authority. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where an earlier service of the test was. */
  readonly dir?: string;
}

/** What `sources.https` says, on port 0. */
export function https(pki: Pki, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { certFile: cert, keyFile: key } = pki.server;
  return { listen: '127.0.0.1:0', cert, key, ca: pki.caFile, ...more };
}

export async function startService(t: Ending, options: ServiceOptions): Promise<Service> {
  const dir = options.dir ?? realpathSync(tempDir(t));
  const state = join(dir, 'state');
  mkdirSync(state, { recursive: true });
  const configFile = join(dir, 'dispatcher.yml');
  writeFileSync(configFile, JSON.stringify(options.config, null, 2), { mode: 0o640 });
  const log = recordingLogger();
  let printed = '';
  const socket = join(state, 'control.sock');
  const dispatcher = createAlertDispatcher(
    {
      configFile,
      stateDir: state,
      socket,
      console: false,
      minFree: {},
    },
    {
      logger: log,
      random: systemRandom,
      version: '0.0.0',
      stdout: {
        write: (text: string) => {
          printed += text;
          return true;
        },
      },
    },
  );
  t.after(async () => await dispatcher.close());
  await dispatcher.start();
  const control = connectControl(socket, 'cli:test');
  const port = (source = 'https'): number => {
    const found = dispatcher.listeners().find((one) => one.source === source);
    if (found === undefined) throw new Error(`${source} does not listen`);
    return found.port;
  };
  const queue = async (recipient: string): Promise<Queue> => {
    const { stats } = await control.call('status', {});
    const found = stats.queues.find((one) => one.recipient === recipient);
    if (found === undefined) throw new Error(`no queue of ${recipient}`);
    return found;
  };
  return {
    dir,
    log,
    control,
    dispatcher,
    stdout: () => printed,
    port,
    post: async (what) => await send(port(), options.pki, what),
    key: async (owner) => {
      await control.call('users.add', { name: owner });
      const { key } = await control.call('keys.add', { owner });
      return key;
    },
    queue,
    sent: async (recipient, count) => {
      await until(
        async () => {
          const found = await queue(recipient);
          return found.sent === count && found.pending + found.leased + found.held === 0;
        },
        { everyMs: 20, what: `${count} deliveries to ${recipient}` },
      );
    },
    close: async () => await dispatcher.close(),
  };
}

async function send(port: number, pki: Pki, { path = '/', headers = {}, body, as }: Post): Promise<Posted> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ca: pki.caPem,
        ...(as === undefined ? {} : { cert: as.certPem, key: as.keyPem }),
        method: 'POST',
        path,
        headers: { 'content-length': Buffer.byteLength(body), ...headers },
        agent: false,
      },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
