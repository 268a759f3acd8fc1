/** The audit log shows every change made behind its back, and has an entry for each change that was made, neither without the other. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import { Database } from '../../../src/journal/database.ts';
import { openAttached } from '../../../src/journal/driver.ts';
import { arrival, incident, MINUTE, NOW, sha256, testStore } from './fixture.ts';

const ENTRIES = 6;

async function fill(store: Store): Promise<void> {
  for (let index = 1; index <= ENTRIES; index++)
    await store.audit({ at: NOW + index, by: 'cli:root', what: 'key.add', detail: `key ${index}` });
}

function tamper(path: string, sql: string): void {
  const db = new Database(path, openAttached(path, {}));
  db.run(sql);
  db.close();
}

/** What somebody with the file does to it, and the entry at which it shows. */
const tampering: readonly (readonly [sql: string, broken: number | undefined])[] = [
  ['SELECT 1', undefined],
  [`UPDATE audit SET detail = 'another' WHERE id = 3`, 3],
  [`UPDATE audit SET by = 'key:3' WHERE id = 1`, 1],
  ['UPDATE audit SET at = at + 1 WHERE id = 6', 6],
  [`UPDATE audit SET hash = zeroblob(32) WHERE id = 4`, 4],
  ['DELETE FROM audit WHERE id = 2', 2],
  ['DELETE FROM audit WHERE id = 1', 1],
  ['DELETE FROM audit WHERE id > 4', 5],
  ['DELETE FROM audit', 1],
  [`INSERT INTO audit VALUES(7, 0, 'x', 'y', 'z', zeroblob(32))`, 7],
  [`INSERT INTO audit VALUES(0, 0, 'x', 'y', 'z', zeroblob(32))`, undefined],
  ['UPDATE audit SET id = id + 1 WHERE id = 6', 6],
];

test('tampering shows, and where', async (t) => {
  const { open, path } = testStore(t);
  const first = await open();
  await fill(first);
  await first.close();
  const whole = readFileSync(path);
  for (const [sql, broken] of tampering) {
    writeFileSync(path, whole);
    tamper(path, sql);
    const store = await open();
    assert.equal(await store.verifyAudit(), broken, sql);
    await store.close();
  }
});

test('a text cut within a character does not break the chain', async (t) => {
  const store = await testStore(t).open();
  await store.audit({ at: NOW, by: 'cli:ana', what: 'incident.note', detail: '😀'.slice(0, 1) });
  assert.equal(await store.verifyAudit(), undefined);
});

test('a chain longer than one step of the check', async (t) => {
  const store = await testStore(t).open();
  const { length } = await Promise.all(
    Array.from({ length: 1_500 }, (_, index) =>
      store.audit({ at: NOW, by: 'system', what: 'test', detail: `${index}` }),
    ),
  );
  assert.equal(length, 1_500);
  assert.equal(await store.verifyAudit(), undefined);
});

describe('a change with its entry', () => {
  const note = (detail: string, numbered = false) => ({
    at: NOW,
    by: 'cli:ana',
    what: 'x',
    detail,
    ...(numbered ? { numbered: true as const } : {}),
  });
  const silence = { criteria: 'alert', author: 'ana', reason: 'r', from: NOW, until: NOW + MINUTE };
  const key = {
    hash: sha256('k'),
    prefix: 'ir_1',
    owner: 'ana',
    scopes: ['ingest'] as const,
    createdAt: NOW,
  };
  const user = { name: 'ana', role: 'viewer', createdAt: NOW } as const;

  /** What is done, and the detail of the entry it leaves; undefined: none, because nothing was changed. */
  const changes: readonly (readonly [
    name: string,
    change: (store: Store) => Promise<unknown>,
    entry: string | undefined,
  ])[] = [
    ['a silence', (store) => store.audited(note(': alert (r)', true), 'addSilence', silence), '1: alert (r)'],
    ['its end', (store) => store.audited(note('1'), 'expireSilence', 1, 'ana', NOW + 1), '1'],
    ['again', (store) => store.audited(note('1'), 'expireSilence', 1, 'ana', NOW + 2), undefined],
    ['a user', (store) => store.audited(note('ana'), 'putUser', user), 'ana'],
    ['a key', (store) => store.audited(note(' (ana)', true), 'addKey', key), '1 (ana)'],
    ['no such key', (store) => store.audited(note('9'), 'changeKey', 9, { revokedAt: NOW }), undefined],
    ['no such user', (store) => store.audited(note('bob'), 'removeUser', 'bob'), undefined],
    ['a hold', (store) => store.audited(note('m'), 'hold', 'm', 'by hand', NOW), 'm'],
    ['its end', (store) => store.audited(note(' of m', true), 'resume', 'm', NOW), '2 of m'],
    ['nothing is dead', (store) => store.audited(note(' of all', true), 'redrive', { now: NOW }), '0 of all'],
    ['an incident', (store) => store.audited(note('1'), 'setIncident', 1, { note: 'n' }, 'ana', NOW), '1'],
    ['settings', (store) => store.audited(note('s'), 'changeSettings', { put: [], remove: [] }), 's'],
    ['a state', (store) => store.audited(note('c'), 'setState', 'config.in-force', 'c'), 'c'],
  ];

  test('all verbs', async (t) => {
    const store = await testStore(t).open();
    await store.accept([arrival('a', { incidents: [incident('k')] }), arrival('b')]);
    const expected: string[] = [];
    for (const [name, change, entry] of changes) {
      await change(store);
      if (entry !== undefined) expected.push(entry);
      const details = (await store.auditTrail({ limit: 99 })).map(({ detail }) => detail);
      assert.deepEqual(details, expected, name);
    }
    assert.equal(await store.verifyAudit(), undefined);
  });

  test('what was refused leaves none', async (t) => {
    const store = await testStore(t).open();
    await assert.rejects(store.audited(note('9'), 'setIncident', 9, { state: 'acked' }, 'ana', NOW));
    assert.deepEqual(await store.auditTrail({ limit: 9 }), []);
  });

  test('a log that cannot be written to undoes the change', async (t) => {
    const { open, path } = testStore(t);
    const first = await open();
    await first.close();
    tamper(path, `INSERT INTO audit VALUES(1, 0, 'x', 'y', 'z', zeroblob(32))`);
    const store = await open();
    await assert.rejects(store.audited(note('', true), 'addSilence', silence));
    assert.deepEqual(await store.silences(), []);
  });

  test('a long change has an entry for each of its parts', async (t) => {
    const store = await testStore(t).open();
    const names = Array.from({ length: 20 }, (_, index) => `m${index}`);
    for (let round = 0; round < 3; round++) {
      const batch = Array.from({ length: 100 }, (_, index) => arrival(`${round}-${index}`, { pairs: names }));
      await store.accept(batch);
    }
    for (const name of names) await store.giveUp(name, NOW + 1, 'old', NOW);
    assert.equal(await store.audited(note(' deliveries', true), 'redrive', { now: NOW }), 6_000);
    const details = (await store.auditTrail({ limit: 9 })).map(({ detail }) => detail);
    assert.deepEqual(details, ['5100 deliveries', '900 deliveries']);
  });
});
