/**
 * How the built sensor starts, listens and stops: `Listening on …` means that it accepts, every spelling of a flag
 * that the Python relay took is taken, IPv6 works, and SIGTERM ends it with 0 within its three seconds, whatever
 * its peers do.
 */

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, test } from 'node:test';

import { freePort } from '../support/free-port.ts';
import { startProgram, type Program } from '../support/program.ts';
import { PLAIN_GET, rawClient } from '../support/raw-client.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { assertNoStack, ended, textsOf } from './expect-fault.ts';

/** Nobody waits for a program that hangs for ever. */
const BOUND = { timeout: 300_000 };
/** Three seconds, and what a busy machine adds; half of what a stalled peer is given while the sensor runs. */
const STOP_MS = 15_000;

describe('Listening', () => {
  test('is printed once, only when it accepts; --port 0 says which port it is', BOUND, async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = start(world, ['--port', '0', '--address', '127.0.0.1']);
    t.after(() => sensor.kill('SIGKILL'));
    const port = Number((await sensor.line(/^Listening on https:\/\/127\.0\.0\.1:(\d+)\/$/))[1]);
    assert.ok(port > 0);
    assert.equal((await world.ask({ port })).status, 404);
    assert.match(sensor.stdout(), /^Listening on https:\/\/127\.0\.0\.1:\d+\/\n$/);
  });

  test('every spelling argparse took: prefixes, -p3128, -p 3128, --port=3128, -vv', BOUND, async (t) => {
    const world = await makeWorld(tempDir(t));
    const { certFile, keyFile } = world.pki.server;
    const tls = ['--ce', certFile, `--key=${keyFile}`, '--cac', world.pki.caFile];
    putInSpool(world.spool, 'a', alertDocument('spelling'));
    for (const spelling of [
      (port: string) => [`-p${port}`],
      (port: string) => ['-p', port],
      (port: string) => [`--port=${port}`, '-vv'],
    ]) {
      const port = await freePort();
      const flags = [...tls, '--spool', world.spool, '--state', world.sensorState, '--min', '1M', '-m-1'];
      const sensor = startProgram('reverse-server', [
        ...flags,
        '--addr',
        '127.0.0.1',
        ...spelling(String(port)),
      ]);
      t.after(() => sensor.kill('SIGKILL'));
      await sensor.line(new RegExp(`^Listening on https://127\\.0\\.0\\.1:${port}/$`));
      await until(async () => messageIds((await world.ask({ port })).body).includes('spelling'));
      assert.equal((await sensor.kill('SIGTERM')).code, 0);
      assertNoStack(sensor.stderr());
    }
  });

  test('on ::1, and on everything by default (S32)', BOUND, async (t) => {
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    if (!addresses.some(({ address }) => address === '::1')) {
      t.skip('this host has no ::1');
      return;
    }
    const world = await makeWorld(tempDir(t));
    for (const [flags, hosts] of [
      [['--address', '::1'], ['::1']],
      [[], ['::1', '127.0.0.1']],
    ] as const) {
      const sensor = start(world, ['--port', '0', ...flags]);
      t.after(() => sensor.kill('SIGKILL'));
      const port = Number((await sensor.line(/^Listening on https:\/\/\[::1?\]:(\d+)\/$/))[1]);
      for (const host of hosts) assert.equal((await world.ask({ host, port })).status, 404);
      const managers = [`file://${world.outbox}`];
      const poller = world.startPoller(['--sensor', `https://[::1]:${port}/`], managers);
      assert.equal(await ended(poller), 0, poller.stderr());
      assert.equal((await sensor.kill('SIGTERM')).code, 0);
    }
  });

  test('TLS 1.2 and 1.3, and no handshake without a certificate (S24, S28)', BOUND, async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const client = await rawClient(world.sensorPort, world.pki, {
        minVersion: version,
        maxVersion: version,
      });
      client.send(PLAIN_GET);
      assert.equal((await client.answer())?.status, 404, version);
      assert.equal(client.socket.getProtocol(), version);
      client.socket.destroy();
    }
    const bare = connect({
      host: '127.0.0.1',
      port: world.sensorPort,
      servername: 'localhost',
      ca: world.pki.caPem,
    });
    bare.on('error', () => undefined);
    bare.write(PLAIN_GET);
    await sensor.line(/warning: 127\.0\.0\.1:\d+: TLS handshake refused: .*certificate/);
    bare.destroy();
    assert.equal(textsOf(sensor.stderr(), 'warning').length, 1, sensor.stderr());
  });
});

test(
  'renewed certificates are taken up by a restart; SIGHUP ends nothing and says so (S31)',
  BOUND,
  async (t) => {
    const world = await makeWorld(tempDir(t));
    const flags = ['--delete', '--allow-poller', 'DNS:manager1'];
    const sensor = await world.startSensor(flags);
    t.after(() => sensor.kill('SIGKILL'));
    const { server } = world.pki;
    const renewed = await world.pki.issue({ name: 'renewed', cn: 'localhost', san: ['DNS:localhost'] });
    copyFileSync(renewed.certFile, server.certFile);
    copyFileSync(renewed.keyFile, server.keyFile);
    process.kill(sensor.pid, 'SIGHUP');
    await sensor.line(/SIGHUP|certificate/);
    assert.equal((await world.ask()).status, 404, 'still there');
    await stopsWithin(sensor, STOP_MS);
    const again = await world.startSensor(flags);
    t.after(() => again.kill('SIGKILL'));
    const client = await rawClient(world.sensorPort, world.pki);
    assert.equal(client.socket.getPeerX509Certificate()?.serialNumber, renewed.serial);
    client.socket.destroy();
  },
);

describe('SIGTERM', () => {
  test('idle: exit 0', BOUND, async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--allow-poller', 'DNS:manager1']);
    await stopsWithin(sensor, STOP_MS);
  });

  test(
    'with a silent peer, a stalled download and a waiting poll: within 3 s, nothing is lost (S30)',
    BOUND,
    async (t) => {
      const world = await makeWorld(tempDir(t));
      const ids = Array.from({ length: 14 }, (_, index) => `open-${index}`);
      for (const id of ids) putInSpool(world.spool, id, alertDocument(id, 'x'.repeat(2 ** 20)));
      const flags = ['--delete', '--allow-poller', 'DNS:manager1'];
      const sensor = await world.startSensor(flags);
      t.after(() => sensor.kill('SIGKILL'));
      await until(
        async () => Number((await world.ask({ method: 'HEAD' })).headers['idmef-pending']) === ids.length,
        { everyMs: 40 },
      );
      const silent = connectTcp(world.sensorPort, '127.0.0.1');
      silent.on('error', () => undefined);
      const stalled = await rawClient(world.sensorPort, world.pki);
      t.after(() => {
        silent.destroy();
        stalled.socket.destroy();
      });
      stalled.send(PLAIN_GET);
      await stalled.received(100_000);
      stalled.socket.pause();
      await stopsWithin(sensor, STOP_MS);
      const again = await world.startSensor(flags);
      t.after(() => again.kill('SIGKILL'));
      assert.deepEqual(messageIds((await world.ask()).body).toSorted(), ids.toSorted());
      await until(async () => (await world.ask({ method: 'HEAD' })).status === 404, { what: 'the receipt' });
    },
  );

  test('a download that goes on is finished and consumed', BOUND, async (t) => {
    const world = await makeWorld(tempDir(t));
    const ids = Array.from({ length: 14 }, (_, index) => `slow-${index}`);
    for (const id of ids) putInSpool(world.spool, id, alertDocument(id, 'x'.repeat(2 ** 20)));
    const flags = ['--delete', '--allow-poller', 'DNS:manager1'];
    const sensor = await world.startSensor(flags);
    t.after(() => sensor.kill('SIGKILL'));
    await until(
      async () => Number((await world.ask({ method: 'HEAD' })).headers['idmef-pending']) === ids.length,
      { everyMs: 40 },
    );
    const client = await rawClient(world.sensorPort, world.pki);
    client.send(PLAIN_GET);
    await client.received(100_000);
    client.socket.pause();
    const stopped = sensor.kill('SIGTERM');
    client.socket.resume();
    assert.deepEqual(messageIds((await client.answer())?.body ?? '').toSorted(), ids.toSorted());
    client.socket.end();
    assert.equal((await stopped).code, 0);
    const again = await world.startSensor(flags);
    t.after(() => again.kill('SIGKILL'));
    assert.equal((await world.ask()).status, 404);
  });

  test('a follower ends with 0', BOUND, async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    t.after(() => sensor.kill('SIGKILL'));
    const follower = world.startPoller(['--follow']);
    t.after(() => follower.kill('SIGKILL'));
    putInSpool(world.spool, 'one', alertDocument('one'));
    await until(() => world.delivered().length === 1);
    await stopsWithin(follower, STOP_MS);
  });
});

function start(world: World, flags: readonly string[]): Program {
  const { certFile, keyFile } = world.pki.server;
  const tls = ['--cert', certFile, '--key', keyFile, '--cacert', world.pki.caFile];
  const places = ['--spooldir', world.spool, '--state', join(world.dir, 'state'), '--min-free', '1M'];
  return startProgram('reverse-server', [...tls, ...places, '--allow-poller', 'DNS:manager1', ...flags]);
}

async function stopsWithin(program: Program, limitMs: number): Promise<void> {
  const began = performance.now();
  const exit = await program.kill('SIGTERM');
  const took = performance.now() - began;
  assert.deepEqual(exit, { code: 0, signal: null }, program.stderr());
  assert.ok(took < limitMs, `took ${Math.round(took)} ms`);
  assertNoStack(program.stderr());
}
