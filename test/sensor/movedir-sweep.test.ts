/** `--movedir-max-age`: what is removed, what never is, how it is said, and that a step is a slice. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { spoolLimits } from '../../src/core/limits.ts';
import { MovedirSweep } from '../../src/sensor/intake/movedir-sweep.ts';
import { manualClock } from '../support/manual-clock.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const HOUR = 3_600_000;

test('regular *.xml files of that age, and nothing else, here and nowhere else', (t) => {
  const dir = tempDir(t);
  const elsewhere = tempDir(t);
  const log = recordingLogger();
  const clock = manualClock(Date.now());
  for (const name of ['a.xml', 'b.1234.xml', 'c.txt', '.hidden.xml', 'a.xml.reason'])
    writeFileSync(join(dir, name), 'x');
  mkdirSync(join(dir, 'sub.xml'));
  writeFileSync(join(dir, 'sub.xml', 'deep.xml'), 'x');
  writeFileSync(join(elsewhere, 'target.xml'), 'x');
  symlinkSync(join(elsewhere, 'target.xml'), join(dir, 'link.xml'));
  symlinkSync(elsewhere, join(dir, 'dir.xml'));
  const sweep = new MovedirSweep({ dir, maxAgeMs: HOUR }, { clock, log });
  assert.equal(sweep.step(), spoolLimits.sweepMaxMs);
  assert.equal(sweep.removed, 0);
  clock.advance(HOUR + 60_000);
  sweep.step();
  assert.equal(sweep.removed, 2);
  assert.deepEqual(readdirSync(dir).toSorted(), [
    '.hidden.xml',
    'a.xml.reason',
    'c.txt',
    'dir.xml',
    'link.xml',
    'sub.xml',
  ]);
  assert.deepEqual(readdirSync(join(dir, 'sub.xml')), ['deep.xml']);
  assert.deepEqual(readdirSync(elsewhere), ['target.xml']);
  assert.equal(log.events('movedir-swept')[0]?.fields['files'], 2);
});

test('the first removals are said at once, the others once a day, the rest at the end', (t) => {
  const dir = tempDir(t);
  const log = recordingLogger();
  const clock = manualClock(Date.now());
  const sweep = new MovedirSweep({ dir, maxAgeMs: HOUR }, { clock, log });
  clock.advance(2 * HOUR);
  const remove = (name: string): void => {
    writeFileSync(join(dir, name), 'x');
    sweep.step();
  };
  for (const name of ['1.xml', '2.xml', '3.xml']) remove(name);
  const said = (): unknown[] => log.events('movedir-swept').map(({ fields }) => fields['files']);
  assert.deepEqual(said(), [1]);
  clock.advance(spoolLimits.sweepSayMs);
  remove('4.xml');
  assert.deepEqual(said(), [1, 3]);
  remove('5.xml');
  sweep.close();
  assert.deepEqual(said(), [1, 3, 1]);
  assert.equal(sweep.removed, 5);
});

test('one slice a step: a large directory is left between', (t) => {
  const dir = tempDir(t);
  for (let n = 0; n < 3_000; n += 1) writeFileSync(join(dir, `${n}.xml`), '');
  let passed = 0;
  // Each look at the clock takes a tenth of a slice.
  const clock = { now: () => Date.now() + HOUR, monotonic: () => (passed += spoolLimits.sliceMs / 10) };
  const sweep = new MovedirSweep({ dir, maxAgeMs: 1_000 }, { clock, log: recordingLogger() });
  const rest = sweep.step();
  assert.ok(sweep.removed > 0 && sweep.removed < 20, String(sweep.removed));
  assert.ok(rest >= spoolLimits.sliceMs * spoolLimits.restFactor, String(rest));
  let steps = 1;
  while (sweep.step() !== spoolLimits.sweepMinMs) steps += 1;
  assert.equal(sweep.removed, 3_000);
  assert.ok(steps > 100, String(steps));
});

test('a directory that is away is said once a day, and found again', (t) => {
  const parent = tempDir(t);
  const dir = join(parent, 'done');
  const log = recordingLogger();
  const clock = manualClock(Date.now());
  const sweep = new MovedirSweep({ dir, maxAgeMs: HOUR }, { clock, log });
  for (let n = 0; n < 5; n += 1) assert.equal(sweep.step(), spoolLimits.sweepMaxMs);
  assert.equal(log.events('movedir-not-swept').length, 1);
  mkdirSync(dir);
  writeFileSync(join(dir, 'x.xml'), 'x');
  clock.advance(2 * HOUR);
  sweep.step();
  assert.equal(sweep.removed, 1);
});
