/**
 * What stops the intake from outside: a full journal, the disk reserve, directories it may not write, another
 * filesystem. It pauses or is stuck, says why and what to do, and goes on by itself.
 */

import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { RelayError } from '../../src/core/errors.ts';
import { checkSpoolSettings } from '../../src/sensor/intake/check-settings.ts';
import { remedyFor } from '../../src/sensor/intake/remedy.ts';
import { StuckFiles } from '../../src/sensor/intake/stuck.ts';
import { manualClock } from '../support/manual-clock.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { spoolWorld } from './spool-world.ts';

test('disk reserve reached: pauses, says so once, resumes by itself', (t) => {
  let free = 1_000;
  const world = spoolWorld(t, {
    delete: true,
    settings: { minFree: { bytes: 500 * 1024 } },
    deps: { statfs: () => ({ bsize: 1024, blocks: 10_000, bavail: free }) },
  });
  world.put('a');
  world.run();
  free = 400;
  world.put('b');
  for (let n = 0; n < 10; n += 1) world.pass(1_000);
  assert.deepEqual(world.owed(), ['a']);
  assert.deepEqual(world.names(), ['b.xml']);
  assert.match(
    world.intake.status.paused ?? '',
    /^filesystem of .* has 400\.0 KiB \(4\.0 %\) free, reserve is 500\.0 KiB: files wait in the spool; .*--min-free$/,
  );
  assert.equal(world.log.events('intake-paused').length, 1);
  free = 600;
  world.pass(1_000);
  assert.deepEqual(world.owed(), ['a', 'b']);
  assert.equal(world.intake.status.paused, undefined);
  assert.equal(world.log.events('intake-resumed').length, 1);
});

test('journal full: files wait, are taken when there is room, the law holds throughout', (t) => {
  const world = spoolWorld(t, { delete: true, maxBytes: 300_000 });
  for (let n = 0; n < 2_000; n += 1) world.put(`a${n}`);
  world.run();
  assert.match(world.intake.status.paused ?? '', /bytes used of the 300000 allowed; it goes on by itself/);
  const { taken = 0, waiting = 0, found } = world.files();
  assert.equal(taken + waiting, 2_000);
  assert.ok(waiting > 0);
  assert.equal(found, 2_000);
  for (let round = 0; world.files()['waiting'] !== undefined; round += 1) {
    assert.ok(round < 100, 'it does not go on');
    const claim = world.core.lease('default', { messages: 1_000, bytes: 1e8 });
    if (claim !== undefined) world.core.settle(claim.id);
    while (world.core.sweep());
    world.pass(1_000);
  }
  assert.deepEqual(world.files(), { found: 2_000, taken: 2_000 });
  assert.equal(world.intake.status.paused, undefined);
});

test('--movedir on another filesystem: copied, synced, then removed (S19)', (t) => {
  const dir = otherFilesystem();
  if (typeof dir === 'string') {
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const world = spoolWorld(t, { settings: { moveDir: dir } });
    if (statSync(dir).dev === statSync(world.spool).dev) {
      t.skip('/dev/shm is on the filesystem of the temporary directory');
      return;
    }
    for (let n = 0; n < 50; n += 1) world.put(`a${n}`);
    world.run();
    assert.equal(world.owed().length, 50);
    assert.deepEqual(world.names(), []);
    assert.equal(readdirSync(dir).length, 50);
    assert.match(readFileSync(join(dir, 'a7.xml'), 'utf8'), /messageid="a7"/);
    world.put('a7', 'again');
    world.pass(3_000);
    assert.equal(readdirSync(dir).length, 51, 'a name in use is not overwritten (S20)');
  } else {
    t.skip('no /dev/shm to be another filesystem');
  }
});

function otherFilesystem(): string | undefined {
  try {
    return mkdtempSync('/dev/shm/idmef-relay-');
  } catch {
    return undefined;
  }
}

test('--movedir goes away: stuck, taken once, moved when it is back (S21)', (t) => {
  const world = spoolWorld(t, { move: true });
  rmdirSync(world.done);
  for (let n = 0; n < 30; n += 1) world.put(`a${n}`);
  world.run();
  assert.equal(world.owed().length, 30, 'alerts flow');
  assert.equal(world.intake.status.stuck, 30);
  const [line, ...more] = world.log.events('spool-stuck');
  assert.deepEqual(more, []);
  assert.match(
    line?.text ?? '',
    /^spool file a\d+\.xml stuck: cannot move it: .*; make the directory: mkdir -p .*\/done$/,
  );
  world.pass(30_000);
  world.pass(3_600_000);
  assert.match(
    world.log.events('spool-stuck')[1]?.text ?? '',
    /and 29 more files stuck/,
    'said again hourly',
  );
  mkdirSync(world.done);
  world.pass(30_000);
  assert.equal(world.intake.status.stuck, 0);
  assert.equal(readdirSync(world.done).length, 30);
  assert.equal(world.owed().length, 30, 'none is taken twice');
  assert.equal(world.core.listFiles().length, 0);
  assert.deepEqual(world.files(), { found: 30, taken: 30 });
});

test('a corrupt journal is set aside: files that stay are taken again into the new one', (t) => {
  const world = spoolWorld(t);
  world.put('a');
  world.run();
  const before = world.core.id;
  world.restart({}, (journal) => writeFileSync(journal, Buffer.alloc(20_000, 'garbage')));
  world.run();
  assert.notEqual(world.core.id, before);
  assert.deepEqual(world.owed(), ['a']);
  assert.deepEqual(world.files(), { found: 1, taken: 1 });
});

test('two servers on one spool (S34): no error, nothing lost', (t) => {
  const world = spoolWorld(t, { delete: true });
  const other = spoolWorld(t, { delete: true, settings: { spoolDir: world.spool } });
  for (let n = 0; n < 600; n += 1) world.put(`a${n}`);
  for (let resting = 0; resting < 4;) {
    const rest = Math.min(world.intake.step(), other.intake.step());
    resting = rest > 0 ? resting + 1 : 0;
  }
  world.pass(250);
  other.pass(250);
  assert.deepEqual(world.names(), []);
  assert.equal(new Set([...world.owed(), ...other.owed()]).size, 600);
  const { found, ...fates } = other.files();
  assert.equal(
    Object.values(fates).reduce((sum, count) => sum + count, 0),
    found,
  );
  assert.deepEqual([...world.log.lines, ...other.log.lines], []);
});

test('spool settings that cannot work are refused at the start, with the remedy', (t) => {
  const dir = tempDir(t);
  const [spoolDir, moveDir] = [join(dir, 'spool'), join(dir, 'done')];
  mkdirSync(spoolDir);
  mkdirSync(moveDir);
  writeFileSync(join(dir, 'file'), '');
  const check = (settings: { spoolDir: string; moveDir?: string }, message: RegExp, hint?: RegExp): void => {
    assert.throws(
      () => checkSpoolSettings({ delete: false, ...settings }),
      (error) => {
        assert.ok(error instanceof RelayError);
        assert.equal(error.code, 'CONFIG');
        assert.match(error.message, message);
        if (hint !== undefined) assert.match(error.hint ?? '', hint);
        return true;
      },
    );
  };
  check({ spoolDir: join(dir, 'none') }, /^--spooldir .*none: no such directory$/, /^mkdir -p .*none$/);
  check({ spoolDir: join(dir, 'file') }, /^--spooldir .*file: not a directory$/);
  check({ spoolDir, moveDir: join(dir, 'none') }, /^--movedir .*none: no such directory$/, /^mkdir -p /);
  check({ spoolDir, moveDir: spoolDir }, /^--movedir .*: it is where the intake itself looks/);
  mkdirSync(join(spoolDir, 'corrupt'));
  check({ spoolDir, moveDir: join(spoolDir, 'corrupt') }, /^--movedir /);
  checkSpoolSettings({ spoolDir, moveDir, delete: true });
});

test('remedies name what has to be done', () => {
  const check = (code: string, attempt: 'read' | 'remove' | 'move', expected: RegExp): void => {
    assert.match(remedyFor(attempt, code, '/var/spool/x', 990), expected);
  };
  check('EACCES', 'read', /^let user id 990 read it: .*idmef-spool$/);
  check('EACCES', 'remove', /user id 990 write in \/var\/spool\/x: chmod 2770 and chgrp idmef-spool/);
  check('EROFS', 'remove', /add ReadWritePaths=\/var\/spool\/x to the unit/);
  check('ENOSPC', 'move', /make room on the filesystem of \/var\/spool\/x/);
});

test('stuck files: one line a cause, the gauge counts files, cured files leave it', () => {
  const clock = manualClock();
  const log = recordingLogger();
  const stuck = new StuckFiles(clock, log, 990);
  const trouble = { attempt: 'read', code: 'EACCES', dir: '/s', text: 'permission denied' } as const;
  for (let n = 0; n < 1_000; n += 1) stuck.add(`f${n}.xml`, trouble);
  stuck.add('other.xml', { ...trouble, attempt: 'remove' });
  assert.equal(stuck.count, 1_001);
  assert.equal(log.lines.length, 2);
  stuck.repeat();
  assert.equal(log.lines.length, 2);
  for (let n = 0; n < 999; n += 1) stuck.clear(`f${n}.xml`);
  clock.advance(3_600_000);
  stuck.repeat();
  assert.match(
    log.lines[2]?.text ?? '',
    /^spool file f999\.xml stuck: cannot read it: permission denied; let user id 990/,
  );
  stuck.clear('f999.xml');
  stuck.clear('other.xml');
  assert.equal(stuck.count, 0);
});
