/**
 * Plain GET against the built sensor, as curl and the old poller use it: every row of ARCHITECTURE.md: The wire, and the one
 * promise that matters: an answer that did not arrive is not consumed, one that did is, once.
 */

import assert from 'node:assert/strict';
import { Agent, get } from 'node:https';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { disconnect } from '../support/disconnect.ts';
import type { Program } from '../support/program.ts';
import { PLAIN_GET, rawClient, type RawAnswer } from '../support/raw-client.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { generator } from '../support/generator.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';

const MIB = 2 ** 20;
/** Whatever goes wrong, nobody waits for an answer for ever. */
const BOUND = { timeout: 600_000 };
const DUE_AGAIN = / without sign of receipt: due again$/gm;

test(
  '100 downloads aborted at random bytes by reset, close, half-close and kill -9 lose nothing',
  BOUND,
  async (t) => {
    const world = await makeWorld(tempDir(t));
    // Larger than what the kernels of both ends can hold, so that an unread answer is an unsent one.
    const ids = Array.from({ length: 14 }, (_, index) => `large-${index}`);
    const sensor = await filled(world, ids, ['--delete', '--allow-poller', 'DNS:manager1'], MIB);
    t.after(() => sensor.kill('SIGKILL'));
    const { headers } = await world.ask({ method: 'HEAD' });
    const length = Number(headers['content-length']);
    assert.ok(length > 14 * MIB);
    const random = generator(20_261_119);
    const undelivered = (): number => sensor.stderr().match(DUE_AGAIN)?.length ?? 0;

    for (let round = 1; round <= 100; round += 1) {
      const bytes = 1 + Math.floor(random() ** 3 * 3 * MIB);
      await disconnect(
        world,
        round % 10 === 0 ? 'kill' : (ways[round % ways.length] ?? 'reset'),
        PLAIN_GET,
        bytes,
      );
      await until(() => undelivered() === round, {
        what: `the verdict on download ${round} (${bytes} bytes)`,
      });
    }
    assert.doesNotMatch(sensor.stderr(), /received/);
    const { body } = await world.ask();
    assert.deepEqual(messageIds(body).toSorted(), ids.toSorted());
    assert.equal(body.length, length);
    await until(() => / received, connection closed$/m.test(sensor.stderr()), {
      what: 'receipt of the last one',
    });
    assert.equal((await world.ask()).status, 404);
  },
);

const ways = ['reset', 'close', 'half-close'] as const;

test(
  '100 complete downloads consume: each alert comes once, in order, whatever the client',
  BOUND,
  async (t) => {
    const world = await makeWorld(tempDir(t));
    const ids = Array.from({ length: 100 }, (_, index) => `n-${String(index).padStart(3, '0')}`);
    const flags = ['--delete', '--allow-poller', 'DNS:manager1', '-m', '1'];
    const sensor = await filled(world, ids, flags);
    t.after(() => sensor.kill('SIGKILL'));
    const agent = agentOf(world);
    t.after(() => agent.destroy());
    const came: string[] = [];
    const clients = [
      () => once(world, PLAIN_GET),
      () => once(world, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
      () => once(world, 'GET / HTTP/1.0\r\n\r\n'),
      () => viaAgent(world, agent),
    ];
    for (let round = 0; round < ids.length; round += 1) {
      const body = await clients[round % clients.length]?.();
      came.push(...messageIds(body ?? ''));
    }
    assert.deepEqual(came, ids);
    assert.equal(await viaAgent(world, agent), '', 'a further request: then the last answer is received too');
    await until(async () => (await world.ask({ method: 'HEAD' })).status === 404, { what: 'an empty queue' });
    assert.doesNotMatch(sensor.stderr(), DUE_AGAIN);
  },
);

test('without --delete and --movedir nothing is ever consumed, and the files stay', BOUND, async (t) => {
  const world = await makeWorld(tempDir(t));
  const sensor = await filled(world, ['peek-1', 'peek-2'], ['--allow-poller', 'DNS:manager1']);
  t.after(() => sensor.kill('SIGKILL'));
  for (let round = 0; round < 5; round += 1) {
    assert.deepEqual(messageIds(await once(world, PLAIN_GET)), ['peek-1', 'peek-2']);
  }
  assert.deepEqual(readdirSync(world.spool).toSorted(), ['peek-1.xml', 'peek-2.xml']);
  const again = await restart(world, sensor, ['--allow-poller', 'DNS:manager1']);
  t.after(() => again.kill('SIGKILL'));
  assert.deepEqual(messageIds(await once(world, PLAIN_GET)), ['peek-1', 'peek-2']);
});

test('--movedir keeps each taken file, the answer consumes', BOUND, async (t) => {
  const world = await makeWorld(tempDir(t));
  const done = join(world.dir, 'done');
  mkdirSync(done);
  const sensor = await filled(world, ['moved-1'], ['--movedir', done, '--allow-poller', 'DNS:manager1']);
  t.after(() => sensor.kill('SIGKILL'));
  assert.deepEqual(messageIds(await once(world, PLAIN_GET)), ['moved-1']);
  await until(async () => (await world.ask({ method: 'HEAD' })).status === 404);
  assert.ok(!existsSync(join(world.spool, 'moved-1.xml')));
  assert.equal(readdirSync(done).length, 1);
});

/** Request, status, what the head and the body must show. Two alerts wait; the server only shows them. */
const rows: readonly (readonly [string, string, number, (answer: RawAnswer) => void])[] = [
  ['GET /', PLAIN_GET, 200, isDocument],
  ['no Accept header (S11)', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 200, isDocument],
  ['Accept: text/xml', request('GET /', 'Accept: text/xml'), 200, isDocument],
  ['Accept in capitals (S12)', request('GET /', 'Accept: TEXT/XML'), 200, isDocument],
  ['Accept: application/xml', request('GET /', 'Accept: application/xml'), 200, isDocument],
  ['two Accept lines (S12)', request('GET /', 'Accept: text/html', 'Accept: text/xml'), 200, isDocument],
  ['Accept: text/*;q=0.1', request('GET /', 'Accept: text/*;q=0.1'), 200, isDocument],
  ['Accept: */*', request('GET /', 'Accept: */*'), 200, isDocument],
  ['Accept: text/html', request('GET /', 'Accept: text/html'), 406, isProblem],
  ['Accept: text/xml;q=0 (S12)', request('GET /', 'Accept: text/xml;q=0'), 406, isProblem],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 200, isDocument],
  ['Connection: close', request('GET /', 'Connection: close'), 200, isDocument],
  ['a query (S15)', request('GET /?x=1'), 200, isDocument],
  ['another path (S15)', request('GET /nope'), 404, isProblem],
  ['PUT (S13)', request('PUT /', 'Content-Length: 0'), 405, isRefusedMethod],
  ['DELETE', request('DELETE /'), 405, isRefusedMethod],
  ['TRACE (S13)', request('TRACE /'), 405, isRefusedMethod],
  ['a POST with a request in its body (S14)', smuggled(), 403, isProblem],
  ['Prefer: peek', request('GET /', 'Prefer: peek'), 200, isDocument],
];

describe('every row of the plain protocol', () => {
  test('what is asked, what is answered', BOUND, async (t) => {
    const world = await makeWorld(tempDir(t));
    const flags = ['--allow-poller', 'DNS:manager1', '--allow-producer', 'DNS:writer'];
    const sensor = await filled(world, ['row-1', 'row-2'], flags);
    t.after(() => sensor.kill('SIGKILL'));
    for (const [name, text, status, look] of rows) {
      const client = await rawClient(world.sensorPort, world.pki);
      client.send(text);
      const found = await client.answer();
      assert.equal(found?.status, status, name);
      assert.match(found.head, /^IDMEF-Relay: 1$/im, name);
      assert.match(
        found.head,
        /^IDMEF-Status: pending=\d+, oldest=\d+, stuck=0, corrupt=0, dropped=0, paused=0$/im,
        name,
      );
      assert.match(found.head, /^Cache-Control: no-store$/im, name);
      look(found);
      client.socket.destroy();
    }
    const head = await world.ask({ method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers['idmef-pending'], '2');
    assert.equal(head.body.length, 0);
  });

  test('nothing to send: 404, empty, and only then with IDMEF-Pending', BOUND, async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    const empty = await world.ask();
    assert.deepEqual([empty.status, empty.body.length, empty.headers['idmef-pending']], [404, 0, '0']);
    const elsewhere = await world.ask({ path: '/index.html' });
    assert.equal(elsewhere.status, 404);
    assert.equal(elsewhere.headers['idmef-pending'], undefined);
    assert.equal(elsewhere.headers['content-type'], 'application/problem+json');
  });
});

function request(line: string, ...headers: readonly string[]): string {
  return `${[`${line} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
}

/** A body that is a request itself: exactly one answer may come. */
function smuggled(): string {
  return `${request('POST /', 'Content-Type: text/xml', `Content-Length: ${PLAIN_GET.length}`)}${PLAIN_GET}`;
}

function isDocument({ head, body }: RawAnswer): void {
  assert.match(head, /^Content-Type: text\/xml; charset=UTF-8$/im);
  assert.match(head, new RegExp(`^Content-Length: ${body.length}$`, 'im'));
  assert.match(head, /^IDMEF-Pending: 2$/im);
  const text = body.toString('utf8');
  assert.match(
    text,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*<idmef:IDMEF-Message [^>]*xmlns:idmef="http:\/\/iana\.org\/idmef"/,
  );
  assert.equal(text.match(/<idmef:IDMEF-Message/g)?.length, 1);
  assert.deepEqual(messageIds(text), ['row-1', 'row-2']);
}

function isProblem({ head, body }: RawAnswer): void {
  assert.match(head, /^Content-Type: application\/problem\+json$/im);
  const problem: { detail?: string } = JSON.parse(body.toString('utf8'));
  assert.match(problem.detail ?? '', /^[A-Z].*\.$/);
}

function isRefusedMethod(found: RawAnswer): void {
  assert.match(found.head, /^Allow: GET, HEAD, POST, OPTIONS$/im);
  isProblem(found);
}

/** A sensor that has taken in these alerts, in this order. */
async function filled(
  world: World,
  ids: readonly string[],
  flags: readonly string[],
  bytes = 0,
): Promise<Program> {
  for (const id of ids) putInSpool(world.spool, id, alertDocument(id, 'x'.repeat(bytes)));
  const sensor = await world.startSensor(flags);
  const pending = async (): Promise<number> => {
    return Number((await world.ask({ method: 'HEAD' })).headers['idmef-pending'] ?? 0);
  };
  await until(async () => (await pending()) === ids.length, { everyMs: 40, what: 'a filled sensor' });
  return sensor;
}

async function restart(world: World, sensor: Program, flags: readonly string[]): Promise<Program> {
  assert.equal((await sensor.kill('SIGTERM')).code, 0);
  return await world.startSensor(flags);
}

/** One request on a connection of its own, read to its end and closed in order. */
async function once(world: World, text: string): Promise<string> {
  const client = await rawClient(world.sensorPort, world.pki);
  client.send(text);
  const found = await client.answer();
  client.socket.end();
  await client.closed;
  return found?.body.toString('utf8') ?? '';
}

function agentOf({ pki }: World): Agent {
  const { certPem: cert, keyPem: key } = pki.client;
  return new Agent({ keepAlive: true, maxSockets: 1, ca: pki.caPem, cert, key, servername: 'localhost' });
}

async function viaAgent({ sensorPort }: World, agent: Agent): Promise<string> {
  return await new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: sensorPort, agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
      response.on('error', reject);
    }).once('error', reject);
  });
}
