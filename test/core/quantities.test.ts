/** Durations and sizes as operators write them, read and written back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DAY_MS, durationMs, formatDuration, formatSize, sizeBytes } from '../../src/core/quantities.ts';

test('durations', () => {
  for (const [text, ms] of [
    ['0', 0],
    ['30s', 30_000],
    ['15m', 900_000],
    ['24h', DAY_MS],
    ['7d', 7 * DAY_MS],
    ['36500d', 36_500 * DAY_MS],
    // Added to a time it would be none any more.
    ['36501d', Number.NaN],
    ['999999999d', Number.NaN],
    ['5', Number.NaN],
    ['-1s', Number.NaN],
    ['1.5h', Number.NaN],
    ['1w', Number.NaN],
    ['s', Number.NaN],
    ['', Number.NaN],
  ] as const) {
    assert.equal(durationMs(text), ms, text);
  }
});

test('sizes', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['1048576', 1024 ** 2],
    ['512M', 512 * 1024 ** 2],
    ['20GiB', 20 * 1024 ** 3],
    ['1k', 1024],
    ['999999999999999T', Number.NaN],
    ['-1', Number.NaN],
    ['1.5G', Number.NaN],
    ['', Number.NaN],
  ] as const) {
    assert.equal(sizeBytes(text), bytes, text);
  }
});

test('what is written is read as the same', () => {
  for (const text of ['30s', '15m', '23h', '7d']) assert.equal(formatDuration(durationMs(text)), text);
  for (const text of ['1K', '512M', '20G', '3T']) assert.equal(formatSize(sizeBytes(text)), text);
  assert.deepEqual([formatDuration(0), formatDuration(1_500), formatSize(1_500)], ['0', '1500 ms', '1500']);
});
