/** Who is ended when there are too many connections: never the young healthy one. And over real TLS: streams, bounds. */

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { connectionLimits } from '../../src/core/limits.ts';
import { ConnectionBounds, type Bounded } from '../../src/tls/connection-bounds.ts';
import { Counts } from '../../src/sensor/counts.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { PLAIN_GET, rawClient, type RawClient } from '../support/raw-client.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

interface FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  ended: boolean;
  destroy(): void;
}

function socketFrom(remoteAddress: string): FakeSocket {
  const socket: FakeSocket = Object.assign(new EventEmitter(), {
    remoteAddress,
    ended: false,
    destroy: () => {
      socket.ended = true;
      socket.emit('close');
    },
  });
  return socket;
}

function counted(counts: Counts): Record<string, number> {
  const family = counts.families().find(({ name }) => name === 'idmef_relay_connections_refused_total');
  return Object.fromEntries(
    (family?.samples ?? []).map(({ labels, value }) => [labels?.['reason'] ?? '', value]),
  );
}

describe('without a finished handshake', () => {
  test('the oldest of the address with most of them is ended, however young the others are', () => {
    const counts = new Counts();
    const bounds = new ConnectionBounds(counts);
    const first = socketFrom('192.0.2.7');
    bounds.begin(first);
    const crowd = Array.from({ length: connectionLimits.handshaking }, () => socketFrom('192.0.2.1'));
    for (const socket of crowd) bounds.begin(socket);
    assert.equal(first.ended, false, 'the oldest of all, but alone at its address');
    assert.deepEqual(
      crowd.map(({ ended }) => ended),
      crowd.map((_, index) => index === 0),
    );
    assert.equal(bounds.handshaking, connectionLimits.handshaking);
    assert.deepEqual(counted(counts), { handshaking: 1 });
  });

  test('behind one address too the young one stays', () => {
    const bounds = new ConnectionBounds(new Counts());
    for (let n = 0; n < 1000; n += 1) bounds.begin(socketFrom('192.0.2.1'));
    const healthy = socketFrom('192.0.2.1');
    bounds.begin(healthy);
    for (let n = 0; n < connectionLimits.handshaking - 1; n += 1) bounds.begin(socketFrom('192.0.2.1'));
    assert.equal(healthy.ended, false);
    bounds.begin(socketFrom('192.0.2.1'));
    assert.equal(healthy.ended, true, 'which had its time');
  });

  test('a finished handshake and a closed socket free their places', () => {
    const bounds = new ConnectionBounds(new Counts());
    const [done, gone] = [socketFrom('a'), socketFrom('a')];
    for (const socket of [done, gone]) bounds.begin(socket);
    bounds.established(done, peer('x'));
    gone.emit('close');
    assert.equal(bounds.handshaking, 0);
  });
});

interface FakePeer extends Bounded {
  busy: boolean;
  ended: boolean;
}

function peer(key: string, busy = false): FakePeer {
  const one: FakePeer = {
    peer: { key },
    busy,
    ended: false,
    socket: {
      destroy: () => {
        one.ended = true;
      },
    },
  };
  return one;
}

describe('of one certificate', () => {
  test('the oldest without an answer under way is ended, and no other certificate is concerned', () => {
    const counts = new Counts();
    const bounds = new ConnectionBounds(counts);
    const other = peer('other');
    bounds.established(undefined, other);
    const all = Array.from({ length: connectionLimits.perPeer + 1 }, (_, n) => peer('x', n < 3));
    for (const one of all) bounds.established(undefined, one);
    assert.deepEqual(
      all.flatMap(({ ended }, index) => (ended ? [index] : [])),
      [3],
    );
    assert.equal(other.ended, false);
    assert.deepEqual(counted(counts), { 'per-certificate': 1 });
  });

  test('all are busy: the oldest', () => {
    const bounds = new ConnectionBounds(new Counts());
    const all = Array.from({ length: connectionLimits.perPeer + 1 }, () => peer('x', true));
    for (const one of all) bounds.established(undefined, one);
    assert.equal(all[0]?.ended, true);
  });

  test('idle ones: that which has been so longest, and a request ends idleness', () => {
    const bounds = new ConnectionBounds(new Counts());
    const all = Array.from({ length: connectionLimits.idlePerPeer + 1 }, () => peer('x'));
    for (const one of all) bounds.established(undefined, one);
    for (const one of all.slice(0, -1)) bounds.idle(one);
    const [first, second] = all;
    if (first === undefined) throw new Error('no connection');
    bounds.answering(first);
    bounds.idle(first);
    const last = all.at(-1);
    if (last !== undefined) bounds.idle(last);
    assert.deepEqual([first.ended, second?.ended], [false, true]);
  });
});

describe('strangers', () => {
  test('never have all places: past the limit one of the busiest address goes, and nobody with a certificate', () => {
    const counts = new Counts();
    const bounds = new ConnectionBounds(counts);
    const known = peer('relay');
    bounds.established(undefined, known);
    const ended: number[] = [];
    const stranger = (n: number): void => {
      bounds.established(undefined, {
        peer: { key: `address ${n}` },
        stranger: true,
        busy: false,
        socket: { destroy: () => ended.push(n) },
      });
    };
    for (let n = 0; n < connectionLimits.strangers - 1; n += 1) stranger(n);
    stranger(7);
    assert.deepEqual(ended, []);
    stranger(5_000);
    assert.deepEqual(ended, [7], 'the only address with two');
    stranger(5_001);
    assert.deepEqual(ended, [7, 0], 'all have one: the oldest');
    assert.equal(known.ended, false);
    assert.deepEqual(counted(counts), { strangers: 2 });
  });
});

describe('over TLS', () => {
  let pki: Pki;
  let other: Issued;
  const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
  before(async () => {
    pki = await makePki(dir);
    other = await pki.issue({ name: 'other', san: ['DNS:manager2'], eku: ['client'] });
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  test('so many slow readers of one certificate, then 429; others are served, and it too when one is gone', async (t) => {
    const sensor = await startTestSensor(t, { pki });
    await sensor.fill(10_000);
    const slow: RawClient[] = [];
    for (let n = 0; n < connectionLimits.streamsPerPeer; n += 1) {
      const client = await rawClient(sensor.port, pki);
      client.send(PLAIN_GET);
      await client.received(1);
      client.socket.pause();
      slow.push(client);
    }
    const refused = await sensor.ask();
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['retry-after'], String(connectionLimits.streamsRetrySeconds));
    assert.equal((await sensor.ask({ as: other })).status, 200);
    assert.equal(
      (await sensor.ask({ headers: { Prefer: 'lease=5, batch=1' } })).status,
      200,
      'leases have their own bound',
    );
    slow[0]?.reset();
    await until(async () => (await sensor.ask()).status === 200);
    for (const client of slow) client.socket.destroy();
  });

  test('idle connections of one certificate: the oldest go', async (t) => {
    const sensor = await startTestSensor(t, { pki });
    const clients: RawClient[] = [];
    for (let n = 0; n < connectionLimits.idlePerPeer + 3; n += 1) {
      const client = await rawClient(sensor.port, pki);
      client.send(PLAIN_GET);
      await client.answer();
      clients.push(client);
    }
    await Promise.all(clients.slice(0, 3).map(({ closed }) => closed));
    await until(() => sensor.server.connections().open === connectionLimits.idlePerPeer);
    for (const client of clients) client.socket.destroy();
  });
});
