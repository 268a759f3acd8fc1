/** Heartbeats: one in ten minutes, whoever runs how often, and what they say. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { preludeSessionLimits } from '../../../src/core/limits.ts';
import { analyzers } from '../../support/fake-manager.ts';
import { until } from '../../support/until.ts';
import { AGENT, deliver, kinds, makeWorld, parcelOf } from './destination-world.ts';

const { signal } = new AbortController();
const { heartbeatMs } = preludeSessionLimits;

describe('a heartbeat', () => {
  test('goes with the first delivery of a run, and again after ten minutes, not before', async (t) => {
    const { manager, make, clock } = await makeWorld(t, { rights: 4, longRunning: false });
    const run = async (id: string): Promise<number> => {
      const destination = make();
      assert.equal(kinds(await deliver(destination, parcelOf([id]))), 'ok');
      await destination.close();
      return manager.heartbeats().length;
    };
    assert.equal(await run('a'), 1);
    clock.advance(heartbeatMs - 1);
    assert.equal(await run('b'), 1);
    clock.advance(1);
    assert.equal(await run('c'), 2);
    clock.advance(-heartbeatMs);
    assert.equal(await run('d'), 3);
  });

  test('says who we are and how often we say it', async (t) => {
    const { manager, destination, clock } = await makeWorld(t);
    await destination.attend?.(signal);
    const heartbeat = await until(() => manager.heartbeats()[0]);
    const { fields } = heartbeat;
    assert.deepEqual(
      analyzers(heartbeat).map(({ fields: { analyzerid } }) => analyzerid),
      [AGENT],
    );
    assert.equal(fields['heartbeat_interval'], 600);
    const { messageid } = fields;
    assert.ok(typeof messageid === 'string');
    assert.match(messageid, /^[0-9a-f]{32}$/);
    const seconds = Math.floor(clock.now() / 1000);
    const microseconds = (clock.now() % 1000) * 1000;
    assert.deepEqual(fields['create_time'], { seconds, microseconds, offsetSeconds: 0 });
    const data = fields['additional_data'];
    assert.deepEqual(data, [
      { class: 'additional_data', fields: { meaning: 'Analyzer status', type: 'string', data: 'running' } },
    ]);
  });

  test('goes without deliveries too, over a session that is kept up', async (t) => {
    const { manager, destination, clock } = await makeWorld(t);
    await destination.attend?.(signal);
    clock.advance(heartbeatMs);
    await destination.attend?.(signal);
    await until(() => manager.heartbeats().length === 2);
    assert.equal(manager.sessions.length, 1);
    manager.drop('end');
    await until(() => manager.sessions[0]?.ended);
    await destination.attend?.(signal);
    assert.equal(manager.sessions.length, 2);
  });

  test('does not disturb what waits for its echo', async (t) => {
    const { manager, destination, clock } = await makeWorld(t, { manager: { echo: () => 'hold' } });
    const done = deliver(destination, parcelOf(['a', 'b']));
    await until(() => manager.alerts().length === 2);
    clock.advance(heartbeatMs);
    await destination.attend?.(signal);
    await until(() => manager.heartbeats().length === 2);
    manager.release();
    assert.equal(kinds(await done), 'ok ok');
  });

  test('that cannot be sent is no fault of its own, and not remembered as sent', async (t) => {
    const { manager, destination, memory } = await makeWorld(t, { manager: { greeting: 'close' } });
    await destination.attend?.(signal);
    assert.equal(memory.size, 0);
    manager.options.greeting = 'accept';
    await destination.attend?.(signal);
    await until(() => manager.heartbeats().length === 1);
    assert.deepEqual([...memory.keys()], [`heartbeat ${destination.id}`]);
  });
});
