/** Limit keys: exact on a virtual clock, shared, persisted, obeyed after a restart and whatever happens to the wall clock. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';

import type { LimitSpec } from '../../../src/dispatcher/model/sink.ts';
import { Buckets } from '../../../src/dispatcher/outbox/buckets.ts';
import { Turns, type Turn } from '../../../src/dispatcher/outbox/turns.ts';
import { sleep } from '../../support/outbox-world.ts';
import { virtualTimers, type VirtualTimers } from '../../support/virtual-timers.ts';

interface Desk {
  readonly timers: VirtualTimers;
  readonly buckets: Buckets;
  readonly turns: Turns;
  /** Who was granted a turn, and when (ms). */
  readonly granted: (readonly [name: string, at: number])[];
  readonly ask: (name: string, specs: readonly LimitSpec[], priority?: number) => void;
}

async function callAt(turn: Promise<Turn | undefined>, call: () => unknown): Promise<void> {
  const granted = await turn;
  await call();
  granted?.spend();
  granted?.end();
}

/** Each call is made as soon as its turn is granted, and is over at once. */
function desk(callsUnderWay?: number, timers = virtualTimers()): Desk {
  const buckets = new Buckets(timers);
  const turns = new Turns(timers, buckets, callsUnderWay);
  const granted: (readonly [string, number])[] = [];
  const ask = (name: string, specs: readonly LimitSpec[], priority = 0): void => {
    void callAt(turns.request(specs, priority).turn, () => granted.push([name, timers.monotonic()]));
  };
  return { timers, buckets, turns, granted, ask };
}

describe('a limit key', () => {
  const tables: readonly (readonly [rate: number, burst: number, calls: number, times: readonly number[]])[] =
    [
      [1, 1, 4, [0, 1_000, 2_000, 3_000]],
      [1, 3, 5, [0, 0, 0, 1_000, 2_000]],
      [20 / 60, 1, 4, [0, 3_000, 6_000, 9_000]],
      [30, 2, 5, [0, 0, 34, 67, 100]],
      [0.1, 1, 2, [0, 10_000]],
    ];
  for (const [rate, burst, calls, times] of tables) {
    test(`of ${rate} a second and ${burst} at once paces exactly`, async () => {
      const { timers, granted, ask } = desk();
      for (let call = 0; call < calls; call += 1) ask('a', [{ key: 'k', rate, burst }]);
      await timers.run(60_000);
      assert.deepEqual(
        granted.map(([, at]) => at),
        times,
      );
    });
  }

  test('is never exceeded and never wasted, whoever asks whenever', async () => {
    const figures = fc.record({
      rate: fc.constantFrom(0.5, 1, 2, 10),
      burst: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(figures, fc.array(fc.nat(3_000), { maxLength: 40 }), async ({ rate, burst }, gaps) => {
        const { timers, granted, ask } = desk();
        const asked: number[] = [];
        for (const gap of gaps) {
          await timers.run(gap);
          asked.push(timers.monotonic());
          ask('a', [{ key: 'k', rate, burst }]);
        }
        await timers.run(120_000);
        // The reference: a bucket on exact time.
        let tokens = burst;
        let at = 0;
        const expected = asked.map((time) => {
          const start = Math.max(time, at);
          tokens = Math.min(burst, tokens + ((start - at) * rate) / 1000);
          const wait = Math.max(0, ((1 - tokens) * 1000) / rate);
          tokens += (wait * rate) / 1000 - 1;
          at = start + wait;
          return at;
        });
        granted.forEach(([, time], index) => {
          const due = expected[index] ?? NaN;
          assert.ok(time >= due - 1e-3 && time <= due + 2, `${time} instead of ${due}`);
        });
        assert.equal(granted.length, gaps.length);
      }),
      { numRuns: 60 },
    );
  });

  test('is shared: a ban holds everybody who uses it, and only them, to the millisecond', async () => {
    const { timers, buckets, granted, ask } = desk();
    const bot = { key: 'bot', rate: 30, burst: 30 };
    buckets.hear([{ key: 'bot', notBefore: timers.now() + 17_000 }]);
    ask('a', [bot, { key: 'chat:a', rate: 1, burst: 1 }]);
    ask('b', [bot, { key: 'chat:b', rate: 1, burst: 1 }]);
    ask('other', [{ key: 'slack', rate: 1, burst: 1 }]);
    await timers.run(60_000);
    assert.deepEqual(granted, [
      ['other', 0],
      ['a', 17_000],
      ['b', 17_000],
    ]);
  });

  test('that is exhausted for one does not stand in the way of others that share another', async () => {
    const { timers, granted, ask } = desk();
    const bot = { key: 'bot', rate: 2, burst: 2 };
    for (const name of ['a', 'a', 'b']) ask(name, [bot, { key: `chat:${name}`, rate: 0.1, burst: 1 }]);
    await timers.run(60_000);
    assert.deepEqual(granted, [
      ['a', 0],
      ['b', 0],
      ['a', 10_000],
    ]);
  });

  test('what a provider knows counts when it is less, not when it is more', async () => {
    const { timers, buckets, granted, ask } = desk();
    const spec = { key: 'k', rate: 1, burst: 5 };
    ask('a', [spec]);
    await timers.settle();
    buckets.hear([{ key: 'k', remaining: 1 }]);
    for (const name of ['b', 'c']) ask(name, [spec]);
    await timers.settle();
    buckets.hear([{ key: 'k', remaining: 100 }]);
    ask('d', [spec]);
    await timers.run(10_000);
    assert.deepEqual(granted, [
      ['a', 0],
      ['b', 0],
      ['c', 1_000],
      ['d', 2_000],
    ]);
  });

  test('a token is spent when the call is made: a slow claim lets no two calls meet', async () => {
    const timers = virtualTimers();
    const { turns } = desk(undefined, timers);
    const spec = [{ key: 'k', rate: 1, burst: 1 }];
    const made: number[] = [];
    for (const slowMs of [900, 0]) {
      void callAt(turns.request(spec, 0).turn, async () => {
        await sleep(timers, slowMs);
        made.push(timers.monotonic());
      });
    }
    await timers.run(10_000);
    assert.deepEqual(made, [900, 1_900]);
  });

  test('a turn that nothing was sent with costs nothing', async () => {
    const { timers, turns, granted, ask } = desk();
    const spec = { key: 'k', rate: 0.1, burst: 1 };
    const first = await turns.request([spec], 0).turn;
    ask('b', [spec]);
    first?.end();
    await timers.run(1);
    assert.deepEqual(granted, [['b', 0]]);
  });
});

describe('a restart', () => {
  const spec = { key: 'k', rate: 0.1, burst: 3 };
  const next = async (before: Desk, unclean: boolean, calls: number): Promise<readonly number[]> => {
    const after = desk(undefined, before.timers);
    after.buckets.load(before.buckets.states(['k']), unclean ? before.timers.now() : -Infinity);
    const start = before.timers.monotonic();
    for (let call = 0; call < calls; call += 1) after.ask('a', [spec]);
    await before.timers.run(200_000);
    return after.granted.map(([, at]) => at - start);
  };

  test('goes on with the tokens that were left', async () => {
    const before = desk();
    for (const name of ['a', 'b']) before.ask(name, [spec]);
    await before.timers.run(5_000);
    assert.deepEqual(await next(before, false, 3), [0, 5_000, 15_000]);
  });

  test('obeys a ban', async () => {
    const before = desk();
    before.buckets.hear([{ key: 'k', notBefore: before.timers.now() + 30_000 }]);
    await before.timers.run(1_000);
    assert.deepEqual(await next(before, false, 2), [29_000, 29_000]);
  });

  test('after an unclean end every bucket is empty: whose call was under way is not known', async () => {
    const before = desk();
    before.ask('a', [spec]);
    await before.timers.settle();
    assert.deepEqual(await next(before, true, 2), [10_000, 20_000]);
    const fresh = desk();
    fresh.buckets.load([], fresh.timers.now());
    await fresh.timers.run(10_000);
    fresh.ask('a', [spec]);
    fresh.ask('b', [spec]);
    await fresh.timers.run(60_000);
    assert.deepEqual(fresh.granted, [
      ['a', 10_000],
      ['b', 20_000],
    ]);
  });
});

test('what is known from before an unclean end counts no more, however many clean ones came since', async () => {
  const { timers, buckets, granted, ask } = desk();
  const before = timers.now();
  await timers.run(60_000);
  const unclean = timers.now();
  await timers.run(3_000);
  const state = { tokens: 3, notBefore: 0 };
  buckets.load(
    [
      { key: 'old', updatedAt: before, ...state },
      { key: 'new', updatedAt: unclean + 1, ...state },
    ],
    unclean,
  );
  for (const key of ['old', 'old', 'new', 'new']) ask(key, [{ key, rate: 0.1, burst: 3 }]);
  await timers.run(60_000);
  assert.deepEqual(granted, [
    ['new', 63_000],
    ['new', 63_000],
    ['old', 70_000],
    ['old', 80_000],
  ]);
});

test('a wall clock that is set neither opens a ban nor prolongs it', async () => {
  for (const jump of [-3_600_000, 3_600_000]) {
    const timers = virtualTimers();
    let ahead = 0;
    const { buckets, granted, ask } = desk(undefined, { ...timers, now: () => timers.now() + ahead });
    const spec = { key: 'k', rate: 1, burst: 1 };
    buckets.hear([{ key: 'k', notBefore: timers.now() + 20_000 }]);
    ahead = jump;
    ask('a', [spec]);
    await timers.run(60_000);
    assert.deepEqual(granted, [['a', 20_000]]);
  }
});

test('an absurd Retry-After is cut to a day', async () => {
  const { timers, buckets, granted, ask } = desk();
  buckets.hear([{ key: 'k', notBefore: timers.now() + 365 * 86_400_000 }]);
  ask('a', [{ key: 'k', rate: 1, burst: 1 }]);
  await timers.run(2 * 86_400_000);
  assert.deepEqual(granted, [['a', 86_400_000]]);
});

describe('turns', () => {
  test('priority counts as having come earlier, and starves nobody', async () => {
    const { timers, granted, ask } = desk();
    const spec = [{ key: 'k', rate: 0.1, burst: 1 }];
    ask('first', spec);
    await timers.run(1);
    ask('low', spec);
    await timers.run(1);
    ask('high', spec, 999);
    await timers.run(40_000);
    ask('late and high', spec, 999);
    assert.deepEqual(
      granted.map(([name]) => name),
      ['first', 'high', 'low'],
    );
  });

  test('so many calls under way, and no more', async () => {
    const { timers, turns } = desk(2);
    const held: Turn[] = [];
    for (let call = 0; call < 5; call += 1) {
      void turns.request([], 0).turn.then((turn) => turn && held.push(turn));
    }
    await timers.settle();
    assert.equal(held.length, 2);
    held[0]?.end();
    await timers.settle();
    assert.equal(held.length, 3);
    assert.equal(turns.underWay, 2);
  });

  test('a request that is withdrawn leaves its token to others', async () => {
    const { timers, turns, granted, ask } = desk();
    const spec = [{ key: 'k', rate: 0.1, burst: 1 }];
    ask('a', spec);
    const request = turns.request(spec, 0);
    ask('b', spec);
    request.withdraw();
    assert.equal(await request.turn, undefined);
    await timers.run(10_000);
    assert.deepEqual(granted, [
      ['a', 0],
      ['b', 10_000],
    ]);
  });
});
