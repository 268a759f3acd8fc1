/** Calls to providers: what is dialled is what was judged, over TLS, through a proxy, and with an end to everything. */

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createSecureContext } from 'node:tls';

import { outboundLimits } from '../../src/core/limits.ts';
import {
  createOutboundClient,
  type OutboundAnswer,
  type OutboundClient,
  type OutboundClientOptions,
  type OutboundFailure,
} from '../../src/http/outbound-client.ts';
import { fakeProvider } from '../dispatcher/sinks/fake-provider.ts';
import { virtualTimers } from '../dispatcher/sinks/make.ts';
import { connectProxy } from '../support/connect-proxy.ts';
import { startHost } from '../support/https-host.ts';
import { makePki } from '../support/pki.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const noTls = { certFile: 'c', caFile: 'a', secureContext: createSecureContext({ ca: [] }) };

function clientFor(t: TestContext, changes: Partial<OutboundClientOptions> = {}): OutboundClient {
  const client = createOutboundClient({
    tls: noTls,
    refusal: () => undefined,
    resolveForProxy: false,
    timeoutMs: 10_000,
    timers: virtualTimers(),
    ...changes,
  });
  t.after(() => client.close());
  return client;
}

function answered(result: OutboundAnswer | OutboundFailure): OutboundAnswer {
  assert.equal(result.kind, 'answer', result.kind === 'failed' ? result.error.message : '');
  return result;
}

function failedWith(result: OutboundAnswer | OutboundFailure): OutboundFailure {
  assert.equal(result.kind, 'failed');
  return result;
}

describe('the outbound policy', () => {
  test('G-AG: SSRF: an address that is refused is never dialled', async (t) => {
    const provider = await fakeProvider(t);
    const client = clientFor(t, { refusal: (address) => `${address} is this host itself` });
    const { error, sent } = failedWith(
      await client.send({ method: 'GET', url: new URL(`${provider.base}/latest/meta-data?token=x`) }),
    );
    assert.equal(error.code, 'FORBIDDEN');
    assert.match(error.message, /may not be dialled: 127\.0\.0\.1 is this host itself$/);
    assert.doesNotMatch(error.message, /meta-data|token/);
    assert.equal(sent, false);
    assert.equal(provider.received.length, 0);
  });

  test('a name is refused when any of its addresses is', async (t) => {
    const client = clientFor(t, {
      resolve: () => Promise.resolve(['192.0.2.1', '127.0.0.1']),
      refusal: (address) => (address === '127.0.0.1' ? 'inside' : undefined),
    });
    const { error } = failedWith(await client.send({ method: 'GET', url: new URL('http://both.example/') }));
    assert.equal(error.code, 'FORBIDDEN');
  });

  test('the judged address is dialled; a name that changes its mind gains nothing', async (t) => {
    const provider = await fakeProvider(t);
    provider.say({ body: 'here', headers: { connection: 'close' } });
    const answers = [['127.0.0.1'], ['127.0.0.99']];
    let asked = 0;
    const judged: string[] = [];
    const client = clientFor(t, {
      resolve: () => Promise.resolve(answers[asked++] ?? []),
      refusal: (address, port) => {
        judged.push(`${address}:${port}`);
        return address === '127.0.0.99' ? 'inside' : undefined;
      },
    });
    const url = new URL(`http://rebinding.example:${provider.port}/`);
    assert.equal(answered(await client.send({ method: 'GET', url })).body, 'here');
    assert.equal(asked, 1); // resolved once for the connection, and not again to dial it
    assert.equal(failedWith(await client.send({ method: 'GET', url })).error.code, 'FORBIDDEN');
    assert.deepEqual(judged, [`127.0.0.1:${provider.port}`, `127.0.0.99:${provider.port}`]);
    assert.equal(provider.received[0]?.headers.host, `rebinding.example:${provider.port}`);
  });

  test('numbers that are addresses are judged as such', async (t) => {
    const judged: string[] = [];
    const client = clientFor(t, {
      refusal: (address) => {
        judged.push(address);
        return 'no';
      },
    });
    for (const host of ['2130706433', '0x7f.1', '0177.0.0.1', '127.1', '[::ffff:127.0.0.1]']) {
      await client.send({ method: 'GET', url: new URL(`http://${host}/`) });
    }
    assert.deepEqual(judged, ['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1', '::ffff:7f00:1']);
  });

  test('the next address is tried when one does not answer', async (t) => {
    const provider = await fakeProvider(t);
    const client = clientFor(t, { resolve: () => Promise.resolve(['127.9.9.9', '127.0.0.1']) });
    const url = new URL(`http://two.example:${provider.port}/`);
    assert.equal(answered(await client.send({ method: 'GET', url })).status, 200);
  });
});

describe('a proxy', () => {
  test('is asked for the name, its own address judged', async (t) => {
    const provider = await fakeProvider(t);
    const proxy = await connectProxy(t, provider.port);
    const judged: string[] = [];
    const client = clientFor(t, {
      proxy: proxy.url,
      refusal: (address) => {
        judged.push(address);
        return undefined;
      },
    });
    answered(await client.send({ method: 'GET', url: new URL('http://api.example/x') }));
    assert.deepEqual(proxy.asked, ['api.example:80']);
    assert.deepEqual(proxy.auth, [`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    assert.deepEqual(judged, ['127.0.0.1']);
  });

  test('is asked for the judged address, where the policy is to hold behind it', async (t) => {
    const provider = await fakeProvider(t);
    const proxy = await connectProxy(t, provider.port);
    const client = clientFor(t, {
      proxy: proxy.url,
      resolveForProxy: true,
      resolve: () => Promise.resolve(['192.0.2.77']),
    });
    answered(await client.send({ method: 'GET', url: new URL('http://api.example/x') }));
    assert.deepEqual(proxy.asked, ['192.0.2.77:80']);
    assert.equal(provider.received[0]?.headers.host, 'api.example');
  });

  test('is judged by its own rule, not by that for the target', async (t) => {
    const provider = await fakeProvider(t);
    const proxy = await connectProxy(t, provider.port);
    const judged: string[] = [];
    const client = clientFor(t, {
      proxy: proxy.url,
      resolveForProxy: true,
      resolve: () => Promise.resolve(['192.0.2.77']),
      refusal: (address) => void judged.push(`target ${address}`),
      proxyRefusal: (address) => void judged.push(`proxy ${address}`),
    });
    answered(await client.send({ method: 'GET', url: new URL('http://api.example/x') }));
    assert.deepEqual(judged, ['target 192.0.2.77', 'proxy 127.0.0.1']);
  });

  test('refusing behind it is refused', async (t) => {
    const proxy = await connectProxy(t, 1);
    const client = clientFor(t, {
      proxy: proxy.url,
      resolveForProxy: true,
      resolve: () => Promise.resolve(['10.0.0.1']),
      refusal: (address) => (address === '10.0.0.1' ? 'private' : undefined),
    });
    const { error } = failedWith(await client.send({ method: 'GET', url: new URL('https://in.example/') }));
    assert.equal(error.code, 'FORBIDDEN');
    assert.deepEqual(proxy.asked, []);
  });
});

describe('TLS', () => {
  test('is verified by name while the address is dialled; a client certificate is shown; connections are kept', async (t) => {
    const pki = await makePki(tempDir(t));
    const host = await startHost(t, { pki, handle: (_request, response) => void response.end('hello') });
    const { certPem: cert, keyPem: key, certFile } = pki.client;
    const client = clientFor(t, {
      tls: { certFile, caFile: pki.caFile, secureContext: createSecureContext({ ca: pki.caPem, cert, key }) },
    });
    for (let turn = 0; turn < 8; turn += 1) {
      assert.equal(answered(await client.send({ method: 'GET', url: host.url })).body, 'hello');
    }
    assert.ok(host.connections() <= 2, `${host.connections()} connections`);
  });

  test('an unknown authority is a lasting fault, with its name', async (t) => {
    const pki = await makePki(tempDir(t));
    const other = await makePki(tempDir(t));
    const host = await startHost(t, { pki, handle: (_request, response) => void response.end() });
    const client = clientFor(t, {
      tls: { certFile: 'c', caFile: other.caFile, secureContext: createSecureContext({ ca: other.caPem }) },
    });
    const { error, sent } = failedWith(await client.send({ method: 'GET', url: host.url }));
    assert.equal(error.fault, 'certificate-authority-unknown');
    assert.equal(sent, false);
  });
});

describe('everything has an end', () => {
  test('an answer is read up to its limit', async (t) => {
    const provider = await fakeProvider(t);
    provider.say({ body: 'x'.repeat(outboundLimits.answerBytes + 1) });
    const answer = answered(await clientFor(t).send({ method: 'GET', url: new URL(provider.base) }));
    assert.equal(answer.body.length, outboundLimits.answerBytes);
    assert.equal(answer.truncated, true);
  });

  test('the deadline holds before there is a connection, and then nothing was sent', async (t) => {
    const timers = virtualTimers();
    let asked = false;
    const resolve = (): Promise<readonly string[]> => {
      asked = true;
      return new Promise(() => undefined);
    };
    const client = clientFor(t, { timers, resolve });
    const sending = client.send({ method: 'GET', url: new URL('http://slow.example/') });
    await until(() => asked);
    timers.advance(10_001);
    const { error, sent } = failedWith(await sending);
    assert.equal(error.message, 'http://slow.example did not answer within 10 s');
    assert.equal(sent, false);
  });

  test('no redirect is followed', async (t) => {
    const provider = await fakeProvider(t);
    provider.say({ status: 307, headers: { location: `${provider.base}/else` } });
    const answer = answered(
      await clientFor(t).send({ method: 'POST', url: new URL(provider.base), body: 'x' }),
    );
    assert.equal(answer.status, 307);
    assert.equal(provider.received.length, 1);
  });

  test('a connection that is refused was not sent over', async (t) => {
    const provider = await fakeProvider(t);
    const client = clientFor(t, { resolve: () => Promise.resolve(['127.9.9.9']) });
    const { error, sent } = failedWith(
      await client.send({ method: 'GET', url: new URL(`http://none.example:${provider.port}/`) }),
    );
    assert.equal(error.code, 'DESTINATION_UNREACHABLE');
    assert.match(error.message, /^http:\/\/none\.example:\d+ refused the connection/);
    assert.equal(sent, false);
  });

  test('a name that cannot be resolved is a failure, not an exception', async (t) => {
    const client = clientFor(t, {
      resolve: () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })),
    });
    const { error } = failedWith(
      await client.send({ method: 'GET', url: new URL('http://nowhere.example/') }),
    );
    assert.equal(error.fault, 'name-unknown');
  });

  test('headers that cannot be written are a fault of the configuration', async (t) => {
    const provider = await fakeProvider(t);
    const { error, sent } = failedWith(
      await clientFor(t).send({
        method: 'GET',
        url: new URL(provider.base),
        headers: { authorization: 'a\r\nb: c' },
      }),
    );
    assert.equal(error.fault, 'request');
    assert.equal(sent, false);
    assert.equal(provider.received.length, 0);
  });

  test('a caller who has given up already sends nothing', async (t) => {
    const provider = await fakeProvider(t);
    const abort = AbortSignal.abort(new Error('too late'));
    const sending = clientFor(t).send({ method: 'GET', url: new URL(provider.base), signal: abort });
    await assert.rejects(sending, /too late/);
    assert.equal(provider.received.length, 0);
  });
});
