/** The law finds what does not add up; ranges and heap do what everything above them relies on. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MinHeap } from '../../src/journal/heap.ts';
import type { ConsumerStats, JournalStats } from '../../src/journal/journal.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import { formatRanges, toRanges } from '../../src/journal/ranges.ts';

const consumer: ConsumerStats = {
  name: 'c',
  accepted: 21,
  settled: 1,
  pending: 2,
  pendingBytes: 20,
  leased: 3,
  held: 0,
  dead: 5,
  dropped: { withdrawn: 4, damaged: 6 },
  oldestAt: 1,
  active: true,
};
const stats: JournalStats = {
  id: 'j',
  offered: 30,
  accepted: 21,
  duplicate: 4,
  conflict: 1,
  quarantined: { E7: 2, E12: 3 },
  files: { found: 9, taken: 4, known: 3, waiting: 1, 'refused:root': 1 },
  consumers: [consumer],
  usedBytes: 1,
  maxBytes: undefined,
};

describe('the law', () => {
  const cases: readonly [what: string, stats: JournalStats, broken: readonly RegExp[]][] = [
    ['holds', stats, []],
    ['holds without files', { ...stats, files: {} }, []],
    [
      'a message lost',
      { ...stats, offered: 31 },
      [/^messages offered 31 is not accepted 21 \+ duplicate 4 \+ quarantined 5$/],
    ],
    ['a file lost', { ...stats, files: { ...stats.files, found: 10 } }, [/^files found 10 is not/]],
    [
      'a delivery lost',
      { ...stats, consumers: [{ ...consumer, leased: 2 }] },
      [/^consumer c: accepted 21 is not/],
    ],
    [
      'less than nothing',
      { ...stats, consumers: [{ ...consumer, pending: -1, leased: 6 }] },
      [/^consumer c: accepted: pending is -1$/],
    ],
    [
      'bytes of nothing',
      { ...stats, consumers: [{ ...consumer, pending: 0, leased: 0, settled: 6 }] },
      [/^consumer c: 20 bytes of nothing$/],
    ],
  ];
  for (const [what, input, expected] of cases) {
    test(what, () => {
      const broken = brokenLaws(input);
      assert.equal(broken.length, expected.length, broken.join('; '));
      expected.forEach((words, index) => assert.match(broken[index] ?? '', words));
    });
  }
});

test('ranges', () => {
  const cases: readonly [sequences: readonly number[], text: string][] = [
    [[], ''],
    [[7], '7'],
    [[1, 2, 3], '1-3'],
    [[17, 18, 19, 514], '17-19,514'],
    [[1, 3, 5, 6], '1,3,5-6'],
  ];
  for (const [sequences, text] of cases) {
    assert.equal(formatRanges(sequences), text);
    const all = toRanges(sequences).flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, index) => first + index),
    );
    assert.deepEqual(all, sequences);
  }
});

test('the heap gives the smallest first', () => {
  const heap = new MinHeap<number>();
  assert.equal(heap.pop(), undefined);
  const values = Array.from({ length: 500 }, (_, index) => (index * 7919) % 503);
  for (const value of values) heap.push(value, value);
  assert.equal(heap.size, 500);
  const popped = values.map(() => {
    assert.equal(heap.firstKey, Math.min(heap.firstKey ?? -1));
    return heap.pop() ?? -1;
  });
  assert.deepEqual(
    popped,
    values.toSorted((a, b) => a - b),
  );
  assert.equal(heap.firstKey, undefined);
});
