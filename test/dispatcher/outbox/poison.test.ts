/** One bad message told apart from a bad recipient: nobody waits for it, and nothing dies while nothing is taken. DESIGN §6, dispatch.md E.6. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { Notification, SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { machine, OK, person, silent, World, type Answering } from '../../support/outbox-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ill: SinkAnswer = { outcome: { kind: 'again', reason: 'answers 500' }, uncertain: true };
const refused: SinkAnswer = { outcome: { kind: 'refused', reason: 'answers 400' } };

const start = (recipient: Recipient, batch = 1): Promise<World> =>
  World.start({ recipients: [recipient], types: { [recipient.name]: { batch } } });

const carries = ({ messages }: Notification, bad: number): boolean => messages.some(({ seq }) => seq === bad);

/** Everything that is not sent, with its state. */
async function unsent(world: World, seqs: readonly number[], recipient: string) {
  const states = await world.states(seqs, recipient);
  return states.flatMap((state, index) => (state === 'sent' ? [] : [[seqs[index], state]]));
}

/** A message a minute. */
async function traffic(world: World, minutes: number): Promise<readonly number[]> {
  const seqs: number[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    seqs.push(...(await world.accept(1)));
    await world.timers.run(MINUTE);
  }
  return seqs;
}

describe('a machine', () => {
  const faults: Readonly<Record<string, Answering>> = {
    'a 500': () => ill,
    'no answer': silent,
    'a refusal in every form': () => refused,
    'a sink that throws': () => {
      throw new TypeError('cannot read it');
    },
  };
  for (const [fault, answer] of Object.entries(faults)) {
    test(`whose first message meets ${fault} for good gets the others, and it is dead once that is proven`, async () => {
      const world = await start(machine('siem'), 10);
      world.provider('siem').answer = (call, signal) => (carries(call, 1) ? answer(call, signal) : OK);
      await world.accept(1);
      await world.timers.run(10 * MINUTE);
      assert.deepEqual(await world.states([1], 'siem'), ['due'], 'alone nothing is proven');
      const seqs = await traffic(world, 60);
      assert.deepEqual(await unsent(world, [1, ...seqs], 'siem'), [[1, 'dead']]);
      const late = world.calls.filter((call) => call.seqs.length === 1 && call.seqs[0] !== 1);
      assert.ok(late.length > 0);
      assert.equal(world.troubles.filter(({ kind }) => kind === 'dead').length, 1);
    });
  }

  test('what waits behind a message that fails is sent within seconds of it, alone, not after its backoff', async () => {
    const world = await start(machine('siem'));
    world.provider('siem').answer = (call) => (carries(call, 1) ? ill : OK);
    const seqs = await world.accept(50);
    await world.timers.run(MINUTE);
    assert.deepEqual(await unsent(world, seqs, 'siem'), [[1, 'due']]);
    assert.equal(world.outbox.status().lanes[0]?.failures, 0);
  });

  test('that refuses all that waits is asked about what has not failed yet: the first it takes comes soon', async () => {
    const world = await start(machine('siem'), 10);
    world.provider('siem').answer = ({ messages }) => (messages.some(({ seq }) => seq <= 100) ? refused : OK);
    await world.accept(100);
    await world.timers.run(2 * HOUR);
    const [good = 0] = await world.accept(1);
    await world.timers.run(100 * MINUTE);
    const tried = await world.states([good], 'siem');
    assert.deepEqual(tried, ['sent']);
  });

  test('that fails a whole batch for one message: it is found, and the others are sent', async () => {
    const world = await start(machine('hook'), 100);
    const bad = [61, 62, 340];
    world.provider('hook').answer = (call) => (bad.some((seq) => carries(call, seq)) ? ill : OK);
    const seqs = await world.accept(400);
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(
      await unsent(world, seqs, 'hook'),
      bad.map((seq) => [seq, 'due']),
    );
    await traffic(world, 60);
    assert.deepEqual(new Set(await world.states(bad, 'hook')), new Set(['dead']));
    const [pair] = await world.store.pairs(61);
    assert.match(pair?.reason ?? '', /^failed \d+ times while others were taken: answers 500$/);
  });

  for (const [what, answer] of [
    ['answers 500 to everything', ill],
    ['refuses everything', refused],
  ] as const) {
    test(`that ${what} for hours: nothing is dead, few calls, and then all of it`, async () => {
      const world = await start(machine('siem'), 10);
      world.provider('siem').answer = () => answer;
      const seqs: number[] = [];
      for (let hour = 0; hour < 4; hour += 1) {
        seqs.push(...(await world.accept(3)));
        await world.timers.run(HOUR);
      }
      assert.deepEqual(new Set(await world.states(seqs, 'siem')), new Set(['due']));
      assert.ok(world.calls.length < 4 * 120, `${world.calls.length} calls`);
      assert.ok(world.troubles.some(({ kind }) => kind === 'failing'));
      world.provider('siem').answer = () => OK;
      const before = world.calls.length;
      await world.timers.run(HOUR);
      assert.deepEqual(await unsent(world, seqs, 'siem'), []);
      assert.equal(new Set(world.calls.slice(before).flatMap((call) => call.seqs)).size, seqs.length);
    });
  }

  test('that is away is asked with a probe, not with its whole queue; then it gets more with each call', async () => {
    const world = await start(machine('siem'), 500);
    world.provider('siem').answer = () => ({ outcome: { kind: 'again', reason: 'connection refused' } });
    const seqs = await world.accept(2_000);
    await world.timers.run(HOUR);
    const sizes = world.calls.map((call) => call.seqs.length);
    assert.deepEqual(sizes.slice(0, 3), [500, 500, 500]);
    assert.deepEqual(new Set(sizes.slice(3)), new Set([1]));
    world.provider('siem').answer = () => OK;
    await world.timers.run(5 * MINUTE);
    const after = world.calls.slice(sizes.length).map((call) => call.seqs);
    assert.deepEqual(
      after.map(({ length }) => length),
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500, 489],
    );
    assert.deepEqual(after.flat(), seqs, 'in order');
  });

  test('a wait the provider names is no reason for smaller calls, nor against a message', async () => {
    const world = await start(machine('siem'), 100);
    const busy: SinkAnswer = { outcome: { kind: 'again', reason: '429', retryAfterMs: 30_000 } };
    world.provider('siem').answer = () => busy;
    const seqs = await world.accept(100);
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(new Set(world.calls.map((call) => call.seqs.length)), new Set([100]));
    world.provider('siem').answer = () => OK;
    await world.timers.run(MINUTE);
    assert.deepEqual(await unsent(world, seqs, 'siem'), []);
  });

  test('a receiver that fails every other call kills nothing', async () => {
    const world = await start(machine('siem'));
    let calls = 0;
    world.provider('siem').answer = () => ((calls += 1) % 2 === 0 ? OK : ill);
    const seqs = await world.accept(200);
    await world.timers.run(3 * HOUR);
    assert.deepEqual(await unsent(world, seqs, 'siem'), []);
  });

  test('some of a batch that are put off again and again do not hold up the rest, and wait by themselves', async () => {
    const world = await start(machine('elastic'), 10);
    const bad = new Set([3, 4]);
    world.provider('elastic').answer = ({ messages }) => {
      const each = messages.flatMap(({ seq }) => (bad.has(seq) ? [[seq, ill.outcome] as const] : []));
      return { ...OK, each: new Map(each) };
    };
    const seqs = await world.accept(200);
    await world.timers.run(20_000);
    assert.deepEqual(await unsent(world, seqs, 'elastic'), [
      [3, 'due'],
      [4, 'due'],
    ]);
    bad.clear();
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(await unsent(world, seqs, 'elastic'), []);
  });
});

describe('a person', () => {
  test('whose mail server never takes one alert gets the others, and the fallback gets that one', async () => {
    const mail = person('mail', { fallback: 'chat' });
    const world = await World.start({ recipients: [mail, person('chat')], types: { mail: { batch: 100 } } });
    world.provider('mail').answer = (call) => (carries(call, 1) ? ill : OK);
    const first = await world.accept(5, { to: ['mail'] });
    await world.timers.run(2 * MINUTE);
    assert.deepEqual(await unsent(world, first, 'mail'), [[1, 'due']]);
    for (let minute = 0; minute < 60; minute += 1) {
      await world.accept(1, { to: ['mail'] });
      await world.timers.run(MINUTE);
    }
    assert.deepEqual(await world.states([1], 'mail'), ['dead']);
    assert.deepEqual(await world.states([1], 'chat'), ['sent']);
  });

  test('what fails for its form is sent in the plain one', async () => {
    const world = await start(person('soc'));
    world.provider('soc').answer = (call) => (carries(call, 1) && call.form !== 'plain' ? ill : OK);
    await world.accept(3);
    await world.timers.run(10 * MINUTE);
    await traffic(world, 10);
    assert.deepEqual(await world.states([1], 'soc'), ['sent']);
  });

  test('after an outage what has waited comes in two mails, not in many pieces', async () => {
    const world = await start(person('mail', { everyMs: MINUTE }), 100);
    world.provider('mail').answer = () => ill;
    await world.accept(30);
    await world.timers.run(HOUR);
    const before = world.calls.length;
    world.provider('mail').answer = () => OK;
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(
      world.calls.slice(before).map((call) => call.seqs.length),
      [1, 29],
    );
  });
});

describe('some of a recipient’s receivers', () => {
  const partly: SinkAnswer = {
    outcome: { kind: 'again', reason: '1 of 2 receivers, the 2nd: answers 451' },
    partly: true,
  };

  test('that do not take it make only that message wait, marked when it comes again; nothing else does', async () => {
    const world = await start(person('mail'));
    world.provider('mail').answer = (call) => (carries(call, 1) && !call.repeated ? partly : OK);
    const seqs = await world.accept(4);
    await world.timers.run(500);
    assert.deepEqual(await unsent(world, seqs, 'mail'), [[1, 'due']]);
    assert.equal(world.outbox.status().lanes[0]?.failures, 0);
    await world.timers.run(MINUTE);
    assert.deepEqual(await unsent(world, seqs, 'mail'), []);
    assert.deepEqual(
      world.calls.map(({ seqs: carried, notification }) => [...carried, notification.repeated]),
      [
        [1, false],
        [2, false],
        [3, false],
        [4, false],
        [1, true],
      ],
    );
    assert.equal(world.log.lines.filter(({ text }) => text.includes('taken in part')).length, 1);
  });

  test('that are away for hours: each message waits longer each time, up to five minutes', async () => {
    const world = await start(person('mail'));
    world.provider('mail').answer = () => partly;
    await world.accept(2);
    await world.timers.run(HOUR);
    assert.ok(world.calls.length < 80, `${world.calls.length} calls`);
    assert.ok(world.calls.length > 20);
  });

  test('a digest some have and others not pauses, and is marked when it comes again', async () => {
    const world = await start(person('soc'));
    const answers = [partly];
    world.provider('soc').answer = () => answers.shift() ?? OK;
    await world.accept(50);
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map(({ notification }) => [notification.form, notification.repeated]),
      [
        ['digest', false],
        ['digest', true],
      ],
    );
    assert.ok((world.calls[1]?.at ?? 0) >= 1_000);
  });
});
