/**
 * New credentials while the server runs: who is cut off and who is not, fresh, kept alive and with an answer under way;
 * revocation lists past their end; repeated on TLS 1.2 and 1.3.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Clock } from '../../src/core/ports.ts';
import { systemClock } from '../../src/os/clock.ts';
import { loadCredentials } from '../../src/tls/credentials.ts';
import type { Credentials } from '../../src/tls/credentials.ts';
import { makePki } from '../support/pki.ts';
import type { Issued, Pki } from '../support/pki.ts';
import { PLAIN_GET, rawClient } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
let pki: Pki;
let foreign: Pki;
let second: Issued;
before(async () => {
  pki = await makePki(join(dir, 'own'));
  foreign = await makePki(join(dir, 'foreign'));
  second = await pki.issue({ name: 'second', cn: 'manager2', san: ['DNS:manager2'], eku: ['client'] });
});
after(() => rmSync(dir, { recursive: true, force: true }));

interface Change {
  readonly crlFile?: string;
  readonly crlStrict?: boolean;
  readonly caFile?: string;
  readonly server?: Issued;
  readonly now?: number;
}

function load({ crlFile, crlStrict, caFile = pki.caFile, server = pki.server, now }: Change): Credentials {
  const { certFile, keyFile } = server;
  return loadCredentials(
    {
      certFile,
      keyFile,
      caFile,
      policy: 'anssi',
      ...(crlFile === undefined ? {} : { crlFile }),
      ...(crlStrict === undefined ? {} : { crlStrict }),
    },
    now === undefined ? {} : { now },
  );
}

/** Whether a request on this connection is answered. */
async function isServed(client: RawClient): Promise<boolean> {
  client.send(PLAIN_GET);
  return (await client.answer()) !== undefined;
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const pinned = { minVersion: version, maxVersion: version } as const;

  test(`a revoked peer is cut off, also kept alive; its lease is due again; others stay (${version})`, async (t) => {
    const sensor = await startTestSensor(t, { pki, crlFile: await pki.crl({ revoked: [] }) });
    await sensor.fill(10);
    const revoked = await rawClient(sensor.port, pki, pinned);
    const other = await rawClient(sensor.port, pki, { ...pinned, as: second });
    revoked.send('GET / HTTP/1.1\r\nHost: x\r\nPrefer: lease=60\r\n\r\n');
    assert.equal((await revoked.answer())?.status, 200);
    assert.equal((await sensor.stats()).leased, 10);
    assert.equal(await isServed(other), true);
    sensor.server.adopt(load({ crlFile: await pki.crl({ revoked: [pki.client.serial] }) }));
    await revoked.closed;
    await until(async () => (await sensor.stats()).leased === 0);
    assert.equal(await isServed(other), true, 'kept alive');
    const fresh = await rawClient(sensor.port, pki, { ...pinned, as: second });
    assert.equal(await isServed(fresh), true);
    assert.deepEqual(
      sensor.logger.events('peer-cut').map(({ text, level }) => [text, level]),
      [['manager1: certificate revoked: connection cut', 'warning']],
    );
    const again = await rawClient(sensor.port, pki, pinned).then(isServed, () => false);
    assert.equal(again, false);
    await until(() => sensor.server.handshakes()['certificate revoked'] === 1);
    for (const { socket } of [other, fresh]) socket.destroy();
  });

  test(`an answer under way to a revoked peer is cut (${version})`, async (t) => {
    const sensor = await startTestSensor(t, { pki, consuming: true });
    await sensor.fill(20_000);
    const slow = await rawClient(sensor.port, pki, pinned);
    slow.socket.pause();
    slow.send(PLAIN_GET);
    await until(async () => (await sensor.stats()).leased === 20_000);
    sensor.server.adopt(load({ crlFile: await pki.crl({ revoked: [pki.client.serial] }) }));
    slow.socket.resume();
    await slow.closed;
    await until(async () => (await sensor.stats()).pending === 20_000, { timeoutMs: 20_000 });
  });

  test(`who is no longer of our authority is cut off, an added authority cuts nobody (${version})`, async (t) => {
    const sensor = await startTestSensor(t, { pki });
    const client = await rawClient(sensor.port, pki, pinned);
    assert.equal(await isServed(client), true);
    const both = join(dir, `both-${version}.pem`);
    writeFileSync(both, pki.caPem + foreign.caPem);
    sensor.server.adopt(load({ caFile: both }));
    assert.equal(await isServed(client), true);
    const stranger = await rawClient(sensor.port, pki, { ...pinned, as: foreign.client });
    assert.equal(await isServed(stranger), true);
    sensor.server.adopt(load({ caFile: foreign.caFile }));
    await client.closed;
    assert.equal(await isServed(stranger), true);
    stranger.socket.destroy();
    assert.match(
      sensor.logger.events('peer-cut')[0]?.text ?? '',
      /^manager1: certificate of an unknown authority/,
    );
  });

  test(`a handshake that began before the exchange is judged by the new list (${version})`, async (t) => {
    const credentials = load({ crlFile: await pki.crl({ revoked: [pki.client.serial] }) });
    const sensor = await startTestSensor(t, { pki });
    const held = rawClient(sensor.port, pki, {
      ...pinned,
      // Called in the middle of the handshake, when the server has sent its certificate.
      checkServerIdentity: () => {
        sensor.server.adopt(credentials);
        return undefined;
      },
    });
    const served = await held.then(isServed, () => false);
    assert.equal(served, false);
  });

  test(`a list past its end stays in force; strictly it refuses everybody (${version})`, async (t) => {
    const clock: Clock & { ahead: number } = {
      ahead: 0,
      now: () => Date.now() + clock.ahead,
      monotonic: () => systemClock.monotonic(),
    };
    const crlFile = await pki.crl({ revoked: [second.serial], nextUpdate: new Date(Date.now() + HOUR) });
    const sensor = await startTestSensor(t, { pki, crlFile, clock });
    const kept = await rawClient(sensor.port, pki, pinned);
    assert.equal(await isServed(kept), true);
    clock.ahead = 2 * HOUR;
    sensor.server.refresh();
    assert.equal(await isServed(kept), true, 'kept alive past the end');
    const fresh = await rawClient(sensor.port, pki, pinned);
    assert.equal(await isServed(fresh), true, 'a new connection past the end');
    const revoked = await rawClient(sensor.port, pki, { ...pinned, as: second }).then(isServed, () => false);
    assert.equal(revoked, false, 'what it revokes stays revoked');

    sensor.server.adopt(load({ crlFile, crlStrict: true }));
    await Promise.all([kept.closed, fresh.closed]);
    assert.equal(
      sensor.logger.events('peer-cut')[0]?.text,
      'manager1: revocation list of this server expired: fetch a current one: connection cut',
    );
    const refused = await rawClient(sensor.port, pki, pinned).then(isServed, () => false);
    assert.equal(refused, false);
    await until(
      () => sensor.server.handshakes()['revocation list of this server expired: fetch a current one'],
    );
  });
}

test('an intermediate that is revoked cuts off whom it vouches for', async (t) => {
  const middle = await pki.intermediate('middle');
  const [above, below] = [await pki.crl({ revoked: [] }), await middle.crl({ revoked: [] })];
  let bundles = 0;
  const bundle = (...files: readonly string[]): string => {
    bundles += 1;
    const file = join(dir, `bundle-${bundles}.pem`);
    writeFileSync(file, files.map((name) => readFileSync(name, 'utf8')).join(''));
    return file;
  };
  const caFile = bundle(pki.caFile, middle.caFile);
  const sensor = await startTestSensor(t, {
    pki,
    deps: { credentials: load({ caFile, crlFile: bundle(above, below) }) },
  });
  const as = { ...middle.client, certPem: middle.client.certPem + middle.caPem };
  const client = await rawClient(sensor.port, pki, { as });
  assert.equal(await isServed(client), true);
  const revoking = await pki.crl({ revoked: [middle.caSerial] });
  sensor.server.adopt(load({ caFile, crlFile: bundle(revoking, below, below) }));
  await client.closed;
  assert.match(sensor.logger.events('peer-cut')[0]?.text ?? '', /certificate revoked/);
  assert.equal(await rawClient(sensor.port, pki, { as }).then(isServed, () => false), false);
});

test('what OpenSSL refuses changes nothing', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  const inForce = sensor.server.credentials();
  assert.throws(() => sensor.server.adopt({ ...inForce, key: pki.client.keyPem }));
  assert.equal(sensor.server.credentials(), inForce);
  assert.equal((await sensor.ask()).status, 404);
});
