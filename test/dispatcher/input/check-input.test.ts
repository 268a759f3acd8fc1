/** What is wrong with data from outside is said in words of ours, at the place of the form that was meant. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { z } from 'zod';

import { checkInput, pathText } from '../../../src/dispatcher/input/check-input.ts';

const off = z.union([z.literal(false), z.literal('off')]);

const schema = z
  .strictObject({
    name: z.string().min(1).max(5),
    count: z.number().int().min(1).max(10),
    ratio: z.number().gt(0),
    level: z.enum(['low', 'high']),
    on: z.boolean(),
    list: z.array(z.string()).min(1).max(2),
    both: z.union([z.string(), z.array(z.string().min(2))]),
    source: z.union([off, z.strictObject({ rate: z.number(), tls: z.strictObject({ cert: z.string() }) })]),
    when: z.iso.datetime({ offset: true }),
    own: z.union([z.string(), z.number()], { error: 'must be a size' }),
    map: z.record(
      z.string().regex(/^[a-z]+$/, { error: 'a name has letters' }),
      z.strictObject({ x: z.number().optional() }),
    ),
  })
  .partial();

/** `path: text`, one a line. */
function faults(value: unknown): string {
  const checked = checkInput(schema, value, ['extra_file']);
  return checked.ok
    ? 'sound'
    : checked.faults.map(({ path, text }) => `${pathText(path)}: ${text}`).join('\n');
}

describe('in words of ours', () => {
  const cases: readonly (readonly [value: unknown, expected: string])[] = [
    [{ name: 'abc', count: 3, source: 'off', own: 5, map: { a: {} } }, 'sound'],
    [5, ': must be a map'],
    [{ name: '' }, 'name: must not be empty'],
    [{ name: 'abcdef' }, 'name: must have at most 5 characters'],
    [{ name: 7 }, 'name: must be a text'],
    [{ name: null }, 'name: must be a text'],
    [{ count: '3' }, 'count: must be a number'],
    [{ count: 1.5 }, 'count: must be a whole number'],
    [{ count: 0 }, 'count: must be at least 1'],
    [{ count: 11 }, 'count: must be at most 10'],
    [{ ratio: 0 }, 'ratio: must be more than 0'],
    [{ level: 'urgent' }, 'level: must be low or high'],
    [{ on: 'yes' }, 'on: must be true or false'],
    [{ list: [] }, 'list: must not be empty'],
    [{ list: ['a', 'b', 'c'] }, 'list: must have at most 2 entries'],
    [{ list: ['a', 5] }, 'list[1]: must be a text'],
    [{ both: 5 }, 'both: must be a text or a list'],
    [{ both: ['ok', 'x'] }, 'both[1]: must have at least 2 characters'],
    [{ source: 5 }, 'source: must be false, off or a map'],
    [{ source: { rate: 1 } }, 'source.tls: is missing'],
    [{ source: { rate: 1, tls: {} } }, 'source.tls.cert: is missing'],
    [
      { source: { rat: 1, tls: { cert: 'x' } } },
      'source.rate: is missing\nsource.rat: is no key known here; did you mean rate?',
    ],
    [{ when: 'yesterday' }, 'when: must be a time with its zone, such as 2026-03-04T05:06:07Z'],
    [{ own: true }, 'own: must be a size'],
    [{ nam: 'x' }, 'nam: is no key known here; did you mean name?'],
    [{ extra_fil: 'x' }, 'extra_fil: is no key known here; did you mean extra_file?'],
    [{ sorce: 1, zzz: 1 }, 'sorce: is no key known here; did you mean source?\nzzz: is no key known here'],
    [{ map: { 'no name': {} } }, 'map.no name: a name has letters'],
    [{ map: { a: { y: 1 } } }, 'map.a.y: is no key known here; did you mean x?'],
    [{ map: { a: 'x' } }, 'map.a: must be a map'],
  ];
  for (const [value, expected] of cases) {
    test(JSON.stringify(value), () => {
      assert.equal(faults(value), expected);
    });
  }

  test('a missing value is missing, whatever it might have been', () => {
    for (const inner of [z.string(), z.enum(['a']), z.union([z.string(), z.number()]), z.strictObject({})]) {
      const checked = checkInput(z.strictObject({ inner }), {});
      assert.deepEqual(checked.ok ? [] : checked.faults, [{ path: ['inner'], text: 'is missing' }]);
    }
  });
});
