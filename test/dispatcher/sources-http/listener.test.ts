/** The listener itself: certificates, hostile peers, bounds, exchange of settings, orderly stop; which path leads where. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { connectionLimits, httpsLimits } from '../../../src/core/limits.ts';
import { findRoute } from '../../../src/dispatcher/sources/http/find-route.ts';
import { loadCredentials } from '../../../src/tls/credentials.ts';
import { makePki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { alertElement, document } from '../../support/tiny-alerts.ts';
import { until } from '../../support/until.ts';
import { sharedWorld } from './shared-world.ts';
import { form, KEYS, startSources, type SourcesWorld } from './sources-world.ts';

const shared = sharedWorld();
const XML = { 'content-type': 'text/xml' };
const one = document(alertElement('a'));

function counted({ sources }: SourcesWorld, family: string): Record<string, number> {
  const found = sources.families().find(({ name }) => name === `idmef_dispatcher_https_${family}_total`);
  return Object.fromEntries(
    (found?.samples ?? []).map(({ labels = {}, value }) => [Object.values(labels).join(' '), value]),
  );
}

function head(...lines: readonly string[]): string {
  return [...lines, '', ''].join('\r\n');
}

describe('certificates', () => {
  test('one of another authority ends the connection, and is counted', async (t) => {
    const foreign = await makePki(tempDir(t));
    await assert.rejects(shared().ask({ as: foreign.client, body: one, headers: XML }));
    assert.ok(Object.keys(counted(shared(), 'handshakes_refused')).length > 0);
    assert.deepEqual(shared().door.accepted, []);
    assert.ok(shared().logger.events('handshake-refused').length > 0);
  });

  test('an expired one too', async () => {
    const expired = await shared().pki.issue({
      name: 'old',
      san: ['DNS:relay1'],
      eku: ['client'],
      notBefore: new Date(Date.now() - 2_000_000),
      notAfter: new Date(Date.now() - 1_000_000),
    });
    await assert.rejects(shared().ask({ as: expired, body: one, headers: XML }));
    assert.deepEqual(shared().door.accepted, []);
  });

  test('once revoked, an open connection is cut; those without a certificate stay', async (t) => {
    const world = await startSources(t, { site: shared() });
    const { pki, relay, sources } = world;
    const known = await world.raw(relay);
    const stranger = await world.raw();
    known.send(head('OPTIONS / HTTP/1.1', 'Host: localhost'));
    assert.equal((await known.answer())?.status, 204);
    const crlFile = await pki.crl({ revoked: [relay.serial] });
    const { certFile, keyFile } = pki.server;
    sources.adopt(
      loadCredentials(
        { certFile, keyFile, caFile: pki.caFile, crlFile, policy: 'anssi' },
        { purpose: 'server' },
      ),
    );
    await known.closed;
    stranger.send(head('OPTIONS / HTTP/1.1', 'Host: localhost'));
    assert.equal((await stranger.answer())?.status, 204);
    await assert.rejects(world.ask({ as: relay, body: one, headers: XML }));
    assert.equal((await world.ask({ as: world.producer, body: one, headers: XML })).status, 200);
    assert.equal(world.logger.events('peer-cut').length, 1);
  });

  test('of the server are exchanged while it runs', async (t) => {
    const world = await startSources(t, { site: shared() });
    const { pki } = world;
    const fresh = await pki.issue({ name: 'fresh', san: ['DNS:localhost'], eku: ['server'] });
    world.sources.adopt(
      loadCredentials({ ...fresh, caFile: pki.caFile, policy: 'anssi' }, { purpose: 'server' }),
    );
    const client = await world.raw();
    assert.equal(client.socket.getPeerX509Certificate()?.serialNumber, fresh.serial);
  });
});

describe('health and metrics', () => {
  test('are for role monitor', async () => {
    const { ask, monitor, relay } = shared();
    const metrics = await ask({ path: '/metrics', as: monitor });
    assert.deepEqual([metrics.status, metrics.text], [200, 'idmef_dispatcher_up 1\n']);
    assert.deepEqual((await ask({ path: '/healthz', as: monitor })).text, 'ok\n');
    for (const path of ['/metrics', '/healthz']) {
      assert.equal((await ask({ path })).status, 403);
      assert.equal((await ask({ path, as: relay })).status, 403);
    }
  });

  test('say what is wrong', async (t) => {
    const sick = await startSources(t, {
      site: shared(),
      deps: { health: async () => await Promise.resolve(['the store fails']) },
    });
    const answer = await sick.ask({ path: '/healthz', as: sick.monitor });
    assert.equal(answer.status, 503);
    assert.ok(answer.text.includes('The store fails.'));
  });

  test('requests are counted under names of ours, whatever is asked for', async (t) => {
    const world = await startSources(t, { site: shared() });
    await world.ask({ path: '/sender/sendMessage/some-secret', ...form('x') });
    await world.ask({ path: '/x/some-secret?key=y' });
    await world.ask({ path: '/metrics/', as: world.monitor });
    assert.deepEqual(counted(world, 'requests'), {
      '/sender/sendMessage/:channel POST 400': 1,
      'other GET 404': 1,
      '/metrics GET 200': 1,
    });
  });
});

describe('hostile heads', () => {
  for (const [what, request, status] of [
    ['no HTTP', 'hello\r\n\r\n', 400],
    [
      'a head without end',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(connectionLimits.headerBytes)}`,
      431,
    ],
    ['two hosts', head('OPTIONS / HTTP/1.1', 'Host: a', 'Host: b'), 400],
    ['no host', head('OPTIONS / HTTP/1.1'), 400],
    [
      'an unknown expectation',
      head('POST / HTTP/1.1', 'Host: a', 'Expect: miracles', 'Content-Length: 0'),
      417,
    ],
    ['a broken path', head('GET /%zz HTTP/1.1', 'Host: localhost'), 404],
    [
      'an endless path',
      head(`GET /sender/sendMessage/${'x'.repeat(2_000)} HTTP/1.1`, 'Host: localhost'),
      404,
    ],
    ['a method of others', head('PROPFIND / HTTP/1.1', 'Host: localhost'), 405],
    ['a method of none of ours', head('DELETE / HTTP/1.1', 'Host: localhost'), 405],
    [
      'both lengths',
      head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 3', 'Transfer-Encoding: chunked'),
      400,
    ],
    [
      'a media type that is none',
      head('POST / HTTP/1.1', 'Host: a', 'Content-Type: ;;;', 'Content-Length: 0'),
      415,
    ],
  ] as const) {
    test(`${what}: ${status}, as problem+json`, async () => {
      const client = await shared().raw();
      client.send(request);
      const answer = await client.answer();
      assert.equal(answer?.status, status);
      assert.match(answer.head, /content-type: application\/problem\+json/i);
      assert.match(answer.head, /idmef-relay: 1/i);
      client.socket.destroy();
    });
  }
});

describe('hostile bodies', () => {
  const begin = (key: string, ...lines: readonly string[]): string =>
    head('POST /api/v1/alerts HTTP/1.1', 'Host: localhost', `key: ${key}`, ...lines);

  test('chunked beyond the limit: 413, though no length was stated', async () => {
    const client = await shared().raw();
    client.send(begin(KEYS.ana, 'Transfer-Encoding: chunked'));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let n = 0; n < 18; n += 1) client.send(chunk);
    client.send('0\r\n\r\n');
    assert.equal((await client.answer())?.status, 413);
    assert.deepEqual([shared().door.accepted, shared().door.refusals], [[], ['too-large']]);
  });

  test('a chunk that is none: 400', async () => {
    const client = await shared().raw();
    client.send(`${begin(KEYS.ana, 'Transfer-Encoding: chunked')}zz\r\n{}\r\n0\r\n\r\n`);
    assert.equal((await client.answer())?.status, 400);
    assert.deepEqual(shared().door.accepted, []);
  });

  test('cut short: nothing stored, nothing kept', async () => {
    const client = await shared().raw();
    client.send(`${begin(KEYS.ana, 'Content-Length: 100')}{"title":"a"}`);
    await client.received(0);
    client.socket.end();
    await client.closed;
    await until(() => shared().sources.connections().answering === 0);
    assert.deepEqual(shared().door.accepted, []);
  });

  test('a wrong key is told before the body is sent', async () => {
    const client = await shared().raw();
    client.send(begin('wrong', 'Content-Length: 100', 'Expect: 100-continue'));
    assert.equal((await client.answer())?.status, 401);
  });

  test('a right one is asked to go on', async () => {
    const client = await shared().raw();
    client.send(begin(KEYS.ana, 'Content-Length: 13', 'Expect: 100-continue'));
    assert.equal((await client.answer())?.status, 100);
    client.send('{"title":"a"}');
    assert.equal((await client.answer())?.status, 201);
  });

  test('peers that stall in the middle do not hold up others', async () => {
    const stalled = await Promise.all(Array.from({ length: 20 }, async () => await shared().raw()));
    for (const client of stalled) client.send(`${begin(KEYS.ana, 'Content-Length: 1000')}{"title"`);
    const answer = await shared().ask({
      path: '/api/v1/alerts',
      body: '{"title":"a"}',
      headers: { key: KEYS.bob },
    });
    assert.equal(answer.status, 201);
    for (const client of stalled) client.socket.destroy();
  });

  test('bodies of unknown senders have a budget of their own', async (t) => {
    const world = await startSources(t, { site: shared() });
    const length = httpsLimits.postBytes;
    const many = httpsLimits.unprovenBytes / length;
    const hoarders = await Promise.all(Array.from({ length: many }, async () => await world.raw()));
    const half = 'x'.repeat(length - 1);
    for (const client of hoarders) {
      client.send(head('POST /ntopng HTTP/1.1', 'Host: a', `Content-Length: ${length}`) + half);
    }
    await until(async () => (await world.ask({ path: '/ntopng', body: 'y'.repeat(1_000) })).status === 503);
    assert.ok(world.door.refusals.includes('busy'));
    const known = await world.ask({ path: '/ntopng', body: '{"alert_type":1}', headers: { key: KEYS.ana } });
    assert.equal(known.status, 200, 'who shows a key has room');
    for (const client of hoarders) client.socket.destroy();
    await until(async () => (await world.ask({ path: '/ntopng', body: 'y'.repeat(1_000) })).status === 400);
  });
});

describe('connections', () => {
  test('serve one request after the other, and those sent ahead in order', async () => {
    const client = await shared().raw();
    const ask = head('OPTIONS / HTTP/1.1', 'Host: localhost');
    client.send(ask + head('GET /nothing HTTP/1.1', 'Host: localhost') + ask);
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await client.answer())?.status);
    assert.deepEqual(statuses, [204, 404, 204]);
  });

  test('with too much sent ahead are cut', async (t) => {
    const world = await startSources(t, { site: shared() });
    let commit = (): void => undefined;
    world.door.before = async () =>
      await new Promise<void>((resolve) => {
        commit = resolve;
      });
    const client = await world.raw(world.relay);
    const request =
      head('POST / HTTP/1.1', 'Host: a', 'Content-Type: text/xml', `Content-Length: ${one.length}`) + one;
    client.send(request.repeat(connectionLimits.pipelinedRequests + 1));
    await client.closed;
    assert.deepEqual(counted(world, 'connections_refused'), { pipelined: 1 });
    commit();
  });
});

describe('a new configuration', () => {
  test('counts for the next request, on open connections too; a bad one changes nothing', async (t) => {
    const world = await startSources(t, { site: shared() });
    const client = await world.raw(world.relay);
    const post =
      head('POST / HTTP/1.1', 'Host: a', 'Content-Type: text/xml', `Content-Length: ${one.length}`) + one;
    client.send(post);
    assert.equal((await client.answer())?.status, 200);
    const https = {
      address: '127.0.0.1',
      port: 0,
      tls: { cert: '', key: '', ca: '' },
      tlsPolicy: 'anssi' as const,
      allowRelay: [],
      allowProducer: [],
      allowMonitor: [],
    };
    assert.throws(() => world.sources.prepare({ https: { ...https, allowRelay: ['XX:relay1'] } }), {
      code: 'CONFIG',
    });
    client.send(post);
    assert.equal((await client.answer())?.status, 200);
    world.sources.prepare({ https, idmef: { mode: 'strict' } })();
    client.send(post);
    assert.equal((await client.answer())?.status, 403);
    assert.equal(
      (await world.ask({ path: '/api/v1/alerts', body: '{}', headers: { key: KEYS.ana } })).status,
      404,
    );
  });
});

describe('the stop', () => {
  test('waits for what is being stored, and cuts who stalls', async (t) => {
    const world = await startSources(t, { site: shared() });
    let commit = (): void => undefined;
    const reached = new Promise<void>((arrived) => {
      world.door.before = async () => {
        arrived();
        await new Promise<void>((resolve) => {
          commit = resolve;
        });
      };
    });
    const answer = world.ask({ as: world.relay, body: one, headers: XML });
    const stalled = await world.raw();
    stalled.send(head('POST /ntopng HTTP/1.1', 'Host: a', 'Content-Length: 100'));
    await reached;
    const closed = world.sources.close();
    commit();
    const { status, headers } = await answer;
    assert.equal(status, 200);
    assert.equal(headers.connection, 'close');
    await Promise.all([closed, stalled.closed]);
    assert.equal(world.sources.connections().open, 0);
  });
});

const CHANNEL = '/sender/sendMessage/:channel';

describe('routes', () => {
  for (const [target, path, params] of [
    ['/', '/'],
    ['/?a=/metrics', '/'],
    ['/metrics', '/metrics'],
    ['/metrics/', '/metrics'],
    ['/metrics?x#y', '/metrics'],
    ['https://host:4848/metrics', '/metrics'],
    ['https://host', '/'],
    ['/metrics//', undefined],
    ['//metrics', undefined],
    ['/./metrics', undefined],
    ['/x/../metrics', undefined],
    ['/%6detrics', undefined],
    ['/Metrics', undefined],
    ['*', undefined],
    ['', '/'],
    ['/sender/sendMessage/soc', CHANNEL, { channel: 'soc' }],
    ['/sender/sendMessage/soc/', CHANNEL, { channel: 'soc' }],
    ['/sender/sendMessage/a%20b', CHANNEL, { channel: 'a b' }],
    ['/sender/sendMessage/a%2Fb', CHANNEL, { channel: 'a/b' }],
    ['/sender/sendMessage/%C3%B1', CHANNEL, { channel: 'ñ' }],
    ['/sender/sendMessage/__proto__', CHANNEL, { channel: '__proto__' }],
    ['/sender/sendMessage/%zz', undefined],
    ['/sender/sendMessage/%ff', undefined],
    ['/sender/sendMessage/', undefined],
    ['/sender/sendMessage', undefined],
    ['/sender/sendMessage/a/b', undefined],
    [`/sender/sendMessage/${'x'.repeat(httpsLimits.pathSegmentBytes)}`, CHANNEL, undefined],
    [`/sender/sendMessage/${'x'.repeat(httpsLimits.pathSegmentBytes + 1)}`, undefined],
    ['/sender/sendMessage2all/', '/sender/sendMessage2all'],
  ] as const) {
    test(`${target.slice(0, 60)} → ${path ?? 'nothing'}`, () => {
      const found = findRoute(target);
      assert.equal(found?.route.path, path);
      if (params !== undefined) assert.deepEqual({ ...found?.params }, params);
    });
  }
});
