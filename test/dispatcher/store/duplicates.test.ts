/** What counts as the same message, as a table; and for how long it is remembered. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS } from '../../../src/core/quantities.ts';
import type { Arrival } from '../../../src/dispatcher/model/store.ts';
import { arrival, assertLaw, MINUTE, NOW, person, sha256, testStore } from './fixture.ts';

const from = (journal: string, sequence: number) => ({ origin: { journal, sequence } });
const J = 'a'.repeat(32);
const K = 'b'.repeat(32);

/** Messages one after the other, and what becomes of each. */
const cases: readonly (readonly [name: string, messages: readonly Arrival[], verdicts: string])[] = [
  ['same id, same bytes', [arrival('x'), arrival('x')], 'stored duplicate'],
  ['same id, other bytes', [arrival('x', { id: 'i' }), arrival('y', { id: 'i' })], 'stored conflict'],
  [
    'the conflict once more is a duplicate of itself',
    [
      arrival('x', { id: 'i' }),
      arrival('y', { id: 'i' }),
      arrival('y', { id: 'i' }),
      arrival('x', { id: 'i' }),
    ],
    'stored conflict duplicate duplicate',
  ],
  ['other id, same bytes', [arrival('x', { id: 'i' }), arrival('x', { id: 'j' })], 'stored stored'],
  ['same sequence, same bytes', [arrival('x', from(J, 5)), arrival('x', from(J, 5))], 'stored duplicate'],
  ['same sequence, other bytes', [arrival('x', from(J, 5)), arrival('y', from(J, 5))], 'stored conflict'],
  ['other sequence, same message', [arrival('x', from(J, 5)), arrival('x', from(J, 6))], 'stored stored'],
  ['other journal, same sequence', [arrival('x', from(J, 5)), arrival('y', from(K, 5))], 'stored stored'],
  [
    'out of order',
    [arrival('x', from(J, 9)), arrival('y', from(J, 5)), arrival('y', from(J, 5)), arrival('x', from(J, 9))],
    'stored stored duplicate duplicate',
  ],
  ['sequenced, then by id', [arrival('x', from(J, 5)), arrival('x')], 'stored duplicate'],
  [
    'a journal without a sequence counts by id',
    [arrival('x', { origin: { journal: J } }), arrival('x')],
    'stored duplicate',
  ],
];

for (const [name, messages, verdicts] of cases) {
  for (const together of [true, false]) {
    test(`${name}, ${together ? 'in one batch' : 'one by one'}`, async (t) => {
      const store = await testStore(t).open();
      const receipts = [];
      if (together) receipts.push(...(await store.accept(messages)));
      else for (const message of messages) receipts.push(...(await store.accept([message])));
      assert.equal(receipts.map(({ status }) => status).join(' '), verdicts);
      const stats = await store.stats(NOW);
      assert.equal(stats.conflict, receipts.filter(({ status }) => status === 'conflict').length);
      assert.equal(stats.queues[0]?.planned, stats.stored, 'a duplicate plans nothing');
      await assertLaw(store);
    });
  }
}

test('the receipt of a duplicate bears the number of the remembered one', async (t) => {
  const store = await testStore(t).open();
  await store.accept([arrival('a'), arrival('b'), arrival('c', from(J, 1))]);
  const again = await store.accept([arrival('b'), arrival('c', from(J, 1))]);
  assert.deepEqual(
    again.map(({ seq }) => seq),
    [2, 3],
  );
});

test('G-AG: the same text posted twice is two messages: each post has its own id', async (t) => {
  const store = await testStore(t).open();
  const posts = ['1', '2'].map((id) => arrival('disk full', { id, verbatim: 'disk full' }));
  const receipts = await store.accept(posts);
  assert.deepEqual(
    receipts.map(({ status }) => status),
    ['stored', 'stored'],
  );
});

test('duplicates are recognised across a restart, and after retention, for seven days', async (t) => {
  const { open } = testStore(t);
  let store = await open();
  const plans = { pairs: [] };
  const messages = [arrival('a', plans), arrival('b', { ...plans, ...from(J, 1) })];
  await store.accept(messages);
  await store.close();
  store = await open();
  const later = (at: number): Arrival[] => messages.map((message) => ({ ...message, at }));
  const verdicts = async (at: number): Promise<string[]> =>
    (await store.accept(later(at))).map(({ status }) => status);
  assert.deepEqual(await verdicts(NOW + MINUTE), ['duplicate', 'duplicate']);
  const retention = { maxAgeMs: DAY_MS, maxBytes: 1e12 };
  while (await store.tidy(NOW + 2 * DAY_MS, retention));
  assert.equal((await store.stats(NOW)).retained, 0);
  assert.deepEqual(await verdicts(NOW + 6 * DAY_MS), ['duplicate', 'duplicate']);
  while (await store.tidy(NOW + 8 * DAY_MS, retention));
  assert.deepEqual(await verdicts(NOW + 8 * DAY_MS), ['stored', 'stored']);
  await assertLaw(store);
});

test('a message with a wrong id or plan is refused before anything of its batch is stored', async (t) => {
  const store = await testStore(t).open();
  const bad: readonly Arrival[] = [
    { ...arrival('x'), id: 'short' },
    { ...arrival('x'), hash: sha256('x').subarray(1) },
    arrival('x', { pairs: [person('ana', 2)] }),
  ];
  for (const one of bad) await assert.rejects(store.accept([arrival('good'), one]), /message/);
  assert.equal((await store.stats(NOW)).offered, 0);
});
