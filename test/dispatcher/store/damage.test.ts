/** What is damaged is set aside and salvaged; what is not damaged but cannot be used is refused and left as it is. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import { AS, openAttached, openConnection } from '../../../src/journal/driver.ts';
import { Database } from '../../../src/journal/database.ts';
import {
  arrival,
  assertLaw,
  ended,
  fails,
  incident,
  NOW,
  person,
  testStore,
  type TestStore,
} from './fixture.ts';

const PAGE = 16 * 1024;
const MESSAGES = 400;

async function fill(store: Store): Promise<void> {
  const pairs = ['m', 'n', person('ana', 2)];
  const one = (index: number) =>
    arrival(`${index} `.padEnd(3_000, 'x'), {
      id: `${index}`,
      pairs,
      incidents: [incident(`k${index % 20}`)],
    });
  for (let index = 0; index < MESSAGES; index += 50)
    await store.accept(Array.from({ length: 50 }, (_, offset) => one(index + offset)));
  const claim = await store.claim('m', { now: NOW, pairs: 50 });
  await store.finish(ended(claim?.id ?? 0));
  await store.claim('m', { now: NOW, pairs: 20 });
  await store.putUser({ name: 'ana', role: 'admin', createdAt: NOW });
}

function patch(path: string, at: number, bytes: Uint8Array): void {
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, bytes, 0, bytes.byteLength, at);
  closeSync(descriptor);
}

/** Root pages by name. */
function roots(path: string): Map<string, number> {
  const db = new Database(path, openAttached(path, { readOnly: true }));
  const rows = db.all<{ name: string; rootpage: number }>(`SELECT name, rootpage FROM ${AS}.sqlite_schema`);
  db.close();
  return new Map(rows.map(({ name, rootpage }) => [name, rootpage]));
}

/** A page some levels below a root, the first or the last child. */
function childOf(path: string, root: number, last: boolean): number {
  const page = Buffer.alloc(PAGE);
  const descriptor = openSync(path, 'r');
  readSync(descriptor, page, 0, PAGE, (root - 1) * PAGE);
  closeSync(descriptor);
  const INTERIOR = [2, 5];
  assert.ok(INTERIOR.includes(page[0] ?? 0), 'the root has children');
  return last ? page.readUInt32BE(8) : page.readUInt32BE(page.readUInt16BE(12));
}

const GARBAGE = Buffer.alloc(PAGE, 0xa5);

/** What happens to the closed file, and how many messages and deliveries at least must be left. */
const damages: readonly (readonly [
  name: string,
  harm: (path: string) => void,
  messages: number,
  pairs: number,
])[] = [
  ['the header', (path) => patch(path, 0, GARBAGE.subarray(0, 60)), MESSAGES, 3 * MESSAGES],
  ['the whole first page', (path) => patch(path, 0, GARBAGE), MESSAGES, 3 * MESSAGES],
  [
    'a leaf of the bodies',
    (path) => patch(path, (childOf(path, roots(path).get('body') ?? 0, false) - 1) * PAGE, GARBAGE),
    MESSAGES,
    3 * MESSAGES - 60,
  ],
  [
    'a leaf of the facts',
    (path) => patch(path, (childOf(path, roots(path).get('message') ?? 0, false) - 1) * PAGE, GARBAGE),
    MESSAGES,
    3 * MESSAGES,
  ],
  [
    'a leaf of the pairs',
    (path) => patch(path, (childOf(path, roots(path).get('pair') ?? 0, true) - 1) * PAGE, GARBAGE),
    MESSAGES,
    100,
  ],
  [
    'all counters',
    (path) => patch(path, ((roots(path).get('counter') ?? 0) - 1) * PAGE, GARBAGE),
    MESSAGES,
    3 * MESSAGES,
  ],
  [
    'the root of the pairs',
    (path) => patch(path, ((roots(path).get('pair') ?? 0) - 1) * PAGE, GARBAGE),
    MESSAGES,
    0,
  ],
  [
    'the last quarter',
    (path) => truncateSync(path, Math.floor((statSync(path).size * 3) / 4 / PAGE) * PAGE),
    MESSAGES / 2,
    MESSAGES,
  ],
  [
    'a table that is gone',
    (path) => {
      const db = openConnection(path, {});
      db.exec('DROP TABLE carried');
      db.close();
    },
    MESSAGES,
    3 * MESSAGES,
  ],
  ['everything', (path) => writeFileSync(path, Buffer.alloc(20 * PAGE, 0xa5)), 0, 0],
];

/** Have everything read, so that damage is found wherever it is. */
async function useAll(store: Store): Promise<void> {
  for (const name of ['m', 'n', 'ana']) {
    for (;;) {
      const claim = await store.claim(name, { now: NOW, pairs: 100 });
      if (claim === undefined) break;
      await store.finish(ended(claim.id));
    }
  }
}

async function useUntilSound(harmed: TestStore): Promise<Store> {
  let store = await harmed.open();
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await useAll(store);
      return store;
    } catch (error) {
      fails('JOURNAL_CORRUPT')(error);
      await store.close();
      store = await harmed.open();
    }
  }
  throw new Error('it does not become sound');
}

describe('damaged', () => {
  for (const [name, harm, messages, pairs] of damages) {
    test(name, async (t) => {
      const harmed = testStore(t);
      const first = await harmed.open();
      await fill(first);
      const before = (await first.stats(NOW)).queues.reduce((sum, { planned }) => sum + planned, 0);
      await first.close();
      harm(harmed.path);
      const store = await useUntilSound(harmed);
      await assertLaw(store);
      const [event, ...others] = harmed.setAside;
      assert.ok(event?.salvaged, 'it was set aside');
      assert.equal(others.length, 0);
      assert.ok(existsSync(event.path), 'and kept');
      assert.ok(event.salvaged.messages >= messages, `${event.salvaged.messages} messages`);
      assert.ok(event.salvaged.pairs >= pairs, `${event.salvaged.pairs} pairs`);
      const stats = await store.stats(NOW);
      const planned = stats.queues.reduce((sum, one) => sum + one.planned, 0);
      if (stats.queues.length === 3 && name !== 'all counters')
        assert.equal(planned, before, 'all are accounted for');
      const { seq = 0 } = (await store.accept([arrival('new', { pairs: ['z'] })]))[0] ?? {};
      if (messages > 1) assert.ok(seq > MESSAGES, 'numbers are not given twice');
      assert.equal((await store.claim('z', { now: NOW, pairs: 1 }))?.pairs[0]?.body.toString(), 'new');
      assert.deepEqual(
        readdirSync(harmed.dir).filter((file) => /salvag|\.page$/.test(file)),
        [],
      );
    });
  }

  test('a flipped bit of a body ends its deliveries, reported, and holds up nobody', async (t) => {
    const { open, path, losses, setAside } = testStore(t);
    let store = await open();
    await store.accept([
      arrival('first'),
      arrival('MARKED BODY', { id: 'x', pairs: ['m', 'n'] }),
      arrival('last'),
    ]);
    await store.close();
    const at = readFileSync(path).indexOf('MARKED BODY');
    patch(path, at, Buffer.from('N'));
    store = await open();
    const claim = await store.claim('m', { now: NOW, pairs: 9 });
    assert.deepEqual(
      claim?.pairs.map(({ body }) => body.toString()),
      ['first', 'last'],
    );
    assert.equal(await store.claim('n', { now: NOW, pairs: 9 }), undefined);
    assert.deepEqual(
      losses.map(({ seq, recipient, reason }) => [seq, recipient, reason]),
      [
        [2, 'm', 'checksum differs'],
        [2, 'n', 'checksum differs'],
      ],
    );
    assert.deepEqual((await store.queue('m', NOW)).dropped, { damaged: 1 });
    await assert.rejects(store.message(2), fails('JOURNAL_IO', /checksum differs/));
    assert.equal(setAside.length, 0);
    await assertLaw(store);
  });

  test('a log without its database is set aside, not replayed into a new one', async (t) => {
    const { open, path, setAside, dir } = testStore(t);
    const store = await open();
    await store.accept([arrival('a')]);
    const log = readFileSync(`${path}-wal`);
    assert.ok(log.byteLength > 0);
    await store.close();
    rmSync(path);
    writeFileSync(`${path}-wal`, log);
    await open();
    assert.equal(setAside.length, 1);
    assert.ok(readdirSync(dir).some((name) => /corrupt-.*-wal$/.test(name)));
  });
});

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

describe('refused and left alone', () => {
  for (const [name, code, words, prepare] of refusals) {
    test(name, async (t) => {
      const { open, path, setAside } = testStore(t);
      const store = await open();
      await store.accept([arrival('a')]);
      await store.close();
      prepare(path);
      const before = statSync(path).isFile() ? readFileSync(path) : undefined;
      await assert.rejects(open(), fails(code, words));
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
});
