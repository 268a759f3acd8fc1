/** The scenario of intake-unreadable.test.ts, as an unprivileged user. Prints `all checked` at its end. */

import assert from 'node:assert/strict';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type SpoolWorld, spoolWorld } from './spool-world.ts';

const TIMES = 100;
const endings: (() => void)[] = [];
const ending = { after: (hook: () => void): void => void endings.unshift(hook) };

try {
  unreadableFiles();
  unwritableSpool();
  process.stdout.write('all checked\n');
} finally {
  for (const end of endings) end();
}

function unreadableFiles(): void {
  const world = spoolWorld(ending, { delete: true });
  for (let n = 0; n < TIMES; n += 1) {
    world.put(`secret${n}`);
    chmodSync(join(world.spool, `secret${n}.xml`), 0o000);
    world.put(`good${n}`);
  }
  world.run();
  assert.equal(world.owed().length, TIMES);
  check(
    world,
    TIMES,
    /^spool file secret\d+\.xml stuck: cannot read it: EACCES.*; let user id \d+ read it: chmod g\+r/,
  );
  for (let n = 0; n < 500; n += 1) world.pass(250);
  check(world, TIMES, /./);
  chmodSync(join(world.spool, 'secret7.xml'), 0o400);
  world.pass(250);
  assert.equal(world.owed().length, TIMES + 1, 'a mode that changed is noticed at the next look');
  for (let n = 0; n < TIMES; n += 1) if (n !== 7) chmodSync(join(world.spool, `secret${n}.xml`), 0o400);
  world.pass(250);
  assert.equal(world.owed().length, 2 * TIMES);
  assert.deepEqual(world.intake.status, { stuck: 0, corrupt: 0, waiting: 0 });
  assert.deepEqual(world.files(), { found: 2 * TIMES, taken: 2 * TIMES });
}

function unwritableSpool(): void {
  const world = spoolWorld(ending, {});
  world.put('a');
  world.put('b');
  world.run();
  chmodSync(world.spool, 0o555);
  world.restart({ delete: true });
  assert.match(
    world.log.events('spool-unwritable')[0]?.text ?? '',
    /cannot be written: alerts are taken, but their files stay; let user id/,
  );
  world.run();
  check(world, 2, /^spool file [ab]\.xml stuck: cannot remove it: EACCES.*chmod 2770 and chgrp idmef-spool/);
  world.pass(30_000);
  assert.deepEqual(world.owed(), ['a', 'b'], 'taken once');
  chmodSync(world.spool, 0o755);
  world.pass(30_000);
  assert.deepEqual(readdirSync(world.spool), []);
  assert.equal(world.intake.status.stuck, 0);
  assert.deepEqual(world.owed(), ['a', 'b']);
}

function check(world: SpoolWorld, stuck: number, line: RegExp): void {
  assert.equal(world.intake.status.stuck, stuck);
  const lines = world.log.events('spool-stuck');
  assert.equal(lines.length, 1, lines.map(({ text }) => text).join('\n'));
  assert.match(lines[0]?.text ?? '', line);
}
