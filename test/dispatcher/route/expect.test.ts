/** `expect:`: who is overdue, and one incident from the first silence to the next sign of life, across restarts too. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { validateElement } from '../../../src/idmef/read-document.ts';
import type { Expectation } from '../../../src/dispatcher/model/config.ts';
import { DELIVERY_MARK } from '../../../src/dispatcher/model/delivery-mark.ts';
import type { Inbound } from '../../../src/dispatcher/model/message.ts';
import type { AnalyzerRecord } from '../../../src/dispatcher/model/store.ts';
import { judgeExpectations } from '../../../src/dispatcher/route/expect.ts';
import { createExpectations, type Expectations } from '../../../src/dispatcher/route/expectations.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { type VirtualTimers, virtualTimers } from '../../support/stepped-timers.ts';

const MINUTE = 60_000;

function record(origin: string, analyzer: string, lastAt: number): AnalyzerRecord {
  return { origin, analyzer, lastAt, messages: 1 };
}

describe('overdue', () => {
  const within = 10 * MINUTE;
  const now = 100 * MINUTE;
  const cases: readonly (readonly [
    what: string,
    expectation: Partial<Expectation>,
    records: readonly AnalyzerRecord[],
    upSince: number,
    overdue: boolean,
  ])[] = [
    ['heard of just now', { sensor: 'dmz1' }, [record('dmz1', 'a', now)], 0, false],
    ['heard of in time', { sensor: 'dmz1' }, [record('dmz1', 'a', now - within)], 0, false],
    ['too long ago', { sensor: 'dmz1' }, [record('dmz1', 'a', now - within - 1)], 0, true],
    ['never', { sensor: 'dmz1' }, [], 0, true],
    [
      'the latest counts',
      { sensor: 'dmz1' },
      [record('dmz1', 'a', 0), record('dmz1', 'b', now), record('dmz1', 'c', 1)],
      0,
      false,
    ],
    ['another one', { sensor: 'dmz1' }, [record('dmz2', 'dmz1', now)], 0, true],
    ['an analyzer of any origin', { analyzer: 'a' }, [record('dmz2', 'a', now)], 0, false],
    [
      'an analyzer of that sensor',
      { sensor: 'dmz1', analyzer: 'a' },
      [record('dmz2', 'a', now), record('dmz1', 'b', now)],
      0,
      true,
    ],
    ['not before the service itself has been up for so long', { sensor: 'dmz1' }, [], now - within, false],
    ['silent since before it came up', { sensor: 'dmz1' }, [record('dmz1', 'a', 0)], now - within - 1, true],
  ];
  for (const [what, expectation, records, upSince, overdue] of cases) {
    test(what, () => {
      const full = { name: 'x', withinMs: within, severity: 'high' as const, ...expectation };
      assert.equal(judgeExpectations([full], records, now, upSince)[0]?.overdue, overdue);
    });
  }
});

interface Setting {
  readonly timers: VirtualTimers;
  readonly said: Inbound[];
  readonly heard: Map<string, number>;
  expectations: readonly Expectation[];
  fail: boolean;
  start(): Expectations;
}

function setting(): Setting {
  const timers = virtualTimers();
  const said: Inbound[] = [];
  const heard = new Map<string, number>();
  const state = new Map<string, string>();
  let ids = 0;
  const world: Setting = {
    timers,
    said,
    heard,
    expectations: [{ name: 'DMZ', sensor: 'dmz1', withinMs: 10 * MINUTE, severity: 'high' }],
    fail: false,
    start: () =>
      createExpectations({
        expectations: () => world.expectations,
        store: {
          analyzers: async () => [...heard].map(([origin, at]) => record(origin, 'a', at)),
          state: async (key) => state.get(key),
          setState: async (key, value) => {
            state.set(key, value);
          },
        },
        door: {
          accept: async (batch) => {
            if (world.fail) throw new Error('no room');
            said.push(...batch);
            return [];
          },
        },
        timers,
        random: {
          bytes: (count) => {
            ids += 1;
            return new Uint8Array(count).fill(ids);
          },
        },
        log: recordingLogger(),
        instance: 'manager',
        mark: () => 'store-1',
        version: '1.0',
      }),
  };
  return world;
}

function words(said: readonly Inbound[]): string[] {
  return said.map(({ body, lifecycle, origin }) => {
    const [text] = createSubject(body).values('alert.classification.text');
    return `${lifecycle?.action} ${lifecycle?.key} ${text} ${origin.source}`;
  });
}

const engaged = 'engage expect:DMZ Silent sensor: DMZ dispatcher';
const released = 'release expect:DMZ Silent sensor: DMZ dispatcher';

describe('the runner', () => {
  test('says it once, and once that it is over', async () => {
    const world = setting();
    const running = world.start();
    await world.timers.pass(10 * MINUTE);
    assert.deepEqual(words(world.said), []);
    await world.timers.pass(30 * MINUTE);
    assert.deepEqual(words(world.said), [engaged]);
    world.heard.set('dmz1', world.timers.now());
    await world.timers.pass(2 * MINUTE);
    assert.deepEqual(words(world.said), [engaged, released]);
    await world.timers.pass(20 * MINUTE);
    assert.deepEqual(words(world.said), [engaged, released, engaged]);
    await running.close();
    assert.equal(world.timers.pending, 0);
  });

  test('a message of its own is valid, severe as told, and marked', async () => {
    const world = setting();
    const running = world.start();
    await world.timers.pass(12 * MINUTE);
    await running.close();
    const { body } = world.said[0]!;
    const verdict = validateElement(body);
    assert.ok(verdict.readable && verdict.valid, JSON.stringify(verdict));
    const subject = createSubject(body);
    assert.deepEqual(subject.values('alert.assessment.impact.severity'), ['high']);
    assert.deepEqual(subject.values('alert.target.node.name'), ['dmz1']);
    assert.deepEqual(subject.values(`alert.additional_data('${DELIVERY_MARK}').data`), ['store-1']);
  });

  test('a restart says nothing twice, and closes what came back meanwhile', async () => {
    const world = setting();
    const first = world.start();
    await world.timers.pass(12 * MINUTE);
    await first.close();
    const second = world.start();
    await world.timers.pass(30 * MINUTE);
    assert.deepEqual(words(world.said), [engaged]);
    await second.close();
    world.heard.set('dmz1', world.timers.now());
    const third = world.start();
    await world.timers.pass(MINUTE);
    assert.deepEqual(words(world.said), [engaged, released]);
    await third.close();
  });

  test('an expectation that is gone is closed', async () => {
    const world = setting();
    const running = world.start();
    await world.timers.pass(12 * MINUTE);
    world.expectations = [];
    await world.timers.pass(2 * MINUTE);
    assert.deepEqual(words(world.said), [engaged, released]);
    await running.close();
  });

  test('what could not be said is said at the next look', async () => {
    const world = setting();
    const running = world.start();
    world.fail = true;
    await world.timers.pass(12 * MINUTE);
    world.fail = false;
    await world.timers.pass(MINUTE);
    assert.deepEqual(words(world.said), [engaged]);
    await running.close();
  });
});
