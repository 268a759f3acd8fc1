/** Retention: only what has its fate, by age and by size, oldest first; and what belongs to nothing any more. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS } from '../../../src/core/quantities.ts';
import type { Retention, Store } from '../../../src/dispatcher/model/store.ts';
import { Database } from '../../../src/journal/database.ts';
import { openAttached } from '../../../src/journal/driver.ts';
import { arrival, assertLaw, ended, incident, machine, NOW, person, testStore, texts } from './fixture.ts';

const BIG = 1e12;

async function tidy(store: Store, now: number, retention: Partial<Retention>): Promise<void> {
  while (await store.tidy(now, { maxAgeMs: 90 * DAY_MS, maxBytes: BIG, ...retention }));
  await assertLaw(store, now);
}

async function kept(store: Store): Promise<string[]> {
  return (await store.search({ limit: 999 })).map(({ body }) => body.toString()).toReversed();
}

test('by age: sent, dead and suppressed ones go, what is owed stays however old', async (t) => {
  const store = await testStore(t).open();
  const suppress = { reason: 'silence', detail: 'by ana' } as const;
  await store.accept([
    arrival('sent', { pairs: ['m'] }),
    arrival('suppressed', { pairs: [person('ana', 2, { suppress })], incidents: [incident('k')] }),
    arrival('nobody’s', { pairs: [] }),
    arrival('dead', { pairs: ['d'] }),
    arrival('held', { pairs: ['h'] }),
    arrival('half sent', { pairs: ['m', 'h'] }),
    arrival('due', { pairs: ['n'] }),
    arrival('leased', { pairs: ['l'] }),
    arrival('young', { pairs: [], at: NOW + DAY_MS }),
  ]);
  const claim = await store.claim('m', { now: NOW, pairs: 9 });
  await store.finish(ended(claim?.id ?? 0));
  await store.giveUp('d', NOW + 1, 'old', NOW);
  await store.hold('h', '401', NOW);
  await store.claim('l', { now: NOW, pairs: 1 });
  await tidy(store, NOW + 2 * DAY_MS, { maxAgeMs: DAY_MS + 1 });
  assert.deepEqual(await kept(store), ['held', 'half sent', 'due', 'leased', 'young']);
  assert.equal((await store.stats(NOW)).retained, 5);
  const dead = await store.queue('d', NOW);
  assert.deepEqual([dead.dead, dead.dropped], [0, { retention: 1 }]);
  const sent = await store.queue('m', NOW);
  assert.deepEqual([sent.sent, sent.planned], [2, 2]);
  assert.deepEqual([await store.resume('h', NOW), await texts(store, 'h')], [2, ['held', 'half sent']]);
});

test('by size: the oldest that may go, no more than need be, and nothing that is owed', async (t) => {
  const store = await testStore(t).open();
  const body = (name: string): string => name.padEnd(100_000, '.');
  await store.accept(
    ['owed', ...Array.from({ length: 40 }, (_, index) => `${index}`)].map((name) =>
      arrival(body(name), { pairs: name === 'owed' ? ['m'] : [] }),
    ),
  );
  const { bytes } = await store.stats(NOW);
  await tidy(store, NOW, { maxBytes: bytes - 1_000_000 });
  const names = (await kept(store)).map((text) => text.replaceAll('.', ''));
  assert.equal(names[0], 'owed');
  assert.ok(names.length > 28 && names.length < 33, `${names.length}`);
  assert.equal(names.at(-1), '39');
  assert.ok((await store.stats(NOW)).bytes <= bytes - 900_000);
  await tidy(store, NOW, { maxBytes: 1 });
  assert.deepEqual((await kept(store)).length, 1);
  assert.equal(await store.tidy(NOW, { maxAgeMs: DAY_MS, maxBytes: 1 }), false, 'it rests');
});

test('incidents, attempts and records go when nothing refers to them; open incidents count on', async (t) => {
  const { open, path } = testStore(t);
  const store = await open();
  const version = (hash: string, at: number) => ({ hash, text: 'x', at, provenance: 'file' }) as const;
  await store.keepConfig(version('config-0', NOW - DAY_MS));
  await store.keepConfig(version('config-1', NOW));
  const threshold = { key: 'k', seconds: 60, limit: 1 };
  const pairs = [person('ana', 2, { threshold, repeat: { firstMs: 1, maxMs: 1 } }), machine('m', 2)];
  const incidents = [incident('open', { windowMs: 90 * DAY_MS }), incident('closed')];
  await store.accept([arrival('a', { incidents, pairs })]);
  await store.setIncident(2, { state: 'closed', note: 'done' }, 'ana', NOW);
  for (const name of ['ana', 'm'])
    await store.finish(ended((await store.claim(name, { now: NOW, pairs: 1 }))?.id ?? 0));
  await store.addSilence({ criteria: 'alert', author: 'ana', reason: 'x', from: NOW, until: NOW + 1 });
  await store.keepConfig(version('config-2', NOW + 1));
  await tidy(store, NOW + 30 * DAY_MS, { maxAgeMs: DAY_MS });
  const found = await store.incidents({ limit: 9 });
  assert.deepEqual(
    found.map(({ key, count }) => [key, count]),
    [['open', 1]],
  );
  assert.deepEqual((await store.stats(NOW)).incidents, { open: 1, acked: 0, closed: 0 });
  await store.accept([
    arrival('b', { incidents: [incident('open', { windowMs: 90 * DAY_MS })], at: NOW + 30 * DAY_MS }),
  ]);
  assert.equal((await store.incident(1))?.count, 2);
  await store.close();
  const db = new Database(path, openAttached(path, { readOnly: true }));
  const tables = ['pair', 'body', 'carried', 'notification', 'ident', 'note', 'threshold', 'silence', 'seen'];
  const counts = tables.map(
    (name) => db.get<{ count: number }>(`SELECT count(*) AS count FROM ${name}`)?.count,
  );
  const configs = db.all<{ hash: string }>('SELECT hash FROM config').map(({ hash }) => hash);
  db.close();
  assert.deepEqual(counts, [1, 1, 0, 0, 1, 0, 0, 0, 0]);
  assert.deepEqual(configs, ['config-2']);
});

test('a backlog is walked over in steps, once, and then left alone for a while', async (t) => {
  const store = await testStore(t).open();
  const batch = Array.from({ length: 500 }, (_, index) => index);
  for (let round = 0; round < 10; round++)
    await store.accept(batch.map((index) => arrival(`${round}-${index}`, { pairs: round < 8 ? ['m'] : [] })));
  const retention = { maxAgeMs: DAY_MS, maxBytes: BIG };
  const later = NOW + 2 * DAY_MS;
  let steps = 0;
  while (await store.tidy(later, retention)) steps++;
  assert.ok(steps >= 3, `${steps}`);
  assert.equal((await store.stats(NOW)).retained, 4000);
  await store.giveUp('m', later, 'x', later);
  assert.equal(await store.tidy(later + 1, retention), false);
  while (await store.tidy(later + 61_000, retention));
  assert.equal((await store.stats(NOW)).retained, 0);
});
