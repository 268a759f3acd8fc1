/** Metric families as text: what a strict reader makes of it is what was put in. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { exposition, type MetricFamily } from '../../src/log/exposition.ts';
import { parseMetrics } from '../support/metrics-text.ts';

const families: readonly MetricFamily[] = [
  { name: 'a_total', help: 'Counts.', kind: 'counter', samples: [{ value: 7 }] },
  {
    name: 'b',
    help: 'With labels,\nand a backslash \\.',
    kind: 'gauge',
    samples: [
      { labels: { x: '1', y: 'a "quoted" \\ value\nof two lines' }, value: -1.5 },
      { labels: { x: '2', y: '' }, value: 1e21 },
    ],
  },
  { name: 'c', help: 'Nothing to say.', kind: 'gauge', samples: [] },
  { name: 'd_total', help: 'Zero.', kind: 'counter', samples: [{ value: 0 }] },
];

describe('exposition', () => {
  test('is what a strict reader accepts, and says what was given', async () => {
    const parsed = parseMetrics(await exposition(families));
    assert.deepEqual([...parsed.keys()], ['a_total', 'b', 'd_total']);
    assert.equal(parsed.get('a_total')?.samples.get(''), 7);
    assert.deepEqual(
      [...(parsed.get('b')?.samples ?? [])],
      [
        [String.raw`{x="1",y="a \"quoted\" \\ value\nof two lines"}`, -1.5],
        ['{x="2",y=""}', 1e21],
      ],
    );
    assert.equal(parsed.get('d_total')?.samples.get(''), 0);
  });

  test('keeps nothing between two texts', async () => {
    assert.equal(await exposition(families), await exposition(families));
  });

  test('a counter that would go down is refused', async () => {
    await assert.rejects(
      exposition([{ name: 'x_total', help: 'x', kind: 'counter', samples: [{ value: -1 }] }]),
    );
  });
});

describe('the strict reader refuses', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['no end of line', '# HELP a x\n# TYPE a gauge\na 1'],
    ['TYPE alone', '# TYPE a gauge\na 1\n'],
    ['a sample twice', '# HELP a x\n# TYPE a gauge\na 1\na 1\n'],
    ['a sample of nobody', 'a 1\n'],
    ['labels that do not end', '# HELP a x\n# TYPE a gauge\na{b="1} 1\n'],
    ['a comma too many', '# HELP a x\n# TYPE a gauge\na{b="1",} 1\n'],
    ['a value that is none', '# HELP a x\n# TYPE a gauge\na one\n'],
    ['a counter without _total', '# HELP a x\n# TYPE a counter\na 1\n'],
    ['mixed families', '# HELP a x\n# TYPE a gauge\n# HELP b x\n# TYPE b gauge\na 1\n'],
  ];
  for (const [name, text] of rows) test(name, () => assert.throws(() => parseMetrics(text)));
});
