/** A sensor whose journal a disk has damaged after a kill: it starts, says what was lost, delivers the rest, takes new alerts. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { startProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld } from '../support/world.ts';
import { assertNoStack, ended } from './expect-fault.ts';

const COUNT = 40;
const FLAGS = ['--delete', '--allow-poller', 'DNS:manager1'];

test('bits flipped in the header and in one alert: all others are delivered, and the loss is counted', async (t) => {
  const world = await makeWorld(tempDir(t));
  const names = Array.from({ length: COUNT }, (_, index) => `alert-${String(index).padStart(2, '0')}`);
  const first = await world.startSensor(FLAGS);
  for (const name of names) putInSpool(world.spool, name, alertDocument(name));
  await until(() => readdirSync(world.spool).filter((name) => name.endsWith('.xml')).length === 0, {
    what: 'all alerts in the journal',
  });
  await first.kill('SIGTERM');
  const path = join(world.sensorState, 'journal.db');
  const file = readFileSync(path);
  file[45] = 0x55;
  // Wherever it is: pages keep copies of what was moved, and a copy would do.
  for (let at = file.indexOf('alert-17'); at >= 0; at = file.indexOf('alert-17', at + 1)) file[at] = 0x41;
  writeFileSync(path, file);

  const check = startProgram('idmef', ['journal', 'check', world.sensorState]);
  assert.equal(await ended(check), 1);
  const second = await world.startSensor(FLAGS);
  t.after(() => second.kill('SIGKILL'));
  await second.line(
    new RegExp(
      `error: journal was damaged \\(header: .+\\): salvaged ${COUNT - 1} of ${COUNT} messages, 1 damaged; the old file is kept as \\S+\\.corrupt-\\w+$`,
    ),
  );
  assertNoStack(second.stderr());
  putInSpool(world.spool, 'fresh', alertDocument('fresh'));
  const expected = [...names.filter((name) => name !== 'alert-17'), 'fresh'];
  // Beside them comes the poller's own alert about the loss.
  const arrived = (): string[] =>
    world
      .delivered()
      .flatMap(messageIds)
      .filter((id) => expected.includes(id));
  await until(async () => (await ended(world.startPoller())) === 0 && arrived().length >= expected.length, {
    what: 'everything that was salvaged, and the fresh one',
  });
  assert.deepEqual(arrived().toSorted(), expected.toSorted());
  assert.match(world.delivered().join(''), /lost|damaged/);
});
