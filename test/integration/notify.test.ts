/**
 * The built services under a stand-in for systemd: a socket that python3 listens on, and the real systemd-notify. In CI a
 * missing tool is a failure, elsewhere a skip with the reason.
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld } from '../support/world.ts';

const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(repr(s.recv(4096).decode()), flush=True)
`;

function missing(): string | false {
  const tools = ['python3', 'systemd-notify'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
  if (tools.length === 0 || process.env['CI']) return false;
  return `not installed: ${tools.join(', ')}`;
}

async function listen(t: TestContext, socket: string): Promise<() => readonly string[]> {
  const child = spawn('python3', ['-c', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await until(() => text.startsWith('bound'));
  return () =>
    text
      .split('\n')
      .slice(1, -1)
      .filter((line) => !line.includes('BARRIER'));
}

describe('sd_notify', { skip: missing() }, () => {
  test('reverse-server: ready when it listens, fed, told to stop', async (t) => {
    const world = await makeWorld(tempDir(t));
    const socket = join(world.dir, 'notify');
    const said = await listen(t, socket);
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1000000' };
    const sensor = await world.startSensor(['--delete'], { env });
    t.after(() => sensor.kill('SIGKILL'));
    await until(() => said().length >= 3);
    assert.match(said()[0] ?? '', /^'READY=1'$/);
    assert.match(said()[2] ?? '', /WATCHDOG=1.*STATUS=0 messages pending, 0 stuck and 0 corrupt files/);
    assert.equal((await sensor.kill('SIGTERM')).code, 0);
    await until(() => said().some((line) => line.includes('STOPPING=1')));
    assert.doesNotMatch(sensor.stderr(), /service manager/);
  });

  for (const mode of [['--follow'], ['--schedule', '0 0 1 1 *']]) {
    test(`http-proxy ${mode[0]}: ready although the sensor is away, fed, told to stop`, async (t) => {
      const world = await makeWorld(tempDir(t));
      const socket = join(world.dir, 'notify');
      const said = await listen(t, socket);
      const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1000000' };
      const poller = world.startPoller(mode, undefined, { env });
      t.after(() => poller.kill('SIGKILL'));
      await until(() => said().length >= 3, { timeoutMs: 10_000 });
      assert.match(said()[0] ?? '', /^'READY=1'$/);
      assert.match(said()[2] ?? '', /WATCHDOG=1.*STATUS=1 profiles?/);
      assert.equal((await poller.kill('SIGTERM')).code, 0);
      await until(() => said().some((line) => line.includes('STOPPING=1')));
    });
  }

  test('without the socket nothing is started', async (t) => {
    const world = await makeWorld(tempDir(t));
    const sensor = await world.startSensor(['--delete'], {
      env: { WATCHDOG_USEC: '1000000', PATH: '/nowhere' },
    });
    assert.equal((await sensor.kill('SIGTERM')).code, 0);
    assert.doesNotMatch(sensor.stderr(), /notify|manager/);
  });
});
