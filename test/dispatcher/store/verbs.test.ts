/** Every verb in both forms of the store, and what is only true of the one in a thread. */

import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { openStore } from '../../../src/dispatcher/store/in-process.ts';
import { openStoreInWorker } from '../../../src/dispatcher/store/open-in-worker.ts';
import { connectStore } from '../../../src/dispatcher/store/remote.ts';
import { serveStore } from '../../../src/dispatcher/store/serve.ts';
import { checkStore } from './check-store.ts';
import { arrival, assertLaw, fails, NOW, testStore, texts } from './fixture.ts';

test('in-process: every verb', async (t) => {
  const { open, dir } = testStore(t);
  const copy = join(dir, 'copy.db');
  await checkStore(await open(), copy);
  assert.equal(statSync(copy).mode & 0o777, 0o640);
});

test('in a thread: every verb', async (t) => {
  const { path, dir } = testStore(t);
  const store = await openStoreInWorker({ path, reserveBytes: 0 });
  t.after(() => store.close());
  await checkStore(store, join(dir, 'copy.db'));
  await store.close();
  await assert.rejects(store.stats(NOW), fails('JOURNAL_IO', /closed/));
});

test('in a thread: what was asked before the close is answered', async (t) => {
  const { path, open } = testStore(t);
  const store = await openStoreInWorker({ path, reserveBytes: 0 });
  const accepted = Array.from({ length: 20 }, (_, index) => store.accept([arrival(`${index}`)]));
  await store.close();
  assert.equal((await Promise.all(accepted)).flat().length, 20);
  assert.equal((await (await open()).stats(NOW)).stored, 20);
});

test('in a thread: the reason why it cannot be opened is passed on', async (t) => {
  const { path, open } = testStore(t);
  await open();
  await assert.rejects(openStoreInWorker({ path, reserveBytes: 0 }), fails('JOURNAL_BUSY', /in use by/));
});

test('a stub whose port is gone says so, to calls under way as well', async (t) => {
  const { options } = testStore(t);
  const { port1, port2 } = new MessageChannel();
  void serveStore(port2, options);
  const store = await connectStore(port1);
  const under = store.verifyAudit();
  port2.close();
  await assert.rejects(under, fails('JOURNAL_IO', /has ended/));
  await assert.rejects(store.accept([arrival('a')]), fails('JOURNAL_IO', /has ended/));
  await store.close();
});

test('a backup taken while running is a store of its own, with what was due', async (t) => {
  const { open, path, dir, options } = testStore(t);
  const store = await open();
  await store.accept([arrival('a'), arrival('b')]);
  const copy = join(dir, 'copy.db');
  const [, receipts] = await Promise.all([store.backup(copy), store.accept([arrival('c')])]);
  assert.equal(receipts[0]?.status, 'stored');
  const restored = await openStore({ ...options, path: copy });
  t.after(() => restored.close());
  await assertLaw(restored);
  assert.deepEqual((await texts(restored, 'm')).slice(0, 2), ['a', 'b']);
  assert.equal(existsSync(`${path}.copy`), false);
});
