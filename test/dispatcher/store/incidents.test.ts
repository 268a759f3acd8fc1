/** Life of an incident: opened, extended, acknowledged, closed by hand, by release, by silence; and its escalation. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import {
  arrival,
  assertLaw,
  ended,
  fails,
  incident,
  MINUTE,
  NOW,
  person,
  testStore,
  texts,
} from './fixture.ts';

interface Step {
  readonly at: number;
  readonly key?: string;
  readonly severity?: 0 | 1 | 2 | 3 | 4;
  readonly closes?: true;
}

/** Minutes of messages, and the incidents there are afterwards: `state:count:severity`. */
const cases: readonly (readonly [name: string, steps: readonly Step[], incidents: string])[] = [
  ['one message', [{ at: 0 }], 'open:1:2'],
  ['within the window it goes on', [{ at: 0 }, { at: 60 }, { at: 120 }], 'open:3:2'],
  ['the window slides, and then ends', [{ at: 0 }, { at: 60 }, { at: 121 }], 'closed:2:2 open:1:2'],
  ['other keys are other incidents', [{ at: 0 }, { at: 0, key: 'l' }], 'open:1:2 open:1:2'],
  ['the highest severity counts', [{ at: 0 }, { at: 1, severity: 4 }, { at: 2, severity: 1 }], 'open:3:4'],
  ['a release closes it', [{ at: 0 }, { at: 1, closes: true }], 'closed:2:2'],
  [
    'what comes after a release is a new one',
    [{ at: 0 }, { at: 1, closes: true }, { at: 2 }],
    'closed:2:2 open:1:2',
  ],
  ['a release of nothing opens nothing', [{ at: 0, closes: true }], ''],
  ['a release that comes too late closes nothing', [{ at: 0 }, { at: 61, closes: true }], 'closed:1:2'],
];

for (const [name, steps, expected] of cases) {
  for (const together of [true, false]) {
    test(`${name}, ${together ? 'in one batch' : 'one by one'}`, async (t) => {
      const store = await testStore(t).open();
      const batch = steps.map(({ at, key = 'k', severity = 2, closes }, index) =>
        arrival(`${index}`, {
          at: NOW + at * MINUTE,
          severity,
          incidents: [incident(key, closes === undefined ? {} : { closes })],
          pairs: [person('ana', severity)],
        }),
      );
      if (together) await store.accept(batch);
      else for (const one of batch) await store.accept([one]);
      const found = (await store.incidents({ limit: 9 })).toReversed();
      assert.equal(
        found.map(({ state, count, severity }) => `${state}:${count}:${severity}`).join(' '),
        expected,
      );
      const stats = await store.stats(NOW);
      for (const state of ['open', 'acked', 'closed'] as const)
        assert.equal(stats.incidents[state], found.filter((one) => one.state === state).length, state);
      await assertLaw(store);
    });
  }
}

test('a message may belong to several incidents, and each lists its messages, newest first', async (t) => {
  const store = await testStore(t).open();
  await store.accept([
    arrival('a', { incidents: [incident('k'), incident('l')] }),
    arrival('b', { incidents: [incident('l')] }),
  ]);
  assert.deepEqual((await store.message(1))?.incidents, [1, 2]);
  const seqs = async (id: number): Promise<number[]> => (await store.messagesOf(id, 9)).map(({ seq }) => seq);
  assert.deepEqual([await seqs(1), await seqs(2), await seqs(3)], [[1], [2, 1], []]);
});

test('closed by hand it stays closed; what comes opens another, and then it cannot be opened again', async (t) => {
  const store = await testStore(t).open();
  const one = (text: string, at: number) => arrival(text, { at, incidents: [incident('k')] });
  await store.accept([one('a', NOW)]);
  const closed = await store.setIncident(1, { state: 'closed' }, 'ana', NOW);
  assert.deepEqual([closed?.closedBy, closed?.closedAt], ['ana', NOW]);
  assert.equal((await store.setIncident(1, { state: 'open' }, 'ana', NOW))?.closedBy, undefined);
  await store.setIncident(1, { state: 'closed' }, 'ana', NOW);
  await store.accept([one('b', NOW + 1)]);
  await assert.rejects(
    store.setIncident(1, { state: 'open' }, 'ana', NOW),
    fails('BAD_REQUEST', /goes on as incident 2/),
  );
  assert.deepEqual((await store.stats(NOW)).incidents, { open: 1, acked: 0, closed: 1 });
});

test('silence longer than the window closes it, counted from its last message', async (t) => {
  const store = await testStore(t).open();
  const one = (text: string, at: number) =>
    arrival(text, { at: NOW + at * MINUTE, incidents: [incident('k')] });
  await store.accept([one('a', 0)]);
  await store.accept([one('b', 50)]);
  const closed: number[] = [];
  for (const minute of [60, 61, 110, 111]) closed.push(await store.closeSilent(NOW + minute * MINUTE));
  assert.deepEqual(closed, [0, 0, 0, 1]);
  assert.equal((await store.incident(1))?.closedBy, 'silence');
});

const escalate = [{ afterMs: 15 * MINUTE, to: 'phone', unless: 'acked' as const }];

async function opened(store: Store): Promise<void> {
  const wish = { incidents: [incident('k', { escalate })], pairs: [person('ana', 2)] };
  await store.accept([
    arrival('mild', { ...wish, severity: 1 }),
    arrival('grave', { ...wish, severity: 4, at: NOW + 1 }),
    arrival('mild again', { ...wish, severity: 2, at: NOW + 2 }),
  ]);
}

test('what nobody acknowledges goes to the next one, by its gravest message, once', async (t) => {
  const store = await testStore(t).open();
  await opened(store);
  assert.equal(await store.escalate(NOW + 15 * MINUTE - 1), 0);
  assert.equal(await store.escalate(NOW + 15 * MINUTE), 1);
  assert.deepEqual(await texts(store, 'phone'), ['grave']);
  assert.equal(await store.escalate(NOW + 90 * MINUTE), 0);
  await assertLaw(store);
});

for (const state of ['acked', 'closed'] as const) {
  test(`what is ${state} is not escalated`, async (t) => {
    const store = await testStore(t).open();
    await opened(store);
    await store.setIncident(1, { state }, 'ana', NOW);
    assert.equal(await store.escalate(NOW + 15 * MINUTE), 0);
    assert.equal(await store.claim('phone', { now: NOW + 15 * MINUTE, pairs: 1 }), undefined);
  });
}

test('who has that message already is not told again; who was to be spared it is', async (t) => {
  const store = await testStore(t).open();
  const suppress = { reason: 'window', detail: 'at night' } as const;
  const steps = [
    { afterMs: MINUTE, to: 'ana', unless: 'acked' as const },
    { afterMs: MINUTE, to: 'bea', unless: 'acked' as const },
  ];
  const pairs = [person('ana', 2), person('bea', 2, { suppress })];
  await store.accept([arrival('a', { incidents: [incident('k', { escalate: steps })], pairs })]);
  const claim = await store.claim('ana', { now: NOW, pairs: 1 });
  await store.finish(ended(claim?.id ?? 0));
  assert.equal(await store.escalate(NOW + MINUTE), 1);
  assert.deepEqual(await texts(store, 'bea'), ['a']);
  await assertLaw(store);
});

test('an incident that opened mildly is escalated once a route asks for it, and only once', async (t) => {
  const store = await testStore(t).open();
  const come = async (text: string, minute: number, planned: ReturnType<typeof incident>): Promise<void> => {
    const pairs = [person('ana', 4, { repeat: { firstMs: MINUTE, maxMs: MINUTE } })];
    await store.accept([
      arrival(text, { at: NOW + minute * MINUTE, severity: 4, incidents: [planned], pairs }),
    ]);
  };
  await come('by a route without a step', 0, incident('k'));
  await come('by one that has it', 10, incident('k', { escalate }));
  await come('again', 20, incident('k', { escalate }));
  assert.equal(await store.escalate(NOW + 24 * MINUTE), 0);
  assert.equal(await store.escalate(NOW + 25 * MINUTE), 1);
  await come('once more', 30, incident('k', { escalate }));
  assert.equal(await store.escalate(NOW + 50 * MINUTE), 0);
  await assertLaw(store);
});

test('nobody is woken for what no person was told of', async (t) => {
  const store = await testStore(t).open();
  const threshold = { key: 'x', seconds: 3600, count: 2 };
  for (const minute of [0, 5]) {
    const wish = { incidents: [incident('k', { escalate })], pairs: [person('ana', 2, { threshold })] };
    await store.accept([arrival(`at ${minute}`, { ...wish, at: NOW + minute * MINUTE })]);
    const due = NOW + (minute === 0 ? 4 : 19) * MINUTE;
    assert.equal(await store.escalate(due), 0, 'not before people had it for a quarter of an hour');
  }
  assert.equal(await store.escalate(NOW + 20 * MINUTE), 1);
  await assertLaw(store);
});
