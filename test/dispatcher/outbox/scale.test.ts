/** The figures on a virtual clock: a storm of 50,000 spoofed alerts, an outage of 72 hours, a backlog at the provider's limits. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { machine, OK, person, World } from '../../support/outbox-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test('50,000 spoofed alerts in 10 minutes and one new high among them', async () => {
  const world = await World.start({
    recipients: [person('soc'), machine('siem')],
    types: { siem: { batch: 100 } },
  });
  const bot = { key: 'telegram:bot', rate: 30, burst: 30 };
  const group = { key: 'telegram:group', rate: 20 / 60, burst: 20 };
  world.provider('soc').limits = [bot, { key: 'telegram:chat', rate: 1, burst: 1 }, group];
  world.provider('soc').latencyMs = 300;
  world.provider('siem').latencyMs = 50;
  const seqs: number[] = [];
  let high = 0;
  let highAt = 0;
  for (let second = 0; second < 600; second += 1) {
    const count = second % 3 === 0 ? 84 : 83;
    for (const [index, source] of [`203.0.113.${second % 250}`, `198.51.100.${second % 250}`].entries()) {
      const part = index === 0 ? Math.floor(count / 2) : Math.ceil(count / 2);
      seqs.push(...(await world.accept(part, { source, severity: 3, classification: 'spoofed scan' })));
    }
    if (second === 333) {
      [high = 0] = await world.accept(1, { severity: 4, classification: 'root login' });
      highAt = world.timers.monotonic();
      seqs.push(high);
    }
    await world.timers.run(1_000);
  }
  await world.timers.run(HOUR);
  assert.equal(seqs.length, 50_001);
  const told = world.callsTo('soc');
  assert.ok(told.length <= 15, `${told.length} messages to a person`);
  const alone = told.find((call) => call.seqs.includes(high));
  assert.deepEqual(alone?.seqs, [high]);
  assert.ok((alone?.at ?? Infinity) - highAt <= 30_000);
  assert.equal(world.callsTo('siem').flatMap((call) => call.seqs).length, 50_001);
  // Every pair has its fate, and the call that carried it.
  for (const seq of seqs) {
    for (const { state, notifications } of await world.store.pairs(seq)) {
      if (state !== 'sent' || notifications.length !== 1) assert.fail(`message ${seq} is ${state}`);
    }
  }
  assert.equal((await world.store.pairs(high)).length, 2);
});

test('a machine that is away for 72 hours gets all of 2,000 alerts, in order; nothing is dead', async () => {
  const world = await World.start({ recipients: [machine('prelude')], types: { prelude: { batch: 100 } } });
  const down: SinkAnswer = { outcome: { kind: 'again', reason: 'connection refused' } };
  world.provider('prelude').answer = () => down;
  const seqs: number[] = [];
  for (let message = 0; message < 2_000; message += 1) {
    seqs.push(...(await world.accept(1)));
    await world.timers.run((72 * HOUR) / 2_000);
  }
  assert.deepEqual(new Set(await world.states(seqs, 'prelude')), new Set(['due']));
  const before = world.calls.length;
  world.provider('prelude').answer = () => OK;
  await world.timers.run(10 * MINUTE);
  assert.deepEqual(
    world.calls.slice(before).flatMap((call) => call.seqs),
    seqs,
  );
  assert.deepEqual(new Set(await world.states(seqs, 'prelude')), new Set(['sent']));
  assert.deepEqual(
    world.troubles.map(({ kind }) => kind),
    ['failing'],
  );
});

test('a backlog of 10,000 is drained exactly at the provider’s limits, bans included', async () => {
  const world = await World.start({ recipients: [machine('slack')] });
  world.provider('slack').limits = [{ key: 'slack', rate: 5, burst: 10 }];
  let calls = 0;
  world.provider('slack').answer = () => {
    calls += 1;
    return calls === 5_000 ? { outcome: { kind: 'again', reason: '429', retryAfterMs: 60_000 } } : OK;
  };
  await world.accept(10_000);
  await world.timers.run(2 * HOUR);
  const times = world.calls.map(({ at }) => at);
  assert.equal(times.length, 10_001);
  times.forEach((at, index) => {
    const paced = Math.max(0, (index - 9) * 200);
    // During the ban ten tokens gather.
    const banned = index < 5_000 ? 0 : 60_000 - Math.min(index - 4_999, 10) * 200;
    const due = index < 5_000 ? paced : Math.max(paced + banned, (times[4_999] ?? 0) + 60_000);
    assert.ok(Math.abs(at - due) <= 1, `call ${index} at ${at} instead of ${due}`);
  });
});
