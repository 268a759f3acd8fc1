/** The built alert-dispatcher in a directory of its own, with a configuration a test writes: for tests against foreign software. */

import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

import { isObject, jsonObject, type JsonObject } from '../../src/core/json-object.ts';
import { dispatcherPort } from '../support/dispatcher-port.ts';
import type { Issued, Pki } from '../support/pki.ts';
import { runProgram, startProgram, type Program } from '../support/program.ts';
import { until } from '../support/until.ts';

export interface DispatcherProgram {
  readonly stateDir: string;
  readonly pid: number;
  port(source?: string): Promise<number>;
  stderr(): string;
  /** An `alert-dispatcher` command with `--json`; its lines. */
  json(...words: readonly string[]): Promise<readonly JsonObject[]>;
  queue(recipient: string): Promise<JsonObject>;
  /** Resolves when nothing of a recipient is on its way any more. */
  settled(recipient: string, planned: number): Promise<JsonObject>;
  /** An IDMEF document; status and body of the answer. */
  post(body: Buffer, as: Issued, headers?: Readonly<Record<string, string>>): Promise<string>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

/** `sources.https` with the authority's files. */
export function httpsSource({ server, caFile }: Pki, port = 0): JsonObject {
  return {
    listen: `127.0.0.1:${port}`,
    cert: server.certFile,
    key: server.keyFile,
    ca: caFile,
    allow_relay: ['DNS:manager1'],
  };
}

export async function startDispatcher(
  t: Ending,
  pki: Pki,
  dir: string,
  config: JsonObject,
): Promise<DispatcherProgram> {
  mkdirSync(dir, { recursive: true });
  const stateDir = join(realpathSync(dir), 'state');
  mkdirSync(stateDir, { recursive: true });
  const configFile = join(realpathSync(dir), 'dispatcher.yml');
  writeFileSync(configFile, JSON.stringify(config, null, 2), { mode: 0o640 });
  const place = ['--config', configFile, '--state', stateDir];
  const program: Program = startProgram('alert-dispatcher', ['serve', ...place, '--min-free', '0']);
  t.after(async () => void (await program.kill('SIGKILL')));
  await program.line(/started: \d+ recipients/, 60_000);

  const port = async (source = 'https'): Promise<number> => await dispatcherPort(program, source);
  const json = async (...words: readonly string[]): Promise<readonly JsonObject[]> => {
    const { stdout, stderr } = await runProgram('alert-dispatcher', [...words, '--json', ...place]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => jsonObject(line) ?? { unreadable: line, stderr });
  };
  const queue = async (recipient: string): Promise<JsonObject> => {
    const [status] = await json('status');
    const stats = status?.['stats'];
    const queues = isObject(stats) ? stats['queues'] : undefined;
    const found: unknown = Array.isArray(queues)
      ? queues.find((one) => isObject(one) && one['recipient'] === recipient)
      : undefined;
    return isObject(found) ? found : {};
  };
  return {
    stateDir,
    pid: program.pid,
    port,
    stderr: () => program.stderr(),
    json,
    queue,
    settled: async (recipient, planned) =>
      await until(
        async () => {
          const found = await queue(recipient);
          const open = Number(found['pending']) + Number(found['leased']);
          return found['planned'] === planned && open === 0 ? found : undefined;
        },
        { timeoutMs: 120_000, what: `the fate of ${planned} deliveries to ${recipient}` },
      ),
    post: async (body, as, headers = {}) => await post(await port(), pki, body, as, headers),
    stop: async (signal = 'SIGTERM') => void (await program.kill(signal)),
  };
}

async function post(
  port: number,
  pki: Pki,
  body: Buffer,
  as: Issued,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ca: pki.caPem,
        cert: as.certPem,
        key: as.keyPem,
        method: 'POST',
        headers: { 'content-type': 'text/xml', 'content-length': body.length, ...headers },
        agent: false,
      },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => resolve(`${incoming.statusCode} ${Buffer.concat(parts).toString()}`));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
