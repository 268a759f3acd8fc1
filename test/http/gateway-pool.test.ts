/** Connections to receivers: reuse, no redirects, a proxy, and faults as RelayErrors of destinations. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { createSecureContext } from 'node:tls';

import { RelayError } from '../../src/core/errors.ts';
import { createGatewayPool, type GatewayPool } from '../../src/http/gateway-pool.ts';
import { destinationCodes, labelOf, type Peer } from '../../src/http/peer.ts';
import { portOf, readBody, startHost, type HostOptions } from '../support/https-host.ts';
import { makePki } from '../support/pki.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Ending {
  after(hook: () => Promise<void>): void;
}

/** One authority for the file: it takes longer than most of the tests. */
const pki = await makePki(tempDir({ after }));

function poolFor(t: Ending, url: URL, more: { proxy?: URL; idleMs?: number } = {}): GatewayPool {
  const peer: Peer = { url, label: labelOf('gateway', url), codes: destinationCodes };
  const { certPem: cert, keyPem: key } = pki.client;
  const tls = {
    certFile: '/etc/c.crt',
    caFile: '/etc/CA.crt',
    secureContext: createSecureContext({ cert, key, ca: pki.caPem }),
  };
  const pool = createGatewayPool(peer, tls, { connections: 2, idleMs: 20_000, answerBytes: 50, ...more });
  t.after(() => pool.close());
  return pool;
}

const post = { method: 'POST', headers: { 'content-type': 'text/xml' }, body: Buffer.from('<a/>') } as const;

test('P5: bodies arrive exactly, with Content-Length, over few connections', async (t) => {
  const seen: string[] = [];
  const host = await startHost(t, {
    pki,
    handle: async (request, response) => {
      const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = request.headers;
      seen.push(`${type} ${length} ${coding} ${(await readBody(request)).toString()}`);
      response.end('OK\n');
    },
  });
  const pool = poolFor(t, host.url);
  const answers = await Promise.all(Array.from({ length: 20 }, () => pool.send(post)));
  assert.ok(answers.every(({ status, body }) => status === 200 && body === 'OK\n'));
  assert.deepEqual([...new Set(seen)], ['text/xml 4 undefined <a/>']);
  assert.equal(seen.length, 20);
  assert.ok(host.connections() <= 2, `${host.connections()} connections`);
});

test('an answer that trickles for ever ends with the timeout', async (t) => {
  const host = await startHost(t, {
    pki,
    handle: (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      const timer = setInterval(() => response.write('.'), 20);
      response.once('close', () => clearInterval(timer));
    },
  });
  const pool = poolFor(t, host.url, { idleMs: 200 });
  await assert.rejects(pool.send(post), (error: unknown) => {
    assert.ok(error instanceof RelayError);
    assert.equal(error.code, 'DESTINATION_UNREACHABLE');
    assert.match(error.message, /did not end its answer within 0\.2 s$/);
    return true;
  });
});

test('P3: a redirect is an answer, nobody goes there', async (t) => {
  const paths: string[] = [];
  const handle: HostOptions['handle'] = (request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(302, { Location: '/elsewhere' }).end();
  };
  const host = await startHost(t, { pki, handle });
  const answer = await poolFor(t, host.url).send(post);
  assert.equal(answer.status, 302);
  assert.deepEqual(paths, ['/']);
});

test('an answer is read up to its limit', async (t) => {
  const host = await startHost(t, {
    pki,
    handle: (_request, response) => void response.end('x'.repeat(100_000)),
  });
  assert.equal((await poolFor(t, host.url).send(post)).body.length, 50);
});

test('faults have the codes of destinations', async (t) => {
  const other = await makePki(tempDir(t));
  const foreign = await startHost(t, { pki, server: other.server, handle: () => undefined });
  const silent = await startHost(t, { pki, handle: () => undefined });
  const resets = await startHost(t, { pki, handle: (_request, response) => void response.destroy() });
  const check = async (url: URL, code: string, words: RegExp, idleMs = 20_000): Promise<void> => {
    await assert.rejects(poolFor(t, url, { idleMs }).send(post), (error) => {
      assert.ok(error instanceof RelayError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, words);
      return true;
    });
  };
  await check(new URL('https://localhost:1/'), 'DESTINATION_UNREACHABLE', /^gateway .*ECONNREFUSED/);
  await check(foreign.url, 'DESTINATION_BROKEN', /is not in \/etc\/CA\.crt/);
  await check(silent.url, 'DESTINATION_UNREACHABLE', /silent|did not take the connection/, 300);
  await check(resets.url, 'DESTINATION_UNREACHABLE', /broke the connection off/);
});

test('a proxy is asked for a tunnel, and the TLS inside is still checked', async (t) => {
  const host = await startHost(t, { pki, handle: (_request, response) => void response.end('OK') });
  const asked: string[] = [];
  let refuse = false;
  const proxy = createServer().on('connect', (request, client, head) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    if (refuse) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const through = connect(host.port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      through.write(head);
      through.pipe(client).pipe(through);
    });
    for (const end of [through, client]) end.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  t.after(async () => {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
  const url = new URL(`http://user:p%40ss@localhost:${portOf(proxy)}/`);
  assert.equal((await poolFor(t, host.url, { proxy: url }).send(post)).status, 200);
  assert.deepEqual(asked, [`localhost:${host.port} Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
  refuse = true;
  await assert.rejects(
    poolFor(t, host.url, { proxy: url }).send(post),
    /proxy .* refuses the tunnel.*\(403\)/,
  );
});
