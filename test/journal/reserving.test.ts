/** Reservations: pending to whoever counts, over with any ordinary lease, one lease once they are granted. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openJournalInWorker } from '../../src/journal/journal-worker.ts';
import { assertLaw, consumerOf, everything, messages, testJournal } from './fixture.ts';

const TWO = { messages: 2, bytes: 1_000 };

test('a reservation is read at once and hidden from reservations, but pending', (t) => {
  const core = testJournal(t).open();
  core.append({ messages: messages('a', 'bb', 'ccc') });
  const one = core.reserve('default', TWO, []);
  assert.deepEqual(
    [one.claim?.sequences, Buffer.from(one.bodies).toString(), one.journal],
    ['1-2', 'abb', core.id],
  );
  assert.deepEqual([one.stats.pending, one.stats.leased], [3, 0]);
  const two = core.reserve('default', TWO, [one.claim?.id ?? 0]);
  assert.deepEqual([two.claim?.sequences, two.intact], ['3', true]);
  assert.equal(core.reserve('default', TWO, []).claim, undefined);
  assert.deepEqual([consumerOf(core).pending, consumerOf(core).leased], [3, 0]);
  assertLaw(core);
});

test('granted, they are one lease under the first number', (t) => {
  const core = testJournal(t).open();
  core.append({ messages: messages('a', 'b', 'c', 'd') });
  const ids = [1, 2].map(() => core.reserve('default', TWO, []).claim?.id ?? 0);
  core.grant('default', ids);
  assert.deepEqual([consumerOf(core).pending, consumerOf(core).leased], [0, 4]);
  assert.equal(core.isOpen(ids[1] ?? 0), false);
  core.settle(ids[0] ?? 0);
  assert.equal(consumerOf(core).settled, 4);
  assertLaw(core);
});

test('a granted one is given back whole', (t) => {
  const core = testJournal(t).open();
  core.append({ messages: messages('a', 'b', 'c') });
  const ids = [1, 2].map(() => core.reserve('default', TWO, []).claim?.id ?? 0);
  core.grant('default', ids);
  core.release(ids[0] ?? 0);
  assert.equal(core.lease('default', everything)?.sequences, '1-3');
});

test('an ordinary lease ends them and starts with the oldest', (t) => {
  const core = testJournal(t).open();
  core.append({ messages: messages('a', 'b', 'c') });
  const id = core.reserve('default', TWO, []).claim?.id ?? 0;
  assert.equal(core.lease('default', { messages: 1, bytes: 1 })?.sequences, '1');
  assert.throws(() => core.grant('default', [id]), { code: 'LEASE_EXPIRED' });
  const next = core.reserve('default', TWO, [id]);
  assert.deepEqual([next.claim?.sequences, next.intact], ['2-3', false]);
});

test('of another consumer they are left alone', (t) => {
  const core = testJournal(t).open({ consumers: ['x', 'y'] });
  core.append({ messages: messages('a') });
  const id = core.reserve('x', TWO, []).claim?.id ?? 0;
  assert.equal(core.lease('y', everything)?.sequences, '1');
  assert.equal(core.reserve('x', undefined, [id]).intact, true);
});

test('the rest of a batch takes no message beyond its bytes', (t) => {
  const core = testJournal(t).open();
  core.append({ messages: messages('aaaa', 'b') });
  assert.equal(core.reserve('default', { messages: 9, bytes: 3, strict: true }, []).claim, undefined);
  assert.equal(core.reserve('default', { messages: 9, bytes: 3 }, []).claim?.sequences, '1');
  assert.equal(core.reserve('default', { messages: 9, bytes: 3, strict: true }, []).claim?.sequences, '2');
});

test('withdrawn meanwhile: no longer intact', (t) => {
  const core = testJournal(t).open();
  core.takeFiles([{ name: 'a.xml', identity: '1', messages: messages('a', 'b') }], { found: 1, taken: 1 });
  const id = core.reserve('default', TWO, []).claim?.id ?? 0;
  core.withdrawFiles(core.listFiles());
  assert.equal(core.reserve('default', undefined, [id]).intact, false);
  assertLaw(core);
});

test('a thread that ends gives them back, as a restart does', async (t) => {
  const { path, open } = testJournal(t);
  const journal = await openJournalInWorker({ path });
  await journal.append(messages('a', 'b'));
  const { claim, bodies } = await journal.reserve('default', TWO, []);
  assert.deepEqual([claim?.count, Buffer.from(bodies).toString()], [2, 'ab']);
  await journal.grant('default', []);
  await journal.close();
  assert.equal(open().lease('default', everything)?.sequences, '1-2');
});
