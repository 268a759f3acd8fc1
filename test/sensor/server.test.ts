/** The server around the requests: refused handshakes and their reasons, stalled and silent peers, limits, drain. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { makePki } from '../support/pki.ts';
import type { Issued, Pki } from '../support/pki.ts';
import { PLAIN_GET, rawClient } from '../support/raw-client.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

let pki: Pki;
let foreign: Pki;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(join(dir, 'own'));
  foreign = await makePki(join(dir, 'foreign'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

/** Tries a handshake and a request; resolves when the connection is over, with whether anything was answered. */
async function attempt(port: number, options: ConnectionOptions): Promise<boolean> {
  return await new Promise((resolve) => {
    let answered = false;
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: pki.caPem, ...options });
    socket.on('error', () => undefined);
    socket.on('secureConnect', () => socket.write(PLAIN_GET));
    socket.on('data', () => {
      answered = true;
      socket.destroy();
    });
    socket.on('close', () => resolve(answered));
  });
}

function identity({ certPem, keyPem }: Issued): ConnectionOptions {
  return { cert: certPem, key: keyPem };
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`refused handshakes are logged once, with peer and reason (${version})`, async (t) => {
    const hour = 3_600_000;
    const expired = await pki.issue({
      name: 'expired',
      notBefore: new Date(Date.now() - 2 * hour),
      notAfter: new Date(Date.now() - hour),
    });
    const early = await pki.issue({ name: 'early', notBefore: new Date(Date.now() + hour) });
    const revoked = await pki.issue({ name: 'revoked', san: ['DNS:revoked'], eku: ['client'] });
    const server = await pki.issue({ name: 'server-only', eku: ['server'] });
    const sensor = await startTestSensor(t, { pki, crlFile: await pki.crl({ revoked: [revoked.serial] }) });
    const pinned = { minVersion: version, maxVersion: version };
    const rows: readonly (readonly [ConnectionOptions, RegExp])[] = [
      [{}, /^no client certificate$/],
      [identity(foreign.client), /^certificate of an unknown authority$/],
      [identity(expired), /^certificate expired$/],
      [identity(early), /^certificate not yet valid/],
      [identity(revoked), /^certificate revoked$/],
      [identity(server), /^certificate not meant for a client/],
    ];
    let count = 0;
    for (const [options, reason] of rows) {
      assert.equal(await attempt(sensor.port, { ...pinned, ...options }), false, String(reason));
      count += 1;
      await until(() => sensor.logger.events('handshake-refused').length === count);
      const line = sensor.logger.events('handshake-refused').at(-1);
      assert.match(String(line?.fields['reason']), reason);
      assert.match(String(line?.fields['address']), /^127\.0\.0\.1:\d+$/);
      assert.equal(line?.level, 'warning');
      assert.equal(line.text, `${line.fields['address']}: TLS handshake refused: ${line.fields['reason']}`);
    }
    assert.equal(await attempt(sensor.port, { ...pinned, ...identity(pki.client) }), true);
    assert.equal(sensor.logger.events('handshake-refused').length, count);
  });
}

test('what is no TLS of ours is told apart', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  const client = identity(pki.client);
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
  const weak = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' } as const;
  await attempt(sensor.port, { ...client, ...old });
  await attempt(sensor.port, { ...client, ...weak });
  await attempt(sensor.port, { ...client, ALPNProtocols: ['h2'] });
  await attempt(sensor.port, { ...client, minVersion: 'TLSv1.3', ca: foreign.caPem });
  const raw = ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'SSH-2.0-OpenSSH_9.2p1\r\n', '\x16\x03\x01\x02'];
  for (const text of raw) {
    await new Promise<void>((resolve) => {
      const socket = connectTcp(sensor.port, '127.0.0.1', () => socket.end(text));
      socket.on('error', () => undefined);
      socket.resume().on('close', () => resolve());
    });
  }
  await new Promise<void>((resolve) => {
    const socket = connectTcp(sensor.port, '127.0.0.1', () => socket.destroy());
    socket.on('close', () => resolve());
  });
  const expected = [
    /^TLS version too old$/,
    /^no cipher suite in common$/,
    /^no application protocol in common/,
    /^closed by the peer during the handshake/,
    /^plain HTTP on the TLS port/,
    /^not TLS$/,
    /^closed before anything was sent/,
  ];
  await until(() => sensor.logger.events('handshake-refused').length === expected.length);
  for (const [index, line] of sensor.logger.events('handshake-refused').entries()) {
    assert.match(String(line.fields['reason']), expected[index] ?? /never/);
  }
  const counts = Object.values(sensor.server.handshakes());
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    expected.length + 1,
    'one repeats an earlier reason: counted, not said',
  );
  assert.equal(sensor.logger.events('handshake-refused').at(-1)?.level, 'info', 'a port probe is no warning');
});

test('one silent TCP peer, one silent TLS peer and one stalled reader delay nobody', async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true });
  await sensor.fill(4000);
  const silent = connectTcp(sensor.port, '127.0.0.1');
  const idle = await rawClient(sensor.port, pki);
  const stalled = await rawClient(sensor.port, pki);
  stalled.socket.pause();
  stalled.send(PLAIN_GET);
  await until(async () => (await sensor.stats()).leased === 4000);
  const times: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    await sensor.fill(1);
    const begun = performance.now();
    const answer = await sensor.ask({ headers: { Prefer: 'lease=30' } });
    times.push(performance.now() - begun);
    assert.equal(answer.status, 200);
    const token = String(answer.headers['idmef-lease']).split(';')[0];
    assert.equal((await sensor.ask({ method: 'DELETE', path: `/leases/${token}` })).status, 204);
  }
  times.sort((a, b) => a - b);
  t.diagnostic(`poll beside them: median ${times[25]?.toFixed(1)} ms, slowest ${times[49]?.toFixed(1)} ms`);
  assert.ok((times[49] ?? 0) < 1000);
  for (const socket of [silent, idle.socket, stalled.socket]) socket.destroy();
});

test('malformed and oversized heads are answered and logged; the connection ends', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  const rows = [
    ['GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
    ['nonsense\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const;
  for (const [text, status] of rows) {
    const client = await rawClient(sensor.port, pki);
    client.send(text);
    const answer = await client.answer();
    assert.equal(answer?.status, status);
    assert.match(answer?.head ?? '', /^connection: close$/im);
    assert.equal(JSON.parse(answer?.body.toString() ?? '{}').status, status);
    await client.closed;
  }
});

test('the body of an unwanted request is not taken for the next request', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  await sensor.fill(1);
  const smuggled = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const method of ['POST', 'PUT', 'GET', 'DELETE']) {
    const client = await rawClient(sensor.port, pki);
    client.send(`${method} /x HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
    assert.equal((await client.answer())?.status, 404);
    client.send(PLAIN_GET);
    const next = await client.answer();
    assert.equal(next?.status, 200);
    assert.match(next.body.toString(), /Alert/);
    client.socket.destroy();
  }
  for (const framing of [`Content-Length: 100000`, 'Transfer-Encoding: chunked']) {
    const client = await rawClient(sensor.port, pki);
    client.send(`POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`);
    const answer = await client.answer();
    assert.equal(answer?.status, 405);
    assert.match(answer?.head ?? '', /^connection: close$/im);
    await client.closed;
  }
  const expecting = await rawClient(sensor.port, pki);
  expecting.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  assert.equal((await expecting.answer())?.status, 405, 'the final answer, not 100 Continue');
  await expecting.closed;
});

for (const [name, head, status] of [
  ['HTTP/0.9 took everything', 'GET /\r\n\r\n', 400],
  ['two Host lines were believed', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['no Host was answered by Node, not by us', 'GET / HTTP/1.1\r\n\r\n', 400],
  [
    'an unknown expectation was answered by Node, not by us',
    'GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n',
    417,
  ],
] as const) {
  test(`regression: ${name}`, async (t) => {
    const sensor = await startTestSensor(t, { pki, consuming: true });
    await sensor.fill(1);
    const client = await rawClient(sensor.port, pki);
    client.send(head);
    const answer = await client.answer();
    assert.equal(answer?.status, status);
    assert.match(answer?.head ?? '', /^connection: close$/im);
    assert.match(answer?.head ?? '', /^content-type: application\/problem\+json$/im);
    await client.closed;
    assert.equal((await sensor.stats()).pending, 1);
  });
}

test('regression: a malformed body ended the connection without a word', async (t) => {
  const sensor = await startTestSensor(t, { pki, allow: { producer: ['DNS:manager1'] } });
  for (const body of ['zz\r\nhello\r\n0\r\n\r\n', '2\r\nhello\r\n0\r\n\r\n']) {
    const client = await rawClient(sensor.port, pki);
    client.send(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    );
    assert.equal((await client.answer())?.status, 400);
    await client.closed;
  }
  assert.equal((await sensor.stats()).accepted, 0);
});

test('HTTP/1.0 is offered and answered', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  const client = await rawClient(sensor.port, pki, { ALPNProtocols: ['http/1.0'] });
  assert.equal(client.socket.alpnProtocol, 'http/1.0');
  client.send('GET / HTTP/1.0\r\n\r\n');
  assert.equal((await client.answer())?.status, 404);
  await client.closed;
});

test('no session is resumed: a ticket would carry an old verdict past a new list', async (t) => {
  const sensor = await startTestSensor(t, { pki, allow: { poller: ['DNS:manager1'] } });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    let session: Buffer | undefined;
    for (const count of [1, 2]) {
      const client = await rawClient(sensor.port, pki, {
        minVersion: version,
        maxVersion: version,
        ...(session === undefined ? {} : { session }),
      });
      client.socket.on('session', (value: Buffer) => {
        session = value;
      });
      client.send(PLAIN_GET);
      assert.equal((await client.answer())?.status, 404);
      assert.equal(client.socket.isSessionReused(), false, `${version}, connection ${count}`);
      session ??= client.socket.getSession();
      client.socket.end();
      await client.closed;
    }
  }
});

for (const address of ['', '::1', '127.0.0.1', '0.0.0.0', 'localhost']) {
  test(`listens on ${address === '' ? 'everything' : address}`, async (t) => {
    const sensor = await startTestSensor(t, { pki, address, consuming: true });
    const hosts = address === '' ? ['127.0.0.1', '::1'] : [address === '0.0.0.0' ? '127.0.0.1' : address];
    for (const host of hosts) {
      await sensor.fill(1);
      const client = await rawClient(sensor.port, pki, { host });
      client.send(PLAIN_GET);
      assert.equal((await client.answer())?.status, 200);
      client.socket.end();
      await until(async () => (await sensor.stats()).pending === 0 && (await sensor.stats()).leased === 0);
    }
    assert.equal(sensor.logger.events('undelivered').length, 0);
  });
}

test('stop: a pending handshake, an idle connection, a waiting poll and a stalled answer do not hold it up', async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true });
  const handshaking = connectTcp(sensor.port, '127.0.0.1');
  const idle = await rawClient(sensor.port, pki);
  const waiting = await rawClient(sensor.port, pki);
  waiting.send('GET / HTTP/1.1\r\nHost: x\r\nPrefer: lease=30, wait=25\r\n\r\n');
  await until(() => sensor.server.connections().waiting === 1);
  const begun = performance.now();
  const closing = sensor.server.close();
  assert.equal((await waiting.answer())?.status, 404);
  await closing;
  assert.ok(performance.now() - begun < 5000, 'nobody is owed anything');
  await Promise.all([idle.closed, waiting.closed]);
  assert.equal(sensor.server.connections().open, 0);
  handshaking.destroy();

  const second = await startTestSensor(t, { pki, consuming: true });
  await second.fill(4000);
  const stalled = await rawClient(second.port, pki);
  stalled.socket.pause();
  stalled.send(PLAIN_GET);
  await until(async () => (await second.stats()).leased === 4000);
  const stalledSince = performance.now();
  await second.server.close();
  const took = performance.now() - stalledSince;
  assert.ok(took > 2_500 && took < 3_500, `took ${took} ms`);
  assert.equal((await second.stats()).pending, 4000);
  stalled.socket.destroy();
});

test('stop: an answer under way is finished and its receipt awaited; new requests get 503', async (t) => {
  const sensor = await startTestSensor(t, { pki, consuming: true });
  await sensor.fill(3000);
  const client = await rawClient(sensor.port, pki);
  const late = await rawClient(sensor.port, pki);
  client.send(PLAIN_GET);
  await client.received(1000);
  const closing = sensor.server.close();
  late.send(PLAIN_GET);
  assert.equal((await client.answer())?.status, 200);
  client.socket.end();
  assert.equal((await late.answer())?.status, 503);
  await closing;
  assert.equal((await sensor.stats()).settled, 3000);
});

test('stop: a lease may still be acknowledged', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  await sensor.fill(3);
  const client = await rawClient(sensor.port, pki);
  client.send('GET / HTTP/1.1\r\nHost: x\r\nPrefer: lease=30\r\n\r\n');
  const token = /^IDMEF-Lease: ([^;]+);/im.exec((await client.answer())?.head ?? '')?.[1];
  const closing = sensor.server.close();
  client.send(`DELETE /leases/${token} HTTP/1.1\r\nHost: x\r\n\r\n`);
  assert.equal((await client.answer())?.status, 204);
  await closing;
  assert.equal((await sensor.stats()).settled, 3);
});

test('listening fails with address and remedy', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  const rows = [
    [
      { address: '127.0.0.1', port: sensor.port },
      /^cannot listen on 127\.0\.0\.1, port \d+: the port is in use$/,
    ],
    [
      { address: '192.0.2.1', port: 0 },
      /^cannot listen on 192\.0\.2\.1, port 0: 192\.0\.2\.1 is no address of this host$/,
    ],
    [{ address: 'no-such-host.invalid', port: 0 }, /no-such-host\.invalid has no address$/],
  ] as const;
  for (const [where, message] of rows) {
    await assert.rejects(startTestSensor(t, { pki, ...where }), { code: 'LISTEN', message });
  }
});
