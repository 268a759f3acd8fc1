/** Prefer headers → preferences (RFC 7240 §2), clamped. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPreferences } from '../../src/sensor/prefer.ts';
import type { Preferences } from '../../src/sensor/prefer.ts';

const none: Preferences = {
  lease: undefined,
  wait: undefined,
  batch: undefined,
  batchBytes: undefined,
  peek: false,
  minSeverity: undefined,
};

const table: readonly (readonly [string | undefined, Partial<Preferences>])[] = [
  [undefined, {}],
  ['', {}],
  [
    'lease=15, wait=25, batch=500, batch-bytes=4194304',
    { lease: 15, wait: 25, batch: 500, batchBytes: 4_194_304 },
  ],
  ['Lease=15', { lease: 15 }],
  ['LEASE = 15 ; foo=bar', { lease: 15 }],
  ['lease="15"', { lease: 15 }],
  ['lease', { lease: 60 }],
  ['lease=""', { lease: 60 }],
  ['lease=abc', {}],
  ['lease=-5', {}],
  ['lease=1', { lease: 5 }],
  ['lease=100000', { lease: 300 }],
  ['lease=99999999999999999999', {}],
  ['lease=10, lease=20', { lease: 10 }],
  ['respond-async, wait=99', { wait: 25 }],
  ['wait=0', { wait: 0 }],
  ['batch=0', { batch: 1 }],
  ['batch=5000', { batch: 1000 }],
  ['batch-bytes=99999999', { batchBytes: 8_388_608 }],
  ['peek', { peek: true }],
  ['min-severity=high, lease=15', { lease: 15, minSeverity: 4 }],
  ['Min-Severity="Low"', { minSeverity: 2 }],
  ['min-severity=urgent', {}],
  ['min-severity=', {}],
  ['min-severity=info, min-severity=high', { minSeverity: 1 }],
  ['foo="lease=15, peek", bar', {}],
  ['foo="a\\"b, peek", lease=7', { lease: 7 }],
  ['lease=15 wait=3', {}],
  ['=5, lease=6', { lease: 6 }],
];

for (const [header, expected] of table) {
  test(`Prefer: ${header ?? '(none)'}`, () => {
    assert.deepEqual(readPreferences(header), { ...none, ...expected });
  });
}
