/** What operators find again: messages by search, as a table, and who was heard of. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeLimits } from '../../../src/core/limits.ts';
import { DAY_MS } from '../../../src/core/quantities.ts';
import type { SearchWish } from '../../../src/dispatcher/model/store.ts';
import { arrival, MINUTE, NOW, testStore, type Wish } from './fixture.ts';

const stored: readonly (readonly [text: string, wish: Wish])[] = [
  ['info', { severity: 1, classification: 'Port scan', source: '198.51.100.7' }],
  ['unrated', { severity: 0, classification: '50% of_disk', at: NOW + MINUTE }],
  ['heartbeat', { severity: 0, kind: 'heartbeat', analyzer: 'probe-7', at: NOW + 2 * MINUTE }],
  ['high', { severity: 4, target: 'db.example', at: NOW + 3 * MINUTE }],
];

/** Newest first. */
const searches: readonly (readonly [wish: Omit<SearchWish, 'limit'>, found: string])[] = [
  [{}, 'high heartbeat unrated info'],
  [{ minSeverity: 4 }, 'high'],
  // As everywhere: what nobody has rated is not overlooked.
  [{ minSeverity: 3 }, 'high unrated'],
  [{ minSeverity: 1 }, 'high unrated info'],
  [{ since: NOW + MINUTE, until: NOW + 2 * MINUTE }, 'heartbeat unrated'],
  [{ before: 3 }, 'unrated info'],
  [{ text: 'SCAN' }, 'info'],
  [{ text: '198.51' }, 'info'],
  [{ text: 'example' }, 'high'],
  [{ text: 'probe' }, 'heartbeat'],
  [{ text: '50%' }, 'unrated'],
  [{ text: 'f_d' }, 'unrated'],
  [{ text: 'o%k' }, ''],
];

test('search', async (t) => {
  const store = await testStore(t).open();
  await store.accept(stored.map(([text, wish]) => arrival(text, wish)));
  for (const [wish, expected] of searches) {
    const found = await store.search({ ...wish, limit: 9 });
    assert.equal(found.map(({ body }) => body.toString()).join(' '), expected, JSON.stringify(wish));
  }
  const [newest, ...others] = await store.search({ limit: 1 });
  assert.deepEqual([newest?.seq, others], [4, []]);
});

test('a sender that makes up analyzers pushes nobody out of the list, and its own do not pile up', async (t) => {
  const store = await testStore(t).open();
  const made = storeLimits.analyzers + 1;
  const origin = { sensor: 'dmz0' };
  await store.accept([arrival('a', { origin: { sensor: 'dmz1' }, pairs: [] })]);
  const flood = Array.from({ length: made }, (_, index) =>
    arrival(`${index}`, { origin, analyzer: `x${index}`, at: NOW + index, pairs: [] }),
  );
  await store.accept(flood);
  const seen = await store.analyzers();
  assert.equal(seen.length, storeLimits.analyzers);
  assert.equal(seen.at(-1)?.origin, 'dmz1');
  while (await store.tidy(NOW, { maxAgeMs: DAY_MS, maxBytes: 1e12 }));
  const kept = await store.analyzers();
  assert.equal(kept.length, storeLimits.analyzersOfOrigin + 1);
  const last = kept.filter((one) => one.origin === 'dmz0').map(({ lastAt }) => lastAt);
  assert.equal(Math.min(...last), NOW + made - storeLimits.analyzersOfOrigin);
});
