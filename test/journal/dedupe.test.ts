/** Redelivery is recognised, and nothing else is taken for it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { journalLimits } from '../../src/core/limits.ts';
import type { JournalCore } from '../../src/journal/core.ts';
import type { NewMessage } from '../../src/journal/journal.ts';
import { assertLaw, fails, inspect, invalid, message, messages, takeTexts, testJournal } from './fixture.ts';

function pull(
  core: JournalCore,
  journal: string,
  sequences: readonly number[],
  batch: readonly NewMessage[],
) {
  const { accepted, duplicate, conflict, quarantined } = core.append({
    messages: batch,
    origin: { kind: 'sequenced', journal, sequences },
  });
  assertLaw(core);
  return { accepted, duplicate, conflict, quarantined };
}

function answer(core: JournalCore, ...texts: string[]): [accepted: number, duplicate: number] {
  const result = core.append({ messages: messages(...texts), origin: { kind: 'unsequenced' } });
  assertLaw(core);
  return [result.accepted, result.duplicate];
}

describe('from a journal', () => {
  const none = { accepted: 0, duplicate: 0, conflict: 0, quarantined: 0 };

  test('journal, sequence and bytes together make a duplicate', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    assert.deepEqual(pull(core, 'j', [1, 2], messages('a', 'b')), { ...none, accepted: 2 });
    core.close();
    core = journal.open();
    assert.deepEqual(pull(core, 'j', [1, 2, 3], messages('a', 'b', 'c')), {
      ...none,
      accepted: 1,
      duplicate: 2,
    });
    assert.deepEqual(pull(core, 'k', [1], messages('a')), { ...none, accepted: 1 });
    assert.deepEqual(pull(core, 'j', [9], messages('a')), { ...none, accepted: 1 });
    assert.deepEqual(pull(core, 'j', [1, 1_000_000], messages('a', 'z')), {
      ...none,
      accepted: 1,
      duplicate: 1,
    });
    assert.deepEqual(takeTexts(core), ['a', 'b', 'c', 'a', 'a', 'z']);
  });

  test('the same number with other bytes is a new message, and is remembered beside the first', (t) => {
    const core = testJournal(t).open();
    pull(core, 'j', [5], messages('before'));
    assert.deepEqual(pull(core, 'j', [5], messages('restored')), { ...none, accepted: 1, conflict: 1 });
    assert.deepEqual(pull(core, 'j', [5], messages('restored')), { ...none, duplicate: 1 });
    assert.deepEqual(pull(core, 'j', [5], messages('before')), { ...none, duplicate: 1 });
    assert.equal(core.stats().conflict, 1);
  });

  test('a quarantined message is remembered too', (t) => {
    const core = testJournal(t).open();
    assert.deepEqual(pull(core, 'j', [1], [invalid('bad')]), { ...none, quarantined: 1 });
    assert.deepEqual(pull(core, 'j', [1], [invalid('bad')]), { ...none, duplicate: 1 });
    assert.deepEqual(pull(core, 'j', [1], [message('bad')]), { ...none, duplicate: 1 });
    assert.equal(core.listQuarantine().length, 1);
  });

  test('repeats within one call and within one transaction are found', (t) => {
    const core = testJournal(t).open();
    assert.deepEqual(pull(core, 'j', [1, 1], messages('a', 'a')), { ...none, accepted: 1, duplicate: 1 });
    const call = {
      messages: messages('b'),
      origin: { kind: 'sequenced', journal: 'j', sequences: [2] },
    } as const;
    assert.deepEqual(
      core.appendAll([call, call]).map(({ accepted }) => accepted),
      [1, 0],
    );
    assert.throws(() => pull(core, 'j', [1], messages('a', 'b')), fails('BUG', /2 messages with 1 sequence/));
  });

  test('memory is bounded by number and by days, per sensor', (t) => {
    const journal = testJournal(t);
    const core = journal.open();
    const { rememberedMessages, pruneSlack, rememberedDays } = journalLimits;
    const total = rememberedMessages + pruneSlack + 1000;
    const batch = Array.from({ length: 5000 }, () => message('x'));
    pull(core, 'quiet', [1], messages('q'));
    for (let from = 1; from <= total; from += batch.length) {
      pull(
        core,
        'busy',
        batch.map((_, index) => from + index),
        batch,
      );
    }
    const count =
      'SELECT journal, remembered, (SELECT count(*) FROM seen WHERE origin = origin.id) AS rows FROM origin';
    const [quiet, busy] = inspect<{ remembered: number; rows: number }>(journal.path, count);
    assert.equal(quiet?.rows, 1);
    assert.equal(busy?.rows, busy?.remembered);
    assert.ok(
      (busy?.rows ?? 0) >= rememberedMessages && (busy?.rows ?? 0) <= rememberedMessages + pruneSlack,
    );
    assert.deepEqual(pull(core, 'busy', [total - 5000], [message('x')]), { ...none, duplicate: 1 });
    assert.deepEqual(pull(core, 'busy', [1], [message('x')]), { ...none, accepted: 1 });
    journal.clock.advance((rememberedDays * 24 + 1) * 3_600_000);
    pull(core, 'new', [1], messages('n'));
    assert.deepEqual(
      inspect<object>(journal.path, 'SELECT journal, remembered FROM origin').map((row) => ({ ...row })),
      [{ journal: 'new', remembered: 1 }],
    );
  });
});

describe('from a server without sequences', () => {
  test('what stood in the previous answer is not new, as a multiset and across runs', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    assert.deepEqual(answer(core, 'a', 'a', 'b'), [3, 0]);
    core.close();
    core = journal.open();
    assert.deepEqual(answer(core, 'a', 'a', 'a', 'b', 'c'), [2, 3]);
    assert.deepEqual(answer(core, 'c'), [0, 1]);
    assert.deepEqual(answer(core, 'a'), [1, 0], 'only the previous answer counts');
    assert.deepEqual(answer(core), [0, 0]);
    assert.deepEqual(answer(core, 'a'), [1, 0], 'an empty answer forgets');
  });
});
