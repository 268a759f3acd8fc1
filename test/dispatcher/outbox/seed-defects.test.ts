/** Defects of AlertGateway (G-AG) and of ntopng's recipients (G-NT) that an outbox of this kind cannot have. seed-systems.md G. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { machine, OK, person, silent, World } from '../../support/outbox-world.ts';

const MINUTE = 60_000;
const down: SinkAnswer = { outcome: { kind: 'again', reason: 'connection refused' } };

test('G-NT: pop-before-send cannot lose: a process that dies in the call still owes the message', async () => {
  const world = await World.start({ recipients: [person('mail')] });
  world.provider('mail').answer = silent;
  const seqs = await world.accept(1);
  await world.timers.run(1_000);
  assert.equal(world.calls.length, 1);
  // Killed: nobody drains, nobody finishes.
  world.timers.drop();
  world.provider('mail').answer = () => OK;
  await world.restart();
  await world.timers.run(MINUTE);
  assert.deepEqual(await world.states(seqs, 'mail'), ['sent']);
  assert.equal(world.calls[1]?.notification.repeated, true);
});

test('G-NT: one failed, held or slow recipient stalls nobody', async () => {
  const names = ['failing', 'held', 'slow', 'well'];
  const world = await World.start({ recipients: names.map((name) => person(name)) });
  world.provider('failing').answer = () => down;
  world.provider('held').answer = () => ({ outcome: { kind: 'broken', reason: '401' } });
  world.provider('slow').answer = silent;
  const seqs: number[] = [];
  for (let message = 0; message < 10; message += 1) {
    seqs.push(...(await world.accept(1)));
    await world.timers.run(5_000);
    assert.equal(world.callsTo('well').length, message + 1);
    assert.equal(world.callsTo('well')[message]?.at, message * 5_000);
  }
  assert.deepEqual(new Set(await world.states(seqs, 'well')), new Set(['sent']));
});

test('G-NT: the attempts counter is of one recipient and one message, not of all', async () => {
  const world = await World.start({ recipients: [person('one'), person('other')] });
  world.provider('one').answer = () => down;
  await world.accept(1, { to: ['one'] });
  await world.timers.run(10 * MINUTE);
  await world.accept(1, { to: ['other'] });
  await world.timers.run(1_000);
  const [other] = await world.store.pairs(2);
  assert.deepEqual([other?.state, other?.attempts], ['sent', 0]);
  const lanes = new Map(world.outbox.status().lanes.map((lane) => [lane.recipient, lane.failures]));
  assert.ok((lanes.get('one') ?? 0) > 5);
  assert.equal(lanes.get('other'), 0);
});

test('G-NT: five failures are no reason to drop a mail', async () => {
  const world = await World.start({ recipients: [person('mail')] });
  let calls = 0;
  world.provider('mail').answer = () => ((calls += 1) <= 20 ? down : OK);
  const seqs = await world.accept(1);
  await world.timers.run(120 * MINUTE);
  assert.equal(calls, 21);
  assert.deepEqual(await world.states(seqs, 'mail'), ['sent']);
});

test('G-NT: 429 is not the end: exactly when the provider says', async () => {
  const world = await World.start({ recipients: [person('discord')] });
  const answers: SinkAnswer[] = [
    { outcome: { kind: 'again', reason: '429 too many requests', retryAfterMs: 42_000 } },
    OK,
  ];
  world.provider('discord').answer = () => answers.shift() ?? OK;
  const seqs = await world.accept(1);
  await world.timers.run(MINUTE);
  assert.deepEqual(
    world.calls.map(({ at }) => at),
    [0, 42_000],
  );
  assert.deepEqual(await world.states(seqs, 'discord'), ['sent']);
});

test('G-NT: a full queue does not drop the newest: there is no full queue', async () => {
  const world = await World.start({ recipients: [machine('hook', { batch: 10 })] });
  world.provider('hook').answer = () => down;
  for (let batch = 0; batch < 3; batch += 1) await world.accept(1_000);
  await world.timers.run(MINUTE);
  world.provider('hook').answer = () => OK;
  await world.timers.run(10 * MINUTE);
  assert.equal(new Set(world.calls.flatMap(({ seqs }) => seqs)).size, 3_000);
  assert.deepEqual(await world.states([3_000], 'hook'), ['sent']);
});

test('G-NT: slack’s all but the newest five: the older ones are told too', async () => {
  const world = await World.start({ recipients: [person('slack')] });
  const seqs = await world.accept(15);
  await world.timers.run(MINUTE);
  assert.deepEqual(
    world.calls.flatMap((call) => call.seqs).toSorted((a, b) => a - b),
    seqs,
  );
});

test('G-NT: no three retries back to back', async () => {
  const world = await World.start({ recipients: [person('telegram')] });
  world.provider('telegram').answer = () => down;
  await world.accept(5);
  await world.timers.run(30 * MINUTE);
  for (const seq of new Set(world.calls.flatMap(({ seqs }) => seqs))) {
    const times = world.calls.flatMap(({ seqs, at }) => (seqs.includes(seq) ? [at] : []));
    times.slice(1).forEach((at, index) => assert.ok(at - (times[index] ?? 0) >= 1_000));
  }
  assert.ok(world.calls.length < 200, `${world.calls.length} calls`);
});

test('G-AG: synchronous fan-out: who posts waits for no recipient, and a slow one for no other', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `channel${index}`);
  const world = await World.start({ recipients: names.map((name) => person(name)) });
  for (const name of names) world.provider(name).latencyMs = 5_000;
  const seqs = await world.accept(1);
  assert.equal(seqs.length, 1, 'accepted before anything is sent');
  await world.timers.run(5_000);
  assert.equal(world.calls.filter(({ at }) => at === 0).length, 20);
});

test('G-AG: to-all failures have their own fate each, with its reason; nothing is reported for somebody else', async () => {
  const world = await World.start({ recipients: ['a', 'b', 'c'].map((name) => person(name)) });
  world.provider('a').answer = () => ({ outcome: { kind: 'refused', reason: '400 bad' } });
  world.provider('b').answer = () => ({ outcome: { kind: 'broken', reason: '404 no such chat' } });
  await world.accept(1);
  await world.timers.run(MINUTE);
  const pairs = await world.store.pairs(1);
  assert.deepEqual(
    pairs.map(({ recipient, state, reason }) => [recipient, state, reason]),
    [
      ['a', 'dead', 'refused: 400 bad'],
      ['b', 'held', 'broken: 404 no such chat'],
      ['c', 'sent', ''],
    ],
  );
});

test('G-AG: a disabled channel does not send, and sends when it is enabled', async () => {
  const world = await World.start({ recipients: [person('soc', { enabled: false })] });
  const seqs = await world.accept(1);
  await world.timers.run(MINUTE);
  assert.equal(world.calls.length, 0);
  assert.equal(world.outbox.status().lanes[0]?.state, 'disabled');
  await world.outbox.configure([person('soc')]);
  await world.timers.run(1_000);
  assert.deepEqual(await world.states(seqs, 'soc'), ['sent']);
});
