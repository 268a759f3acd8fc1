/** What is damaged is set aside and salvaged: what can be read goes on, what cannot is counted. refusals.test.ts: what is no damage. */

import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
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
import { after, before, describe, test } from 'node:test';
import type { Store, StoreStats } from '../../../src/dispatcher/model/store.ts';
import { AS, openAttached, openConnection } from '../../../src/journal/driver.ts';
import { Database } from '../../../src/journal/database.ts';
import {
  arrival,
  assertLaw,
  ended,
  fails,
  incident,
  MINUTE,
  NOW,
  person,
  sha256,
  testStore,
  type TestStore,
} from './fixture.ts';

const PAGE = 16 * 1024;
const MESSAGES = 400;

/** Something in every table; most of it is messages with three deliveries each. */
async function fill(store: Store): Promise<void> {
  const one = (index: number) =>
    arrival(`${index} `.padEnd(3_000, 'x'), {
      id: `${index}`,
      pairs: ['m', 'n', person('ana', 2)],
      incidents: [incident(`k${index % 20}`)],
    });
  for (let index = 0; index < MESSAGES; index += 50)
    await store.accept(Array.from({ length: 50 }, (_, offset) => one(index + offset)));
  const escalate = [{ afterMs: MINUTE, to: 'ana', unless: 'acked' as const }];
  const threshold = { key: 'x', seconds: 60, limit: 9 };
  await store.accept([
    arrival('other', {
      severity: 4,
      origin: { journal: 'j', sequence: 1 },
      incidents: [incident('other', { escalate })],
      pairs: [person('bea', 4, { threshold, repeat: { firstMs: MINUTE, maxMs: MINUTE } })],
    }),
  ]);
  await store.setStorm({ recipient: 'bea', since: NOW, intervalMs: MINUTE, nextDigestAt: NOW });
  await store.claim('bea', { now: NOW, pairs: 1, breakout: true });
  const claim = await store.claim('m', { now: NOW, pairs: 50 });
  const limits = [{ key: 'l', tokens: 1, updatedAt: NOW, notBefore: NOW }];
  await store.finish({ ...ended(claim?.id ?? 0), limits });
  await store.claim('m', { now: NOW, pairs: 20 });
  await store.setIncident(1, { note: 'a note' }, 'ana', NOW);
  await store.putUser({ name: 'ana', role: 'admin', createdAt: NOW });
  await store.addKey({ hash: sha256('k'), prefix: 'k', owner: 'ana', scopes: ['read'], createdAt: NOW });
  await store.addSilence({ criteria: 'alert', author: 'ana', reason: 'r', from: NOW, until: NOW + 1 });
  const value = { type: 'slack' };
  await store.changeSettings({ put: [{ kind: 'endpoint', name: 'chat', value }], remove: [] });
  await store.keepConfig({ hash: 'config-1', text: 'x', at: NOW, provenance: 'file' });
  await store.audit({ at: NOW, by: 'cli:root', what: 'user.add', detail: 'ana' });
  await store.setState('key', 'value');
}

const RECIPIENTS = 4;

/** Made once: a closed store as its file is, and how many deliveries it has. */
let filled: Buffer;
let planned = 0;
before(async () => {
  const { open, path } = testStore({ after });
  const store = await open();
  await fill(store);
  planned = plannedIn(await store.stats(NOW));
  await store.close();
  filled = readFileSync(path);
});

function plannedIn({ queues }: StoreStats): number {
  return queues.reduce((sum, one) => sum + one.planned, 0);
}

/** All rows by table. */
function contents(path: string): Map<string, readonly unknown[]> {
  const db = new Database(path, openAttached(path, { readOnly: true }));
  const tables = db.all<{ name: string }>(
    `SELECT name FROM ${AS}.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'meta'`,
  );
  const found = new Map(tables.map(({ name }) => [name, db.all(`SELECT * FROM ${name}`)]));
  db.close();
  return found;
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
  for (const name of ['m', 'n', 'ana', 'bea']) {
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
      writeFileSync(harmed.path, filled);
      harm(harmed.path);
      const store = await useUntilSound(harmed);
      await assertLaw(store);
      const [event, ...others] = harmed.setAside;
      assert.ok(event?.salvaged, 'it was set aside');
      assert.equal(others.length, 0);
      assert.ok(existsSync(event.path), 'and kept');
      assert.equal(statSync(harmed.path).mode & 0o777, 0o640, 'it holds secrets of endpoints');
      assert.ok(event.salvaged.messages >= messages, `${event.salvaged.messages} messages`);
      assert.ok(event.salvaged.pairs >= pairs, `${event.salvaged.pairs} pairs`);
      const stats = await store.stats(NOW);
      if (stats.queues.length === RECIPIENTS && name !== 'all counters')
        assert.equal(plannedIn(stats), planned, 'all are accounted for');
      const { seq = 0 } = (await store.accept([arrival('new', { pairs: ['z'] })]))[0] ?? {};
      if (messages > 1) assert.ok(seq > MESSAGES, 'numbers are not given twice');
      assert.equal((await store.claim('z', { now: NOW, pairs: 1 }))?.pairs[0]?.body.toString(), 'new');
      assert.deepEqual(
        readdirSync(harmed.dir).filter((file) => /salvag|\.page$/.test(file)),
        [],
      );
    });
  }

  test('salvage brings every table over, row by row', async (t) => {
    const harmed = testStore(t);
    writeFileSync(harmed.path, filled);
    const whole = contents(harmed.path);
    patch(harmed.path, 0, GARBAGE.subarray(0, 60));
    const store = await harmed.open();
    await store.close();
    const rows = harmed.setAside[0]?.salvaged?.rows;
    const brought = contents(harmed.path);
    for (const [table, content] of whole) {
      assert.ok(content.length > 0, `${table} has nothing that could be lost: fill it`);
      assert.equal(rows?.[table], content.length, table);
      // What was leased is due again.
      if (!['counter', 'pair', 'notification'].includes(table))
        assert.deepEqual(brought.get(table), content, table);
    }
  });

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
    assert.equal((await store.message(2))?.damaged, 'checksum differs');
    const found = await store.search({ limit: 9 });
    assert.deepEqual(
      found.map(({ seq, damaged }) => [seq, damaged]),
      [
        [3, undefined],
        [2, 'checksum differs'],
        [1, undefined],
      ],
    );
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
