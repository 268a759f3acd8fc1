/** What goes by the clock: rounds and budgets, fallback, give-up; and the ends: drain, reload, disabled recipients, tests. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { machine, OK, person, silent, sleep, World } from '../../support/outbox-world.ts';
import { virtualTimers } from '../../support/virtual-timers.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const down: SinkAnswer = { outcome: { kind: 'again', reason: 'connection refused' } };

describe('every and budget', () => {
  const times = (world: World, name: string): number[] => world.callsTo(name).map(({ at }) => at);

  test('rounds begin with the first due message; what is due later waits for the next', async () => {
    const recipient = person('mail', { everyMs: MINUTE, budget: 2 });
    const world = await World.start({ recipients: [recipient], types: { mail: { batch: 10 } } });
    await world.timers.run(7_000);
    await world.accept(1);
    await world.timers.run(10_000);
    await world.accept(5);
    await world.timers.run(10 * MINUTE);
    await world.accept(1);
    await world.timers.run(MINUTE);
    assert.deepEqual(times(world, 'mail'), [7_000, 67_000, 617_000]);
    assert.deepEqual(
      world.calls.map(({ seqs }) => seqs.length),
      [1, 5, 1],
    );
  });

  test('budget is calls, not messages', async () => {
    const recipient = machine('hook', { everyMs: MINUTE, budget: 3 });
    const world = await World.start({ recipients: [recipient], types: { hook: { batch: 10 } } });
    await world.accept(75);
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(times(world, 'hook'), [0, 0, 0, 60_000, 60_000, 60_000, 120_000, 120_000]);
  });

  test('a type brings its own frequency; without any it is at once', async () => {
    const types = { slow: { everyMs: 5_000 } };
    const world = await World.start({
      recipients: [machine('slow', { budget: 1 }), machine('quick')],
      types,
    });
    await world.accept(3);
    await world.timers.run(MINUTE);
    assert.deepEqual(times(world, 'slow'), [0, 5_000, 10_000]);
    assert.deepEqual(times(world, 'quick'), [0, 0, 0]);
  });

  test('a restart grants no second budget', async () => {
    const recipient = machine('hook', { everyMs: MINUTE, budget: 1 });
    const world = await World.start({ recipients: [recipient] });
    await world.accept(2);
    await world.timers.run(10_000);
    await world.outbox.drain(0);
    await world.restart();
    await world.timers.run(5 * MINUTE);
    assert.deepEqual(times(world, 'hook'), [0, 60_000]);
  });
});

describe('give-up', () => {
  const soc = person('soc', { giveUpMs: HOUR });

  test('is for people: at its time dead with the reason, reported once; a machine waits', async () => {
    const world = await World.start({ recipients: [soc, machine('siem')] });
    for (const name of ['soc', 'siem']) world.provider(name).answer = () => down;
    const seqs = await world.accept(4);
    await world.timers.run(59 * MINUTE);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['due']));
    await world.timers.run(2 * MINUTE);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['dead']));
    assert.deepEqual(new Set(await world.states(seqs, 'siem')), new Set(['due']));
    const pairs = await world.store.pairs(1);
    assert.equal(pairs[0]?.reason, 'undelivered for 1 h: connection refused');
    assert.deepEqual(
      world.troubles.flatMap((trouble) =>
        trouble.kind === 'dead' ? [[trouble.recipient, trouble.pairs]] : [],
      ),
      [['soc', 4]],
    );
  });

  test('not while it is held, nor right after: it was not the message’s time that ran out', async () => {
    const world = await World.start({ recipients: [soc] });
    const provider = world.provider('soc');
    provider.answer = () => ({ outcome: { kind: 'broken', reason: '401' } });
    const seqs = await world.accept(5);
    await world.timers.run(3 * HOUR);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['held']));
    provider.answer = () => down;
    await world.store.resume('soc');
    world.outbox.wake(['soc']);
    await world.timers.run(50 * MINUTE);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['due']));
    provider.answer = () => OK;
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['sent']));
  });

  test('what is driven again has its whole time anew', async () => {
    const world = await World.start({ recipients: [soc] });
    world.provider('soc').answer = () => down;
    const seqs = await world.accept(15);
    await world.timers.run(2 * HOUR);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['dead']));
    world.provider('soc').answer = () => OK;
    world.provider('soc').limits = [{ key: 'chat', rate: 0.1, burst: 1 }];
    await world.store.redrive({ now: world.timers.now() });
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['sent']));
  });

  test('not before it was tried: a host that was off over the weekend, a clock set forward', async () => {
    for (const cause of ['off', 'clock'] as const) {
      let ahead = 0;
      const timers = virtualTimers();
      const world = new World({
        recipients: [person('mail', { everyMs: MINUTE, budget: 1, giveUpMs: HOUR })],
        deps: { timers: { ...timers, now: () => timers.now() + ahead } },
        timers,
      });
      await world.outbox.start();
      world.provider('mail').answer = () => down;
      const seqs = await world.accept(3);
      await timers.run(MINUTE);
      if (cause === 'off') await world.outbox.drain(0);
      if (cause === 'off') await timers.run(60 * HOUR);
      else {
        // Past the patience of the start.
        await timers.run(20 * MINUTE);
        ahead = 60 * HOUR;
      }
      world.provider('mail').answer = () => OK;
      if (cause === 'off') await world.restart();
      await timers.run(10 * MINUTE);
      assert.deepEqual(new Set(await world.states(seqs, 'mail')), new Set(['sent']), cause);
    }
  });
});

describe('fallback', () => {
  const recipients = [person('soc', { fallback: 'mail', fallbackAfterMs: 10 * MINUTE }), person('mail')];

  test('takes over what is older than fallback_after while the recipient fails', async () => {
    const world = await World.start({ recipients });
    world.provider('soc').answer = () => down;
    const old = await world.accept(1, { to: ['soc'] });
    await world.timers.run(5 * MINUTE);
    const young = await world.accept(1, { to: ['soc'] });
    await world.timers.run(6 * MINUTE);
    assert.deepEqual(await world.states([...old, ...young], 'soc'), ['suppressed', 'due']);
    assert.deepEqual(await world.states([...old, ...young], 'mail'), ['sent']);
    const [pair] = await world.store.pairs(1);
    assert.equal(pair?.reason, 'fallback');
  });

  test('at give-up: what is handed over is not given up in the same breath', async () => {
    const mail = person('mail', { everyMs: 10 * MINUTE, budget: 1, giveUpMs: HOUR });
    const world = await World.start({
      recipients: [person('soc', { fallback: 'mail', giveUpMs: HOUR }), mail],
      types: { mail: { batch: 10 } },
    });
    world.provider('soc').answer = () => down;
    const seqs = await world.accept(3, { to: ['soc'] });
    await world.timers.run(59 * MINUTE);
    // Its round begins now: what is handed over has to wait.
    await world.accept(1, { to: ['mail'] });
    await world.timers.run(20 * MINUTE);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['suppressed']));
    assert.deepEqual(new Set(await world.states(seqs, 'mail')), new Set(['sent']));
  });

  test('also while it is held', async () => {
    const world = await World.start({ recipients });
    world.provider('soc').answer = () => ({ outcome: { kind: 'broken', reason: '401' } });
    const seqs = await world.accept(3, { to: ['soc'] });
    await world.timers.run(11 * MINUTE);
    assert.deepEqual(await world.states(seqs, 'mail'), ['sent', 'sent', 'sent']);
  });

  test('not what only waits for its turn or its digest', async () => {
    const world = await World.start({ recipients });
    world.provider('soc').limits = [{ key: 'chat', rate: 1 / 600, burst: 1 }];
    const seqs = await world.accept(200, { to: ['soc'] });
    await world.timers.run(HOUR);
    assert.equal(world.callsTo('mail').length, 0);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['sent']));
  });

  test('nor to somebody who is held or disabled', async () => {
    for (const enabled of [true, false]) {
      const world = await World.start({
        recipients: [recipients[0] ?? person('x'), person('mail', { enabled })],
      });
      if (enabled) await world.store.hold('mail', 'by ana', world.timers.now());
      world.provider('soc').answer = () => down;
      await world.accept(1, { to: ['soc', 'mail'] });
      await world.timers.run(MINUTE);
      const seqs = await world.accept(1, { to: ['soc'] });
      await world.timers.run(20 * MINUTE);
      assert.deepEqual(await world.states(seqs, 'soc'), ['due']);
    }
  });
});

describe('drain', () => {
  test('waits for the calls under way, claims nothing more', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    world.provider('soc').latencyMs = 3_000;
    const seqs = await world.accept(3);
    await world.timers.run(1_000);
    let cut: number | undefined;
    void world.outbox.drain(10_000).then((count) => (cut = count));
    await world.timers.run(MINUTE);
    assert.equal(cut, 0);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent', 'due', 'due']);
  });

  test('cuts off what takes longer; the next start repeats it, marked', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    world.provider('soc').answer = silent;
    const seqs = await world.accept(1);
    await world.timers.run(1_000);
    let cut: number | undefined;
    void world.outbox.drain(2_000).then((count) => (cut = count));
    await world.timers.run(5_000);
    assert.equal(cut, 1);
    assert.deepEqual(await world.states(seqs, 'soc'), ['due']);
    world.provider('soc').answer = () => OK;
    await world.restart();
    await world.timers.run(1_000);
    const [first, second] = world.calls.map(({ notification }) => notification);
    assert.equal(second?.repeated, true);
    assert.equal(second?.idempotencyKey, first?.idempotencyKey);
  });
});

describe('a reload', () => {
  test('a recipient that vanishes keeps its queue, held, and gets it when it is back', async () => {
    const both = [person('soc'), person('duty')];
    const world = await World.start({ recipients: both });
    world.provider('soc').answer = () => down;
    const seqs = await world.accept(2);
    await world.timers.run(MINUTE);
    await world.outbox.configure(both.slice(1));
    world.provider('soc').answer = () => OK;
    await world.timers.run(HOUR);
    const [pair] = await world.store.pairs(1);
    assert.deepEqual([pair?.state, pair?.reason], ['held', 'removed']);
    await world.outbox.configure(both);
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(await world.states(seqs, 'soc'), ['sent', 'sent']);
  });

  test('one that comes is served; one that is back waits for its own last call', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    world.provider('soc').latencyMs = 5_000;
    await world.accept(2);
    await world.timers.run(100);
    await world.outbox.configure([person('duty')]);
    await world.outbox.configure([person('soc'), person('duty')]);
    await world.accept(1, { to: ['duty'] });
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map(({ recipient, at }) => `${recipient} ${at}`),
      ['soc 0', 'duty 100', 'soc 5000'],
    );
  });
});

describe('recipients test', () => {
  test('is marked, touches no queue, tells the provider’s answer', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    await world.timers.run(MINUTE);
    const answer = { outcome: { kind: 'ok' }, providerRef: '4711' } as const;
    world.provider('soc').answer = () => answer;
    assert.deepEqual(await world.outbox.test('soc', 'ana'), answer);
    const [call] = world.calls;
    assert.equal(call?.notification.form, 'test');
    assert.equal(call?.notification.rendered.body, 'TEST by ana');
    assert.deepEqual(call?.seqs, []);
    assert.equal(world.attempts.length, 0);
  });

  test('knows only configured recipients', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    await assert.rejects(world.outbox.test('sox', 'ana'), { code: 'NOT_FOUND' });
  });

  test('keeps to the limits, and says when it would have to wait', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    world.provider('soc').limits = [{ key: 'k', rate: 1 / 60, burst: 1 }];
    await world.accept(1);
    await world.timers.run(1_000);
    const answer = world.outbox.test('soc', 'ana');
    await world.timers.run(11_000);
    assert.deepEqual(await answer, {
      outcome: { kind: 'again', reason: 'the provider’s limit allows no call at present' },
    });
    assert.equal(world.calls.length, 1);
  });

  test('never runs beside another call of the recipient, and goes before what waits', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    world.provider('soc').limits = [{ key: 'k', rate: 0.2, burst: 1 }];
    world.provider('soc').answer = async () => {
      await sleep(world.timers, 2_000);
      return OK;
    };
    await world.accept(3);
    await world.timers.run(1_000);
    const answer = world.outbox.test('soc', 'ana');
    await world.timers.run(MINUTE);
    assert.deepEqual(await answer, OK);
    assert.deepEqual(
      world.calls.map(({ at, notification }) => [at, notification.form]),
      [
        [0, 'messages'],
        [5_000, 'test'],
        [10_000, 'messages'],
        [15_000, 'messages'],
      ],
    );
  });

  test('a silent provider, a sink that throws, an endpoint that cannot work: an answer in any case', async () => {
    const world = await World.start({
      recipients: [person('soc')],
    });
    world.provider('soc').answer = silent;
    const late = world.outbox.test('soc', 'ana');
    await world.timers.run(MINUTE);
    assert.deepEqual((await late).outcome, { kind: 'again', reason: 'no answer within 10 s' });
    world.provider('soc').answer = () => {
      throw new TypeError('token=SECRET');
    };
    const thrown = await world.outbox.test('soc', 'ana');
    assert.ok(!JSON.stringify(thrown).includes('SECRET'));
    world.provider('soc').unavailable = 'not executable';
    assert.deepEqual((await world.outbox.test('soc', 'ana')).outcome, {
      kind: 'again',
      reason: 'not executable',
    });
  });
});

test('names: the same for the same, different for others, and not to be guessed from outside', async () => {
  const keys = new Set<string>();
  const tags = new Set<string>();
  for (const secret of ['a', 'b']) {
    const world = new World({ recipients: [person('soc'), person('duty')] });
    await world.store.setState('outbox.secret', secret);
    await world.outbox.start();
    await world.accept(3);
    await world.timers.run(1_000);
    for (const { notification } of world.calls) {
      assert.match(notification.tag, /^#[0-9a-hjkmnp-tv-z]{4}$/);
      assert.match(notification.idempotencyKey, /^[0-9a-f]{32}$/);
      keys.add(notification.idempotencyKey);
      tags.add(notification.tag);
    }
  }
  assert.equal(keys.size, 12);
  assert.equal(tags.size, 12);
});

test('time from acceptance to the call, and outcomes, are told for each attempt', async () => {
  const world = await World.start({ recipients: [person('soc')] });
  await world.accept(1, { waitMs: 30_000 });
  await world.timers.run(MINUTE);
  const [attempt] = world.attempts;
  assert.deepEqual(
    [attempt?.outcome, attempt?.form, attempt?.pairs, attempt?.waitedMs],
    ['ok', 'messages', 1, [30_000]],
  );
  const [lane] = world.outbox.status().lanes;
  assert.deepEqual(lane?.attempts, { ok: 1, again: 0, broken: 0, refused: 0 });
  assert.equal(lane?.state, 'idle');
});
