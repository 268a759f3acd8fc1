/** What only the store can know of a pair before it is sent: repeats, acknowledged incidents, thresholds, as tables. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedPair } from '../../../src/dispatcher/model/plan.ts';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import { arrival, assertLaw, incident, MINUTE, NOW, person, testStore } from './fixture.ts';

const HOUR = 60 * MINUTE;
const repeat = { firstMs: HOUR, maxMs: 4 * HOUR };

type Severity = 0 | 1 | 2 | 3 | 4;
type Told = readonly [minute: number, severity: Severity];

/** Minutes and severities of messages of one incident, and for each when it is due (minute) or why not. */
const repeats: readonly (readonly [name: string, told: readonly Told[], waitMin: number, fates: string])[] = [
  ['the first is told', [[0, 2]], 0, '0'],
  [
    'within the repeat time nothing',
    [
      [0, 2],
      [1, 2],
      [59, 2],
    ],
    0,
    '0 repeat repeat',
  ],
  [
    'then again, and twice as late',
    [
      [0, 2],
      [60, 2],
      [179, 2],
      [180, 2],
    ],
    0,
    '0 60 repeat 180',
  ],
  [
    'up to the longest',
    [
      [0, 2],
      [60, 2],
      [180, 2],
      [420, 2],
      [659, 2],
      [660, 2],
    ],
    0,
    '0 60 180 420 repeat 660',
  ],
  [
    'a graver one breaks through, and begins anew',
    [
      [0, 2],
      [10, 3],
      [69, 3],
      [70, 3],
    ],
    0,
    '0 10 repeat 70',
  ],
  [
    'a milder one does not',
    [
      [0, 3],
      [10, 2],
      [20, 1],
    ],
    0,
    '0 repeat repeat',
  ],
  [
    'unrated counts as medium',
    [
      [0, 0],
      [1, 2],
      [2, 3],
      [3, 4],
    ],
    0,
    '0 repeat repeat 3',
  ],
  [
    'what comes while the first still waits joins it',
    [
      [0, 2],
      [5, 2],
      [9, 2],
      [10, 2],
    ],
    10,
    '10 10 10 repeat',
  ],
];

for (const [name, told, waitMin, expected] of repeats) {
  for (const together of [true, false]) {
    test(`repeat: ${name}, ${together ? 'in one batch' : 'one by one'}`, async (t) => {
      const store = await testStore(t).open();
      const batch = told.map(([minute, severity], index) =>
        arrival(`${index}`, {
          at: NOW + minute * MINUTE,
          severity,
          incidents: [incident('k', { windowMs: 24 * HOUR })],
          pairs: [person('ana', severity, { repeat, waitMs: waitMin * MINUTE })],
        }),
      );
      if (together) await store.accept(batch);
      else for (const one of batch) await store.accept([one]);
      assert.equal(await fates(store, told.length), expected);
      await assertLaw(store);
    });
  }
}

/** Minute at which each message's pair of a person is due, or the reason why it is not. */
async function fates(store: Store, count: number): Promise<string> {
  const words: string[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const pair = (await store.pairs(seq)).find(({ recipient }) => recipient !== 'm');
    assert.ok(pair);
    words.push(pair.state === 'suppressed' ? pair.reason : String((pair.notBefore - NOW) / MINUTE));
  }
  return words.join(' ');
}

test('repeat: each recipient and each incident has its own', async (t) => {
  const store = await testStore(t).open();
  const pairs = [person('ana', 2, { repeat }), person('bea', 2, { repeat, incident: 1 })];
  const incidents = [incident('k'), incident('l')];
  await store.accept([
    arrival('a', { incidents, pairs }),
    arrival('b', { incidents: [incident('l'), incident('k')], pairs: [person('ana', 2, { repeat })] }),
  ]);
  assert.equal(await fates(store, 2), '0 0');
});

test('acked: quiet for everybody, unless graver than all that was notified; machines are told all the same', async (t) => {
  const store = await testStore(t).open();
  const send = async (text: string, severity: Severity, recipient = 'ana'): Promise<void> => {
    const pairs = [person(recipient, severity), { ...person('m', severity), audience: 'machine' as const }];
    await store.accept([arrival(text, { severity, incidents: [incident('k')], pairs })]);
  };
  await send('1', 2);
  await store.setIncident(1, { state: 'acked' }, 'ana', NOW);
  await send('2', 2);
  await send('3', 2, 'bea');
  await send('4', 4);
  await send('5', 4, 'bea');
  assert.equal(await fates(store, 5), '0 acked acked 0 acked');
  assert.equal((await store.queue('m', NOW)).due, 5);
  await store.setIncident(1, { state: 'open' }, 'ana', NOW);
  await send('6', 2);
  assert.equal((await store.pairs(6))[0]?.state, 'due');
});

/** Seconds of messages, and which of them pass. */
const thresholds: readonly (readonly [
  name: string,
  threshold: { readonly limit?: number; readonly count?: number },
  seconds: readonly number[],
  passed: string,
])[] = [
  ['limit: the first so many of a period', { limit: 2 }, [0, 1, 2, 59, 60, 61, 62], '1100110'],
  ['count: every so many-th', { count: 3 }, [0, 1, 2, 3, 4, 5], '001001'],
  ['count: begins anew with each period', { count: 3 }, [0, 1, 60, 61, 62], '00001'],
  ['both: of every second no more than one', { count: 2, limit: 1 }, [0, 1, 2, 3, 60, 61], '010001'],
];

for (const [name, threshold, seconds, passed] of thresholds) {
  test(`threshold: ${name}`, async (t) => {
    const { open } = testStore(t);
    let store = await open();
    const pair: Partial<PlannedPair> = { threshold: { key: '198.51.100.7', seconds: 60, ...threshold } };
    const found: string[] = [];
    for (const [index, second] of seconds.entries()) {
      const wish = { at: NOW + second * 1000, incidents: [incident('k')], pairs: [person('ana', 2, pair)] };
      await store.accept([arrival(`${index}`, wish)]);
      const [record] = await store.pairs(index + 1);
      found.push(record?.state === 'due' ? '1' : '0');
      if (found.at(-1) === '0') assert.equal(record?.reason, 'threshold');
      // What was counted survives a restart.
      await store.close();
      store = await open();
    }
    assert.equal(found.join(''), passed);
    await assertLaw(store);
  });
}

test('threshold: by route, key and recipient', async (t) => {
  const store = await testStore(t).open();
  const limited = (recipient: string, route: string, key: string): PlannedPair =>
    person(recipient, 2, { route, threshold: { key, seconds: 60, limit: 1 } });
  const pairs = [
    limited('ana', 'route', 'a b'),
    limited('ana', 'route', 'a'),
    limited('ana', 'route.routes[0]', 'a'),
    limited('bea', 'route', 'a'),
    limited('bea', 'route', 'a'),
  ];
  await store.accept(
    pairs.map((pair, index) => arrival(`${index}`, { incidents: [incident('k')], pairs: [pair] })),
  );
  assert.equal(await fates(store, pairs.length), '0 0 0 0 threshold');
});

test('what routing has suppressed is stored so, with its reason, and changes nothing else', async (t) => {
  const store = await testStore(t).open();
  const suppress = { reason: 'silence', detail: 'by ana until noon' } as const;
  const incidents = [incident('k')];
  await store.accept([
    arrival('a', { incidents, pairs: [person('ana', 2, { repeat, suppress })] }),
    arrival('b', { incidents, pairs: [person('ana', 2, { repeat })] }),
  ]);
  assert.equal(await fates(store, 2), 'silence: by ana until noon 0');
  assert.deepEqual((await store.queue('ana', NOW)).suppressed, { silence: 1 });
});

test('a recipient named twice by a plan gets the message once, by the route that does not suppress it', async (t) => {
  const store = await testStore(t).open();
  const suppress = { reason: 'window', detail: '' } as const;
  const pairs = [person('ana', 2, { suppress }), person('ana', 2, { route: 'route.routes[1]' })];
  await store.accept([arrival('a', { incidents: [incident('k')], pairs })]);
  const [pair, ...others] = await store.pairs(1);
  assert.deepEqual([pair?.state, pair?.route, others.length], ['due', 'route.routes[1]', 0]);
});
