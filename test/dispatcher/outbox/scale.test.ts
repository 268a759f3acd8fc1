/** A backlog at the provider's limits, on a virtual clock. Storms and outages of days: test/dispatcher/acceptance, over the real store. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { machine, OK, World } from '../../support/outbox-world.ts';

const HOUR = 3_600_000;
const COUNT = 1_000;
const BANNED = 500;

test('a backlog is drained exactly at the provider’s limits, bans included', async () => {
  const world = await World.start({ recipients: [machine('slack')] });
  world.provider('slack').limits = [{ key: 'slack', rate: 5, burst: 10 }];
  let calls = 0;
  world.provider('slack').answer = () => {
    calls += 1;
    return calls === BANNED ? { outcome: { kind: 'again', reason: '429', retryAfterMs: 60_000 } } : OK;
  };
  await world.accept(COUNT);
  await world.timers.run(2 * HOUR);
  const times = world.calls.map(({ at }) => at);
  assert.equal(times.length, COUNT + 1);
  times.forEach((at, index) => {
    const paced = Math.max(0, (index - 9) * 200);
    // During the ban ten tokens gather.
    const banned = index < BANNED ? 0 : 60_000 - Math.min(index - BANNED + 1, 10) * 200;
    const due = index < BANNED ? paced : Math.max(paced + banned, (times[BANNED - 1] ?? 0) + 60_000);
    assert.ok(Math.abs(at - due) <= 1, `call ${index} at ${at} instead of ${due}`);
  });
});
