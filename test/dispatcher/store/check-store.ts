/** What every maker of stores must do: each verb of the interface, on a new store. Run by verbs.test.ts in both forms. */

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import {
  MINUTE,
  NOW,
  arrival,
  assertLaw,
  attempt,
  ended,
  fails,
  incident,
  person,
  sha256,
  texts,
} from './fixture.ts';

export async function checkStore(store: Store, copy: string): Promise<void> {
  await checkDeliveries(store);
  await checkIncidents(store);
  await checkMessages(store);
  await checkOperators(store);
  await checkAudit(store);
  await store.backup(copy);
  await assert.rejects(store.backup(copy), fails('USAGE', /exists/));
  await assertLaw(store);
}

async function checkDeliveries(store: Store): Promise<void> {
  const heard: string[] = [];
  const forget = store.onDue((names) => heard.push(...names));
  const batch = [
    arrival('a', {
      pairs: ['m', person('ana', 2)],
      incidents: [incident('k')],
      verbatim: 'as posted',
    }),
    arrival('b', {
      severity: 4,
      at: NOW + 1,
      pairs: ['m', 'n'],
      origin: { key: 7, address: '192.0.2.1' },
    }),
  ];
  const receipts = await store.accept(batch);
  assert.deepEqual(
    receipts.map(({ status, seq }) => [status, seq]),
    [
      ['stored', 1],
      ['stored', 2],
    ],
  );
  assert.equal(batch[0]?.body.toString(), 'a', 'the caller keeps its buffers');
  assert.equal((await store.accept(batch)).filter(({ status }) => status === 'duplicate').length, 2);
  await turn();
  assert.deepEqual([...new Set(heard)].toSorted(), ['ana', 'm', 'n']);
  forget();

  const claim = await store.claim('m', { now: NOW + 1, pairs: 2 });
  const [, pair] = claim?.pairs ?? [];
  assert.ok(claim !== undefined && pair !== undefined);
  assert.ok(Buffer.isBuffer(pair.body));
  assert.deepEqual(
    { ...pair, body: pair.body.toString() },
    {
      seq: 2,
      body: 'b',
      facts: batch[1]?.facts,
      origin: { source: 'idmef', key: 7, address: '192.0.2.1' },
      at: NOW + 1,
      attempts: 0,
      uncertain: false,
      plain: false,
      route: 'route',
    },
  );
  const limit = { key: 'telegram:bot:1', tokens: 0.5, updatedAt: NOW, notBefore: NOW + MINUTE };
  await store.finish({ ...ended(claim.id), limits: [limit] });
  await assert.rejects(store.finish(ended(claim.id)), fails('LEASE_EXPIRED'));
  assert.deepEqual(await store.limits(), [limit]);
  assert.equal(await store.claim('nobody', { now: NOW, pairs: 1 }), undefined);

  const people = await store.claim('ana', { now: NOW, pairs: 1 });
  assert.equal(people?.pairs[0]?.verbatim, 'as posted');
  assert.deepEqual(people.pairs[0]?.incident, { id: 1, count: 1, state: 'open' });
  assert.equal(await store.abandon([people.id]), 1);
  const queue = await store.queue('ana', NOW);
  assert.deepEqual([queue.due, queue.pending, queue.leased, queue.oldestAt], [1, 1, 0, NOW]);

  await store.hold('ana', '403 forbidden', NOW);
  assert.equal((await store.queue('ana', NOW)).heldReason, '403 forbidden');
  assert.equal(await store.claim('ana', { now: NOW, pairs: 1 }), undefined);
  assert.equal(await store.resume('ana', NOW), 1);
  assert.equal(await store.fallBack('ana', 'bea', NOW + 1, NOW), 1);
  assert.equal(await store.giveUp('bea', NOW + 1, 'given up after 24 h', NOW), 1);
  const dead = await store.dead({ limit: 5 });
  assert.deepEqual(
    dead.map(({ recipient, state, reason }) => [recipient, state, reason]),
    [['bea', 'dead', 'given up after 24 h']],
  );
  assert.equal(await store.redrive({ recipient: 'bea', now: NOW }), 1);
  await store.nameRecipients(['m', 'n', 'ana'], NOW);
  assert.equal((await store.queue('bea', NOW)).heldReason, 'removed');
  await store.nameRecipients(['m', 'n', 'ana', 'bea'], NOW);
  assert.deepEqual(await texts(store, 'bea'), ['a']);

  const storm = { recipient: 'n', since: NOW, intervalMs: MINUTE, nextDigestAt: NOW + MINUTE };
  await store.setStorm(storm);
  assert.deepEqual(await store.storms(), [storm]);
  const digest = await store.claimDigest('n', NOW);
  assert.deepEqual(digest?.digest.severities, { 4: 1 });
  await store.finish({ ...ended(digest.id), attempt: attempt({ form: 'digest', providerRef: 'ts-1' }) });
  await store.endStorm('n');
  assert.deepEqual(await store.storms(), []);
  const record = (await store.pairs(2)).find(({ recipient }) => recipient === 'n');
  assert.deepEqual([record?.state, record?.notifications[0]?.providerRef], ['sent', 'ts-1']);
  assert.equal((await store.queues(NOW)).length, 4);
}

async function checkIncidents(store: Store): Promise<void> {
  const acked = await store.setIncident(1, { state: 'acked', note: 'looking' }, 'ana', NOW);
  assert.deepEqual(acked, {
    id: 1,
    key: 'k',
    title: 'incident k',
    state: 'acked',
    severity: 2,
    firstAt: NOW,
    lastAt: NOW,
    count: 1,
    ackedBy: 'ana',
    ackedAt: NOW,
    notes: [{ at: NOW, by: 'ana', text: 'looking' }],
  });
  assert.deepEqual(await store.incident(1), acked);
  assert.deepEqual(await store.incidents({ state: 'acked', limit: 5 }), [acked]);
  assert.equal(await store.incident(9), undefined);
  await assert.rejects(store.setIncident(9, {}, 'ana', NOW), fails('NOT_FOUND'));
  assert.equal(await store.escalate(NOW), 0);
  assert.equal(await store.closeSilent(NOW + 61 * MINUTE), 1);
}

async function checkMessages(store: Store): Promise<void> {
  const version = { hash: 'config-1', text: 'route: {}', at: NOW - MINUTE, provenance: 'file' } as const;
  assert.deepEqual([await store.keepConfig(version), await store.keepConfig(version)], [true, false]);
  const message = await store.message(1);
  assert.ok(Buffer.isBuffer(message?.body));
  assert.deepEqual(
    { ...message, body: message.body.toString() },
    {
      seq: 1,
      id: arrival('a').id,
      at: NOW,
      facts: arrival('a').facts,
      origin: { source: 'idmef' },
      verbatim: 'as posted',
      conflict: false,
      config: 'config-1',
      configAt: NOW - MINUTE,
      incidents: [1],
      body: 'a',
    },
  );
  assert.equal((await store.message(arrival('b').id))?.seq, 2);
  assert.equal(await store.message(99), undefined);
  assert.deepEqual(
    (await store.messagesOf(1, 5)).map(({ seq }) => seq),
    [1],
  );
  assert.deepEqual(
    (await store.search({ minSeverity: 3, text: 'C', limit: 5 })).map(({ seq }) => seq),
    [2],
  );
  assert.deepEqual(await store.analyzers(), [
    { origin: 'idmef', analyzer: 'a', lastAt: NOW + 1, messages: 2 },
  ]);
}

async function checkOperators(store: Store): Promise<void> {
  const silence = { criteria: 'alert', author: 'ana', reason: 'test', from: NOW, until: NOW + MINUTE };
  assert.deepEqual(await store.addSilence(silence), { id: 1, ...silence });
  assert.equal(await store.expireSilence(1, 'bea', NOW + 1), true);
  assert.equal(await store.expireSilence(1, 'bea', NOW + 2), false);
  assert.deepEqual(await store.silences(), [{ id: 1, ...silence, until: NOW + 1, expiredBy: 'bea' }]);

  const setting = { name: 'chat', value: { type: 'slack', nested: { list: [1, 2] } } };
  const other = { name: 'mail', value: { type: 'smtp' } };
  const endpoint = { kind: 'endpoint' } as const;
  await store.changeSettings({ put: [{ ...endpoint, ...setting }], remove: [{ ...endpoint, name: 'none' }] });
  assert.deepEqual([await store.settings('endpoint'), await store.settings('recipient')], [[setting], []]);
  await store.changeSettings({ put: [{ ...endpoint, ...other }], remove: [{ ...endpoint, name: 'chat' }] });
  assert.deepEqual(await store.settings('endpoint'), [other]);

  const user = { name: 'ana', role: 'admin', passwordHash: '$2b$x', createdAt: NOW, disabled: true } as const;
  await store.putUser(user);
  await store.putUser({ name: 'bea', role: 'viewer', createdAt: NOW });
  assert.deepEqual(await store.users(), [user, { name: 'bea', role: 'viewer', createdAt: NOW }]);
  assert.deepEqual([await store.removeUser('bea'), await store.removeUser('bea')], [true, false]);

  const hash = sha256('key');
  const key = { hash, prefix: 'ir_1', owner: 'ana', scopes: ['ingest', 'read'], createdAt: NOW } as const;
  const made = await store.addKey({ ...key, channels: ['ops'], expiresAt: NOW + MINUTE });
  assert.deepEqual(made, { id: 1, ...key, channels: ['ops'], expiresAt: NOW + MINUTE });
  await assert.rejects(store.addKey(key), fails('USAGE'));
  assert.deepEqual(await store.findKey(hash, NOW), made);
  assert.equal((await store.findKey(hash, NOW + 1))?.lastUsedAt, NOW);
  assert.equal(await store.findKey(sha256('other'), NOW), undefined);
  assert.equal(await store.changeKey(1, { revokedAt: NOW, scopes: ['read'] }), true);
  assert.equal(await store.changeKey(2, {}), false);
  const [listed] = await store.keys();
  assert.deepEqual([listed?.revokedAt, listed?.scopes, listed?.hash], [NOW, ['read'], hash]);
  await store.addKey({ ...key, hash: sha256('next') }, { id: 1, revokedAt: NOW + 1 });
  assert.deepEqual(
    (await store.keys()).map(({ revokedAt }) => revokedAt),
    [NOW + 1, undefined],
  );

  await store.setState('telegram', '12');
  assert.deepEqual([await store.state('telegram'), await store.state('other')], ['12', undefined]);
  await store.refused('unknown-key', 3);
  assert.deepEqual((await store.stats(NOW)).refused, { 'unknown-key': 3 });
  assert.equal(await store.tidy(NOW, { maxAgeMs: MINUTE, maxBytes: 1e9 }), false);
}

async function checkAudit(store: Store): Promise<void> {
  const first = await store.audit({ at: NOW, by: 'cli:root', what: 'key.add', detail: 'ir_1' });
  const second = await store.audit({ at: NOW, by: 'cli:root', what: 'key.revoke', detail: 'ir_1' });
  assert.match(second.hash, /^[0-9a-f]{64}$/);
  assert.deepEqual(await store.auditTrail({ limit: 5 }), [first, second]);
  assert.deepEqual(await store.auditTrail({ after: 1, limit: 5 }), [second]);
  const note = { at: NOW, by: 'cli:root', what: 'user.add', detail: 'cyd' };
  await store.audited(note, 'putUser', { name: 'cyd', role: 'viewer', createdAt: NOW });
  assert.equal(await store.audited({ ...note, what: 'user.remove' }, 'removeUser', 'nobody'), false);
  const [third, ...others] = await store.auditTrail({ after: 2, limit: 5 });
  assert.deepEqual([third?.what, third?.detail, others], ['user.add', 'cyd', []]);
  assert.equal(await store.verifyAudit(), undefined);
}
