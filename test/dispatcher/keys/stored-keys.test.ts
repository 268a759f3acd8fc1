/** The key ring over the real store: keys made here and imported ones, revoked, expired, of users who go. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashKey, makeKey, prefixOf } from '../../../src/dispatcher/keys/api-key.ts';
import { createKeyRing } from '../../../src/dispatcher/keys/key-ring.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { countingRandom, MINUTE, NOW, testStore } from '../store/fixture.ts';

test('what the store keeps of a key is enough to know it, and too little to use it', async (t) => {
  const store = await testStore(t).open();
  const clock = manualClock(NOW);
  const ring = createKeyRing({ store, clock });
  const made = makeKey(countingRandom());
  const imported = '0f8fad5bd9cb469fa16570867728950e';
  await store.putUser({ name: 'ana', role: 'viewer', createdAt: NOW });
  const common = { owner: 'ana', scopes: ['ingest'], createdAt: NOW } as const;
  const { id } = await store.addKey({ ...common, hash: made.hash, prefix: made.prefix });
  await store.addKey({ ...common, hash: hashKey(imported), prefix: prefixOf(imported), channels: ['soc'] });

  assert.equal((await ring.check(made.text, 'ingest'))?.id, id);
  assert.deepEqual((await ring.check(imported, 'ingest'))?.channels, ['soc']);
  assert.equal(await ring.check(made.text, 'read'), undefined);
  assert.ok(!JSON.stringify(await store.keys()).includes(made.text));
  assert.ok(
    (await store.keys()).every(({ lastUsedAt }) => lastUsedAt !== undefined),
    'marked as used',
  );

  await store.changeKey(id, { revokedAt: clock.now() });
  ring.forget();
  assert.equal(await ring.check(made.text, 'ingest'), undefined);
  await store.putUser({ name: 'ana', role: 'viewer', createdAt: NOW, disabled: true });
  ring.forget();
  assert.equal(await ring.check(imported, 'ingest'), undefined);
});

test('a key whose end has come opens nothing', async (t) => {
  const store = await testStore(t).open();
  const clock = manualClock(NOW);
  const ring = createKeyRing({ store, clock });
  const { text, hash, prefix } = makeKey(countingRandom());
  await store.putUser({ name: 'ana', role: 'viewer', createdAt: NOW });
  await store.addKey({
    owner: 'ana',
    scopes: ['ingest'],
    createdAt: NOW,
    hash,
    prefix,
    expiresAt: NOW + MINUTE,
  });
  assert.ok(await ring.check(text, 'ingest'));
  clock.advance(MINUTE);
  assert.equal(await ring.check(text, 'ingest'), undefined);
});
