/** Weekly windows: what is read, and which instants lie inside, summer time and nights included. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { parseTimeInterval } from '../../../src/dispatcher/route/time-interval.ts';
import { ZoneClocks } from '../../../src/dispatcher/route/zone-clock.ts';

const all = [0, 1, 2, 3, 4, 5, 6];

describe('read', () => {
  const cases: readonly (readonly [
    text: string,
    windows: readonly (readonly [days: readonly number[], from: number, to: number])[],
  ])[] = [
    ['always', [[all, 0, 1440]]],
    ['mon-fri 08:00-18:00', [[[1, 2, 3, 4, 5], 480, 1080]]],
    ['Monday-Friday 08:00-18:00', [[[1, 2, 3, 4, 5], 480, 1080]]],
    ['sat,sun', [[[0, 6], 0, 1440]]],
    ['22:00-06:00', [[all, 1320, 1800]]],
    ['fri-mon', [[[0, 1, 5, 6], 0, 1440]]],
    ['mon,wed-fri 00:00-24:00', [[[1, 3, 4, 5], 0, 1440]]],
    [
      'mon-fri 08:00-13:00; sat 10:00-14:00',
      [
        [[1, 2, 3, 4, 5], 480, 780],
        [[6], 600, 840],
      ],
    ],
    ['  sun   23:30-00:30 ', [[[0], 1410, 1470]]],
  ];
  for (const [text, windows] of cases) {
    test(text, () => {
      const parsed = parseTimeInterval(text, 'Europe/Madrid', 'office');
      assert.deepEqual(parsed, {
        ok: true,
        interval: {
          name: 'office',
          timeZone: 'Europe/Madrid',
          windows: windows.map(([days, from, to]) => ({ days, from, to })),
        },
      });
    });
  }
});

describe('refused', () => {
  const cases: readonly (readonly [text: string, zone: string, fault: RegExp])[] = [
    ['', 'UTC', /is no window/],
    ['mon-fri 8-18', 'UTC', /"mon-fri 8-18" is no window/],
    ['mon-fri 08:00-18:00 x', 'UTC', /is no window/],
    ['funday', 'UTC', /"funday" is no day/],
    ['mon-foo 08:00-18:00', 'UTC', /"foo" is no day/],
    ['25:00-26:00', 'UTC', /is no span of a day/],
    ['08:60-09:00', 'UTC', /is no span of a day/],
    ['08:00-08:00', 'UTC', /is empty/],
    ['always', 'Europe/Nowhere', /"Europe\/Nowhere" is no time zone/],
  ];
  for (const [text, zone, fault] of cases) {
    test(`${text} ${zone}`, () => {
      const parsed = parseTimeInterval(text, zone);
      assert.ok(!parsed.ok);
      assert.match(parsed.text, fault);
    });
  }
});

function inside(text: string, zone: string, at: string): boolean {
  const parsed = parseTimeInterval(text, zone);
  assert.ok(parsed.ok);
  return new ZoneClocks().within([parsed.interval], Date.parse(at)) !== undefined;
}

describe('inside', () => {
  const cases: readonly (readonly [text: string, zone: string, at: string, expected: boolean])[] = [
    ['mon-fri 08:00-18:00', 'UTC', '2026-01-05T08:00:00Z', true],
    ['mon-fri 08:00-18:00', 'UTC', '2026-01-05T07:59:59Z', false],
    ['mon-fri 08:00-18:00', 'UTC', '2026-01-05T17:59:59Z', true],
    ['mon-fri 08:00-18:00', 'UTC', '2026-01-05T18:00:00Z', false],
    ['mon-fri 08:00-18:00', 'UTC', '2026-01-04T12:00:00Z', false],
    ['fri 22:00-06:00', 'UTC', '2026-01-10T05:59:00Z', true],
    ['fri 22:00-06:00', 'UTC', '2026-01-10T06:00:00Z', false],
    ['fri 22:00-06:00', 'UTC', '2026-01-09T05:00:00Z', false],
    ['mon', 'Pacific/Auckland', '2026-01-04T12:00:00Z', true],
    ['mon', 'America/New_York', '2026-01-06T04:59:00Z', true],
    ['mon', 'Asia/Kathmandu', '2026-01-04T18:15:00Z', true],
    ['mon', 'Asia/Kathmandu', '2026-01-04T18:14:00Z', false],
    // Madrid goes from 02:00 to 03:00 on 2026-03-29, and from 03:00 to 02:00 on 2026-10-25.
    ['02:00-03:00', 'Europe/Madrid', '2026-03-29T00:59:59Z', false],
    ['02:00-03:00', 'Europe/Madrid', '2026-03-29T01:00:00Z', false],
    ['03:00-04:00', 'Europe/Madrid', '2026-03-29T01:00:00Z', true],
    ['02:00-03:00', 'Europe/Madrid', '2026-10-25T00:00:00Z', true],
    ['02:00-03:00', 'Europe/Madrid', '2026-10-25T01:59:59Z', true],
    ['02:00-03:00', 'Europe/Madrid', '2026-10-25T02:00:00Z', false],
    ['08:00-09:00', 'Europe/Madrid', '2026-03-27T07:30:00Z', true],
    ['08:00-09:00', 'Europe/Madrid', '2026-03-30T06:30:00Z', true],
    ['00:00-00:01', 'UTC', '2026-01-05T00:00:30Z', true],
  ];
  for (const [text, zone, at, expected] of cases) {
    test(`${text} ${zone} ${at}: ${expected}`, () => {
      assert.equal(inside(text, zone, at), expected);
    });
  }

  test('one clock answers for many instants in any order', () => {
    const clocks = new ZoneClocks();
    const parsed = parseTimeInterval('mon-fri 08:00-18:00', 'Europe/Madrid');
    assert.ok(parsed.ok);
    const start = Date.parse('2026-03-27T00:00:00Z');
    for (let step = 0; step < 400; step += 1) {
      const at = start + ((step * 7919) % 10_080) * 60_000;
      const wall = new Date(new Date(at).toLocaleString('en-US', { timeZone: 'Europe/Madrid' }));
      const expected =
        wall.getDay() >= 1 && wall.getDay() <= 5 && wall.getHours() >= 8 && wall.getHours() < 18;
      assert.equal(clocks.within([parsed.interval], at) !== undefined, expected, new Date(at).toISOString());
    }
  });
});
