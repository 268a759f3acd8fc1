/** A disk that flips bits costs the messages it hit, counted, and nothing else. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assertLaw,
  consumerOf,
  everything,
  fails,
  message,
  messages,
  readTexts,
  takeTexts,
  tamper,
  testJournal,
} from './fixture.ts';

describe('a damaged message is dropped, counted and reported, and the others are delivered', () => {
  const cases: readonly [what: string, sql: string, reason: RegExp][] = [
    [
      'a flipped bit',
      `UPDATE message SET body = CAST('X' || substr(body, 2) AS BLOB) WHERE seq = 2`,
      /checksum/,
    ],
    ['a wrong checksum', 'UPDATE message SET crc32 = crc32 + 1 WHERE seq = 2', /checksum/],
    ['a short body', 'UPDATE message SET body = substr(body, 2) WHERE seq = 2', /1 bytes instead of 2/],
    ['a wrong length', 'UPDATE delivery SET len = 3 WHERE seq = 2', /2 bytes instead of 3/],
    ['a missing body', 'DELETE FROM message WHERE seq = 2', /missing/],
  ];
  for (const [what, sql, reason] of cases) {
    test(what, (t) => {
      const journal = testJournal(t);
      const core = journal.open({ consumers: ['x', 'y'] });
      core.append({ messages: messages('aa', 'bb', 'cc') });
      tamper(journal.path, sql);
      const claim = core.lease('x', everything);
      assert.ok(claim);
      assert.throws(() => core.read(claim.id), fails('JOURNAL_CORRUPT', /damaged: 2$/));
      assert.throws(() => core.read(claim.id), fails('JOURNAL_CORRUPT', /damaged: 2$/));
      assert.equal(journal.damages.length, 1);
      assert.match(journal.damages[0]?.reason ?? '', reason);
      assert.deepEqual([journal.damages[0]?.sequence, journal.damages[0]?.consumers], [2, ['x', 'y']]);
      assert.deepEqual(consumerOf(core, 'y').dropped, { damaged: 1 });
      core.release(claim.id);
      assertLaw(core);
      assert.equal(consumerOf(core, 'x').pendingBytes, 4);
      assert.deepEqual(takeTexts(core, 'x'), ['aa', 'cc']);
      assert.deepEqual(takeTexts(core, 'y'), ['aa', 'cc']);
      assert.equal(consumerOf(core, 'x').settled, 2);
      assertLaw(core);
    });
  }
});

test('in the middle of a long answer: what was read before is right, the answer is broken off there', (t) => {
  const journal = testJournal(t);
  const core = journal.open();
  const texts = Array.from({ length: 300 }, (_, index) => `<${index + 1}>`);
  core.append({ messages: texts.map(message) });
  tamper(
    journal.path,
    `UPDATE message SET body = CAST('?' || substr(body, 2) AS BLOB) WHERE seq IN (200, 202)`,
  );
  const claim = core.peek('default');
  assert.ok(claim);
  assert.equal(claim.count, 300);
  assert.equal(core.read(claim.id).sequences.at(-1), 128);
  assert.throws(() => core.read(claim.id), fails('JOURNAL_CORRUPT', /damaged: 200,202/));
  core.release(claim.id);
  const again = core.peek('default');
  assert.deepEqual(
    readTexts(core, again?.id ?? 0),
    texts.filter((text) => text !== '<200>' && text !== '<202>'),
  );
  assert.deepEqual(consumerOf(core).dropped, { damaged: 2 });
  assertLaw(core);
});

test('another claim that had announced it notices; who settles unread settles what is left', (t) => {
  const journal = testJournal(t);
  const core = journal.open({ consumers: ['x', 'y'] });
  core.append({ messages: messages('aa', 'bb', 'cc') });
  const peek = core.peek('x');
  const blind = core.lease('y', everything);
  tamper(journal.path, 'UPDATE message SET crc32 = 0 WHERE seq = 2');
  const finder = core.lease('x', everything);
  assert.throws(() => core.read(finder?.id ?? 0), fails('JOURNAL_CORRUPT'));
  assert.equal(core.read(peek?.id ?? 0).sequences.length, 2);
  assert.throws(() => core.read(peek?.id ?? 0), fails('JOURNAL_CORRUPT', /1 of 3 messages missing/));
  core.settle(blind?.id ?? 0);
  assert.deepEqual([consumerOf(core, 'y').settled, consumerOf(core, 'y').dropped], [2, { damaged: 1 }]);
  core.release(peek?.id ?? 0);
  core.settle(finder?.id ?? 0);
  assert.equal(journal.damages.length, 1);
  assertLaw(core);
});
