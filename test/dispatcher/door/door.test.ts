/** The door: who is the same message, receipts after the commit alone, what is refused and counted, with the real store behind it. */

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import { createDoor, type CountingDoor, type DoorDeps } from '../../../src/dispatcher/door/door.ts';
import { identify } from '../../../src/dispatcher/door/identity.ts';
import { DELIVERY_MARK, OWN_SOURCE } from '../../../src/dispatcher/model/delivery-mark.ts';
import type { Inbound, MessageOrigin, Receipt } from '../../../src/dispatcher/model/message.ts';
import type { Arrival, Store } from '../../../src/dispatcher/model/store.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.ts';
import { testStore } from '../store/fixture.ts';
import { alert, MONDAY, node, origin, recipient, world } from '../route/fixture.ts';

const { router } = world(node({ to: ['siem', 'soc'] }), [recipient('siem'), recipient('soc')]);

interface TestDoor {
  readonly door: CountingDoor;
  readonly log: RecordingLogger;
}

function testDoor(store: DoorDeps['store'], rest: Partial<DoorDeps> = {}): TestDoor {
  const log = recordingLogger();
  const door = createDoor({
    router: () => router,
    store,
    clock: manualClock(MONDAY),
    log,
    configHash: () => 'c0ffee',
    mark: () => 'store-1',
    ...rest,
  });
  return { door, log };
}

interface FakeStore {
  readonly store: Pick<Store, 'accept' | 'refused'>;
  readonly batches: (readonly Arrival[])[];
  readonly refused: [string, number][];
  /** Lets the oldest accept commit. */
  readonly commit: () => void;
  fail: Error | undefined;
}

/** Commits when it is told to. */
function fakeStore(): FakeStore {
  const waiting: (() => void)[] = [];
  const fake: FakeStore = {
    batches: [],
    refused: [],
    fail: undefined,
    commit: () => waiting.shift()?.(),
    store: {
      accept: async (batch) => {
        fake.batches.push(batch);
        await new Promise<void>((resolve) => waiting.push(resolve));
        if (fake.fail !== undefined) throw fake.fail;
        return batch.map(({ id }, index): Receipt => ({ status: 'stored', seq: index + 1, id }));
      },
      refused: async (reason, count) => {
        fake.refused.push([reason, count]);
        await Promise.resolve();
        if (fake.fail !== undefined) throw fake.fail;
      },
    },
  };
  return fake;
}

const inbound = (body: Buffer, rest: Partial<Inbound> = {}): Inbound => ({ body, origin, ...rest });

describe('identity', () => {
  const of = (body: Buffer, from: MessageOrigin): string => {
    const { facts, analyzerChain } = router.read(body);
    return identify(body, from, { messageid: facts.messageid, analyzerChain }).id;
  };
  const base = of(alert(), origin);
  const cases: readonly (readonly [what: string, body: Buffer, from: MessageOrigin, same: boolean])[] = [
    ['the same again', alert(), origin, true],
    ['other content', alert({ text: 'Other' }), origin, true],
    ['another messageid', alert({ messageid: 'a2' }), origin, false],
    ['another analyzer', alert({ analyzer: 'other' }), origin, false],
    ['the same sensor by another manager', alert(), { ...origin, peer: 'manager2' }, true],
    ['another sensor', alert(), { ...origin, sensor: 'dmz2' }, false],
    ['another address', alert(), { ...origin, address: '192.0.2.1' }, true],
    ['a peer of a sensor’s name', alert(), { source: 'idmef', peer: 'dmz1' }, false],
    ['an owner of that name', alert(), { source: 'rest', owner: 'dmz1', key: 1 }, false],
    ['a source of that name', alert(), { source: 'dmz1' }, false],
  ];
  for (const [what, body, from, same] of cases) {
    test(what, () => {
      assert.equal(of(body, from) === base, same);
    });
  }

  test('without a messageid the bytes decide, of one sender', () => {
    for (const messageid of ['', '0']) {
      const [one, again, other] = [
        alert({ messageid }),
        alert({ messageid }),
        alert({ messageid, text: 'Other' }),
      ];
      assert.equal(of(one, origin), of(again, origin));
      assert.notEqual(of(one, origin), of(other, origin));
      assert.notEqual(of(one, origin), of(one, { source: 'syslog' }));
    }
  });

  test('names cannot be pushed together', () => {
    const chain = (ids: string[]): string =>
      identify(alert(), origin, { messageid: 'm', analyzerChain: ids }).id;
    assert.notEqual(chain(['a', 'b']), chain(['a","b']));
    assert.notEqual(chain(['a', 'b']), chain(['ab']));
    assert.match(chain([]), /^[0-9a-f]{32}$/);
  });
});

describe('a batch', () => {
  test('is planned, stored in one call, and receipted after the commit', async () => {
    const { store, batches, commit } = fakeStore();
    const { door } = testDoor(store);
    const receipts: Receipt[] = [];
    const accepted = door
      .accept([
        inbound(alert()),
        inbound(alert({ messageid: 'a2' }), { forced: ['soc'], verbatim: 'as posted' }),
      ])
      .then((all) => receipts.push(...all));
    await new Promise(setImmediate);
    assert.deepEqual(receipts, []);
    assert.equal(door.inFlight().messages, 2);
    assert.equal(batches.length, 1);
    const [first, second] = batches[0]!;
    assert.equal(first?.config, 'c0ffee');
    assert.equal(first?.at, MONDAY);
    assert.equal(first?.hash.length, 32);
    assert.deepEqual(
      first?.plan.pairs.map(({ recipient: name }) => name),
      ['siem', 'soc'],
    );
    assert.deepEqual(
      second?.plan.pairs.map(({ route }) => route),
      ['forced'],
    );
    assert.equal(second?.verbatim, 'as posted');
    commit();
    await accepted;
    assert.deepEqual(
      receipts.map(({ seq }) => seq),
      [1, 2],
    );
    assert.deepEqual(door.inFlight(), { messages: 0, bytes: 0 });
  });

  test('concurrent ones go on as they come', async () => {
    const { store, batches, commit } = fakeStore();
    const { door } = testDoor(store);
    const all = ['a', 'b', 'c'].map((messageid) => door.accept([inbound(alert({ messageid }))]));
    assert.equal(batches.length, 3);
    for (const _ of all) commit();
    assert.equal((await Promise.all(all)).length, 3);
  });

  test('that the store refuses is refused, and no longer on its way', async () => {
    const fake = fakeStore();
    fake.fail = new RelayError('JOURNAL_FULL', 'no room');
    const { door } = testDoor(fake.store);
    const accepted = door.accept([inbound(alert())]);
    fake.commit();
    await assert.rejects(accepted, { code: 'JOURNAL_FULL' });
    assert.deepEqual(door.inFlight(), { messages: 0, bytes: 0 });
  });

  test('of nothing is nothing', async () => {
    const { store, batches } = fakeStore();
    assert.deepEqual(await testDoor(store).door.accept([]), []);
    assert.equal(batches.length, 0);
  });
});

describe('our own deliveries', () => {
  const marked = (value: string, messageid = 'm'): Buffer =>
    alert({ messageid, data: { [DELIVERY_MARK]: value } });

  test('are refused and counted, and the batch with them', async () => {
    const { store, batches, refused } = fakeStore();
    const { door, log } = testDoor(store);
    await assert.rejects(door.accept([inbound(alert()), inbound(marked('store-1'))]), {
      code: 'INVALID_IDMEF',
      fault: 'loop',
      message: 'message 2 of 2 is a delivery of our own',
    });
    await door.settle();
    assert.equal(batches.length, 0);
    assert.deepEqual(refused, [['loop', 1]]);
    assert.match(log.lines[0]?.text ?? '', /^idmef: refused a delivery of our own/);
  });

  test('those of another dispatcher, words about the mark, and what we make ourselves are welcome', async () => {
    const { store, commit } = fakeStore();
    const { door } = testDoor(store);
    const accepted = door.accept([
      inbound(marked('store-2', '1')),
      inbound(alert({ messageid: '2', text: `${DELIVERY_MARK} store-1` })),
      inbound(marked('store-1', '3'), { origin: { source: OWN_SOURCE } }),
    ]);
    commit();
    assert.equal((await accepted).length, 3);
  });
});

describe('back-pressure', () => {
  const limits = { messages: 2, bytes: alert().length * 2 };

  test('what exceeds the limits is told to come back, and counted by its source alone', async () => {
    const { store, commit, refused } = fakeStore();
    const { door } = testDoor(store, { limits });
    const first = door.accept([inbound(alert()), inbound(alert({ messageid: 'a2' }))]);
    await assert.rejects(door.accept([inbound(alert()), inbound(alert())]), {
      code: 'UNAVAILABLE',
      fault: 'busy',
    });
    await assert.rejects(door.accept([inbound(alert())]), { code: 'UNAVAILABLE' });
    commit();
    await first;
    const second = door.accept([inbound(alert())]);
    commit();
    await second;
    await door.settle();
    assert.deepEqual(refused, []);
  });

  test('a batch larger than the limits gets through alone', async () => {
    const { store, commit } = fakeStore();
    const { door } = testDoor(store, { limits });
    const accepted = door.accept(Array.from({ length: 5 }, (_, n) => inbound(alert({ messageid: `a${n}` }))));
    commit();
    assert.equal((await accepted).length, 5);
  });
});

describe('refusals', () => {
  test('a flood of them is few writes', async () => {
    const { store, refused } = fakeStore();
    const { door } = testDoor(store);
    for (let n = 0; n < 1000; n += 1) door.refused('unknown-key');
    door.refused('invalid', 5);
    await door.settle();
    assert.deepEqual(refused, [
      ['unknown-key', 1],
      ['unknown-key', 999],
      ['invalid', 5],
    ]);
  });

  test('one that comes in the very moment in which writing ends is written too', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const { store, refused } = fakeStore();
      const { door } = testDoor(store);
      door.refused('rate');
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      door.refused('rate', 2);
      await door.settle();
      const written = refused.reduce((sum, [, count]) => sum + count, 0);
      assert.equal(written, 3, `after ${turns} turns`);
    }
  });

  test('what cannot be written is kept, and said once', async () => {
    const fake = fakeStore();
    const { door, log } = testDoor(fake.store);
    fake.fail = new Error('disk');
    door.refused('rate', 2);
    await door.settle();
    door.refused('rate', 3);
    await door.settle();
    assert.deepEqual(
      log.lines.map(({ text }) => text),
      ['refusals cannot be counted: disk'],
    );
    fake.fail = undefined;
    door.refused('rate', 1);
    await door.settle();
    assert.deepEqual(fake.refused.at(-1), ['rate', 6]);
  });
});

describe('with the store', () => {
  async function open(t: TestContext): Promise<{ readonly door: CountingDoor; readonly store: Store }> {
    const store = await testStore(t).open();
    await store.nameRecipients(['siem', 'soc'], MONDAY);
    return { store, door: testDoor(store).door };
  }

  test('the same again is a duplicate, other content under its name a conflict', async (t) => {
    const { door, store } = await open(t);
    const receipts: string[] = [];
    for (const body of [alert(), alert(), alert({ text: 'Other' }), alert({ messageid: 'a2' })]) {
      const [receipt] = await door.accept([inbound(body)]);
      receipts.push(`${receipt?.status} ${receipt?.seq}`);
    }
    assert.deepEqual(receipts, ['stored 1', 'duplicate 1', 'conflict 2', 'stored 3']);
    const { offered, stored, duplicate, conflict } = await store.stats(MONDAY);
    assert.deepEqual(
      { offered, stored, duplicate, conflict },
      { offered: 4, stored: 3, duplicate: 1, conflict: 1 },
    );
  });

  test('an engaged alert is closed by its release alone', async (t) => {
    const { door, store } = await open(t);
    const life = (action: 'engage' | 'release', from = origin): Inbound =>
      inbound(alert({ messageid: `${action}-${from.sensor}` }), {
        lifecycle: { action, key: 'k' },
        origin: from,
      });
    await door.accept([life('engage')]);
    await door.accept([life('release', { ...origin, sensor: 'dmz2' })]);
    assert.deepEqual(
      (await store.incidents({ limit: 10 })).map(({ state }) => state),
      ['open'],
    );
    await door.accept([life('release')]);
    assert.deepEqual(
      (await store.incidents({ limit: 10 })).map(({ state, closedBy }) => [state, closedBy]),
      [['closed', 'release']],
    );
  });

  test('refusals are in its figures', async (t) => {
    const { door, store } = await open(t);
    door.refused('loop', 3);
    await door.settle();
    assert.deepEqual((await store.stats(MONDAY)).refused, { loop: 3 });
  });
});
