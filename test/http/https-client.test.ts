/** What the client of the pull side says when the other side is not as it should be: code, cause and remedy. */

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, test, type TestContext } from 'node:test';
import { createSecureContext } from 'node:tls';

import { RelayError, type ErrorCode } from '../../src/core/errors.ts';
import { createHttpsClient, type HttpsAnswer } from '../../src/http/https-client.ts';
import { labelOf, sensorCodes, type ClientTls, type Peer } from '../../src/http/peer.ts';
import { portOf, startHost, type HostOptions } from '../support/https-host.ts';
import { makePki, type Issued } from '../support/pki.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
/** What a busy machine never needs. */
const PATIENCE_MS = 20_000;

/** For the whole file: authorities take longer than most of the tests. */
const pki = await makePki(tempDir({ after }));
const other = await makePki(tempDir({ after }));

function clientTls(client: Issued = pki.client): ClientTls {
  return {
    certFile: '/etc/c.crt',
    caFile: '/etc/CA.crt',
    secureContext: createSecureContext({ cert: client.certPem, key: client.keyPem, ca: pki.caPem }),
  };
}

function peerFor(url: URL, name?: string): Peer {
  return { url, label: labelOf('sensor', url), codes: sensorCodes, ...(name === undefined ? {} : { name }) };
}

async function get(t: TestContext, peer: Peer, tls: ClientTls, idleMs = PATIENCE_MS): Promise<HttpsAnswer> {
  const client = createHttpsClient(peer, tls, idleMs);
  t.after(() => client.close());
  return await client.send({ method: 'GET', path: '/', idleMs });
}

async function fails(work: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof RelayError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(`${error.message}; ${error.hint ?? ''}`, words);
    assert.doesNotMatch(error.message, /\n|\.$/);
    return true;
  });
}

const hello: HostOptions['handle'] = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '5' }).end('hello');
};

test('an answer of a server that proves its name', async (t) => {
  const host = await startHost(t, { pki, handle: hello });
  const client = createHttpsClient(peerFor(host.url), clientTls(), PATIENCE_MS);
  t.after(() => client.close());
  const answer = await client.send({ method: 'GET', path: '/', idleMs: PATIENCE_MS });
  assert.equal(answer.status, 200);
  assert.equal((await answer.bytes(100)).toString(), 'hello');
  assert.deepEqual(client.peerNames(), ['localhost', '127.0.0.1', '0:0:0:0:0:0:0:1']);
});

test('requests one after the other share a connection', async (t) => {
  const host = await startHost(t, { pki, handle: hello });
  const client = createHttpsClient(peerFor(host.url), clientTls(), PATIENCE_MS);
  t.after(() => client.close());
  for (let round = 0; round < 3; round += 1) {
    const answer = await client.send({ method: 'GET', path: '/', idleMs: PATIENCE_MS });
    await answer.bytes(100);
  }
  assert.equal(host.connections(), 1);
});

test('faults of TLS name cause and remedy, and no request is sent', async (t) => {
  let requests = 0;
  const handle: HostOptions['handle'] = (request, response) => {
    requests += 1;
    return hello(request, response);
  };
  const san = ['DNS:localhost'];
  const old = await pki.issue({ name: 'old', san, notBefore: new Date(0), notAfter: new Date('2020-03-04') });
  const early = await pki.issue({ name: 'early', san, notBefore: new Date(Date.now() + HOUR) });
  const misnamed = await pki.issue({ name: 'misnamed', san: ['DNS:dmz1.example', 'DNS:dmz1'] });
  const cases: readonly [string, Partial<HostOptions>, RegExp][] = [
    ['expired', { server: old }, /certificate that ended 2020-03-04; renew it/],
    ['not yet valid', { server: early }, /not valid yet.*check the clocks/],
    ['other name', { server: misnamed }, /for dmz1\.example, dmz1, not for localhost;.*--sensor-name/],
    ['unknown authority', { server: other.server }, /issuer \(Test CA \w+\) is not in \/etc\/CA\.crt/],
  ];
  for (const [name, options, words] of cases) {
    const host = await startHost(t, { pki, handle, ...options });
    await t.test(name, async () => await fails(get(t, peerFor(host.url), clientTls()), 'SENSOR_TLS', words));
  }
  assert.equal(requests, 0);
});

test('P8: the environment cannot switch the check off', async (t) => {
  const host = await startHost(t, { pki, server: other.server, handle: hello });
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
  await fails(get(t, peerFor(host.url), clientTls()), 'SENSOR_TLS', /is not in \/etc\/CA\.crt/);
});

test('an answer nobody reads keeps no timer once its connection is closed', async (t) => {
  const host = await startHost(t, { pki, handle: hello });
  const client = createHttpsClient(peerFor(host.url), clientTls(), PATIENCE_MS);
  const answer = await client.send({ method: 'GET', path: '/', idleMs: PATIENCE_MS });
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timers();
  answer.hangUp();
  client.close();
  await until(() => timers() < before);
});

test('--sensor-name replaces the host of the URL', async (t) => {
  const server = await pki.issue({ name: 'dmz1', san: ['DNS:dmz1'] });
  const host = await startHost(t, { pki, server, handle: hello });
  assert.equal((await get(t, peerFor(host.url, 'dmz1'), clientTls())).status, 200);
});

test('our certificate refused is said as such, in both versions of TLS', async (t) => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const tls = { minVersion: version, maxVersion: version };
    const host = await startHost(t, { pki, handle: hello, tls });
    await t.test(version, async () => {
      await fails(
        get(t, peerFor(host.url), clientTls(other.client)),
        'SENSOR_TLS',
        /(not accept|refused) our certificate \/etc\/c\.crt/,
      );
    });
  }
});

test('what is not HTTPS is said as such', async (t) => {
  const sockets = new Set<Socket>();
  const serve = async (greet: (socket: Socket) => void): Promise<URL> => {
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      greet(socket);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return new URL(`https://localhost:${portOf(server)}/`);
  };
  const http = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const closes = await serve((socket) => socket.destroy());
  const silent = await serve(() => undefined);
  const closed = new URL('https://localhost:1/');
  await fails(get(t, peerFor(http), clientTls()), 'SENSOR_TLS', /does not speak TLS on this port/);
  await fails(get(t, peerFor(closes), clientTls()), 'SENSOR_TLS', /closed the connection during the TLS/);
  await fails(get(t, peerFor(silent), clientTls(), 150), 'SENSOR_UNREACHABLE', /(within|for) 0\.15 s/);
  await fails(
    get(t, peerFor(closed), clientTls()),
    'SENSOR_UNREACHABLE',
    /refused the connection \(ECONNREFUSED\)/,
  );
  const nowhere = new URL('https://sensor.invalid/');
  await fails(
    get(t, peerFor(nowhere), clientTls()),
    'SENSOR_UNREACHABLE',
    /host name that (does not|cannot)/,
  );
});

test('P4: bodies that are too long, too short or never end', async (t) => {
  const serve = async (handle: HostOptions['handle'], idleMs = PATIENCE_MS): Promise<HttpsAnswer> => {
    const host = await startHost(t, { pki, handle });
    return await get(t, peerFor(host.url), clientTls(), idleMs);
  };
  const declared = await serve(
    (_request, response) => void response.writeHead(200, { 'Content-Length': 1e9 }).write('x'),
  );
  await fails(declared.bytes(1000), 'SENSOR_PROTOCOL', /more than the 1000 bytes/);
  const endless = await serve((_request, response) => void response.write('x'.repeat(5000)));
  await fails(endless.bytes(1000), 'SENSOR_PROTOCOL', /more than the 1000 bytes/);
  const short = await serve((_request, response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('x'.repeat(40), () => setImmediate(() => response.destroy()));
  });
  await fails(short.bytes(1000), 'SENSOR_UNREACHABLE', /after 40 of 100 bytes/);
  const stuck = await serve((_request, response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('x'.repeat(40));
  }, 1500);
  await fails(stuck.bytes(1000), 'SENSOR_UNREACHABLE', /was silent for 1\.5 s/);
});

test('P7: a drip keeps a connection alive, the deadline ends it all the same', async (t) => {
  const host = await startHost(t, {
    pki,
    handle: (_request, response) => {
      const timer = setInterval(() => response.write('x'), 100);
      response.on('close', () => clearInterval(timer));
    },
  });
  const client = createHttpsClient(peerFor(host.url), clientTls(), PATIENCE_MS);
  t.after(() => client.close());
  const deadline = new AbortController();
  const answer = await client.send({ method: 'GET', path: '/', idleMs: 1000, signal: deadline.signal });
  const from = performance.now();
  const body = answer.pieces(1e6, () => {
    if (performance.now() - from > 1200) deadline.abort(new RelayError('DEADLINE', 'too late'));
  });
  await fails(body, 'DEADLINE', /too late/);
});
