/** Leased GET, acknowledgement, release, expiry, fencing and the long poll, over real TLS and a real journal. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { leaseLimits } from '../../src/core/limits.ts';
import { Leases } from '../../src/sensor/leases.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { manualClock } from '../support/manual-clock.ts';
import { makePki } from '../support/pki.ts';
import type { Issued, Pki } from '../support/pki.ts';
import { rawClient } from '../support/raw-client.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import type { Answer, TestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

let pki: Pki;
let other: Issued;
let renewed: Issued;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
  other = await pki.issue({ name: 'other', san: ['DNS:manager2'], eku: ['client'] });
  renewed = await pki.issue({ name: 'renewed', cn: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
});
after(() => rmSync(dir, { recursive: true, force: true }));

const PREFER = { Prefer: 'lease=15, wait=0, batch=3' };

function tokenOf(answer: Answer): string {
  const token = /^([A-Za-z0-9_-]{32}); expires=\d+$/.exec(String(answer.headers['idmef-lease']))?.[1];
  assert.ok(token, String(answer.headers['idmef-lease']));
  return token;
}

async function end(sensor: TestSensor, token: string, as?: Issued): Promise<number> {
  const answer = await sensor.ask({
    method: 'DELETE',
    path: `/leases/${token}`,
    ...(as === undefined ? {} : { as }),
  });
  return answer.status;
}

async function giveBack(sensor: TestSensor, token: string, as?: Issued): Promise<number> {
  const path = `/leases/${token}/release`;
  return (await sensor.ask({ method: 'POST', path, ...(as === undefined ? {} : { as }) })).status;
}

for (const consuming of [true, false]) {
  test(`a batch, its headers and its acknowledgement (server ${consuming ? 'with' : 'without'} --delete)`, async (t) => {
    const sensor = await startTestSensor(t, { pki, consuming });
    await sensor.fill(7);
    const answer = await sensor.ask({
      headers: { Prefer: 'lease=15, wait=25, batch=3, batch-bytes=1000000' },
    });
    assert.equal(answer.status, 200);
    const token = tokenOf(answer);
    assert.equal(answer.headers['preference-applied'], 'lease=15, wait=25, batch=3, batch-bytes=1000000');
    assert.equal(answer.headers['idmef-lease'], `${token}; expires=15`);
    assert.equal(answer.headers['idmef-sequence'], `${sensor.journal.id}; 1-3`);
    assert.equal(answer.headers['link'], `</leases/${token}>; rel="lease"`);
    assert.equal(answer.headers['content-type'], 'text/xml; charset=UTF-8');
    assert.equal(answer.headers['content-length'], String(answer.body.length));
    const digest = createHash('sha256').update(answer.body).digest('base64');
    assert.equal(answer.headers['content-digest'], `sha-256=:${digest}:`);
    assert.equal(answer.headers['idmef-pending'], '4');
    assert.equal((await sensor.stats()).leased, 3);
    assert.equal(await end(sensor, token), 204);
    assert.equal((await sensor.stats()).settled, 3);
    assert.equal(await end(sensor, token), 204, 'a repeated acknowledgement is right');
    assert.equal((await sensor.stats()).settled, 3);
    assert.equal(await end(sensor, token, other), 410, 'also remembered tokens belong to one identity');
    const [line] = sensor.logger.events('delivered');
    assert.equal(sensor.logger.events('delivered').length, 1);
    assert.deepEqual(
      [line?.fields['receipt'], line?.fields['first'], line?.fields['last'], line?.fields['serial']],
      ['ack', 1, 3, pki.client.serial],
    );
  });
}

test('nothing due is 404 with the status headers and no lease', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  const answer = await sensor.ask({ headers: PREFER });
  assert.equal(answer.status, 404);
  assert.equal(answer.headers['idmef-lease'], undefined);
  assert.equal(answer.headers['preference-applied'], undefined);
  assert.equal(answer.headers['idmef-pending'], '0');
});

test('released messages are due at once; the token is over', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  await sensor.fill(3);
  const token = tokenOf(await sensor.ask({ headers: PREFER }));
  assert.equal(await giveBack(sensor, token, other), 410);
  assert.equal(await giveBack(sensor, token), 204);
  assert.equal((await sensor.stats()).pending, 3);
  assert.equal(await giveBack(sensor, token), 410);
  assert.equal(await end(sensor, token), 410);
  assert.equal((await sensor.stats()).settled, 0);
});

test('a foreign identity gets the 410 of an unknown token, a renewed certificate is the same identity', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  await sensor.fill(3);
  const token = tokenOf(await sensor.ask({ headers: PREFER }));
  const foreign = await sensor.ask({ method: 'DELETE', path: `/leases/${token}`, as: other });
  const unknown = await sensor.ask({ method: 'DELETE', path: `/leases/${'A'.repeat(32)}`, as: other });
  assert.equal(foreign.status, 410);
  assert.equal(foreign.body.toString(), unknown.body.toString());
  assert.equal((await sensor.stats()).leased, 3);
  assert.equal(await end(sensor, token, renewed), 204);
});

test('a lease runs out on the monotonic clock, is fenced, and its messages go to the next', async (t) => {
  const clock = manualClock();
  const sensor = await startTestSensor(t, { pki, clock });
  await sensor.fill(3);
  const stale = tokenOf(await sensor.ask({ headers: PREFER }));
  clock.advance(14_999);
  assert.equal((await sensor.ask({ headers: PREFER })).status, 404);
  clock.advance(1);
  assert.equal(await end(sensor, stale), 410, 'too late by a millisecond');
  assert.equal((await sensor.stats()).settled, 0);
});

test('expiry releases by itself and never touches what is being settled', async () => {
  const clock = manualClock();
  const calls: string[] = [];
  let settle = (): void => undefined;
  const journal = {
    release: async (id: number) => {
      calls.push(`release ${id}`);
    },
    settle: async (id: number) => {
      calls.push(`settle ${id}`);
      await new Promise<void>((resolve) => {
        settle = resolve;
      });
    },
  };
  const quiet = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };
  let next = 0;
  const random = { bytes: (count: number) => Buffer.alloc(count, (next += 1)) };
  const leases = new Leases({ journal, clock, random, logger: quiet });
  const claim = (id: number) =>
    ({ id, kind: 'lease', consumer: 'default', count: 1, bytes: 1, sequences: String(id) }) as const;
  leases.enter('m');
  leases.enter('m');
  const first = leases.grant('m', claim(1), 10);
  const second = leases.grant('m', claim(2), 10);
  await leases.expire();
  clock.advance(60_000);
  await leases.expire();
  assert.deepEqual(calls, [], 'the clock starts with the last byte');
  leases.start(first);
  leases.start(second);
  clock.advance(9_999);
  const acknowledged = leases.acknowledge(first, 'm');
  const repeated = leases.acknowledge(first, 'm');
  clock.advance(1);
  await leases.expire();
  assert.deepEqual(calls, ['settle 1', 'release 2']);
  settle();
  assert.equal((await acknowledged).result, 'acknowledged');
  assert.equal((await repeated).result, 'repeated');
  assert.equal((await leases.acknowledge(second, 'm')).result, 'unknown');
  assert.equal(leases.size, 0);
  for (let n = 0; n < leaseLimits.perIdentity; n += 1) assert.equal(leases.enter('m'), true);
  assert.equal(leases.enter('m'), false);
  leases.close();
});

/** The journal, with something of a test's own done before the named calls. */
function patched(journal: Journal, extra: Readonly<Record<string, () => Promise<void>>>): Journal {
  return new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const first = extra[String(name)];
      const call: (...given: unknown[]) => unknown = value.bind(target);
      if (first === undefined) return call;
      return async (...given: unknown[]) => {
        await first();
        return await call(...given);
      };
    },
  });
}

test('a failed settlement leaves the lease as it was', async (t) => {
  let broken = true;
  const sensor = await startTestSensor(t, {
    pki,
    wrap: (journal) =>
      patched(journal, {
        settle: async () => {
          if (broken) throw new Error('disk on fire');
        },
      }),
  });
  await sensor.fill(3);
  const token = tokenOf(await sensor.ask({ headers: PREFER }));
  assert.equal(await end(sensor, token), 500);
  assert.equal((await sensor.stats()).leased, 3);
  broken = false;
  assert.equal(await end(sensor, token), 204);
  assert.ok(
    sensor.logger.lines.some(({ level, text }) => level === 'error' && text.includes('disk on fire')),
  );
});

test('four leases of one identity, then 429 with Retry-After; another identity is not concerned', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  await sensor.fill(20);
  const tokens: string[] = [];
  for (let n = 0; n < leaseLimits.perIdentity; n += 1) {
    tokens.push(tokenOf(await sensor.ask({ headers: PREFER })));
  }
  const refused = await sensor.ask({ headers: PREFER });
  assert.equal(refused.status, 429);
  assert.match(String(refused.headers['retry-after']), /^1[0-5]$/);
  assert.equal((await sensor.ask({ headers: PREFER, as: other })).status, 200);
  assert.equal(await end(sensor, tokens[0] ?? ''), 204);
  assert.equal((await sensor.ask({ headers: PREFER })).status, 200);
});

test('an answer that breaks off before its last byte releases at once', async (t) => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const sensor = await startTestSensor(t, {
    pki,
    wrap: (journal) => patched(journal, { read: async () => await gate }),
  });
  await sensor.fill(3);
  const client = await rawClient(sensor.port, pki);
  client.send('GET / HTTP/1.1\r\nHost: x\r\nPrefer: lease=300\r\n\r\n');
  await until(async () => (await sensor.stats()).leased === 3);
  client.reset();
  await until(() => sensor.server.connections().open === 0);
  open();
  await until(async () => (await sensor.stats()).leased === 0);
  assert.equal((await sensor.stats()).pending, 3);
});

test('wait: an appended message wakes the request', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  const begun = performance.now();
  const waiting = sensor.ask({ headers: { Prefer: 'lease=15, wait=25' } });
  await until(() => sensor.server.connections().waiting === 1);
  await sensor.fill(1);
  const answer = await waiting;
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['idmef-sequence'], `${sensor.journal.id}; 1`);
  assert.ok(performance.now() - begun < 15_000);
});

test('wait: the time is over', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  const begun = performance.now();
  const answer = await sensor.ask({ headers: { Prefer: 'lease=15, wait=1' } });
  assert.equal(answer.status, 404);
  assert.ok(performance.now() - begun >= 990);
});

test('wait: a client that goes away frees its place and takes nothing', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  for (const leave of ['reset', 'close'] as const) {
    const clients = await Promise.all(
      Array.from({ length: leaseLimits.perIdentity }, async () => await rawClient(sensor.port, pki)),
    );
    for (const client of clients)
      client.send('GET / HTTP/1.1\r\nHost: x\r\nPrefer: lease=15, wait=25\r\n\r\n');
    await until(() => sensor.server.connections().waiting === leaseLimits.perIdentity);
    assert.equal((await sensor.ask({ headers: PREFER })).status, 429);
    for (const client of clients) {
      if (leave === 'reset') client.reset();
      else client.socket.end();
    }
    await until(() => sensor.server.connections().waiting === 0);
  }
  await sensor.fill(1);
  assert.equal((await sensor.stats()).pending, 1);
  assert.equal((await sensor.ask({ headers: PREFER })).status, 200);
});

test('a batch is cut by bytes but is never empty, and by --maxbatchsize', async (t) => {
  const sensor = await startTestSensor(t, { pki, maxBatchSize: 2 });
  await sensor.fill(5);
  const one = await sensor.ask({ headers: { Prefer: 'lease=5, batch-bytes=1' } });
  assert.match(String(one.headers['idmef-sequence']), /; 1$/);
  const two = await sensor.ask({ headers: { Prefer: 'lease=5' } });
  assert.match(String(two.headers['idmef-sequence']), /; 2-3$/);
});

test('concurrent pollers get disjoint batches that are whole together', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  await sensor.fill(12);
  const answers = await Promise.all([1, 2, 3, 4].map(async () => await sensor.ask({ headers: PREFER })));
  const ranges = answers.map(({ headers }) => String(headers['idmef-sequence']).split('; ')[1] ?? '');
  ranges.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  assert.deepEqual(ranges, ['1-3', '4-6', '7-9', '10-12']);
});

test('named consumers each get everything; others may not poll', async (t) => {
  const consumers = [{ name: 'prelude', peer: 'DNS:manager1' }, { name: 'manager2' }];
  const sensor = await startTestSensor(t, { pki, consumers, consuming: true });
  const third = await pki.issue({ name: 'third', san: ['DNS:manager3'], eku: ['client'] });
  await sensor.fill(3);
  assert.equal((await sensor.ask({ as: third })).status, 403);
  assert.equal((await sensor.ask({ as: third, headers: PREFER })).status, 403);
  const mine = await sensor.ask({ headers: PREFER });
  assert.equal(await end(sensor, tokenOf(mine)), 204);
  assert.equal((await sensor.stats('prelude')).settled, 3);
  assert.equal((await sensor.stats('manager2')).pending, 3);
  const theirs = await sensor.ask({ as: other, headers: PREFER });
  assert.equal(theirs.body.toString(), mine.body.toString());
  assert.equal(theirs.headers['idmef-pending'], '0');
});
