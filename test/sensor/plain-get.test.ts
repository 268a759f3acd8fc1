/** Plain GET and HEAD of `/` as ARCHITECTURE.md: The wire says, row by row, over real TLS and a real journal. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { envelopeHead, envelopeTail } from '../../src/idmef/envelope.ts';
import { makePki } from '../support/pki.ts';
import type { Pki } from '../support/pki.ts';
import { sampleMessage } from '../support/sample-alerts.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

let pki: Pki;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

function documentOf(first: number, last: number): string {
  const messages = Array.from({ length: last - first + 1 }, (_, index) => sampleMessage(first + index));
  return Buffer.concat([envelopeHead, ...messages, envelopeTail]).toString();
}

test('a peek shows everything, oldest first, and consumes nothing', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  await sensor.fill(300);
  for (const _ of [1, 2]) {
    const answer = await sensor.ask();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/xml; charset=UTF-8');
    assert.equal(answer.headers['content-length'], String(answer.body.length));
    assert.equal(answer.headers['idmef-relay'], '1');
    assert.equal(answer.headers['idmef-pending'], '300');
    assert.match(
      String(answer.headers['idmef-status']),
      /^pending=300, oldest=\d+, stuck=2, corrupt=3, dropped=0, paused=0$/,
    );
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.body.toString(), documentOf(1, 300));
  }
  assert.equal((await sensor.stats()).pending, 300);
  await until(() => sensor.logger.events('delivered').length === 2);
  const line = sensor.logger.events('delivered')[0];
  assert.equal(line?.fields['peer'], 'manager1');
  assert.equal(line?.fields['serial'], pki.client.serial);
  assert.equal(line?.fields['receipt'], 'peek');
  assert.equal(line?.fields['first'], 1);
  assert.equal(line?.fields['last'], 300);
});

test('nothing to send is 404 with an empty body', async (t) => {
  for (const consuming of [true, false]) {
    const sensor = await startTestSensor(t, { pki, consuming });
    const answer = await sensor.ask();
    assert.equal(answer.status, 404);
    assert.equal(answer.headers['content-length'], '0');
    assert.equal(answer.headers['content-type'], 'text/plain');
    assert.equal(answer.headers['idmef-pending'], '0');
    assert.equal(
      answer.headers['idmef-status'],
      'pending=0, oldest=0, stuck=2, corrupt=3, dropped=0, paused=0',
    );
    assert.equal(answer.body.length, 0);
  }
});

test('other methods, paths and types', async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true });
  await sensor.fill(3);
  const rows: [string, string, Record<string, string>, number, string | undefined][] = [
    ['PUT', '/', {}, 405, 'GET, HEAD, OPTIONS'],
    ['DELETE', '/', {}, 405, 'GET, HEAD, OPTIONS'],
    ['POST', '/', { 'Content-Type': 'text/xml' }, 405, 'GET, HEAD, OPTIONS'],
    ['TRACE', '/', {}, 405, 'GET, HEAD, OPTIONS'],
    ['PATCH', '/?x=1', {}, 405, 'GET, HEAD, OPTIONS'],
    ['OPTIONS', '/', {}, 204, 'GET, HEAD, OPTIONS'],
    ['OPTIONS', '*', {}, 204, 'GET, HEAD, OPTIONS'],
    ['GET', '/', { Accept: 'text/html' }, 406, undefined],
    ['GET', '/', { Accept: 'text/xml;q=0' }, 406, undefined],
    ['GET', '/nowhere', {}, 404, undefined],
    ['GET', '//', {}, 404, undefined],
    ['GET', '/healthz', {}, 403, undefined],
    ['GET', '/metrics', {}, 403, undefined],
    ['PUT', '/metrics', {}, 405, 'GET, HEAD'],
    ['GET', '/leases/x', {}, 405, 'DELETE, PUT'],
    ['GET', '/', { 'accept-encoding': 'br, identity;q=0' }, 406, undefined],
    ['GET', '/leases/', {}, 404, undefined],
    ['PUT', '/leases/abc', {}, 410, undefined],
    ['DELETE', '/leases/abc', {}, 410, undefined],
    ['POST', '/leases/abc/release', {}, 410, undefined],
    ['GET', '/leases/abc/release', {}, 405, 'POST'],
    ['HEAD', '/?a=b', {}, 200, undefined],
  ];
  for (const [method, path, headers, status, allow] of rows) {
    const answer = await sensor.ask({ method, path, headers });
    const row = `${method} ${path} ${JSON.stringify(headers)}`;
    assert.equal(answer.status, status, row);
    assert.equal(answer.headers.allow, allow, row);
    assert.equal(answer.headers['idmef-relay'], '1', row);
    assert.ok(answer.headers['idmef-status'], row);
    assert.equal(answer.headers['idmef-pending'] !== undefined, /^\/($|\?)|^\*/.test(path), row);
    assert.equal(answer.headers['accept-post'], undefined, row);
    if (status >= 400) {
      assert.equal(answer.headers['content-type'], 'application/problem+json', row);
      const problem = answer.body.toString();
      assert.ok(problem.includes(`"status":${status},`), problem);
      assert.match(problem, /^\{"type":"urn:.*","title":".*","status":\d+,"detail":"[A-Z].*\."\}\n$/, row);
    }
  }
  assert.equal((await sensor.stats()).pending, 3);
});

test('HEAD has the headers of GET and consumes nothing', async (t) => {
  for (const consuming of [true, false]) {
    const sensor = await startTestSensor(t, { pki, consuming, maxBatchSize: 5 });
    assert.equal((await sensor.ask({ method: 'HEAD' })).status, 404);
    await sensor.fill(8);
    const head = await sensor.ask({ method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(head.headers['content-length'], String(Buffer.byteLength(documentOf(1, 5))));
    assert.equal((await sensor.stats()).pending, 8);
    const get = await sensor.ask();
    assert.equal(get.headers['content-length'], head.headers['content-length']);
    assert.equal(get.headers['content-type'], head.headers['content-type']);
  }
});

test('HEAD agrees with GET while messages are leased, and omits a length that only taking them would tell', async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true });
  await sensor.fill(3);
  const head = async (prefer?: string) => {
    const { status, headers } = await sensor.ask({
      method: 'HEAD',
      ...(prefer === undefined ? {} : { headers: { Prefer: prefer } }),
    });
    return [status, headers['content-length']];
  };
  const lengthOf = (first: number, last: number): string =>
    String(Buffer.byteLength(documentOf(first, last)));
  assert.deepEqual(await head(), [200, lengthOf(1, 3)]);
  assert.deepEqual(await head('batch=2'), [200, lengthOf(1, 3)]);
  assert.deepEqual(await head('lease=15, batch=2'), [200, lengthOf(1, 2)]);
  const first = await sensor.journal.lease('default', { messages: 2, bytes: 1e6 });
  assert.deepEqual(await head(), [200, undefined]);
  const second = await sensor.journal.lease('default', { messages: 2, bytes: 1e6 });
  assert.deepEqual(await head(), [404, '0']);
  assert.deepEqual(await head('lease=15'), [404, '0']);
  assert.deepEqual(await head('peek'), [200, lengthOf(1, 3)]);
  assert.equal((await sensor.ask()).status, 404);
  for (const claim of [first, second]) await sensor.journal.release(claim?.id ?? 0);
  assert.deepEqual(await head(), [200, lengthOf(1, 3)]);
  assert.equal((await sensor.stats()).leased, 0);
});

test('a consuming server takes what it sent off the queue, batch by batch, and ends with 404', async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true, maxBatchSize: 4 });
  await sensor.fill(10);
  for (const [first, last] of [
    [1, 4],
    [5, 8],
    [9, 10],
  ] as const) {
    const answer = await sensor.ask();
    assert.equal(answer.body.toString(), documentOf(first, last));
    assert.equal(answer.headers['idmef-pending'], String(10 - last));
    await until(async () => (await sensor.stats()).settled === last);
  }
  assert.equal((await sensor.ask()).status, 404);
  assert.deepEqual(
    sensor.logger
      .events('delivered')
      .map(({ fields }) => [fields['first'], fields['last'], fields['messages']]),
    [
      [1, 4, 4],
      [5, 8, 4],
      [9, 10, 2],
    ],
  );
});

test('Prefer: peek and role monitor never consume, and see what is leased', async (t) => {
  const watcher = await pki.issue({ name: 'watcher', san: ['DNS:watcher'], eku: ['client'] });
  const sensor = await startTestSensor(t, {
    pki,
    consuming: true,
    allow: { poller: ['DNS:manager1'], monitor: ['DNS:watcher'] },
  });
  await sensor.fill(6);
  const claim = await sensor.journal.lease('default', { messages: 2, bytes: 1e6 });
  const whole = documentOf(1, 6);
  const peek = await sensor.ask({ headers: { Prefer: 'peek' } });
  assert.equal(peek.headers['preference-applied'], 'peek');
  assert.equal(peek.body.toString(), whole);
  for (const headers of [{}, { Prefer: 'lease=30' }]) {
    const seen = await sensor.ask({ as: watcher, headers });
    assert.equal(seen.headers['idmef-lease'], undefined);
    assert.equal(seen.body.toString(), whole);
  }
  await sensor.journal.release(claim?.id ?? 0);
  assert.equal((await sensor.stats()).pending, 6);
  assert.equal((await sensor.stats()).settled, 0);
});
