/** POST by producers: what is taken, what is refused and how it is said. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { RelayError } from '../../src/core/errors.ts';
import { producerLimits } from '../../src/core/limits.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { makePki } from '../support/pki.ts';
import type { Issued, Pki } from '../support/pki.ts';
import { rawClient } from '../support/raw-client.ts';
import { sampleBatch } from '../support/sample-alerts.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import type { Answer, TestSensor } from '../support/test-sensor.ts';

let pki: Pki;
let producer: Issued;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
  producer = await pki.issue({ name: 'detector', san: ['URI:urn:detector:1'], eku: ['client'] });
});
after(() => rmSync(dir, { recursive: true, force: true }));

const allow = { poller: ['DNS:manager1'], producer: ['URI:urn:detector:1'] };
const read = (bytes: Uint8Array) => readDocument(bytes, 'off');

async function post(sensor: TestSensor, body: string | Buffer, headers = {}): Promise<Answer> {
  return await sensor.ask({
    method: 'POST',
    as: producer,
    body,
    headers: { 'Content-Type': 'text/xml', ...headers },
  });
}

test('a document is durable before 201, and is served as it came', async (t) => {
  const sensor = await startTestSensor(t, { pki, allow, readDocument: read });
  for (const type of ['text/xml', 'application/xml', 'Text/XML; charset=utf-8']) {
    const answer = await post(sensor, sampleBatch(1, 3), { 'Content-Type': type });
    assert.equal(answer.status, 201, type);
    assert.equal(answer.headers['content-length'], '0');
  }
  assert.equal((await sensor.stats()).accepted, 9);
  const chunked = await sensor.ask({
    method: 'POST',
    as: producer,
    body: sampleBatch(1, 1),
    headers: { 'Content-Type': 'text/xml', 'Transfer-Encoding': 'chunked' },
  });
  assert.equal(chunked.status, 201);
  const served = await sensor.ask();
  assert.equal((served.body.toString().match(/<idmef:Alert /g) ?? []).length, 10);
  assert.equal(read(served.body).readable, true);
});

test('roles: a poller may not post, a producer may not poll, OPTIONS tells', async (t) => {
  const sensor = await startTestSensor(t, { pki, allow, readDocument: read });
  await sensor.fill(1);
  assert.equal((await sensor.ask({ method: 'POST', body: 'x' })).status, 403);
  assert.equal((await sensor.ask({ as: producer })).status, 403);
  assert.equal((await sensor.ask({ as: producer, method: 'HEAD' })).status, 403);
  assert.equal((await sensor.ask({ as: producer, headers: { Prefer: 'lease=10' } })).status, 403);
  assert.equal((await sensor.ask({ as: producer, method: 'DELETE', path: '/leases/x' })).status, 403);
  const options = await sensor.ask({ as: producer, method: 'OPTIONS' });
  assert.equal(options.status, 204);
  assert.equal(options.headers.allow, 'GET, HEAD, POST, OPTIONS');
  assert.equal(options.headers['accept-post'], 'text/xml, application/xml');
  const lines = sensor.logger.events('refused').map(({ text }) => text);
  assert.ok(
    lines.some((text) => text.includes('may not post alerts (--allow-producer)')),
    lines.join('\n'),
  );
});

test('refused documents say why, and nothing of them is taken', async (t) => {
  const sensor = await startTestSensor(t, { pki, allow, readDocument: read });
  const good = sampleBatch(1, 2).toString();
  const root = '<IDMEF-Message xmlns="http://iana.org/idmef"/>';
  const rows: readonly (readonly [string, string | Buffer, Record<string, string>, number])[] = [
    ['no type', good, { 'Content-Type': '' }, 415],
    ['wrong type', good, { 'Content-Type': 'application/json' }, 415],
    ['gzip', good, { 'Content-Encoding': 'gzip' }, 415],
    ['not XML', 'hello', {}, 422],
    ['cut off', good.slice(0, -200), {}, 422],
    ['foreign root', '<html/>', {}, 422],
    ['no message', root, {}, 422],
    ['entities', `<!DOCTYPE a [<!ENTITY b "c">]>${root}`, {}, 422],
    ['empty', '', {}, 422],
    ['too large', Buffer.alloc(producerLimits.bodyBytes + 1, 0x20), {}, 413],
  ];
  for (const [name, body, headers, status] of rows) {
    const answer = await post(sensor, body, headers).catch((error: unknown) => {
      // The server may answer and close before all of a body it does not want is sent.
      assert.equal(status, 413, `${name}: ${String(error)}`);
      return undefined;
    });
    if (answer === undefined) continue;
    assert.equal(answer.status, status, name);
    assert.equal(answer.headers['content-type'], 'application/problem+json', name);
    const problem: unknown = JSON.parse(answer.body.toString());
    assert.ok(typeof problem === 'object' && problem !== null, name);
    if (status === 415 && name !== 'gzip')
      assert.equal(answer.headers['accept-post'], 'text/xml, application/xml');
    if (status === 422) assert.ok('rule' in problem, name);
    if (name === 'cut off') assert.ok('line' in problem && Number(problem.line) > 0);
  }
  assert.equal((await sensor.stats()).accepted, 0);
  assert.ok(sensor.logger.events('post-refused').length >= rows.length - 1);
});

test('Expect: 100-continue is honoured for a wanted body and not for an unwanted one', async (t) => {
  const sensor = await startTestSensor(t, { pki, allow, readDocument: read });
  const body = sampleBatch(1, 1).toString();
  const head = `Host: x\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
  const wanted = await rawClient(sensor.port, pki, { as: producer });
  wanted.send(`POST / HTTP/1.1\r\nContent-Type: text/xml\r\n${head}`);
  assert.equal((await wanted.answer())?.status, 100);
  wanted.send(body);
  assert.equal((await wanted.answer())?.status, 201);
  wanted.socket.destroy();
  const unwanted = await rawClient(sensor.port, pki, { as: producer });
  unwanted.send(`POST / HTTP/1.1\r\nContent-Type: text/html\r\n${head}`);
  assert.equal((await unwanted.answer())?.status, 415);
  await unwanted.closed;
});

test('a producer that breaks off leaves nothing behind', async (t) => {
  const sensor = await startTestSensor(t, { pki, allow, readDocument: read });
  const client = await rawClient(sensor.port, pki, { as: producer });
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<IDMEF');
  client.socket.end();
  await client.closed;
  assert.equal((await sensor.stats()).accepted, 0);
  assert.equal((await post(sensor, sampleBatch(1, 1))).status, 201);
});

test('a full disk or journal is 507 with Retry-After, and nothing is taken', async (t) => {
  const full = { ok: false, freeBytes: 0, freePercent: 0, needed: 1, reason: 'filesystem of /state is full' };
  let disk = full;
  const sensor = await startTestSensor(t, {
    pki,
    allow,
    readDocument: read,
    deps: { program: { disk: async () => disk } },
    wrap: (journal) => ({
      ...journal,
      id: journal.id,
      stats: () => journal.stats(),
      append: async () => Promise.reject(new RelayError('JOURNAL_FULL', 'the journal is full')),
    }),
  });
  const reserve = await post(sensor, sampleBatch(1, 1));
  disk = { ...full, ok: true };
  const journal = await post(sensor, sampleBatch(1, 1));
  for (const [answer, words] of [
    [reserve, /filesystem of \/state is full/i],
    [journal, /journal is full/],
  ] as const) {
    assert.equal(answer.status, 507);
    assert.equal(answer.headers['retry-after'], '60');
    assert.match(answer.body.toString(), words);
  }
  assert.equal((await sensor.stats()).accepted, 0);
});
