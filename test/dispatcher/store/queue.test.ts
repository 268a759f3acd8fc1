/** The queue of a recipient: who goes first, what a call makes of its pairs, and what operators do to it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fate } from '../../../src/dispatcher/model/delivery.ts';
import type { Store } from '../../../src/dispatcher/model/store.ts';
import {
  arrival,
  assertLaw,
  attempt,
  ended,
  fails,
  incident,
  machine,
  MINUTE,
  NOW,
  person,
  testStore,
  texts,
} from './fixture.ts';

const HOUR = 60 * MINUTE;

async function claimOne(store: Store, recipient: string, now = NOW) {
  const claim = await store.claim(recipient, { now, pairs: 1 });
  assert.ok(claim);
  return claim;
}

describe('order', () => {
  test('severity first, then the recipient’s priority, then age', async (t) => {
    const store = await testStore(t).open();
    const pair = (priority: number) => [{ ...machine('m', 0), audience: 'people' as const, priority }];
    await store.accept([
      arrival('low', { pairs: pair(2000) }),
      arrival('medium, younger', { pairs: pair(3000), at: NOW + 1 }),
      arrival('medium', { pairs: pair(3000) }),
      arrival('medium, preferred', { pairs: pair(3500), at: NOW + 2 }),
      arrival('high', { pairs: pair(4000), at: NOW + 3 }),
    ]);
    assert.deepEqual(await texts(store, 'm', 9, NOW + 9), [
      'high',
      'medium, preferred',
      'medium',
      'medium, younger',
      'low',
    ]);
  });

  test('nothing starves: a minute of waiting is worth a point of priority', async (t) => {
    const store = await testStore(t).open();
    await store.accept([arrival('old and low', { severity: 1 })]);
    const later = NOW + 1001 * MINUTE;
    await store.accept([arrival('new and medium', { severity: 2, at: later })]);
    assert.deepEqual(await texts(store, 'm', 1, later), ['old and low']);
  });

  test('a machine gets everything in the order of acceptance', async (t) => {
    const store = await testStore(t).open();
    await store.accept([arrival('low', { severity: 1 }), arrival('high', { severity: 4 })]);
    assert.deepEqual(await texts(store, 'm'), ['low', 'high']);
  });

  test('what waits is given when its time has come, and announced as the next', async (t) => {
    const store = await testStore(t).open();
    await store.accept([
      arrival('waits', { severity: 4, pairs: [{ ...machine('m', 4), waitMs: MINUTE }] }),
      arrival('now'),
    ]);
    const queue = await store.queue('m', NOW);
    assert.deepEqual([queue.due, queue.pending, queue.nextAt], [1, 2, NOW + MINUTE]);
    assert.deepEqual(await texts(store, 'm'), ['now']);
    assert.equal(await store.claim('m', { now: NOW + MINUTE - 1, pairs: 9 }), undefined);
    assert.equal((await store.queue('m', NOW + MINUTE)).due, 1);
    assert.deepEqual(await texts(store, 'm', 9, NOW + MINUTE), ['waits']);
  });

  test('pairs of one incident go together as far as the call has room', async (t) => {
    const store = await testStore(t).open();
    const one = (text: string, key: string, severity: 1 | 4, at: number) =>
      arrival(text, { severity, at: NOW + at, incidents: [incident(key)], pairs: [person('ana', severity)] });
    await store.accept([
      one('a1', 'a', 4, 0),
      one('b1', 'b', 4, 1),
      one('a2', 'a', 1, 2),
      one('a3', 'a', 1, 3),
    ]);
    assert.deepEqual(await texts(store, 'ana', 3), ['a1', 'a2', 'a3']);
    assert.deepEqual(await texts(store, 'ana', 3), ['b1']);
  });
});

describe('a call', () => {
  const fates: readonly (readonly [
    fate: Fate,
    state: string,
    reason: string,
    attempts: number,
    dueAt: number,
  ])[] = [
    [{ kind: 'sent' }, 'sent', '', 0, -1],
    [{ kind: 'again', notBefore: NOW + 5, reason: '503' }, 'due', '503', 1, 5],
    [{ kind: 'again', notBefore: NOW - 5, reason: 'reset' }, 'due', 'reset', 1, 0],
    [{ kind: 'held', reason: '401' }, 'held', '401', 0, -1],
    [{ kind: 'dead', reason: '400' }, 'dead', '400', 1, -1],
  ];
  for (const [fate, state, reason, attempts, dueAt] of fates) {
    test(`${fate.kind}${'notBefore' in fate ? ` at ${fate.notBefore - NOW}` : ''}`, async (t) => {
      const { open } = testStore(t);
      let store = await open();
      await store.accept([arrival('a')]);
      const claim = await claimOne(store, 'm');
      assert.equal((await store.pairs(1))[0]?.state, 'leased');
      await store.finish(ended(claim.id, fate));
      await assertLaw(store);
      await store.close();
      store = await open();
      const [pair] = await store.pairs(1);
      assert.deepEqual([pair?.state, pair?.reason, pair?.attempts], [state, reason, attempts]);
      assert.deepEqual(
        pair?.notifications.map(({ id, outcome }) => [id, outcome]),
        [[claim.id, ended(claim.id, fate).attempt.outcome]],
      );
      if (dueAt > 0) assert.equal(await store.claim('m', { now: NOW + dueAt - 1, pairs: 1 }), undefined);
      if (dueAt >= 0) assert.deepEqual(await texts(store, 'm', 1, NOW + dueAt), ['a']);
      else assert.equal(await store.claim('m', { now: NOW + HOUR, pairs: 1 }), undefined);
    });
  }

  test('marks of an earlier attempt come with the next', async (t) => {
    const store = await testStore(t).open();
    await store.accept([arrival('a')]);
    const again = { kind: 'again', notBefore: NOW, reason: '400' } as const;
    await store.finish(ended((await claimOne(store, 'm')).id, { ...again, plain: true, uncertain: true }));
    const second = await claimOne(store, 'm');
    const [pair] = second.pairs;
    assert.deepEqual([pair?.plain, pair?.uncertain, pair?.attempts], [true, true, 1]);
    await store.finish(ended(second.id));
    const [record] = await store.pairs(1);
    assert.deepEqual(
      record?.notifications.map(({ outcome }) => outcome),
      ['again', 'ok'],
    );
  });

  test('the provider may judge pairs one by one', async (t) => {
    const store = await testStore(t).open();
    await store.accept([arrival('a'), arrival('b'), arrival('c')]);
    const claim = await store.claim('m', { now: NOW, pairs: 3 });
    const except = [{ seq: 2, fate: { kind: 'dead', reason: 'too long' } as const }];
    await store.finish({ ...ended(claim?.id ?? 0), except });
    const states = await Promise.all([1, 2, 3].map(async (seq) => (await store.pairs(seq))[0]?.state));
    assert.deepEqual(states, ['sent', 'dead', 'sent']);
    await assertLaw(store);
  });

  test('a claim that is over changes nothing any more', async (t) => {
    const { open } = testStore(t);
    let store = await open();
    await store.accept([arrival('a'), arrival('b')]);
    const finished = await claimOne(store, 'm');
    await store.finish(ended(finished.id));
    const abandoned = await claimOne(store, 'm');
    await store.abandon([abandoned.id]);
    const newer = await claimOne(store, 'm');
    for (const id of [finished.id, abandoned.id, 99]) {
      await assert.rejects(store.finish(ended(id, { kind: 'dead', reason: 'late' })), fails('LEASE_EXPIRED'));
    }
    const twice = await Promise.allSettled([store.finish(ended(newer.id)), store.finish(ended(newer.id))]);
    assert.deepEqual(
      twice.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    await store.close();
    store = await open();
    const queue = await store.queue('m', NOW);
    assert.deepEqual([queue.sent, queue.dead], [2, 0]);
  });

  test('G-NT: pop-before-send cannot lose: what was being sent is due again after a crash, and marked', async (t) => {
    const { open } = testStore(t);
    let store = await open();
    await store.accept([arrival('a')]);
    await claimOne(store, 'm');
    await store.close();
    store = await open();
    await assertLaw(store);
    const claim = await claimOne(store, 'm');
    const [pair] = claim.pairs;
    assert.deepEqual([pair?.body.toString(), pair?.uncertain, pair?.attempts], ['a', true, 1]);
    const queue = await store.queue('m', NOW);
    assert.equal(queue.leased, 1);
    await store.finish(ended(claim.id));
    const [record] = await store.pairs(1);
    assert.match(record?.notifications[0]?.reason ?? '', /interrupted/);
  });
});

describe('held', () => {
  test('a broken provider holds all of the recipient, later ones too; resumed, all are due', async (t) => {
    const { open } = testStore(t);
    let store = await open();
    await store.accept([arrival('a'), arrival('b'), arrival('other', { pairs: ['n'] })]);
    await store.finish(ended((await claimOne(store, 'm')).id, { kind: 'held', reason: '401 unauthorized' }));
    await store.accept([arrival('c')]);
    await store.close();
    store = await open();
    const queue = await store.queue('m', NOW);
    assert.deepEqual(
      [queue.due, queue.pending, queue.held, queue.heldReason, queue.heldSince, queue.lastError],
      [0, 0, 3, '401 unauthorized', NOW, '401 unauthorized'],
    );
    assert.equal((await store.pairs(4))[0]?.state, 'held');
    assert.equal(await store.claimDigest('m', NOW), undefined);
    assert.deepEqual(await texts(store, 'n'), ['other']);
    assert.equal(await store.resume('m', NOW), 3);
    assert.equal(await store.resume('m', NOW), 0);
    assert.equal((await texts(store, 'm')).length, 3);
    await assertLaw(store);
  });

  test('a recipient the configuration no longer has keeps what it is owed, and gets it when it comes back', async (t) => {
    const store = await testStore(t).open();
    await store.accept([arrival('a')]);
    await store.hold('m', 'by hand', NOW);
    await store.nameRecipients(['n'], NOW);
    assert.equal((await store.queue('m', NOW)).heldReason, 'removed');
    assert.equal(await store.resume('m', NOW), 0, 'it stays removed');
    assert.equal((await store.queue('m', NOW)).held, 1);
    const heard: string[] = [];
    store.onDue((names) => heard.push(...names));
    await store.nameRecipients(['m'], NOW);
    assert.deepEqual(heard, ['m']);
    assert.deepEqual(await texts(store, 'm'), ['a']);
  });
});

describe('a claim of what is set apart', () => {
  test('one alone, if it is due, or anything but some, those of one incident included', async (t) => {
    const store = await testStore(t).open();
    const together = ['a', 'b', 'c', 'd'].map((text) =>
      arrival(text, { pairs: [person('ana', 2)], incidents: [incident('one')] }),
    );
    await store.accept(together);
    const seqs = async (wish: { readonly only?: number; readonly except?: readonly number[] }) =>
      (await store.claim('ana', { now: NOW, pairs: 3, ...wish }))?.pairs.map(({ seq }) => seq);
    assert.deepEqual(await seqs({ only: 3 }), [3]);
    assert.equal(await seqs({ only: 3 }), undefined, 'it is leased');
    assert.equal(await seqs({ only: 9 }), undefined);
    assert.deepEqual(await seqs({ except: [1] }), [2, 4]);
    assert.equal(await seqs({ except: [1, 77] }), undefined);
    assert.deepEqual(await seqs({}), [1]);
    await assertLaw(store);
  });
});

describe('moves', () => {
  test('what was driven again in front of them keeps nobody from being given up', async (t) => {
    const store = await testStore(t).open();
    const batch = (from: number, at: number) =>
      Array.from({ length: 500 }, (_, index) => arrival(`${from + index}`, { at }));
    for (let round = 0; round < 11; round++) await store.accept(batch(round * 500, NOW));
    assert.equal(await store.giveUp('m', NOW + 1, 'old', NOW), 5_500);
    await store.accept(batch(5_500, NOW + 1));
    assert.equal(await store.redrive({ recipient: 'm', now: NOW + HOUR }), 5_500);
    assert.equal(await store.giveUp('m', NOW + HOUR, 'old', NOW + HOUR), 500);
    await assertLaw(store);
  });

  test('fallback takes what is old to the other, and says so of both', async (t) => {
    const store = await testStore(t).open();
    await store.accept([arrival('old', { pairs: ['m'] }), arrival('young', { at: NOW + 9 })]);
    await store.hold('m', 'down', NOW);
    assert.equal(await store.fallBack('m', 'n', NOW + 9, NOW + 9), 1);
    assert.equal(await store.fallBack('m', 'n', NOW + 9, NOW + 9), 0);
    assert.deepEqual(await texts(store, 'n', 9, NOW + 9), ['old']);
    const [mine] = await store.pairs(1);
    assert.deepEqual([mine?.state, mine?.reason], ['suppressed', 'fallback: to n']);
    assert.equal((await store.queue('m', NOW)).held, 1);
    await assertLaw(store);
  });

  test('fallback never leaves a message to nobody: not in a circle, not to where it is dead', async (t) => {
    const store = await testStore(t).open();
    await store.accept([arrival('a', { pairs: ['m'] }), arrival('b', { pairs: ['m', 'n'] })]);
    assert.equal(await store.giveUp('n', NOW + 1, 'old', NOW), 1);
    assert.equal(await store.fallBack('m', 'n', NOW + 1, NOW), 1, 'b is dead there, and stays here');
    assert.equal(await store.fallBack('n', 'm', NOW + 1, NOW), 0, 'a came from there');
    assert.deepEqual([await texts(store, 'm'), await texts(store, 'n')], [['b'], ['a']]);
    await assertLaw(store);
  });

  test('fallback leaves what the other one is not to be told, whatever the reason', async (t) => {
    const store = await testStore(t).open();
    const reasons = ['silence', 'window', 'repeat', 'disabled'] as const;
    const suppressed = (reason: (typeof reasons)[number]) => ({
      ...machine('n', 2),
      suppress: { reason, detail: '' },
    });
    await store.accept(reasons.map((reason) => arrival(reason, { pairs: ['m', suppressed(reason)] })));
    assert.equal(await store.fallBack('m', 'n', NOW + 1, NOW), 0);
    assert.deepEqual(await texts(store, 'm'), [...reasons]);
  });

  test('giving up spares what is young, and what a call is carrying', async (t) => {
    const store = await testStore(t).open();
    const later = { at: NOW + HOUR };
    await store.accept([arrival('a'), arrival('b', { severity: 1 }), arrival('c', later)]);
    const claim = await claimOne(store, 'm');
    assert.equal(await store.giveUp('m', NOW + HOUR, 'older than 1 h', NOW + HOUR), 1);
    const queue = await store.queue('m', NOW + HOUR);
    assert.deepEqual([queue.dead, queue.leased, queue.pending], [1, 1, 1]);
    await store.finish(ended(claim.id));
    await assertLaw(store);
  });

  test('dismissed: nobody need look again, and why still says what it died of', async (t) => {
    const store = await testStore(t).open();
    await store.accept(['a', 'b'].map((text) => arrival(text, { pairs: ['m'] })));
    assert.equal(await store.giveUp('m', NOW + 1, 'older than 24 h', NOW), 2);
    assert.equal(await store.dismiss({ seq: 1, now: NOW }), 1);
    const { dead, suppressed } = await store.queue('m', NOW);
    assert.deepEqual([dead, suppressed], [1, { dismissed: 1 }]);
    const [pair] = await store.pairs(1);
    assert.deepEqual([pair?.state, pair?.reason], ['suppressed', 'dismissed: older than 24 h']);
    assert.equal(await store.redrive({ seq: 1, now: NOW }), 0, 'it is not dead any more');
    await assertLaw(store);
  });

  test('redriven, one message or all of a recipient, as if new', async (t) => {
    const store = await testStore(t).open();
    await store.accept(['a', 'b', 'c'].map((text) => arrival(text, { pairs: ['m', 'n'] })));
    for (const name of ['m', 'n']) assert.equal(await store.giveUp(name, NOW + 1, 'old', NOW), 3);
    assert.equal((await store.dead({ limit: 4 })).length, 4);
    assert.equal(await store.redrive({ seq: 2, now: NOW }), 2);
    assert.equal(await store.redrive({ recipient: 'm', now: NOW }), 2);
    assert.equal(await store.redrive({ recipient: 'x', now: NOW }), 0);
    assert.deepEqual(await texts(store, 'm'), ['a', 'b', 'c']);
    assert.deepEqual(await texts(store, 'n'), ['b']);
    assert.equal((await store.queue('n', NOW)).dead, 2);
    await assertLaw(store);
  });

  test('what is handed over or driven again is not given up by its old age, but by its new one', async (t) => {
    const store = await testStore(t).open();
    await store.accept(['a', 'b'].map((text) => arrival(text, { pairs: ['m'] })));
    const [day, later] = [NOW + 24 * HOUR, NOW + 48 * HOUR];
    assert.equal(await store.giveUp('m', NOW + 1, 'old', day), 2);
    assert.equal(await store.redrive({ recipient: 'm', now: day }), 2);
    assert.equal(await store.giveUp('m', NOW + 1, 'old', day), 0);
    assert.equal(await store.fallBack('m', 'n', day + 1, later), 2);
    assert.equal(await store.giveUp('n', day + 1, 'old', later), 0);
    assert.equal((await store.queue('n', later)).oldestAt, NOW, 'the message is as old as it is');
    assert.equal(await store.giveUp('n', later + 1, 'old', later + 24 * HOUR), 2);
    await assertLaw(store);
  });

  test('a young one among the oldest does not hide old ones behind it', async (t) => {
    const store = await testStore(t).open();
    await store.accept(['a', 'b'].map((text) => arrival(text, { pairs: ['m'] })));
    const claim = await claimOne(store, 'm');
    await store.finish(ended(claim.id, { kind: 'dead', reason: 'refused' }));
    await store.redrive({ recipient: 'm', now: NOW + HOUR });
    assert.equal(await store.giveUp('m', NOW + 1, 'old', NOW + HOUR), 1);
    await assertLaw(store);
  });
});

describe('storms', () => {
  const HIGH = 4;
  const alert = (text: string, classification: string, severity: 2 | 4 = HIGH) =>
    arrival(text, {
      classification,
      severity,
      pairs: [person('ana', severity)],
      incidents: [incident(text)],
    });
  const storm = { recipient: 'ana', since: NOW, intervalMs: MINUTE, nextDigestAt: NOW };

  async function breakout(store: Store): Promise<string[]> {
    const claim = await store.claim('ana', { now: NOW, pairs: 5, breakout: true });
    return (claim?.pairs ?? []).map(({ body }) => body.toString());
  }

  test('a new high classification breaks out alone, each once', async (t) => {
    const store = await testStore(t).open();
    await store.setStorm(storm);
    await store.accept([
      alert('1', 'scan'),
      alert('2', 'scan'),
      alert('3', 'scan', 2),
      alert('4', 'login', 2),
    ]);
    assert.deepEqual(await breakout(store), ['1']);
    assert.deepEqual(await breakout(store), []);
    await store.accept([alert('5', 'scan'), alert('6', 'exfiltration')]);
    assert.deepEqual(await breakout(store), ['6']);
    await store.accept([alert('7', 'login')]);
    const digest = await store.claimDigest('ana', NOW);
    assert.equal(digest?.digest.count, 5);
    await store.accept([alert('8', 'login')]);
    assert.deepEqual(await breakout(store), [], 'a digest has told of it');
    await store.endStorm('ana');
    await store.setStorm({ ...storm, since: NOW + 1 });
    await store.accept([alert('9', 'scan')]);
    assert.deepEqual(await breakout(store), ['9'], 'the next storm has seen nothing');
    await assertLaw(store);
  });

  test('what broke out and could not be sent breaks out again', async (t) => {
    const store = await testStore(t).open();
    await store.setStorm(storm);
    await store.accept([alert('1', 'scan')]);
    const claim = await store.claim('ana', { now: NOW, pairs: 1, breakout: true });
    await store.finish(ended(claim?.id ?? 0, { kind: 'again', notBefore: NOW, reason: '503' }));
    assert.deepEqual(await breakout(store), ['1']);
  });

  test('a digest counts all that is due or waits, and each of them has its fate', async (t) => {
    const { open } = testStore(t);
    let store = await open();
    const one = (index: number) =>
      arrival(`${index}`, {
        at: NOW + index,
        severity: index % 2 === 0 ? 2 : 4,
        classification: `kind ${index % 7}`,
        source: index % 3 === 0 ? '' : `198.51.100.${index % 3}`,
        target: '203.0.113.1',
        pairs: [{ ...machine('ana', 2), waitMs: index % 5 === 0 ? HOUR : 0 }],
      });
    await store.accept(Array.from({ length: 70 }, (_, index) => one(index)));
    const leased = await claimOne(store, 'ana', NOW + 70);
    const digest = await store.claimDigest('ana', NOW + 70);
    assert.ok(digest);
    const { classifications, sources, ...facts } = digest.digest;
    assert.deepEqual(facts, {
      count: 69,
      firstAt: NOW,
      lastAt: NOW + 69,
      severities: { 2: 35, 4: 34 },
      targets: [{ value: '203.0.113.1', count: 69 }],
      distinct: { classifications: 7, sources: 2, targets: 1 },
    });
    assert.deepEqual([classifications.length, classifications[0]?.count], [5, 10]);
    assert.equal(sources.length, 2);
    assert.equal(await store.claimDigest('ana', NOW), undefined);
    await store.finish({ ...ended(digest.id), attempt: attempt({ form: 'digest' }) });
    await store.finish(ended(leased.id));
    await store.close();
    store = await open();
    const queue = await store.queue('ana', NOW);
    assert.deepEqual([queue.sent, queue.pending], [70, 0]);
    const [pair] = await store.pairs(50);
    assert.deepEqual(
      [pair?.state, pair?.notifications[0]?.form, pair?.notifications[0]?.pairs],
      ['sent', 'digest', 69],
    );
  });

  test('a digest that failed is due again as what it was', async (t) => {
    const store = await testStore(t).open();
    await store.accept([alert('1', 'scan'), alert('2', 'scan', 2)]);
    const digest = await store.claimDigest('ana', NOW);
    await store.finish(ended(digest?.id ?? 0, { kind: 'again', notBefore: NOW + 5, reason: '503' }));
    assert.deepEqual(await texts(store, 'ana', 9, NOW + 5), ['1', '2']);
    await assertLaw(store);
  });
});
