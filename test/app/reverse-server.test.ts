/** reverse-server as a value: start order, what it prints, spool → journal → HTTPS, and its orderly end. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ReverseServerConfig } from '../../src/app/reverse-server-config.ts';
import { createReverseServer } from '../../src/app/reverse-server.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { makePki } from '../support/pki.ts';
import type { Pki } from '../support/pki.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { sampleAlert } from '../support/sample-alerts.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

let pki: Pki;
const certDir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(certDir);
});
after(() => rmSync(certDir, { recursive: true, force: true }));

function setUp(dir: string, changes: Partial<ReverseServerConfig> = {}) {
  const spoolDir = join(dir, 'spool');
  mkdirSync(spoolDir, { recursive: true });
  const config: ReverseServerConfig = {
    tls: { certFile: pki.server.certFile, keyFile: pki.server.keyFile, caFile: pki.caFile, policy: 'anssi' },
    address: '127.0.0.1',
    port: 0,
    spoolDir,
    delete: true,
    stateDir: join(dir, 'state'),
    allow: { poller: ['DNS:manager1'] },
    consumers: [],
    minFree: { bytes: 0, percent: 0 },
    log: { format: 'text', verbosity: 0 },
    ...changes,
  };
  const logger = recordingLogger();
  const printed: string[] = [];
  const stdout = {
    write: (text: string) => {
      printed.push(text);
      return true;
    },
  };
  const server = createReverseServer(config, { logger, clock: systemClock, random: systemRandom, stdout });
  return { config, logger, printed, server };
}

async function poll(port: number, method = 'GET'): Promise<{ status: number; body: string }> {
  return await new Promise((resolve, reject) => {
    const { certPem: cert, keyPem: key } = pki.client;
    const options = {
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      method,
      ca: pki.caPem,
      cert,
      key,
      agent: false,
    };
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

test('a file in the spool is served and consumed; the end is orderly and a restart owes nothing', async (t) => {
  const dir = tempDir(t);
  const first = setUp(dir);
  const { port, url } = await first.server.start();
  assert.equal(url, `https://127.0.0.1:${port}/`);
  assert.deepEqual(first.printed, [`Listening on ${url}\n`]);
  writeFileSync(join(first.config.spoolDir, '1.xml'), sampleAlert(1));
  await until(async () => (await poll(port, 'HEAD')).status === 200);
  assert.equal(readdirSync(first.config.spoolDir).includes('1.xml'), false);
  const answer = await poll(port);
  assert.equal(answer.status, 200);
  assert.match(answer.body, /<idmef:Alert /);
  await until(() => first.logger.events('delivered').length === 1);
  await first.server.close();
  await first.server.close();

  const second = setUp(dir);
  const again = await second.server.start();
  assert.equal((await poll(again.port)).status, 404);
  await second.server.close();
});

test('run ends with the signal', async (t) => {
  const { server, printed } = setUp(tempDir(t));
  const stop = new AbortController();
  const running = server.run(stop.signal);
  await until(() => printed.length === 1);
  stop.abort();
  await running;
});

test('IPv6 addresses are printed in brackets', async (t) => {
  for (const [address, expected] of [
    ['::1', /^Listening on https:\/\/\[::1\]:\d+\/\n$/],
    ['', /^Listening on https:\/\/\[::\]:\d+\/\n$/],
  ] as const) {
    const { server, printed } = setUp(tempDir(t), { address });
    await server.start();
    assert.match(printed[0] ?? '', expected);
    await server.close();
  }
});

test('without --allow-poller a warning is said at each start', async (t) => {
  const { server, logger } = setUp(tempDir(t), { allow: {} });
  await server.start();
  await server.close();
  assert.equal(logger.events('everybody-polls').length, 1);
  assert.equal(logger.events('everybody-polls')[0]?.level, 'warning');
});

test('a mistake ends the start with its own code, prints nothing and leaves nothing running', async (t) => {
  const busy = createServer().listen(0, '127.0.0.1');
  await until(() => busy.listening);
  const taken = busy.address();
  const port = typeof taken === 'object' && taken !== null ? taken.port : 0;
  const tls = {
    certFile: pki.server.certFile,
    keyFile: pki.server.keyFile,
    caFile: pki.caFile,
    policy: 'anssi',
  } as const;
  const rows: readonly (readonly [Partial<ReverseServerConfig>, string, RegExp])[] = [
    [
      { tls: { ...tls, keyFile: '/nowhere/server.key' } },
      'TLS_FILE',
      /^--key \/nowhere\/server\.key does not exist$/,
    ],
    [{ tls: { ...tls, ciphers: 'NO-SUCH' } }, 'CONFIG', /^--ciphers NO-SUCH leaves no cipher suite/],
    [{ allow: { poller: ['IP:127.0.0.1'] } }, 'CONFIG', /^--allow-poller IP:127\.0\.0\.1: a name is/],
    [{ port }, 'LISTEN', /^cannot listen on 127\.0\.0\.1, port \d+: the port is in use$/],
  ];
  for (const [changes, code, message] of rows) {
    const { server, printed } = setUp(tempDir(t), changes);
    await assert.rejects(server.run(new AbortController().signal), { code, message });
    assert.deepEqual(printed, []);
  }
  busy.close();
});
