/** Keys and passwords: made, kept as hashes, believed for a second at most, never told why not. */

import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { keyLimits } from '../../../src/core/limits.ts';
import { hashKey, makeKey, prefixOf } from '../../../src/dispatcher/keys/api-key.ts';
import { createKeyRing } from '../../../src/dispatcher/keys/key-ring.ts';
import { Pace } from '../../../src/dispatcher/keys/pace.ts';
import { hashPassword, isImported, verifyPassword } from '../../../src/dispatcher/keys/password.ts';
import type { ApiKey, User } from '../../../src/dispatcher/model/records.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { countingRandom, MINUTE, NOW, testStore } from '../store/fixture.ts';

const random = { bytes: (count: number) => Uint8Array.from({ length: count }, (_, index) => index) };

/** Wall and monotonic time in one hand. */
class HeldClock {
  ms = 1_000_000;
  now = (): number => this.ms;
  monotonic = (): number => this.ms;
}

function world(keys: ApiKey[], users: User[] = [{ name: 'ana', role: 'viewer', createdAt: 0 }]) {
  const clock = new HeldClock();
  let lookups = 0;
  const store = {
    findKey: async (hash: Buffer) => {
      lookups += 1;
      await Promise.resolve();
      return keys.find((key) => key.hash.equals(hash));
    },
    users: async () => await Promise.resolve(users),
  };
  return { clock, ring: createKeyRing({ store, clock }), lookups: () => lookups };
}

function apiKey(text: string, changes: Partial<ApiKey> = {}): ApiKey {
  return {
    id: 1,
    hash: hashKey(text),
    prefix: prefixOf(text),
    owner: 'ana',
    scopes: ['ingest'],
    createdAt: 0,
    ...changes,
  };
}

const TEXT = '0f8fad5bd9cb469fa16570867728950e';

describe('a key', () => {
  test('is 32 random bytes under a mark, kept as its SHA-256', () => {
    const { text, hash, prefix } = makeKey(random);
    assert.equal(text, 'irk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8');
    assert.equal(hash.toString('hex'), hashKey(text).toString('hex'));
    assert.equal(hash.length, 32);
    assert.equal(prefix, 'irk_AAEC');
  });

  test('of another maker keeps three fourths of itself to itself', () => {
    assert.equal(prefixOf(TEXT), '0f8fad5b');
    assert.equal(prefixOf('short'), 's');
    assert.equal(prefixOf('abc'), '');
  });
});

describe('the key ring', () => {
  const second = 1_000_000;
  for (const [what, changes, scope, works] of [
    ['known', {}, 'ingest', true],
    ['without the scope', {}, 'read', false],
    ['revoked', { revokedAt: 5 }, 'ingest', false],
    ['in its grace after a rotation', { revokedAt: second + 1 }, 'ingest', true],
    ['past its end', { expiresAt: second }, 'ingest', false],
    ['before its end', { expiresAt: second + 1 }, 'ingest', true],
    ['of a user who is no more', { owner: 'bob' }, 'ingest', false],
  ] as const) {
    test(`a key ${what}: ${works ? 'yes' : 'no'}`, async () => {
      const { ring } = world([apiKey(TEXT, changes)]);
      assert.equal((await ring.check(TEXT, scope)) !== undefined, works);
    });
  }

  test('a key of a disabled user opens nothing', async () => {
    const users: User[] = [{ name: 'ana', role: 'viewer', createdAt: 0, disabled: true }];
    assert.equal(await world([apiKey(TEXT)], users).ring.check(TEXT, 'ingest'), undefined);
  });

  test('what is no key is not even looked up', async () => {
    const { ring, lookups } = world([]);
    assert.equal(await ring.check('', 'ingest'), undefined);
    assert.equal(await ring.check('x'.repeat(keyLimits.keyChars + 1), 'ingest'), undefined);
    assert.equal(lookups(), 0);
  });

  test('the store is asked once a second for a busy key', async () => {
    const { ring, clock, lookups } = world([apiKey(TEXT)]);
    for (let n = 0; n < 100; n += 1) await ring.check(TEXT, 'ingest');
    assert.equal(lookups(), 1);
    clock.ms += keyLimits.cacheMs;
    await ring.check(TEXT, 'ingest');
    assert.equal(lookups(), 2);
  });

  test('a revocation counts within a second without a word, and at once with one', async () => {
    const keys = [apiKey(TEXT)];
    const { ring, clock } = world(keys);
    assert.ok(await ring.check(TEXT, 'ingest'));
    keys[0] = apiKey(TEXT, { revokedAt: 1 });
    clock.ms += keyLimits.cacheMs;
    assert.equal(await ring.check(TEXT, 'ingest'), undefined);
    keys[0] = apiKey(TEXT);
    ring.forget();
    assert.ok(await ring.check(TEXT, 'ingest'));
    keys[0] = apiKey(TEXT, { revokedAt: 1 });
    ring.forget();
    assert.equal(await ring.check(TEXT, 'ingest'), undefined);
  });

  test('an end that comes while the key is remembered is an end', async () => {
    const { ring, clock } = world([apiKey(TEXT, { expiresAt: second + 10 })]);
    assert.ok(await ring.check(TEXT, 'ingest'));
    clock.ms += 10;
    assert.equal(await ring.check(TEXT, 'ingest'), undefined);
  });

  test('an answer that was under way when keys changed is not remembered', async () => {
    const keys = [apiKey(TEXT)];
    const { ring } = world(keys);
    const under = ring.check(TEXT, 'ingest');
    keys[0] = apiKey(TEXT, { revokedAt: 1 });
    ring.forget();
    await under;
    assert.equal(await ring.check(TEXT, 'ingest'), undefined);
  });
});

describe('the key ring over the store', () => {
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
});

describe('a pace', () => {
  test('a minute’s worth at once, then one by one', () => {
    const clock = new HeldClock();
    const pace = new Pace(clock);
    for (let n = 0; n < 60; n += 1) assert.equal(pace.take('a', 60), undefined);
    assert.equal(pace.take('a', 60), 1000);
    assert.equal(pace.take('b', 60), undefined, 'others are not held up');
    clock.ms += 1000;
    assert.equal(pace.take('a', 60), undefined);
    assert.equal(pace.take('a', 60), 1000);
  });

  test('never more than the rate over a long time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.array(fc.nat(3000), { maxLength: 300 }),
        (rate, gaps) => {
          const clock = new HeldClock();
          const pace = new Pace(clock);
          let taken = 0;
          for (const gap of gaps) {
            clock.ms += gap;
            if (pace.take('a', rate) === undefined) taken += 1;
          }
          const minutes = (clock.ms - 1_000_000) / 60_000;
          assert.ok(taken <= rate + rate * minutes + 1e-6, `${taken} in ${minutes} minutes at ${rate}`);
        },
      ),
    );
  });
});

describe('a password', () => {
  test('is kept as its scrypt hash, of a cost that takes a while', async () => {
    const stored = await hashPassword('secret', random);
    assert.match(stored, /^scrypt\$32768\$8\$3\$AAECAwQFBgcICQoLDA0ODw\$[A-Za-z0-9_-]{43}$/);
    const [, , , , salt = '', hash = ''] = stored.split('$');
    const cost = { N: 32_768, r: 8, p: 3, maxmem: 2 ** 26 };
    const expected = scryptSync('secret', Buffer.from(salt, 'base64url'), 32, cost);
    assert.equal(hash, expected.toString('base64url'));
  });

  test('is verified by what is kept, at the cost that stands there, whatever keyboard wrote it', async () => {
    const salt = Buffer.from('0123456789abcdef');
    const hash = scryptSync('contrase\u00f1a', salt, 32, { N: 1024, r: 8, p: 1 });
    const stored = `scrypt$1024$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`;
    assert.equal(await verifyPassword('contrasen\u0303a', stored), 'right');
    assert.equal(await verifyPassword('contrasena', stored), 'wrong');
    assert.equal(await verifyPassword('x'.repeat(keyLimits.passwordChars + 1), stored), 'wrong');
  });

  test('of AlertGateway is known and opens nothing', async () => {
    const bcrypt = `$2b$12$${'a'.repeat(53)}`;
    assert.ok(isImported(bcrypt));
    assert.equal(await verifyPassword('secret', bcrypt), 'imported');
  });

  for (const stored of [
    '',
    'secret',
    'scrypt$32768$8$3$AAAA$BBBB',
    `scrypt$32767$8$3$${'A'.repeat(22)}$${'B'.repeat(43)}`,
    `scrypt$8388608$32$1$${'A'.repeat(22)}$${'B'.repeat(43)}`,
    `scrypt$32768$8$99$${'A'.repeat(22)}$${'B'.repeat(43)}`,
    `scrypt$0$8$1$${'A'.repeat(22)}$${'B'.repeat(43)}`,
  ]) {
    test(`a hash that is none, or too costly, opens nothing: ${stored.slice(0, 24)}`, async () => {
      assert.equal(await verifyPassword('secret', stored), 'damaged');
    });
  }

  test('an empty or endless one is not taken', async () => {
    await assert.rejects(hashPassword('', random), { code: 'INVALID_INPUT' });
    await assert.rejects(hashPassword('x'.repeat(keyLimits.passwordChars + 1), random), {
      code: 'INVALID_INPUT',
    });
  });
});
