/**
 * The spool intake by hand, with a clock that stands still (ARCHITECTURE.md: Spool intake): what is taken, in which order, what waits,
 * what goes to corrupt/, and what happens to files afterwards. S-numbers are defects of the system it replaces.
 */

import assert from 'node:assert/strict';
import {
  appendFileSync,
  linkSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { alertDocument } from '../support/spool-writer.ts';
import { spoolWorld } from './spool-world.ts';

const MODES = [
  { name: 'left', options: {} },
  { name: 'deleted', options: { delete: true } },
  { name: 'moved', options: { move: true } },
  { name: 'moved although --delete is given too (S19)', options: { move: true, delete: true } },
] as const;

for (const { name, options } of MODES) {
  test(`taken files are ${name}`, (t) => {
    const world = spoolWorld(t, options);
    world.put('a', 'a1', 'a2');
    world.put('b');
    world.run();
    assert.deepEqual(world.owed(), ['a1', 'a2', 'b']);
    const leave = !('move' in options) && !('delete' in options);
    assert.deepEqual(world.names(), leave ? ['a.xml', 'b.xml'] : []);
    assert.deepEqual(readdirSync(world.done).toSorted(), 'move' in options ? ['a.xml', 'b.xml'] : []);
    assert.deepEqual(world.files(), { found: 2, taken: 2 });
    assert.equal(world.core.listFiles().length, leave ? 2 : 0);
    world.pass(30_000);
    assert.deepEqual(world.owed(), ['a1', 'a2', 'b'], 'nothing is taken twice (S18)');
  });
}

test('order is mtime, then name (S17)', (t) => {
  const world = spoolWorld(t, { delete: true });
  for (const [name, seconds] of [
    ['z', 10],
    ['b', 30],
    ['a', 30],
    ['m', 20],
  ] as const) {
    world.put(name);
    utimesSync(join(world.spool, `${name}.xml`), seconds, seconds);
  }
  world.run();
  assert.deepEqual(world.owed(), ['z', 'm', 'a', 'b']);
});

test('a file that is written slowly is taken when it is complete, once (S2, S9)', (t) => {
  const world = spoolWorld(t, { delete: true });
  const path = join(world.spool, 'slow.xml');
  const text = alertDocument('slow');
  writeFileSync(path, '');
  for (let at = 0; at < text.length; at += 40) {
    appendFileSync(path, text.slice(at, at + 40));
    world.pass(250);
    if (at + 40 < text.trimEnd().length)
      assert.deepEqual(world.names(), ['slow.xml'], `after ${at + 40} bytes`);
  }
  world.pass(250);
  assert.deepEqual(world.owed(), ['slow']);
  assert.deepEqual(world.names(), []);
  assert.deepEqual(world.files(), { found: 1, taken: 1 });
});

test('unparseable and unchanged for 60 s: kept in corrupt/ with its reason, never deleted (S2)', (t) => {
  for (const [content, reason] of [
    ['', 'empty'],
    ['<idmef:IDMEF', 'incomplete'],
    ['<IDMEF-Message><<', 'not-well-formed'],
  ] as const) {
    const world = spoolWorld(t, { delete: true });
    writeFileSync(join(world.spool, 'x.xml'), content);
    world.pass(250);
    world.pass(59_000);
    assert.deepEqual(world.names(), ['x.xml'], content);
    world.pass(1_250);
    assert.deepEqual(world.names(), ['corrupt']);
    assert.deepEqual(readdirSync(join(world.spool, 'corrupt')).toSorted(), ['x.xml', 'x.xml.reason']);
    assert.equal(readFileSync(join(world.spool, 'corrupt/x.xml'), 'utf8'), content);
    assert.match(
      readFileSync(join(world.spool, 'corrupt/x.xml.reason'), 'utf8'),
      new RegExp(`^reason: ${reason}$`, 'm'),
    );
    assert.deepEqual(world.files(), { found: 1, [`refused:${reason}`]: 1 });
    assert.deepEqual(world.intake.status, { stuck: 0, corrupt: 1, waiting: 0 });
    assert.match(
      world.log.events('spool-corrupt')[0]?.text ?? '',
      /spool file x\.xml cannot be taken, kept as .*corrupt\/x\.xml: /,
    );
  }
});

test('complete but refused: to corrupt/ at once (S22)', (t) => {
  const world = spoolWorld(t, { delete: true });
  writeFileSync(join(world.spool, 'page.xml'), '<html><body/></html>');
  world.put('good');
  world.run();
  assert.deepEqual(world.names(), ['corrupt']);
  assert.deepEqual(world.owed(), ['good']);
});

test('a change before 60 s are over begins them anew', (t) => {
  const world = spoolWorld(t);
  const path = join(world.spool, 'x.xml');
  writeFileSync(path, '<a');
  world.pass(250);
  world.pass(40_000);
  appendFileSync(path, 'b');
  world.pass(40_000);
  assert.deepEqual(world.names(), ['x.xml']);
  world.pass(60_000);
  assert.deepEqual(world.names(), ['corrupt']);
});

test('a file in corrupt/ that changes is taken back', (t) => {
  const world = spoolWorld(t, { delete: true });
  writeFileSync(join(world.spool, 'x.xml'), '<idmef:IDMEF');
  world.pass(250);
  world.pass(60_000);
  assert.equal(world.intake.status.corrupt, 1);
  const check = (): void => {
    world.pass(30_000);
    world.pass(250);
  };
  check();
  assert.equal(world.intake.status.corrupt, 1, 'unchanged it stays');
  world.restart();
  check();
  assert.equal(world.intake.status.corrupt, 1, 'after a restart, too');
  writeFileSync(join(world.spool, 'corrupt/x.xml'), alertDocument('mended'));
  check();
  assert.deepEqual(world.owed(), ['mended']);
  assert.deepEqual(readdirSync(join(world.spool, 'corrupt')), []);
  assert.equal(world.intake.status.corrupt, 0);
  world.files();
});

test('two corrupt files of one name over time are both kept', (t) => {
  const world = spoolWorld(t);
  for (const text of ['<html/>', '<html></html>']) {
    writeFileSync(join(world.spool, 'x.xml'), text);
    world.pass(3_000);
  }
  const names = readdirSync(join(world.spool, 'corrupt')).toSorted();
  assert.deepEqual(names, ['x.1.xml', 'x.1.xml.reason', 'x.xml', 'x.xml.reason']);
});

test('names in done/ never collide (S20)', (t) => {
  const world = spoolWorld(t, { move: true });
  for (let n = 0; n < 20; n += 1) {
    world.put('same', `id${n}`);
    world.pass(3_000);
  }
  assert.equal(world.owed().length, 20);
  const kept = readdirSync(world.done);
  assert.equal(kept.length, 20);
  assert.equal(new Set(kept.map((name) => readFileSync(join(world.done, name), 'utf8'))).size, 20);
});

test('files that stay own their messages: removed or changed by hand withdraws what is unsettled', (t) => {
  const world = spoolWorld(t);
  for (const name of ['a', 'b', 'c']) world.put(name);
  world.run();
  rmSync(join(world.spool, 'a.xml'));
  world.put('b', 'b-new');
  world.pass(30_000);
  assert.deepEqual(world.owed().toSorted(), ['b-new', 'c']);
  const [consumer] = world.core.stats().consumers;
  assert.deepEqual(consumer?.dropped, { withdrawn: 2 });
  assert.equal(world.core.listFiles().length, 2);
  assert.deepEqual(world.files(), { found: 4, taken: 4 });
});

test('the watcher shortens that to the next scan', (t) => {
  const world = spoolWorld(t);
  for (const name of ['a', 'b']) world.put(name);
  world.run();
  rmSync(join(world.spool, 'a.xml'));
  world.put('b', 'b-new');
  for (const name of ['a.xml', 'b.xml']) world.intake.touch(name);
  world.run();
  assert.deepEqual(world.owed(), ['b-new']);
});

test('settled messages of a file that stays are not taken again after chmod, touch of ctime or a restart', (t) => {
  const world = spoolWorld(t);
  world.put('a');
  world.run();
  const claim = world.core.lease('default', { messages: 10, bytes: 1e6 });
  world.core.settle(claim?.id ?? 0);
  chmodSync(join(world.spool, 'a.xml'), 0o600);
  world.pass(30_000);
  linkSync(join(world.spool, 'a.xml'), join(world.spool, 'backup'));
  world.pass(30_000);
  world.restart();
  world.pass(30_000);
  assert.deepEqual(world.owed(), []);
  assert.deepEqual(world.files(), { found: 2, taken: 1, known: 1 });
});

test('killed between commit and unlink: the known file is only disposed of', (t) => {
  const world = spoolWorld(t);
  for (const name of ['a', 'b', 'c']) world.put(name);
  world.run();
  world.restart({ delete: true });
  world.run();
  assert.deepEqual(world.names(), []);
  assert.deepEqual(world.owed(), ['a', 'b', 'c']);
  assert.equal(world.core.listFiles().length, 0);
  assert.deepEqual(world.files(), { found: 6, taken: 3, known: 3 });
});

test('killed between unlink and forget, then started without --delete: nothing is withdrawn', (t) => {
  const world = spoolWorld(t, { delete: true });
  world.run();
  const name = 'a.xml';
  world.core.takeFiles(
    [
      {
        name,
        identity: '1:2:3:4:5:6',
        messages: [{ body: Buffer.from('<Alert messageid="a"/>'), severity: 0 }],
      },
    ],
    {},
  );
  world.restart({});
  world.pass(30_000);
  assert.deepEqual(world.owed(), ['a']);
  assert.equal(world.core.listFiles().length, 0);
});

test('a file under a write lock is not read; unlocked, it is (S9, S10)', (t) => {
  const world = spoolWorld(t, { delete: true });
  world.put('locked');
  world.locks = { visible: true, why: '', size: 1, has: () => true };
  world.run();
  for (let n = 0; n < 300; n += 1) world.pass(250);
  assert.deepEqual(world.owed(), [], 'a lock outlasts the 60 s');
  assert.deepEqual(world.names(), ['locked.xml']);
  world.locks = { ...world.locks, has: () => false };
  world.pass(250);
  assert.deepEqual(world.owed(), ['locked']);
});

test('replaced between read and unlink: both are delivered, each once', (t) => {
  let replace = (): void => undefined;
  const world = spoolWorld(t, { delete: true, onRead: () => replace() });
  world.put('x', 'old');
  writeFileSync(join(world.spool, 'new.tmp'), alertDocument('new'));
  replace = () => {
    replace = () => undefined;
    renameSync(join(world.spool, 'new.tmp'), join(world.spool, 'x.xml'));
  };
  world.run();
  world.pass(250);
  assert.deepEqual(world.owed(), ['old', 'new']);
  assert.deepEqual(world.names(), []);
  assert.deepEqual(world.files(), { found: 2, taken: 2 });
});

test('mode changed between read and unlink: it is the same file', (t) => {
  const world = spoolWorld(t, { delete: true, onRead: () => chmodSync(join(world.spool, 'x.xml'), 0o640) });
  world.put('x');
  world.run();
  world.pass(250);
  assert.deepEqual(world.owed(), ['x']);
  assert.deepEqual(world.names(), []);
});

test('removed between read and unlink: delivered all the same', (t) => {
  const world = spoolWorld(t, {
    delete: true,
    onRead: () => rmSync(join(world.spool, 'x.xml'), { force: true }),
  });
  world.put('x');
  world.run();
  assert.deepEqual(world.owed(), ['x']);
  assert.equal(world.core.listFiles().length, 0);
});

test('link(tmp, x.xml), unlink(tmp): waits for the second, is taken once', (t) => {
  const world = spoolWorld(t, { delete: true });
  writeFileSync(join(world.spool, 'x.tmp'), alertDocument('x'));
  linkSync(join(world.spool, 'x.tmp'), join(world.spool, 'x.xml'));
  world.run();
  assert.deepEqual(world.owed(), []);
  rmSync(join(world.spool, 'x.tmp'));
  world.pass(250);
  world.pass(3_000);
  assert.deepEqual(world.owed(), ['x']);
});

test('two names of one file in the spool are two files, each taken once', (t) => {
  for (const options of [{}, { delete: true }, { move: true }]) {
    const world = spoolWorld(t, options);
    world.put('a', 'both');
    linkSync(join(world.spool, 'a.xml'), join(world.spool, 'b.xml'));
    for (let n = 0; n < 20; n += 1) world.pass(500);
    world.pass(30_000);
    assert.deepEqual(world.owed(), ['both', 'both'], JSON.stringify(options));
    assert.deepEqual(world.files(), { found: 2, taken: 2 });
  }
});

test('renamed over while taken, 100 times', (t) => {
  const world = spoolWorld(t, { delete: true });
  const ids: string[] = [];
  for (let n = 0; n < 100; n += 1) {
    ids.push(`id${n}`);
    world.put('same', `id${n}`);
    writeFileSync(join(world.spool, 'other.tmp'), alertDocument(`r${n}`));
    world.pass(260);
    renameSync(join(world.spool, 'other.tmp'), join(world.spool, 'same.xml'));
    ids.push(`r${n}`);
    world.pass(260);
  }
  world.pass(3_000);
  assert.deepEqual(world.owed().toSorted(), ids.toSorted());
  assert.deepEqual(world.files(), { found: 200, taken: 200 });
});
