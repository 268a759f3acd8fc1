/** The audit log shows every change made behind its back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import { Database } from '../../../src/journal/database.ts';
import { openAttached } from '../../../src/journal/driver.ts';
import { NOW, testStore } from './fixture.ts';

const ENTRIES = 6;

async function fill(store: Store): Promise<void> {
  for (let index = 1; index <= ENTRIES; index++)
    await store.audit({ at: NOW + index, by: 'cli:root', what: 'key.add', detail: `key ${index}` });
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

for (const [sql, broken] of tampering) {
  test(sql, async (t) => {
    const { open, path } = testStore(t);
    let store = await open();
    await fill(store);
    await store.close();
    const db = new Database(path, openAttached(path, {}));
    db.run(sql);
    db.close();
    store = await open();
    assert.equal(await store.verifyAudit(), broken);
  });
}

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
