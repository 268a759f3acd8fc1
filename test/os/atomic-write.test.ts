/** Durable writes and moves: complete or as before, never over another file, any name, across filesystems. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { messageOf, RelayError, systemCode } from '../../src/core/errors.ts';
import {
  joinPath,
  moveDurably,
  removeDurably,
  showPath,
  writeFileAtomic,
} from '../../src/os/atomic-write.ts';
import { tempDir } from '../support/temp-dir.ts';

test('writes, replaces, sets the mode, leaves no temporary file', (t) => {
  const dir = tempDir(t);
  const path = join(dir, 'x.json');
  writeFileAtomic(path, 'one');
  writeFileAtomic(path, Buffer.from('two'), { mode: 0o600 });
  assert.equal(readFileSync(path, 'utf8'), 'two');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  writeFileAtomic(join(dir, 'empty'), '');
  const long = 'n'.repeat(255);
  writeFileAtomic(join(dir, long), 'long name');
  assert.deepEqual(readdirSync(dir).toSorted(), ['empty', long, 'x.json']);
});

test('a failed write names the path, keeps the code, leaves what was there', (t) => {
  const dir = tempDir(t);
  const check = (path: string, code: string): void => {
    assert.throws(
      () => writeFileAtomic(path, 'x'),
      (error) => {
        assert.ok(error instanceof RelayError);
        assert.equal(error.code, 'SPOOL_IO');
        assert.ok(error.message.startsWith(`cannot write ${path}: `), error.message);
        assert.equal(systemCode(error.cause), code);
        return true;
      },
    );
  };
  mkdirSync(join(dir, 'sub'));
  check(join(dir, 'none/x'), 'ENOENT');
  check(join(dir, 'sub'), 'EISDIR');
  writeFileSync(join(dir, 'file'), '');
  check(join(dir, 'file/x'), 'ENOTDIR');
  assert.deepEqual(readdirSync(dir).toSorted(), ['file', 'sub'], 'no temporary file is left');
});

test('a move never overwrites: numbered before the extension', (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'to'));
  const taken: string[] = [];
  for (let n = 0; n < 30; n += 1) {
    writeFileSync(join(dir, 'a.xml'), `${n}`);
    taken.push(moveDurably(join(dir, 'a.xml'), join(dir, 'to/a.xml')).toString());
  }
  assert.deepEqual(
    taken.slice(0, 3).map((path) => path.slice(dir.length)),
    ['/to/a.xml', '/to/a.1.xml', '/to/a.2.xml'],
  );
  assert.equal(new Set(taken).size, 30);
  taken.forEach((path, n) => assert.equal(readFileSync(path, 'utf8'), `${n}`));
  assert.ok(taken.every((path) => path.endsWith('.xml')));
  writeFileSync(join(dir, '.conf'), '');
  writeFileSync(join(dir, 'to/.conf'), '');
  assert.ok(moveDurably(join(dir, '.conf'), join(dir, 'to/.conf')).toString().endsWith('/.conf.1'));
});

test('a move to another filesystem copies content and times', (t) => {
  let shm: string;
  try {
    shm = mkdtempSync('/dev/shm/idmef-relay-');
  } catch {
    t.skip('no /dev/shm to be another filesystem');
    return;
  }
  t.after(() => rmSync(shm, { recursive: true, force: true }));
  const dir = tempDir(t);
  if (statSync(shm).dev === statSync(dir).dev) {
    t.skip('/dev/shm is on the filesystem of the temporary directory');
    return;
  }
  const body = Buffer.alloc(3_000_000, 'abc');
  writeFileSync(join(dir, 'big.xml'), body);
  const { mtimeMs } = statSync(join(dir, 'big.xml'));
  moveDurably(join(dir, 'big.xml'), join(shm, 'big.xml'));
  assert.ok(readFileSync(join(shm, 'big.xml')).equals(body));
  assert.ok(Math.abs(statSync(join(shm, 'big.xml')).mtimeMs - mtimeMs) < 1);
  writeFileSync(join(dir, 'big.xml'), 'second');
  moveDurably(join(dir, 'big.xml'), join(shm, 'big.xml'));
  assert.deepEqual(readdirSync(shm).toSorted(), ['big.1.xml', 'big.xml']);
  assert.deepEqual(readdirSync(dir), []);
  assert.throws(
    () => moveDurably(join(dir, 'none'), join(shm, 'none')),
    /^RelayError: cannot move .*none to .*none: ENOENT/,
  );
});

test('remove is idempotent and names what it cannot remove', (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'x'), '');
  removeDurably(join(dir, 'x'));
  removeDurably(join(dir, 'x'));
  mkdirSync(join(dir, 'd'));
  assert.throws(() => removeDurably(join(dir, 'd')), new RegExp(`cannot remove ${join(dir, 'd')}: `));
});

test('names that are no UTF-8', (t) => {
  const dir = tempDir(t);
  const name = Buffer.from([0xe9, 0xff, 0x2e, 0x78]);
  writeFileAtomic(joinPath(dir, name), 'x');
  moveDurably(joinPath(dir, name), joinPath(dir, Buffer.from([0xfe])));
  assert.deepEqual(readdirSync(dir, 'buffer'), [Buffer.from([0xfe])]);
  assert.equal(showPath(joinPath('/s', name)), '/s/\\xe9\\xff.x');
  assert.equal(showPath('a\nb\x1b'), 'a\\x0ab\\x1b');
  assert.equal(showPath(Buffer.from('é')), 'é');
});

test('a used-up quota has a name, which Node does not know', () => {
  const unknown = Object.assign(new Error('UNKNOWN: unknown error, write'), { code: 'UNKNOWN', errno: -122 });
  assert.equal(systemCode(unknown), 'EDQUOT');
  assert.equal(messageOf(unknown), 'EDQUOT: disk quota exceeded, write');
});
