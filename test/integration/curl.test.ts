/**
 * The table of ARCHITECTURE.md: The wire with the clients operators have: curl and python-requests, against a consuming server.
 *
 * Without the tool the tests fail where CI is set (it installs both), and are skipped with a reason elsewhere.
 */

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makePki } from '../support/pki.ts';
import type { Pki } from '../support/pki.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import type { TestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

let pki: Pki;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

const noCurl = missing('curl', ['--version']);
const noRequests = missing('python3', ['-c', 'import requests']);

/** Why a test cannot run, or false; in CI it runs and fails. */
function missing(tool: string, args: readonly string[]): string | false {
  if (process.env['CI'] !== undefined || spawnSync(tool, args).status === 0) return false;
  return `${tool} ${args.join(' ')} does not work here`;
}

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, args: readonly string[]): Promise<Result> {
  return await new Promise((resolve) => {
    const options = { maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env['PATH'] ?? '' } };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      });
    });
  });
}

/** Prints the status after the body. */
async function curl(sensor: TestSensor, ...args: readonly string[]): Promise<Result & { status: number }> {
  const { certFile, keyFile } = pki.client;
  const tls = ['--cert', certFile, '--key', keyFile, '--cacert', pki.caFile, '--ipv4'];
  const result = await run('curl', [
    '-s',
    '-S',
    '-w',
    '\n%{http_code}',
    ...tls,
    ...args,
    `https://localhost:${sensor.port}/`,
  ]);
  return { ...result, status: Number(/\d{3}$/.exec(result.stdout)?.[0] ?? 0) };
}

async function consumed(sensor: TestSensor, count: number): Promise<void> {
  await until(async () => (await sensor.stats()).settled === count, { what: `${count} settled` });
}

test('curl: each way of asking consumes once', { skip: noCurl }, async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true, maxBatchSize: 700 });
  const ways: readonly (readonly string[])[] = [
    [],
    ['-0'],
    ['-H', 'Connection: close'],
    ['-H', 'Accept:'],
    ['-H', 'Accept: application/xml'],
    ['--tls-max', '1.2'],
    ['--tlsv1.3'],
    ['--no-alpn'],
    ['--limit-rate', '20M'],
    ['-A', 'python-requests/2.28', '-H', 'Accept: text/xml'],
  ];
  let settled = 0;
  for (const way of ways) {
    await sensor.fill(700);
    const answer = await curl(sensor, ...way);
    assert.equal(answer.code, 0, `${way.join(' ')}: ${answer.stderr}`);
    assert.equal(answer.status, 200, way.join(' '));
    assert.equal(answer.stdout.match(/<idmef:Alert /g)?.length, 700);
    settled += 700;
    await consumed(sensor, settled);
    assert.equal((await curl(sensor, ...way)).status, 404, way.join(' '));
  }
});

test('curl: what does not consume', { skip: noCurl }, async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true });
  await sensor.fill(5);
  const rows: readonly (readonly [readonly string[], number])[] = [
    [['-I'], 200],
    [['-H', 'Prefer: peek'], 200],
    [['-H', 'Accept: text/html'], 406],
    [['-X', 'DELETE'], 405],
    [['-d', 'x=1'], 405],
    [['-X', 'OPTIONS'], 204],
    [['-H', 'Expect: 100-continue', '-d', 'x=1'], 405],
  ];
  for (const [args, status] of rows) {
    const answer = await curl(sensor, ...args);
    assert.equal(answer.status, status, `${args.join(' ')}: ${answer.stderr}`);
  }
  assert.equal((await sensor.stats()).pending, 5);
});

test('curl: a lease, its acknowledgement by hand, and no certificate', { skip: noCurl }, async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true });
  await sensor.fill(5);
  const answer = await curl(sensor, '-i', '-H', 'Prefer: lease=30, batch=3');
  const token = /^IDMEF-Lease: ([^;]+); expires=30\r$/im.exec(answer.stdout)?.[1] ?? '';
  const url = `https://localhost:${sensor.port}/leases/${token}`;
  const { certFile, keyFile } = pki.client;
  const tls = ['--cert', certFile, '--key', keyFile, '--cacert', pki.caFile];
  const ack = await run('curl', ['-s', '-X', 'DELETE', '-w', '%{http_code}', ...tls, '--ipv4', url]);
  assert.equal(ack.stdout, '204');
  assert.equal((await sensor.stats()).settled, 3);
  const nobody = await run('curl', [
    '-s',
    '-S',
    '--ipv4',
    '--cacert',
    pki.caFile,
    `https://localhost:${sensor.port}/`,
  ]);
  assert.notEqual(nobody.code, 0);
  await until(() => sensor.logger.events('handshake-refused').length === 1);
  assert.equal(sensor.logger.events('handshake-refused')[0]?.fields['reason'], 'no client certificate');
});

test('curl: a download killed in the middle loses nothing', { skip: noCurl }, async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true });
  await sensor.fill(7000);
  for (let round = 0; round < 5; round += 1) {
    const answer = await curl(sensor, '--limit-rate', '4M', '--max-time', String(0.3 + round / 10));
    assert.equal(answer.code, 28, answer.stderr);
    await until(async () => (await sensor.stats()).pending === 7000);
  }
  assert.equal((await curl(sensor)).status, 200);
  await consumed(sensor, 7000);
});

const PYTHON = `
import sys, requests
port, cert, key, ca, way = sys.argv[1:6]
url = 'https://localhost:%s/' % port
session = requests.Session()
session.trust_env = False
session.cert, session.verify = (cert, key), ca
headers = {'Accept': 'text/xml'}
if way == 'close': headers['Connection'] = 'close'
first = session.get(url, headers=headers, timeout=10)
print(first.status_code, first.content.count(b'<idmef:Alert '))
if way == 'again':
    print(session.get(url, headers=headers, timeout=10).status_code)
if way == 'stream':
    second = session.get(url, headers=headers, timeout=10, stream=True)
    second.raw.read(10)
    second.close()
if way != 'kill': session.close()
else:
    import os; sys.stdout.flush(); os._exit(0)
`;

test(
  'python-requests: closing, again on the same session, and leaving in the middle',
  { skip: noRequests },
  async (t) => {
    const sensor = await startTestSensor(t, { pki, consuming: true, maxBatchSize: 2000 });
    let settled = 0;
    for (const way of ['plain', 'close', 'again', 'kill']) {
      await sensor.fill(2000);
      const { certFile, keyFile } = pki.client;
      const result = await run('python3', [
        '-c',
        PYTHON,
        String(sensor.port),
        certFile,
        keyFile,
        pki.caFile,
        way,
      ]);
      assert.equal(
        result.stdout,
        way === 'again' ? '200 2000\n404\n' : '200 2000\n',
        `${way}: ${result.stderr}`,
      );
      settled += 2000;
      await consumed(sensor, settled);
    }
    assert.equal(sensor.logger.events('undelivered').length, 0);
    await sensor.fill(4000);
    const { certFile, keyFile } = pki.client;
    await run('python3', ['-c', PYTHON, String(sensor.port), certFile, keyFile, pki.caFile, 'stream']);
    await consumed(sensor, settled + 2000);
    await until(async () => (await sensor.stats()).pending === 2000);
    assert.equal(sensor.logger.events('undelivered').length, 1);
  },
);
