/** How commands of alert-dispatcher find the store: a service that is starting has it, and no socket yet. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { openControl } from '../../src/app/dispatcher/open-control.ts';
import { systemTimers } from '../../src/app/dispatcher/real-timers.ts';
import { RelayError } from '../../src/core/errors.ts';
import { openStore } from '../../src/dispatcher/store/in-process.ts';
import { systemRandom } from '../../src/os/random.ts';
import { tempDir } from '../support/temp-dir.ts';

test('a command waits for a service that is starting, and never asks to kill it', async (t) => {
  const stateDir = tempDir(t);
  const place = {
    configFile: join(stateDir, 'none.yml'),
    stateDir,
    socket: join(stateDir, 'control.sock'),
  };
  const service = await openStore({
    path: join(stateDir, 'dispatcher.db'),
    clock: systemTimers,
    random: systemRandom,
  });
  const open = (patienceMs: number): ReturnType<typeof openControl> =>
    openControl(place, 'cli:test', () => undefined, patienceMs);
  await assert.rejects(open(0), (error: unknown) => {
    assert.ok(error instanceof RelayError);
    assert.equal(error.code, 'JOURNAL_BUSY');
    assert.doesNotMatch(error.hint ?? '', /kill/);
    return true;
  });
  const waiting = open(60_000);
  await service.close();
  const control = await waiting;
  assert.deepEqual(await control.call('users.list', {}), []);
  await control.close();
});
