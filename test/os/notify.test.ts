/** Messages to the service manager: one at a time, the latest of each variable, and no harm when they cannot be sent. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { createServiceNotices } from '../../src/app/service-notices.ts';
import { readProcessEnvironment } from '../../src/config/process-environment.ts';
import { createNotifier } from '../../src/os/notify.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** A command in the place of systemd-notify that writes down what it is told. */
function scribe(dir: string, exit = 0): { command: string; lines: () => string[] } {
  const command = join(dir, 'notify');
  const record = join(dir, 'record');
  writeFileSync(
    command,
    `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${record}\n[ ${exit} = 0 ] || echo no such socket >&2\nexit ${exit}\n`,
  );
  chmodSync(command, 0o755);
  return {
    command,
    lines: () => (existsSync(record) ? readFileSync(record, 'utf8').trimEnd().split('\n') : []),
  };
}

test('what comes while one is sent is sent together, of each variable the latest', async (t) => {
  const { command, lines } = scribe(tempDir(t));
  const notifier = createNotifier({ socket: '/run/s', logger: recordingLogger(), command });
  notifier.send({ READY: '1' });
  notifier.send({ STATUS: 'one' });
  notifier.send({ STATUS: 'two\nlines', WATCHDOG: '1' });
  await notifier.flushed();
  assert.deepEqual(lines(), ['/run/s READY=1', '/run/s STATUS=two lines WATCHDOG=1']);
});

for (const [what, command] of [
  ['is not installed', '/nowhere/systemd-notify'],
  ['fails', undefined],
] as const) {
  test(`the tool ${what}: said once, nothing else happens`, async (t) => {
    const logger = recordingLogger();
    const broken = command ?? scribe(tempDir(t), 3).command;
    const notifier = createNotifier({ socket: '/run/s', logger, command: broken });
    for (let n = 0; n < 3; n += 1) {
      notifier.send({ STATUS: String(n) });
      await notifier.flushed();
    }
    const lines = logger.events('notify-failed');
    assert.equal(lines.length, 1);
    assert.match(lines[0]?.text ?? '', command === undefined ? /no such socket/ : /ENOENT/);
  });
}

function recorder(): { sent: string[]; notifier: ReturnType<typeof createNotifier> } {
  const sent: string[] = [];
  const send = (variables: Readonly<Record<string, string>>): void =>
    void sent.push(Object.keys(variables).join(' '));
  return { sent, notifier: { send, flushed: async () => undefined } };
}

test('the watchdog is fed after an answer, an error is an answer, silence is none', async () => {
  const { sent, notifier } = recorder();
  const logger = recordingLogger();
  let answer = async (): Promise<string> => 'well';
  const notices = createServiceNotices({
    manager: { socket: '/run/s', watchdogMs: 20 },
    logger,
    status: () => answer(),
    notifier,
  });
  const fed = (): number => sent.filter((words) => words.includes('WATCHDOG')).length;
  assert.deepEqual(sent, [], 'nothing before it is ready');
  notices.ready();
  assert.equal(sent[0], 'READY');
  await until(() => fed() >= 3);
  answer = async () => await Promise.reject(new Error('disk full'));
  const before = fed();
  await until(() => fed() >= before + 3);
  answer = async () => await new Promise(() => undefined);
  await until(() => logger.events('watchdog-not-fed').length >= 2);
  const silent = fed();
  await until(() => logger.events('watchdog-not-fed').length >= 5);
  assert.equal(fed(), silent);
  notices.stopping();
  await notices.close();
  assert.equal(sent.at(-1), 'STOPPING STATUS');
});

test('without a watchdog only a changed status is sent; without a socket nothing is asked', async () => {
  const { sent, notifier } = recorder();
  let asked = 0;
  const status = async (): Promise<string> => `${(asked += 1)}`;
  const options = { logger: recordingLogger(), status, notifier };
  const nobody = createServiceNotices({ ...options, manager: { watchdogMs: 1 } });
  nobody.ready();
  nobody.stopping();
  await nobody.close();
  assert.equal(asked, 0);
  const notices = createServiceNotices({ ...options, manager: { socket: '/run/s' } });
  notices.ready();
  notices.ready();
  await until(() => sent.length === 2);
  assert.deepEqual(sent, ['READY', 'STATUS']);
  await notices.close();
});

test('the environment: a watchdog for another process is not ours', () => {
  const env = { NOTIFY_SOCKET: '@/run/s', WATCHDOG_USEC: '60000000' };
  assert.deepEqual(readProcessEnvironment(env, 7), { notifySocket: '@/run/s', watchdogMs: 60_000 });
  assert.deepEqual(readProcessEnvironment({ ...env, WATCHDOG_PID: '7' }, 7).watchdogMs, 60_000);
  assert.deepEqual(readProcessEnvironment({ ...env, WATCHDOG_PID: '8' }, 7), { notifySocket: '@/run/s' });
  assert.deepEqual(readProcessEnvironment({ WATCHDOG_USEC: 'nonsense' }, 7), {});
});
