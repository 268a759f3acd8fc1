/** What a profile reports of itself: when, how often, and never about its own reports. */

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { readDocument } from '../../src/idmef/read-document.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { emptyMemory, isQuiet, type Memory, type Observation } from '../../src/poller/watch-facts.ts';
import { formatMemory, parseMemory } from '../../src/poller/watch-memory.ts';
import { watch } from '../../src/poller/watch.ts';
import { startFakeSensor } from '../support/fake-sensor.ts';
import { makePki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { startTrivialGateway } from '../support/receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement } from '../support/tiny-alerts.ts';

const MIN = 60_000;
const start = Date.UTC(2026, 0, 2, 3, 4, 5);
const calm = { pending: 0, oldestMs: 0, stuck: 0, corrupt: 0, dropped: 0, paused: false };
const gateway = { id: 'https://gw/', label: 'gateway https://gw/', pending: 0, oldestAt: undefined, lost: 0 };

/** One look, `minutes` after the start; by default all is well. */
type Look = Partial<Omit<Observation, 'now'>> & { readonly minutes: number };

/** Text and severity of each look's reports; the memory goes through its stored form each time. */
function said(looks: readonly Look[], before: Memory = emptyMemory): string[][] {
  let memory = before;
  return looks.map(({ minutes, ...more }) => {
    const result = watch(parseMemory(formatMemory(memory)), {
      now: start + minutes * MIN,
      reportAfterMs: 15 * MIN,
      sensor: 'good',
      sensorLabel: 'sensor dmz1',
      fault: '',
      lastGood: start,
      journal: 'a',
      status: calm,
      destinations: [gateway],
      quarantined: { count: 0, rules: [], text: '' },
      unfit: { count: 0, text: '' },
      brokenOff: 0,
      ...more,
    });
    ({ memory } = result);
    return result.reports.map(({ severity, text, detail }) => `${severity}: ${text}: ${detail}`);
  });
}

const failed = (minutes: number): Look => ({
  minutes,
  sensor: 'failed',
  fault: 'refused',
  status: undefined,
});
const owed = (minutes: number, pending: number, since: number): Look => ({
  minutes,
  destinations: [{ ...gateway, pending, oldestAt: start + since * MIN }],
});
const status = (minutes: number, more: Partial<typeof calm>): Look => ({
  minutes,
  status: { ...calm, ...more },
});

describe('what a profile reports of itself', () => {
  const table: readonly (readonly [name: string, looks: readonly Look[], expected: readonly RegExp[][]])[] = [
    ['nothing, when all is well', [{ minutes: 0 }, { minutes: 1 }, { minutes: 60 }], [[], [], []]],
    [
      'a silent sensor, once when it begins and once when it ends',
      [failed(0), failed(10), failed(16), failed(40), { minutes: 76 }, { minutes: 77 }, failed(80)],
      [
        [],
        [],
        [/^high: a sensor is silent: no good answer for 16 min \(last 2026-01-02T03:04:05.000Z\): refused$/],
        [],
        [/^medium: a silent sensor answers again: sensor dmz1 answers again, it did not for 76 min$/],
        [],
        [],
      ],
    ],
    ['a short silence is none', [failed(0), failed(14), { minutes: 20 }, failed(30)], [[], [], [], []]],
    ['a poller that was off proves no silence', [{ minutes: 0 }, failed(900)], [[], []]],
    [
      'a run that could not ask proves neither silence nor its end',
      [failed(0), { minutes: 20, sensor: 'unasked', status: undefined }, failed(21)],
      [[], [], [/silent/]],
    ],
    [
      '--report-after 0: neither silence nor age',
      [failed(0), failed(600), owed(601, 5, 0), owed(602, 5, 0)].map((look) => ({
        ...look,
        reportAfterMs: 0,
      })),
      [[], [], [], []],
    ],
    [
      'messages that wait for a destination, once while it lasts',
      [
        owed(10, 5, 0),
        owed(16, 5, 0),
        owed(17, 6, 0),
        owed(60, 9, 0),
        { minutes: 61 },
        owed(80, 1, 62),
        owed(81, 1, 62),
      ],
      [
        [],
        [],
        [
          /^medium: IDMEF messages wait too long: the oldest message waiting for gateway https:\/\/gw\/ \(6 messages\) has been there for 17 min, and it grows$/,
        ],
        [],
        [],
        [],
        [/has been there for 19 min/],
      ],
    ],
    [
      'a backlog that is being worked off is no news',
      [owed(100, 5000, 0), owed(101, 4000, 20), owed(102, 3000, 40), owed(103, 2000, 60)],
      [[], [], [], []],
    ],
    [
      'messages that wait at the sensor',
      [status(20, { pending: 3, oldestMs: 20 * MIN }), status(21, { pending: 3, oldestMs: 21 * MIN })],
      [[], [/waiting at sensor dmz1 has been there for 21 min/]],
    ],
    [
      'losses of the sensor, as many as are new; a new count begins anew',
      [
        status(0, { dropped: 5 }),
        status(1, { dropped: 5 }),
        status(2, { dropped: 7 }),
        status(3, {}),
        status(4, { dropped: 1 }),
      ],
      [
        [/^high: IDMEF messages were lost: sensor dmz1 has dropped 5 messages/],
        [],
        [/dropped 2 messages/],
        [],
        [/dropped 1 message /],
      ],
    ],
    [
      'our own losses',
      [
        { minutes: 0, destinations: [{ ...gateway, lost: 12 }] },
        { minutes: 1, destinations: [{ ...gateway, lost: 12 }] },
      ],
      [[/^high: IDMEF messages were lost: 12 messages for gateway https:\/\/gw\/ were dropped here/], []],
    ],
    [
      'spool files that the sensor cannot take',
      [
        status(0, { stuck: 1 }),
        status(1, { stuck: 1, corrupt: 2 }),
        status(2, { corrupt: 1 }),
        status(3, { corrupt: 2 }),
      ],
      [[/1 stuck;/], [/: 2 in corrupt\/;/], [], [/2 in corrupt/]],
    ],
    [
      'a paused intake, once until it goes on',
      [
        status(0, { paused: true }),
        status(1, { paused: true }),
        { minutes: 2, status: undefined },
        status(3, { paused: true }),
        status(4, {}),
        status(5, { paused: true }),
      ],
      [[/^high: a sensor takes nothing from its spool: sensor dmz1/], [], [], [], [], [/takes nothing/]],
    ],
    [
      'a new journal of the sensor',
      [{ minutes: 0 }, { minutes: 1, journal: 'b' }, { minutes: 2, journal: 'b' }],
      [[], [/^medium: the journal of a sensor is a new one: .*\(b, before a\)/], []],
    ],
    [
      'what a destination cannot hold, once for what came since',
      [
        { minutes: 0, unfit: { count: 2, text: '2 messages quarantined that a destination cannot hold' } },
        { minutes: 1 },
        { minutes: 2, unfit: { count: 1, text: '1 message quarantined' } },
      ],
      [
        [/^medium: IDMEF messages do not fit a destination: 2 messages quarantined/],
        [],
        [/: 1 message quarantined$/],
      ],
    ],
    [
      'quarantine, and an answer that broke off',
      [
        { minutes: 0, quarantined: { count: 2, rules: ['E12'], text: '2 messages quarantined: E12' } },
        { minutes: 1, brokenOff: 1 },
      ],
      [
        [/^medium: IDMEF messages of a sensor were quarantined: 2 messages/],
        [/^high: an answer of a sensor broke off/],
      ],
    ],
  ];
  for (const [name, looks, expected] of table) {
    test(name, () => {
      const got = said(looks);
      assert.deepEqual(
        got.map((reports) => reports.length),
        expected.map((list) => list.length),
        JSON.stringify(got),
      );
      for (const [index, list] of expected.entries())
        for (const [at, words] of list.entries()) assert.match(got[index]?.[at] ?? '', words);
    });
  }

  test('at most so many an hour; what was held back comes later, in one', () => {
    const each = (minutes: number): Look => ({
      minutes,
      quarantined: { count: 1, rules: [`E${minutes % 30}`], text: 'quarantined' },
    });
    const looks = Array.from({ length: 61 }, (_, minute) => each(minute));
    const got = said(looks);
    assert.equal(got.slice(0, 60).flat().length, 12);
    assert.equal(got[60]?.length, 1);
    let memory = emptyMemory;
    for (const look of looks) {
      const { minutes, ...more } = look;
      const seen = {
        now: start + minutes * MIN,
        reportAfterMs: 0,
        sensor: 'good',
        sensorLabel: 's',
        fault: '',
      } as const;
      const rest = { lastGood: 0, journal: 'a', status: calm, destinations: [], brokenOff: 0 };
      const unfit = { count: 0, text: '' };
      const result = watch(memory, {
        ...seen,
        ...rest,
        unfit,
        quarantined: { count: 0, rules: [], text: '' },
        ...more,
      });
      ({ memory } = result);
      if (minutes === 60)
        assert.deepEqual([result.reports[0]?.count, result.reports[0]?.rules?.length], [49, 20]);
    }
  });

  test('what waits is only our own report: no report about it', () => {
    const reported: Memory = { ...emptyMemory, sent: [start + MIN / 2] };
    assert.deepEqual(said([owed(20, 1, 0.5), owed(30, 1, 0.5)], reported).flat(), []);
    assert.equal(said([owed(20, 2, 0.5), owed(30, 2, 0.5)], reported).flat().length, 1);
  });

  test('a memory that cannot be read is an empty one', () => {
    for (const text of [undefined, '', '{', '[]', '{"ages":3,"lost":[1],"sent":"x","quarantined":null}']) {
      const memory = parseMemory(text);
      assert.ok(isQuiet(memory));
      assert.deepEqual(memory.sent, []);
    }
  });
});

test('oneshot runs say a thing once, as valid IDMEF, to whoever can be reached', async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const sensor = await startFakeSensor(t, { pki });
  const up = await startTrivialGateway(t, { pki, keep: true });
  const out = join(dir, 'out');
  mkdirSync(out);
  const bench = pollerBench();
  const profile = profileFor(pki, sensor.url, join(dir, 'state'), {
    managers: [up.url, new URL('https://localhost:1/'), pathToFileURL(out)],
    timeoutSeconds: 1,
    dialect: 'rfc',
    reportAfterMs: 15 * MIN,
  });
  const run = async (): Promise<string[]> => {
    const from = up.bodies.length;
    await runProfile(profile, bench, new AbortController().signal);
    bench.clock.advance(10 * MIN);
    return up.bodies
      .slice(from)
      .map((body) => /Classification text="([^"]*)"/.exec(body.toString())?.[1] ?? '');
  };
  assert.deepEqual(await run(), [], 'nothing to say');
  sensor.add(alertElement('m1'));
  assert.deepEqual(await run(), ['port scan']);
  const port = sensor.intercept;
  sensor.intercept = (_request, response) => {
    response.destroy();
    return true;
  };
  assert.deepEqual(await run(), []);
  assert.deepEqual(await run(), []);
  assert.deepEqual((await run()).toSorted(), ['IDMEF messages wait too long', 'a sensor is silent']);
  assert.deepEqual(await run(), []);
  sensor.intercept = port;
  assert.deepEqual(await run(), ['a silent sensor answers again']);
  for (let times = 0; times < 5; times += 1) assert.deepEqual(await run(), []);
  for (const body of up.bodies) {
    const verdict = readDocument(body, 'strict');
    assert.ok(verdict.readable && verdict.messages.every(({ valid }) => valid));
  }
});
