/** One scheduled poller of thirty sensors: undisturbed by a sensor that hangs, prompt at signals. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { descriptorsOf, startManySensors } from '../support/many-sensors.ts';
import { makePki } from '../support/pki.ts';
import { startProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, messageids } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';

const COUNT = 30;
const HUNG = 7;

function idsIn(dir: string): string[] {
  return readdirSync(join(dir, 'out'))
    .filter((name) => name.endsWith('.xml') && !name.startsWith('.'))
    .flatMap((name) => messageids(readFileSync(join(dir, 'out', name))));
}

test('thirty profiles in one schedule: one that hangs delays nobody, and nothing piles up', async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const many = await startManySensors(t, pki, dir, COUNT);
  const poller = startProgram('http-proxy', [
    ...many.flags,
    '--schedule',
    '*/2 * * * * *',
    '--timeout',
    '60',
    '-v',
  ]);
  t.after(() => poller.kill('SIGKILL'));
  const round = async (name: string, sensors: readonly number[]): Promise<void> => {
    const before = idsIn(dir).length;
    for (const index of sensors) many.sensors[index]?.add(alertElement(`${name}-${index}`));
    await until(() => idsIn(dir).length === before + sensors.length, { everyMs: 50, what: name });
  };
  const all = Array.from({ length: COUNT }, (_, index) => index);
  await round('first', all);
  await round('second', all);
  const descriptors = descriptorsOf(poller.pid);

  many.hang(HUNG);
  const others = all.filter((index) => index !== HUNG);
  for (const name of ['third', 'fourth']) await round(name, others);
  await poller.line(/s007: still running, this time is passed over/);
  const said = poller.stderr().split('\n');
  assert.deepEqual(
    said.filter((line) => /error|another run is active/.test(line)),
    [],
    'it is no error',
  );
  assert.equal(new Set(idsIn(dir)).size, 4 * COUNT - 2);
  assert.ok(
    descriptorsOf(poller.pid) < descriptors + 3 * COUNT,
    `${descriptors} descriptors after two rounds, ${descriptorsOf(poller.pid)} after four`,
  );

  process.kill(poller.pid, 'SIGHUP');
  await poller.line(/configuration read again: s000, s001/);
  const asked = performance.now();
  assert.deepEqual(await poller.kill('SIGTERM'), { code: 0, signal: null });
  assert.ok(performance.now() - asked < 45_000, 'a run that hangs for a minute is ended');
});
