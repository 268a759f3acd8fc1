/** What stands in the place of a store and is not damaged is refused with the remedy, and left as it is. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { RelayError, type ErrorCode } from '../../../src/core/errors.ts';
import { openConnection } from '../../../src/journal/driver.ts';
import { arrival, fails, NOW, testStore } from './fixture.ts';

/** What is found in the place of the store, and how it is refused. */
const refusals: readonly (readonly [
  name: string,
  code: ErrorCode,
  words: RegExp,
  prepare: (path: string) => void,
])[] = [
  [
    'a newer format',
    'JOURNAL_NEWER',
    /format 99 is newer/,
    (path) => {
      const db = openConnection(path, {});
      db.exec('PRAGMA user_version = 99');
      db.close();
    },
  ],
  [
    'an older format',
    'JOURNAL_IO',
    /format 0 is older/,
    (path) => {
      const db = openConnection(path, {});
      db.exec('PRAGMA user_version = 0');
      db.close();
    },
  ],
  [
    'another program’s database',
    'JOURNAL_IO',
    /another program/,
    (path) => {
      rmSync(path);
      const db = openConnection(path, {});
      db.exec('CREATE TABLE theirs(x)');
      db.close();
    },
  ],
  [
    'a directory',
    'JOURNAL_IO',
    /directory/,
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
];

for (const [name, code, words, prepare] of refusals) {
  test(name, async (t) => {
    const { open, path, setAside } = testStore(t);
    const store = await open();
    await store.accept([arrival('a')]);
    await store.close();
    prepare(path);
    const before = statSync(path).isFile() ? readFileSync(path) : undefined;
    await assert.rejects(open(), (error) => {
      fails(code, words)(error);
      assert.ok(error instanceof RelayError && error.hint !== undefined, 'with the remedy');
      return true;
    });
    if (before !== undefined) assert.ok(readFileSync(path).equals(before), 'unchanged');
    assert.equal(setAside.length, 0);
  });
}

test('in use by somebody else', async (t) => {
  const { open, setAside } = testStore(t);
  const store = await open();
  await store.accept([arrival('a')]);
  await assert.rejects(open(), fails('JOURNAL_BUSY', /in use by process \d+/));
  assert.equal((await store.stats(NOW)).stored, 1);
  assert.equal(setAside.length, 0);
});

test(
  'a directory that may not be written',
  { skip: process.getuid?.() === 0 && 'root may write everywhere' },
  async (t) => {
    const { open, dir } = testStore(t);
    const store = await open();
    await store.close();
    chmodSync(dir, 0o500);
    t.after(() => chmodSync(dir, 0o700));
    await assert.rejects(open(), fails('JOURNAL_IO', /permission denied/));
  },
);
