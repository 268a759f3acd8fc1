/** `expect:`: who is overdue, and one incident from the first silence to the next sign of life, across restarts too. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { validateElement } from '../../../src/idmef/read-document.ts';
import type { Expectation } from '../../../src/dispatcher/model/config.ts';
import { DELIVERY_MARK } from '../../../src/dispatcher/model/delivery-mark.ts';
import type { Inbound } from '../../../src/dispatcher/model/message.ts';
import type { AnalyzerRecord } from '../../../src/dispatcher/model/store.ts';
import { readExpectState, writeExpectState } from '../../../src/dispatcher/route/expect-state.ts';
import { type Hearing, judgeExpectation } from '../../../src/dispatcher/route/expect.ts';
import { createExpectations, type Expectations } from '../../../src/dispatcher/route/expectations.ts';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.ts';
import { type VirtualTimers, virtualTimers } from '../../support/stepped-timers.ts';

const MINUTE = 60_000;

function record(origin: string, analyzer: string, messages = 1): AnalyzerRecord {
  return { origin, analyzer, lastAt: 0, messages };
}

describe('overdue', () => {
  const within = 10 * MINUTE;
  const now = 100 * MINUTE;
  const cases: readonly (readonly [
    what: string,
    expectation: Partial<Expectation>,
    records: readonly AnalyzerRecord[],
    before: Hearing | undefined,
    overdue: boolean,
  ])[] = [
    [
      'heard of in time',
      { sensor: 'dmz1' },
      [record('dmz1', 'a')],
      { messages: 1, upMs: now - within },
      false,
    ],
    [
      'too long ago',
      { sensor: 'dmz1' },
      [record('dmz1', 'a')],
      { messages: 1, upMs: now - within - 1 },
      true,
    ],
    ['heard of since', { sensor: 'dmz1' }, [record('dmz1', 'a', 2)], { messages: 1, upMs: 0 }, false],
    ['never', { sensor: 'dmz1' }, [], { messages: 0, upMs: 0 }, true],
    ['newly expected', { sensor: 'dmz1' }, [], undefined, false],
    [
      'any of its analyzers counts',
      { sensor: 'dmz1' },
      [record('dmz1', 'a', 5), record('dmz1', 'b', 2)],
      { messages: 6, upMs: 0 },
      false,
    ],
    ['another one', { sensor: 'dmz1' }, [record('dmz2', 'dmz1', 9)], { messages: 0, upMs: 0 }, true],
    [
      'an analyzer of any origin',
      { analyzer: 'a' },
      [record('dmz2', 'a', 2)],
      { messages: 1, upMs: 0 },
      false,
    ],
    [
      'an analyzer of that sensor',
      { sensor: 'dmz1', analyzer: 'a' },
      [record('dmz2', 'a', 9), record('dmz1', 'b', 9)],
      { messages: 0, upMs: 0 },
      true,
    ],
    ['that retention forgets one is no sign of life', { sensor: 'dmz1' }, [], { messages: 7, upMs: 0 }, true],
  ];
  for (const [what, expectation, records, before, overdue] of cases) {
    test(what, () => {
      const full = { name: 'x', withinMs: within, severity: 'high' as const, ...expectation };
      assert.equal(judgeExpectation(full, records, before, now).overdue, overdue);
    });
  }
});

test('what is known survives, and what cannot be read is nothing', () => {
  const state = { upMs: 5.4, heard: new Map([['DMZ', { messages: 3, upMs: 2 }]]), overdue: new Set(['x']) };
  assert.deepEqual(readExpectState(writeExpectState(state)), { ...state, upMs: 5 });
  const nothing = { upMs: 0, heard: new Map(), overdue: new Set() };
  for (const text of [undefined, '', '[]', '{"up":"x","heard":{"a":[1]},"overdue":[1]}']) {
    assert.deepEqual(readExpectState(text), nothing, text);
  }
});

interface Setting {
  readonly timers: VirtualTimers;
  readonly said: Inbound[];
  readonly log: RecordingLogger;
  expectations: readonly Expectation[];
  fail: boolean;
  hear(sensor: string): void;
  start(): Expectations;
}

function setting(): Setting {
  const timers = virtualTimers();
  const said: Inbound[] = [];
  const heard = new Map<string, number>();
  const state = new Map<string, string>();
  const log = recordingLogger();
  let ids = 0;
  const world: Setting = {
    timers,
    said,
    log,
    expectations: [{ name: 'DMZ', sensor: 'dmz1', withinMs: 10 * MINUTE, severity: 'high' }],
    fail: false,
    hear: (sensor) => void heard.set(sensor, (heard.get(sensor) ?? 0) + 1),
    start: () =>
      createExpectations({
        expectations: () => world.expectations,
        store: {
          analyzers: async () => [...heard].map(([origin, messages]) => record(origin, 'a', messages)),
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
        log,
        instance: () => 'manager',
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
    world.hear('dmz1');
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
    world.hear('dmz1');
    const third = world.start();
    await world.timers.pass(MINUTE);
    assert.deepEqual(words(world.said), [engaged, released]);
    await third.close();
  });

  test('a service that is restarted oftener than somebody may be silent notices it all the same', async () => {
    const world = setting();
    for (let day = 0; day < 4; day += 1) {
      const running = world.start();
      await world.timers.pass(3 * MINUTE);
      await running.close();
      assert.deepEqual(words(world.said), day < 3 ? [] : [engaged], `day ${day}`);
    }
  });

  test('while the service is down nobody is silent', async () => {
    const world = setting();
    const first = world.start();
    await world.timers.pass(9 * MINUTE);
    await first.close();
    await world.timers.pass(24 * 60 * MINUTE);
    const second = world.start();
    await world.timers.pass(MINUTE);
    assert.deepEqual(words(world.said), []);
    await world.timers.pass(2 * MINUTE);
    assert.deepEqual(words(world.said), [engaged]);
    await second.close();
  });

  test('who is newly expected has all the time there is, however long the service is up', async () => {
    const world = setting();
    const [expectation] = world.expectations;
    world.expectations = [];
    const running = world.start();
    await world.timers.pass(60 * MINUTE);
    world.expectations = [expectation!];
    await world.timers.pass(9 * MINUTE);
    assert.deepEqual(words(world.said), []);
    await world.timers.pass(4 * MINUTE);
    assert.deepEqual(words(world.said), [engaged]);
    await running.close();
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
    await world.timers.pass(15 * MINUTE);
    assert.equal(world.log.lines.filter(({ text }) => /no room/.test(text)).length, 1, 'said once');
    world.fail = false;
    await world.timers.pass(MINUTE);
    assert.deepEqual(words(world.said), [engaged]);
    await running.close();
  });
});
