/** A disk that reports an error for what it has written all the same: nothing of it is forgotten, nothing is sent twice unmarked. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreCore } from '../../../src/dispatcher/store/core.ts';
import { storeOver } from '../../../src/dispatcher/store/in-process.ts';
import { arrival, assertLaw, ended, fails, NOW, testStore } from './fixture.ts';

/** The next commit reaches the file and fails. */
function failAfterCommit(core: StoreCore): void {
  core.look(({ db }) => {
    const whole = db.transaction.bind(db);
    db.transaction = (work) => {
      whole(work);
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
    };
  });
}

test('a claim that was written though it failed is due again, those under way stay with who has them', async (t) => {
  const core = new StoreCore(testStore(t).options);
  const store = storeOver(core);
  t.after(() => store.close());
  await store.accept([arrival('first'), arrival('second')]);
  const held = await store.claim('m', { now: NOW, pairs: 1 });
  failAfterCommit(core);
  await assert.rejects(store.claim('m', { now: NOW, pairs: 1 }), fails('JOURNAL_IO', /I\/O/));
  const again = await store.claim('m', { now: NOW, pairs: 9 });
  assert.deepEqual(
    again?.pairs.map(({ seq, uncertain }) => [seq, uncertain]),
    [[2, true]],
  );
  await store.finish(ended(again.id));
  await store.finish(ended(held?.id ?? 0));
  assert.equal((await store.queue('m', NOW)).sent, 2);
  await assertLaw(store);
});

test('messages that were stored though it failed are announced, and offered again they are duplicates', async (t) => {
  const core = new StoreCore(testStore(t).options);
  const store = storeOver(core);
  t.after(() => store.close());
  await store.nameRecipients(['m'], NOW);
  const heard: string[] = [];
  store.onDue((names) => heard.push(...names));
  failAfterCommit(core);
  await assert.rejects(store.accept([arrival('a')]), fails('JOURNAL_IO'));
  assert.deepEqual(heard, []);
  const [receipt] = await store.accept([arrival('a')]);
  assert.equal(receipt?.status, 'duplicate');
  assert.deepEqual(heard, ['m']);
  await assertLaw(store);
});
