/** Storms: when a backlog towards people is folded, when digests come, what breaks out, how it ends. operations.md P1-17. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { stormLimits } from '../../../src/core/limits.ts';
import type { SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import {
  beginStorm,
  nextInterval,
  nextMove,
  type Move,
  type Scene,
  type Storm,
} from '../../../src/dispatcher/outbox/storm.ts';
import { machine, OK, person, World } from '../../support/outbox-world.ts';

const MINUTE = 60_000;
const down: SinkAnswer = { outcome: { kind: 'again', reason: 'connection refused' } };

describe('the next move', () => {
  const calm: Scene = { now: 0, due: 1, planned: 100, batch: 1, behindMs: 0, ticket: false, busy: false };
  const begun = beginStorm('soc', { ...calm, due: 21 }, stormLimits);
  const folded: Storm = { ...nextInterval(begun, calm, stormLimits, true), look: false };
  const table: readonly (readonly [string, Storm | undefined, Partial<Scene>, Move])[] = [
    ['a little is due', undefined, {}, 'messages'],
    ['twenty are due', undefined, { due: 20 }, 'messages'],
    ['more than twenty', undefined, { due: 21 }, 'begin'],
    ['no more than a mail carries', undefined, { due: 100, batch: 100 }, 'messages'],
    ['more than a mail carries', undefined, { due: 101, batch: 100 }, 'begin'],
    ['behind for two minutes', undefined, { due: 5, behindMs: 120_000 }, 'begin'],
    ['behind with next to nothing', undefined, { due: 4, behindMs: 120_000 }, 'messages'],
    ['twenty calls in a minute, and one more', undefined, { busy: true }, 'begin'],
    ['twenty calls in a minute, and no more', undefined, { busy: true, due: 0 }, 'messages'],
    [
      'nothing of a pace is told at once',
      beginStorm('soc', { ...calm, busy: true }, stormLimits),
      { now: 59_999 },
      'breakout',
    ],
    ['first what breaks out', begun, { due: 21 }, 'breakout'],
    ['then the first digest, however little is due', { ...begun, look: false }, { due: 5 }, 'digest'],
    ['nothing before its time', folded, { now: 59_999, due: 500 }, 'nothing'],
    ['a digest at its time', folded, { now: 60_000, due: 500 }, 'digest'],
    ['the end after a quiet interval', folded, { now: 60_000, due: 19 }, 'end'],
    ['a clock that was set back postpones nothing', folded, { now: -3_600_000, due: 500 }, 'digest'],
    ['one ticket a storm', folded, { now: 60_000, due: 500, planned: 600, ticket: true }, 'extend'],
    [
      'the last ticket after a quiet interval',
      folded,
      { now: 60_000, due: 500, planned: 110, ticket: true },
      'last-digest',
    ],
    [
      'a storm of hours is another ticket',
      folded,
      { now: 4 * 3_600_000, due: 500, planned: 600, ticket: true },
      'digest',
    ],
  ];
  for (const [name, storm, scene, move] of table) {
    test(name, () => assert.equal(nextMove(storm, { ...calm, ...scene }, stormLimits), move));
  }

  test('intervals double from 1 to 16 minutes', () => {
    let storm = begun;
    const waits = Array.from({ length: 7 }, () => {
      storm = nextInterval(storm, { now: 0, planned: 0 }, stormLimits, true);
      return storm.state.nextDigestAt / MINUTE;
    });
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 16, 16]);
  });
});

/** So many messages a second, for so long. */
async function flood(world: World, perSecond: number, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await world.accept(perSecond);
    await world.timers.run(1_000);
  }
}

const forms = (world: World, recipient: string) =>
  world.callsTo(recipient).map(({ at, notification }) => [Math.floor(at / 1000), notification.form] as const);

test('a flood: single ones, then digests after 0, 1, 3 and 7 minutes, then single ones again', async () => {
  const world = await World.start({ recipients: [person('soc')] });
  world.provider('soc').limits = [{ key: 'chat', rate: 1, burst: 1 }];
  await flood(world, 10, 420);
  await world.timers.run(20 * MINUTE);
  await world.accept(1);
  await world.timers.run(MINUTE);
  assert.deepEqual(forms(world, 'soc'), [
    [0, 'messages'],
    [1, 'messages'],
    [2, 'messages'],
    [3, 'digest'],
    [63, 'digest'],
    [183, 'digest'],
    [423, 'digest'],
    [1620, 'messages'],
  ]);
  const counts = world.calls.flatMap(({ notification }) => notification.digest?.count ?? []);
  assert.equal(counts.reduce((sum, count) => sum + count, 0) + 3, 4_200);
  assert.equal(world.outbox.status().lanes[0]?.storm, undefined);
});

test('what is folded is sent, under the number of its digest', async () => {
  const world = await World.start({ recipients: [person('soc')] });
  const seqs = await world.accept(30);
  await world.timers.run(1_000);
  assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['sent']));
  const pairs = (await Promise.all(seqs.map((seq) => world.store.pairs(seq)))).flat();
  const ids = new Set(pairs.flatMap(({ notifications }) => notifications.map(({ id }) => id)));
  assert.deepEqual(
    [...ids],
    world.calls.map(({ notification }) => notification.id),
  );
  assert.equal(pairs[0]?.notifications[0]?.form, 'digest');
});

test('what piled up while the provider was down arrives as a digest, not one by one', async () => {
  const world = await World.start({ recipients: [person('soc')] });
  world.provider('soc').answer = () => down;
  for (let message = 0; message < 400; message += 1) {
    await world.accept(1);
    await world.timers.run(10_000);
  }
  world.provider('soc').answer = () => OK;
  const before = world.calls.length;
  await world.timers.run(5 * MINUTE);
  const after = world.calls.slice(before).map(({ notification }) => notification);
  assert.deepEqual(
    after.map(({ form, digest }) => [form, digest?.count]),
    [['digest', 400]],
  );
});

test('a few that waited for the provider come one by one, however old', async () => {
  const world = await World.start({ recipients: [person('soc')] });
  world.provider('soc').answer = () => down;
  await world.accept(10);
  await world.timers.run(30 * MINUTE);
  const before = world.calls.length;
  world.provider('soc').answer = () => OK;
  await world.timers.run(5 * MINUTE);
  assert.equal(
    world.calls.slice(before).filter(({ notification }) => notification.form === 'messages').length,
    10,
  );
});

test('behind by pacing for two minutes: the rest comes as a digest', async () => {
  const world = await World.start({ recipients: [person('soc')] });
  world.provider('soc').limits = [{ key: 'chat', rate: 0.1, burst: 1 }];
  await world.accept(20);
  await world.timers.run(10 * MINUTE);
  const [digest, ...more] = world.calls.filter(({ notification }) => notification.form === 'digest');
  assert.equal(digest?.at, 120_000);
  assert.equal(digest?.notification.digest?.count, 8);
  assert.deepEqual(more, []);
});

describe('in a storm', () => {
  test('a new high classification breaks out alone within seconds, once', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    await world.accept(100, { severity: 4, classification: 'scan' });
    await world.timers.run(10_000);
    await world.accept(100, { severity: 4, classification: 'scan' });
    const [high] = await world.accept(1, { severity: 4, classification: 'root login' });
    await world.accept(1, { severity: 3, classification: 'disk' });
    await world.timers.run(20_000);
    await world.accept(5, { severity: 4, classification: 'root login' });
    await world.timers.run(20_000);
    assert.deepEqual(
      world.calls.map(({ seqs, notification }) => [notification.form, seqs]),
      [
        ['messages', [1]],
        ['digest', []],
        ['messages', [high]],
      ],
    );
    assert.ok((world.calls[2]?.at ?? Infinity) <= 13_000);
  });

  test('an attacker who makes up new high classifications gets no more than five between two digests', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    await world.accept(50);
    await world.timers.run(100);
    for (let second = 0; second < 55; second += 1) {
      await world.accept(10, { severity: 4, classification: `made up ${second}` });
      await world.timers.run(1_000);
    }
    const alone = world.calls.filter(({ notification }) => notification.form === 'messages');
    assert.ok(alone.length <= 5, `${alone.length} alone`);
  });

  test('a digest that fails is tried again as a digest, marked if it may have arrived', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    const answers: SinkAnswer[] = [{ ...down, uncertain: true }, down, OK];
    world.provider('soc').answer = () => answers.shift() ?? OK;
    const seqs = await world.accept(50);
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map(({ notification }) => [notification.form, notification.repeated]),
      [
        ['digest', false],
        ['digest', true],
        ['digest', true],
      ],
    );
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['sent']));
  });

  test('a refused digest comes in the plain form; refused again, the recipient is held with its queue', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    world.provider('soc').answer = () => ({ outcome: { kind: 'refused', reason: '400 bad markup' } });
    const seqs = await world.accept(50);
    await world.timers.run(MINUTE);
    assert.deepEqual(
      world.calls.map(({ notification }) => notification.form),
      ['digest', 'plain'],
    );
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['held']));
    assert.equal(world.troubles[0]?.reason, '400 bad markup');
  });

  test('a restart goes on with the interval', async () => {
    const world = await World.start({ recipients: [person('soc')] });
    await world.accept(50);
    await world.timers.run(10_000);
    await world.outbox.drain(0);
    await world.restart();
    await world.accept(50);
    await world.timers.run(45_000);
    assert.equal(world.calls.length, 1);
    await world.timers.run(10_000);
    assert.deepEqual(forms(world, 'soc'), [
      [0, 'digest'],
      [60, 'digest'],
    ]);
  });
});

test('a pace that nobody can follow is folded too, however fast the provider', async () => {
  for (const owner of [undefined, 'ana']) {
    const world = await World.start({
      recipients: [person('soc', owner === undefined ? {} : { owner, verbatim: true })],
    });
    await flood(world, 1, 240);
    await world.timers.run(60 * MINUTE);
    const alone = world.calls.filter(({ notification }) => notification.form === 'messages').length;
    // Who posts to a channel of his own gets each post delivered.
    if (owner !== undefined) assert.equal(alone, 240);
    else {
      assert.deepEqual(forms(world, 'soc').slice(19), [
        [19, 'messages'],
        [80, 'digest'],
        [200, 'digest'],
        [440, 'digest'],
      ]);
    }
  }
});

test('posts to a channel are never grouped: each is a call of its own, however many wait; verbatim: false says otherwise', async () => {
  const limits = [{ key: 'bot', rate: 1, burst: 1 }];
  for (const verbatim of [true, false]) {
    const world = await World.start({
      recipients: [person('soc', { owner: 'ana', verbatim })],
      types: { soc: { batch: 100 } },
    });
    world.provider('soc').limits = limits;
    const seqs = await world.accept(300);
    await world.timers.run(10 * MINUTE);
    assert.deepEqual(new Set(await world.states(seqs, 'soc')), new Set(['sent']));
    if (verbatim) assert.deepEqual(new Set(world.calls.map((call) => call.seqs.length)), new Set([1]));
    else assert.equal(world.calls[0]?.notification.form, 'digest');
  }
});

test('a ticket sink opens one ticket for the storm, and one for what waited for its end', async () => {
  const world = await World.start({ recipients: [person('jira')], types: { jira: { ticket: true } } });
  await flood(world, 4, 15 * 60);
  await world.timers.run(60 * MINUTE);
  const tickets = world.calls.filter(({ notification }) => notification.form === 'digest');
  assert.equal(tickets.length, 2);
  const folded = tickets.reduce((sum, { notification }) => sum + (notification.digest?.count ?? 0), 0);
  const alone = world.calls.length - tickets.length;
  assert.equal(alone, 20);
  assert.equal(folded + alone, 3_600);
});

test('machines are never told in digests', async () => {
  const world = await World.start({ recipients: [machine('siem')] });
  world.provider('siem').limits = [{ key: 'k', rate: 1, burst: 1 }];
  await world.accept(300);
  await world.timers.run(10 * MINUTE);
  assert.equal(world.calls.length, 300);
  assert.deepEqual(
    world.calls.map(({ seqs }) => seqs[0]),
    Array.from({ length: 300 }, (_, index) => index + 1),
  );
});
