/** Severity lanes: what is severe overtakes, nothing is handed out twice, and the backlog is not looked at. */

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, test } from 'node:test';
import type { Severity } from '../../src/core/severity.ts';
import type { JournalCore } from '../../src/journal/core.ts';
import type { NewMessage } from '../../src/journal/journal.ts';
import { RangeSet } from '../../src/journal/range-set.ts';
import { assertLaw, consumerOf, everything, testJournal } from './fixture.ts';

function severe(...severities: Severity[]): NewMessage[] {
  return severities.map((severity) => ({ body: Buffer.from('<Alert/>'), severity }));
}

function lane(core: JournalCore, minSeverity: Severity, messages = 1000): string | undefined {
  return core.lease('default', { messages, bytes: Infinity, minSeverity })?.sequences;
}

function rest(core: JournalCore): string | undefined {
  return core.lease('default', everything)?.sequences;
}

describe('lanes', () => {
  const cases: readonly [least: Severity, got: string | undefined, left: string | undefined][] = [
    [0, '1-9', undefined],
    [1, '2-5,7-9', '1,6'],
    [2, '3-5,8-9', '1-2,6-7'],
    [3, '4-5,9', '1-3,6-8'],
    [4, '5', '1-4,6-9'],
  ];
  for (const [least, got, left] of cases) {
    test(`at least ${least}, then all others`, (t) => {
      const core = testJournal(t).open();
      core.append({ messages: severe(0, 1, 2, 3, 4, 0, 1, 2, 3) });
      assert.equal(lane(core, least), got);
      assert.equal(lane(core, least), undefined);
      assert.equal(rest(core), left);
      assertLaw(core);
    });
  }

  test('what a lane gave back comes in its turn, not before older ones and not twice', (t) => {
    const core = testJournal(t).open();
    core.append({ messages: severe(0, 0, 4, 0, 4, 0) });
    const claim = core.lease('default', { ...everything, minSeverity: 4 });
    assert.equal(claim?.sequences, '3,5');
    core.release(claim?.id ?? 0);
    assert.equal(core.lease('default', { messages: 4, bytes: Infinity })?.sequences, '1-4');
    assert.equal(lane(core, 3), '5');
    assert.equal(rest(core), '6');
    assert.equal(rest(core), undefined);
  });

  test('what was put off is not due in a lane either, and is after its time', (t) => {
    const { open, clock } = testJournal(t);
    let core = open();
    core.append({ messages: severe(4, 0, 4) });
    const claim = core.lease('default', { messages: 1, bytes: 0 });
    core.release(claim?.id ?? 0, { failed: true, notBefore: clock.now() + 1000 });
    assert.equal(lane(core, 4, 1), '3');
    core.close();
    core = open();
    assert.equal(lane(core, 4), '3');
    assert.equal(rest(core), '2');
    clock.advance(1001);
    assert.equal(lane(core, 4), '1');
  });

  test('what is severe and comes later, is settled, withdrawn or comes again', (t) => {
    const { open } = testJournal(t);
    let core = open();
    core.append({ messages: severe(0, 3, 2) });
    const claim = core.lease('default', { ...everything, minSeverity: 3 });
    core.settle(claim?.id ?? 0);
    const file = { name: 'a.xml', identity: '1' };
    core.takeFiles([{ ...file, messages: severe(4, 1) }]);
    core.withdrawFiles([file]);
    assert.equal(lane(core, 3), undefined);
    core.append({ messages: severe(4) });
    assert.equal(lane(core, 3), '6');
    core.close();
    core = open();
    assert.equal(lane(core, 3), '6');
    assert.equal(lane(core, 1), '3');
    assert.equal(rest(core), '1');
    assertLaw(core);
  });

  test('each consumer has its own', (t) => {
    const core = testJournal(t).open({ consumers: ['x', 'y'] });
    core.append({ messages: severe(0, 4) });
    for (const name of ['x', 'y']) {
      assert.equal(core.lease(name, { ...everything, minSeverity: 4 })?.sequences, '2');
      assert.equal(consumerOf(core, name).leased, 1);
    }
  });
});

function timed(work: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

test('a lane does not look at the 100000 it overtakes, due, leased or given back', (t) => {
  const core = testJournal(t).open();
  const batch = Array.from({ length: 2000 }, () => severe(0)).flat();
  for (let count = 0; count < 100_000; count += batch.length) core.append({ messages: batch });
  const check = (what: string): void => {
    for (const least of [1, 2, 3, 4] as const) {
      const none = timed(() => assert.equal(lane(core, least), undefined));
      assert.ok(none < 5, `${what}: nothing at least ${least} after ${none} ms`);
    }
  };
  check('due');
  const claims: number[] = [];
  for (;;) {
    const claim = core.lease('default', { messages: 1000, bytes: Infinity });
    if (claim === undefined) break;
    claims.push(claim.id);
  }
  check('leased');
  for (const claim of claims) core.release(claim);
  check('given back');
  for (let count = 0; count < 2000; count += 500) core.append({ messages: severe(...fill(500, 4)) });
  const some = timed(() => {
    const claim = core.lease('default', { messages: 500, bytes: Infinity, minSeverity: 4 });
    assert.equal(claim?.count, 500);
  });
  assert.ok(some < 15, `500 after ${some} ms`);
});

function fill(count: number, severity: Severity): Severity[] {
  return Array.from({ length: count }, () => severity);
}

describe('a set of ranges', () => {
  type Step = readonly [verb: 'add' | 'remove' | 'below', numbers: readonly number[]];
  const cases: readonly [steps: readonly Step[], left: string][] = [
    [[['add', [1, 3]]], '1-3'],
    [
      [
        ['add', [1, 3]],
        ['add', [4, 6]],
      ],
      '1-6',
    ],
    [
      [
        ['add', [4, 6]],
        ['add', [1, 2]],
      ],
      '1-2 4-6',
    ],
    [
      [
        ['add', [1, 9]],
        ['remove', [1, 5, 9]],
      ],
      '2-4 6-8',
    ],
    [
      [
        ['add', [1, 2]],
        ['add', [5, 6]],
        ['remove', [2, 3, 4, 5]],
      ],
      '1-1 6-6',
    ],
    [
      [
        ['add', [1, 9]],
        ['remove', [2, 3]],
        ['below', [6]],
      ],
      '6-9',
    ],
    [
      [
        ['add', [3, 4]],
        ['below', [3]],
      ],
      '3-4',
    ],
    [
      [
        ['add', [3, 4]],
        ['remove', [3, 4]],
      ],
      '',
    ],
  ];
  for (const [steps, left] of cases) {
    test(steps.map(([verb, numbers]) => `${verb} ${numbers.join()}`).join(', '), () => {
      const set = new RangeSet();
      for (const [verb, numbers] of steps) {
        const [first = 0, last = 0] = numbers;
        if (verb === 'add') set.add([{ first, last }]);
        if (verb === 'remove') set.remove(numbers);
        if (verb === 'below') set.removeBelow(first);
      }
      const ranges = set.upTo(Infinity);
      assert.equal(ranges.map(({ first, last }) => `${first}-${last}`).join(' '), left);
      for (let number = 0; number <= 10; number++) {
        assert.equal(
          set.has(number),
          ranges.some(({ first, last }) => first <= number && number <= last),
        );
      }
    });
  }
});
