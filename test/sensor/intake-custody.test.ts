/**
 * Between the last look at a taken file and its removal: another writer's rename, or a kill, before and after every
 * system call by which a file leaves the spool. Nothing lost, nothing taken twice (ARCHITECTURE.md: Spool intake).
 */

import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { type SpoolFs, systemSpoolFs } from '../../src/sensor/intake/spool-fs.ts';
import { alertDocument } from '../support/spool-writer.ts';
import { type SpoolWorld, type SpoolWorldOptions, spoolWorld } from './spool-world.ts';

const MODES = [
  { name: 'delete', options: { delete: true } },
  { name: 'move', options: { move: true } },
] as const;

/** Calls `hook` before and after each call, numbered from 0. */
function hooked(hook: (point: number, what: string) => void): SpoolFs {
  let point = 0;
  const around = <A extends unknown[], R>(what: string, call: (...args: A) => R) => {
    return (...args: A): R => {
      hook(point++, `before ${what}`);
      const result = call(...args);
      hook(point++, `after ${what}`);
      return result;
    };
  };
  return {
    rename: around('rename', systemSpoolFs.rename),
    unlink: around('unlink', systemSpoolFs.unlink),
    lookAt: around('lookAt', systemSpoolFs.lookAt),
    move: around('move', systemSpoolFs.move),
  };
}

/** Only from a moment on. */
function fromNow(spoolFs: SpoolFs, begun: () => boolean): SpoolFs {
  const now = (): SpoolFs => (begun() ? spoolFs : systemSpoolFs);
  return {
    rename: (from, to) => now().rename(from, to),
    unlink: (path) => now().unlink(path),
    lookAt: (dir, name) => now().lookAt(dir, name),
    move: (from, to) => now().move(from, to),
  };
}

/** The number of points a run with two files passes. */
const POINTS = 24;
const POINT_NUMBERS = Array.from({ length: POINTS }, (_, n) => n);

function settleAll(world: SpoolWorld): void {
  for (let n = 0; n < 3; n += 1) world.pass(30_000);
}

function nothingLeft(world: SpoolWorld, message: string): void {
  assert.deepEqual(readdirSync(world.spool), [], message);
  const kept = readdirSync(world.done);
  assert.ok(!kept.some((name) => name.startsWith('.')), `${message}: ${kept.join()}`);
  assert.equal(world.core.listFiles().length, 0, message);
}

for (const { name, options } of MODES) {
  test(`--${name}: a new file renamed over the old name at any moment is taken, too`, (t) => {
    for (const [at, old] of POINT_NUMBERS.flatMap((n) => [[n, true] as const, [n, false] as const])) {
      let taken = false;
      let what = 'never';
      const spoolFs = hooked((point, where) => {
        if (point !== at) return;
        what = where;
        writeFileSync(join(world.spool, '.new.tmp'), alertDocument('new'));
        renameSync(join(world.spool, '.new.tmp'), join(world.spool, 'x.xml'));
      });
      const counted = fromNow(spoolFs, () => taken);
      const world = spoolWorld(t, {
        ...options,
        deps: { spoolFs: counted },
        onRead: () => {
          taken = true;
        },
      });
      world.put('x', 'old');
      world.put('y');
      // Old enough for its mtime to prove it, or read again.
      if (old) world.clock.advance(Date.now() + 5_000 - world.clock.now());
      settleAll(world);
      const message = `${at} ${what} ${old}`;
      const expected = what === 'never' ? ['old', 'y'] : ['new', 'old', 'y'];
      assert.deepEqual(world.owed().toSorted(), expected, message);
      nothingLeft(world, message);
      assert.deepEqual(world.files(), { found: expected.length, taken: expected.length }, message);
      if (at < 8) assert.notEqual(what, 'never');
    }
  });

  for (const replacing of [false, true]) {
    for (const after of [options, { delete: true }, { move: true }, {}] as const) {
      const next = Object.keys(after).join() || 'leave';
      const how = replacing ? 'after another file took the name' : 'undisturbed';
      test(`--${name}, killed at any moment, ${how}, started again with ${next}`, (t) => {
        for (const at of POINT_NUMBERS) {
          killedAt(t, at, true, replacing, options, after);
          killedAt(t, at, false, replacing, options, after);
        }
      });
    }
  }
}

class Kill extends Error {}

/** `x.xml` is replaced right before its rename if so wished; the process ends at the given point. */
function killedAt(
  t: Parameters<typeof spoolWorld>[0],
  at: number,
  old: boolean,
  replacing: boolean,
  options: SpoolWorldOptions,
  after: SpoolWorldOptions,
): void {
  let world: SpoolWorld | undefined;
  let what = 'never';
  let replaced = false;
  const spoolFs = hooked((point, where) => {
    if (world === undefined) return;
    if (replacing && !replaced && where === 'before rename') {
      replaced = true;
      writeFileSync(join(world.spool, '.new.tmp'), alertDocument('new'));
      renameSync(join(world.spool, '.new.tmp'), join(world.spool, 'x.xml'));
    }
    if (point === at) {
      what = where;
      throw new Kill();
    }
  });
  world = spoolWorld(t, { ...options, deps: { spoolFs } });
  world.put('x', 'old');
  world.put('y');
  if (old) world.clock.advance(Date.now() + 5_000 - world.clock.now());
  let killed = false;
  try {
    settleAll(world);
  } catch (error) {
    if (!(error instanceof Kill)) throw error;
    killed = true;
  }
  if (killed) world.kill(after);
  else world.restart(after);
  settleAll(world);
  const message = `${at} ${what}`;
  const expected = replaced ? ['new', 'old', 'y'] : ['old', 'y'];
  assert.deepEqual(world.owed().toSorted(), expected, message);
  world.files();
  const left = world.names().filter((entry) => entry.startsWith('.'));
  assert.deepEqual(left, [], message);
  assert.ok(!readdirSync(world.done).some((entry) => entry.startsWith('.idmef')), message);
  if (Object.keys(after).length > 0) nothingLeft(world, message);
}

test('the same size and time, another content: the new file is taken', (t) => {
  let replace = (): void => undefined;
  const world = spoolWorld(t, {
    delete: true,
    deps: { spoolFs: hooked((_point, where) => where === 'before rename' && replace()) },
  });
  const path = join(world.spool, 'x.xml');
  writeFileSync(path, alertDocument('one'));
  utimesSync(path, 1e9, 1e9);
  replace = () => {
    replace = () => undefined;
    writeFileSync(path, alertDocument('two'));
    utimesSync(path, 1e9, 1e9);
  };
  const inode = statSync(path).ino;
  settleAll(world);
  assert.equal(existsSync(path), false);
  assert.deepEqual(world.owed(), ['one', 'two'], `inode ${inode}`);
});

test('what comes back overwrites nothing', (t) => {
  let world: SpoolWorld | undefined;
  let writes = 0;
  const spoolFs = hooked((_point, where) => {
    if (world === undefined || writes >= 20 || !where.endsWith('rename')) return;
    writes += 1;
    writeFileSync(join(world.spool, '.new.tmp'), alertDocument(`new${writes}`));
    // A careful writer: a name that is there is not replaced, so each success is an obligation.
    try {
      linkSync(join(world.spool, '.new.tmp'), join(world.spool, 'x.xml'));
      promised.push(`new${writes}`);
    } catch {
      // EEXIST
    }
    renameSync(join(world.spool, '.new.tmp'), join(world.done, 'scrap'));
  });
  const promised = ['old'];
  world = spoolWorld(t, { delete: true, deps: { spoolFs } });
  world.put('x', 'old');
  for (let n = 0; n < 20; n += 1) world.pass(30_000);
  assert.ok(promised.length > 5, promised.join());
  assert.deepEqual(world.owed().toSorted(), promised.toSorted());
  assert.deepEqual(world.names(), []);
});

test('a directory that takes the name is left alone', (t) => {
  let world: SpoolWorld | undefined;
  let done = false;
  const spoolFs = hooked((_point, where) => {
    if (world === undefined || done || where !== 'before rename') return;
    done = true;
    renameSync(join(world.spool, 'x.xml'), join(world.done, 'aside'));
    mkdirSync(join(world.spool, 'x.xml'));
  });
  world = spoolWorld(t, { delete: true, deps: { spoolFs } });
  world.put('x');
  settleAll(world);
  assert.deepEqual(world.owed(), ['x']);
  assert.match(world.names().join(), /^x\.[0-9a-f]{16}\.xml$/);
  assert.equal(world.files()['refused:not-a-file'], 1);
});

test('somebody puts a directory at the private place: said, nothing lost or taken twice, goes on', (t) => {
  for (const before of [true, false]) {
    const world = spoolWorld(t, { delete: true });
    const place = join(world.spool, `.idmef-relay-taken-${statSync(join(world.spool, '../state')).ino}`);
    if (!before) world.run();
    mkdirSync(place);
    writeFileSync(join(place, 'full'), '');
    world.put('x');
    settleAll(world);
    assert.deepEqual(world.owed(), ['x']);
    assert.match(world.names().join(), /^(?:recovered|x)\.[0-9a-f]{16}\.xml$/);
    assert.equal(world.log.events('spool-skipped').length, 1);
    assert.equal(world.intake.status.stuck, 0);
    assert.equal(world.core.listFiles().length, 0);
  }
});

test('the place of a service that is no more is emptied into the spool', (t) => {
  const world = spoolWorld(t, { delete: true });
  writeFileSync(join(world.spool, '.idmef-relay-taken-1'), alertDocument('orphan'));
  world.clock.advance(Date.now() - world.clock.now());
  settleAll(world);
  settleAll(world);
  assert.deepEqual(world.owed(), ['orphan']);
  assert.deepEqual(world.names(), []);
});

test('a rename within the spool that fails with EXDEV ended the service: the file is stuck, and goes later', (t) => {
  let failing = true;
  const rename: SpoolFs['rename'] = (from, to) => {
    if (failing) throw Object.assign(new Error('EXDEV: cross-device link'), { code: 'EXDEV' });
    systemSpoolFs.rename(from, to);
  };
  const world = spoolWorld(t, { delete: true, deps: { spoolFs: { ...systemSpoolFs, rename } } });
  world.put('x');
  world.run();
  assert.deepEqual(world.owed(), ['x'], 'taken all the same');
  assert.equal(world.intake.status.stuck, 1);
  assert.match(world.log.events('spool-stuck')[0]?.text ?? '', /one quota tree/);
  failing = false;
  settleAll(world);
  assert.deepEqual(world.names(), []);
  assert.deepEqual(world.owed(), ['x'], 'once');
});
