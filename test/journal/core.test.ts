/** The verbs of the journal one by one, and the law after each. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { xmlLimits } from '../../src/core/limits.ts';
import type { JournalCore } from '../../src/journal/core.ts';
import {
  assertLaw,
  consumerOf,
  everything,
  fails,
  inspect,
  invalid,
  message,
  messages,
  readTexts,
  takeTexts,
  testJournal,
} from './fixture.ts';

function lease(
  core: JournalCore,
  consumer = 'default',
  want: { messages: number; bytes: number } = everything,
) {
  const claim = core.lease(consumer, want);
  assert.ok(claim, 'nothing is due');
  return claim;
}

describe('append', () => {
  test('gives contiguous sequence numbers and durable messages', (t) => {
    const journal = testJournal(t);
    const core = journal.open();
    const none = { duplicate: 0, quarantined: 0, conflict: 0 };
    assert.deepEqual(core.append({ messages: messages('a', 'b') }), {
      accepted: 2,
      ...none,
      first: 1,
      last: 2,
    });
    assert.deepEqual(core.append({ messages: [] }), { accepted: 0, ...none, first: 0, last: 0 });
    assert.deepEqual(core.append({ messages: messages('c') }), { accepted: 1, ...none, first: 3, last: 3 });
    core.close();
    assert.deepEqual(takeTexts(journal.open()), ['a', 'b', 'c']);
  });

  test('never gives a number twice, even after everything is settled and the process restarted', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    core.append({ messages: messages('a', 'b', 'c') });
    takeTexts(core);
    assert.deepEqual(inspect(journal.path, 'SELECT seq FROM message'), []);
    core.close();
    core = journal.open();
    assert.equal(core.append({ messages: messages('d') }).first, 4);
    assertLaw(core);
  });

  test('counts an invalid message and keeps it aside', (t) => {
    const core = testJournal(t).open();
    const result = core.append({ messages: [message('good'), invalid('bad'), invalid('worse', 'E7')] });
    assert.deepEqual([result.accepted, result.quarantined, result.first, result.last], [1, 2, 1, 1]);
    assert.deepEqual(core.stats().quarantined, { E12: 1, E7: 1 });
    assert.deepEqual(takeTexts(core), ['good']);
    assertLaw(core);
  });

  test('refuses before anything is written when its pages are used up, and goes on when they are freed', (t) => {
    const journal = testJournal(t);
    const maxBytes = 1024 * 1024;
    const core = journal.open({ maxBytes });
    const batch = Array.from({ length: 20 }, () => ({ body: Buffer.alloc(3000, 'x'), severity: 1 as const }));
    let appended = 0;
    const fill = (): void => {
      for (;;) {
        core.append({ messages: batch });
        appended += batch.length;
      }
    };
    assert.throws(fill, fails('JOURNAL_FULL', /\d+ bytes used of the 1048576 allowed/));
    assert.equal(core.stats().offered, appended);
    assert.ok(core.stats().usedBytes >= maxBytes);
    takeTexts(core);
    assert.ok(core.stats().usedBytes < maxBytes / 2);
    core.append({ messages: batch });
    assertLaw(core);
  });

  test('refuses a message beyond the limit, but quarantines it', (t) => {
    const core = testJournal(t).open();
    const body = Buffer.alloc(xmlLimits.messageBytes + 1);
    assert.throws(() => core.append({ messages: [{ body, severity: 0 }] }), fails('TOO_LARGE'));
    const quarantine = { reason: 'not-well-formed', detail: '{}' };
    assert.equal(core.append({ messages: [{ body, severity: 0, quarantine }] }).quarantined, 1);
    assert.equal(core.stats().offered, 1);
  });
});

describe('lease', () => {
  test('takes the oldest, within the wish, and always one', (t) => {
    const core = testJournal(t).open();
    core.append({ messages: messages('aaaa', 'bb', 'cc', 'dd') });
    assert.equal(lease(core, 'default', { messages: 9, bytes: 1 }).sequences, '1');
    assert.equal(lease(core, 'default', { messages: 9, bytes: 4 }).sequences, '2-3');
    assert.equal(lease(core, 'default', { messages: 0, bytes: 0 }).sequences, '4');
    assert.equal(core.lease('default', everything), undefined);
    assert.throws(() => core.lease('nobody', everything), fails('NOT_FOUND', /nobody/));
  });

  test('a restart voids it', (t) => {
    const journal = testJournal(t);
    const core = journal.open();
    core.append({ messages: messages('a') });
    lease(core);
    core.close();
    assert.deepEqual(takeTexts(journal.open()), ['a']);
  });

  test('released messages come before newer ones, in order', (t) => {
    const core = testJournal(t).open();
    core.append({ messages: messages('a', 'b', 'c', 'd') });
    const first = lease(core, 'default', { messages: 3, bytes: 99 });
    core.release(first.id, { sequences: [2] });
    assert.equal(lease(core).sequences, '2,4');
    core.release(first.id);
    assert.equal(lease(core).sequences, '1,3');
  });

  test('a message put off is due again in time, also after a restart or with the clock set back', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    core.append({ messages: messages('a', 'b') });
    core.release(lease(core).id, { failed: true, notBefore: journal.clock.now() + 60_000 });
    assert.equal(core.lease('default', everything), undefined);
    assert.equal(core.dueIn(), 60_000);
    core.close();
    core = journal.open();
    assert.equal(core.lease('default', everything), undefined);
    journal.clock.advance(60_000);
    const again = lease(core);
    assert.deepEqual(core.read(again.id).attempts, [1, 1]);
    core.release(again.id, { notBefore: journal.clock.now() + 365 * 86_400_000 });
    core.close();
    const yearAgo = {
      now: () => journal.clock.now() - 365 * 86_400_000,
      monotonic: () => journal.clock.monotonic(),
    };
    core = journal.open({ clock: yearAgo });
    assert.equal(core.lease('default', everything), undefined);
    journal.clock.advance(3_600_000);
    assert.deepEqual(takeTexts(core), ['a', 'b']);
  });

  test('a late holder hits nobody else', (t) => {
    const core = testJournal(t).open();
    core.append({ messages: messages('a') });
    const late = lease(core);
    core.release(late.id);
    const current = lease(core);
    assert.notEqual(current.id, late.id);
    for (const verb of [() => core.settle(late.id), () => core.release(late.id), () => core.read(late.id)]) {
      assert.throws(verb, fails('LEASE_EXPIRED'));
    }
    assert.equal(consumerOf(core).leased, 1);
    assert.throws(() => core.settle(current.id, [7]), fails('BUG', /message 7 is not in claim/));
  });

  test('settling part of it leaves the rest leased, reading skips what is settled', (t) => {
    const core = testJournal(t).open();
    core.append({ messages: messages('a', 'b', 'c') });
    const claim = lease(core);
    core.settle(claim.id, [2]);
    core.settle(claim.id, [2]);
    core.rewind(claim.id);
    assert.deepEqual(readTexts(core, claim.id), ['a', 'c']);
    assert.deepEqual([consumerOf(core).settled, consumerOf(core).leased], [1, 2]);
    core.settle(claim.id);
    assert.equal(core.isOpen(claim.id), false);
    assertLaw(core);
  });
});

describe('peek', () => {
  test('shows leased messages, hides nothing, and settles nothing', (t) => {
    const core = testJournal(t).open();
    core.append({ messages: messages('a', 'bb', 'ccc') });
    const leased = lease(core, 'default', { messages: 1, bytes: 9 });
    const claim = core.peek('default');
    assert.deepEqual([claim?.count, claim?.bytes, claim?.sequences], [3, 6, '']);
    assert.deepEqual(readTexts(core, claim?.id ?? 0), ['a', 'bb', 'ccc']);
    assert.throws(() => core.settle(claim?.id ?? 0), fails('BUG', /peek/));
    assert.equal(core.peek('default', { messages: 2 })?.bytes, 3);
    assert.equal(core.peek('default', { bytes: 2 })?.count, 1);
    core.settle(leased.id);
    assert.equal(core.peek('default')?.count, 2);
  });

  test('what is settled, withdrawn or buried meanwhile is still read; its body goes with the last reader', (t) => {
    const journal = testJournal(t);
    const core = journal.open({ consumers: ['x', 'y'] });
    const file = { name: 'f.xml', identity: 'i' };
    core.takeFiles([{ ...file, messages: messages('a', 'b') }]);
    core.append({ messages: messages('c', 'd') });
    const reader = core.peek('x');
    const later = lease(core, 'x', { messages: 3, bytes: 99 });
    core.withdrawFiles([file]);
    core.bury(later.id, 3, { reason: 'r', detail: '{}' });
    takeTexts(core, 'x');
    takeTexts(core, 'y');
    assert.equal(core.peek('x'), undefined);
    assert.deepEqual(readTexts(core, reader?.id ?? 0), ['a', 'b', 'c', 'd']);
    assert.deepEqual(readTexts(core, later.id), ['a', 'b']);
    core.settle(later.id);
    assert.equal(consumerOf(core, 'x').settled, 1);
    core.release(reader?.id ?? 0);
    assert.deepEqual(inspect(journal.path, 'SELECT * FROM message'), []);
    assert.deepEqual(inspect(journal.path, 'SELECT * FROM delivery'), []);
    assertLaw(core);
  });

  test('bodies kept for a reader that died with its process are swept', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    core.append({ messages: messages('a', 'b') });
    core.peek('default');
    takeTexts(core);
    assert.equal(inspect(journal.path, 'SELECT * FROM message').length, 2);
    core.close();
    core = journal.open();
    core.append({ messages: messages('c') });
    const peeked = core.peek('default');
    assert.deepEqual(readTexts(core, peeked?.id ?? 0), ['c']);
    assert.equal(core.sweep(), false);
    assert.deepEqual(inspect(journal.path, 'SELECT seq FROM message').length, 1);
  });
});

describe('consumers', () => {
  test('each is owed everything; a body stays until the last has settled', (t) => {
    const journal = testJournal(t);
    const core = journal.open({ consumers: ['x', 'y'] });
    core.append({ messages: messages('a') });
    assert.deepEqual(takeTexts(core, 'x'), ['a']);
    assert.equal(inspect(journal.path, 'SELECT * FROM message').length, 1);
    assert.deepEqual(takeTexts(core, 'y'), ['a']);
    assert.equal(inspect(journal.path, 'SELECT * FROM message').length, 0);
    assertLaw(core);
  });

  test('a new one is owed what is pending, one no longer named is held, goes on, and can be freed', (t) => {
    const journal = testJournal(t);
    let core = journal.open({ consumers: ['x'] });
    core.append({ messages: messages('a', 'b') });
    core.settle(lease(core, 'x', { messages: 1, bytes: 99 }).id);
    core.close();
    core = journal.open({ consumers: ['y'] });
    assert.deepEqual([consumerOf(core, 'x').held, consumerOf(core, 'x').active], [1, false]);
    assert.equal(consumerOf(core, 'y').accepted, 1);
    core.append({ messages: messages('c') });
    assert.throws(() => core.lease('x', everything), fails('NOT_FOUND'));
    assert.throws(() => core.freeConsumer('y'), fails('USAGE'));
    assert.throws(() => core.freeConsumer('z'), fails('NO_INPUT'));
    assert.deepEqual(takeTexts(core, 'y'), ['b', 'c']);
    assertLaw(core);
    core.close();
    core = journal.open({ consumers: ['x', 'y'] });
    assert.deepEqual(takeTexts(core, 'x'), ['b']);
    core.append({ messages: messages('d') });
    core.close();
    core = journal.open({ consumers: ['y'] });
    assert.equal(core.freeConsumer('x'), 1);
    assert.deepEqual(consumerOf(core, 'x').dropped, { discarded: 1 });
    assert.deepEqual(takeTexts(core, 'y'), ['d']);
    assertLaw(core);
  });
});

describe('quarantine', () => {
  test('an invalid message is accepted, mended or not, or dropped and stays counted', (t) => {
    const journal = testJournal(t);
    const core = journal.open();
    core.append({ messages: [invalid('one'), invalid('two'), invalid('three')] });
    const ids = core.listQuarantine().map(({ id }) => id);
    assert.deepEqual(core.listQuarantine()[0], {
      id: 1,
      at: journal.clock.now(),
      kind: 'invalid',
      consumer: undefined,
      reason: 'E12',
      detail: '{}',
      bytes: 3,
    });
    assert.equal(Buffer.from(core.showQuarantine(2)?.body ?? []).toString(), 'two');
    assert.equal(core.acceptQuarantined(ids[0] ?? 0, Buffer.from('mended')), true);
    assert.equal(core.acceptQuarantined(ids[1] ?? 0), true);
    assert.equal(core.dropQuarantined(ids[2] ?? 0), true);
    assert.equal(core.dropQuarantined(ids[2] ?? 0), false);
    assert.equal(core.acceptQuarantined(99), false);
    assert.equal(core.showQuarantine(99), undefined);
    assert.deepEqual(core.stats().quarantined, { E12: 1 });
    assert.deepEqual(takeTexts(core), ['mended', 'two']);
    assertLaw(core);
  });

  test('poison is dead for one consumer; accepted it is owed to it again under a new number', (t) => {
    const core = testJournal(t).open({ consumers: ['x', 'y'] });
    core.append({ messages: messages('a', 'b') });
    const claim = lease(core, 'x');
    core.bury(claim.id, 1, { reason: 'refused', detail: '{"status":500}' });
    core.bury(claim.id, 2, { reason: 'refused', detail: '{"status":500}' });
    assert.equal(core.isOpen(claim.id), false);
    assert.deepEqual([consumerOf(core, 'x').dead, consumerOf(core, 'y').pending], [2, 2]);
    const [first, second] = core.listQuarantine();
    assert.deepEqual([first?.kind, first?.consumer, first?.detail], ['poison', 'x', '{"status":500}']);
    core.acceptQuarantined(first?.id ?? 0);
    core.dropQuarantined(second?.id ?? 0);
    assert.deepEqual(consumerOf(core, 'x').dropped, { discarded: 1 });
    assert.equal(lease(core, 'x').sequences, '3');
    assert.deepEqual(takeTexts(core, 'y'), ['a', 'b']);
    assertLaw(core);
  });
});

describe('spool files', () => {
  test('messages and identity are one; a known file adds nothing', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    const file = { name: 'a.xml', identity: '1:2:3' };
    const taken = { ...file, messages: messages('a', 'b') };
    core.takeFiles([taken, { name: 'b.xml', identity: '9', messages: [invalid('x')] }], {
      found: 2,
      taken: 2,
    });
    core.close();
    core = journal.open();
    assert.equal(core.knowsFile(file), true);
    assert.equal(core.knowsFile({ ...file, identity: '1:2:4' }), false);
    assert.equal(core.takeFiles([taken], { found: 1, known: 1 })[0]?.accepted, 0);
    assert.deepEqual(
      core.listFiles().map(({ name }) => name),
      ['a.xml', 'b.xml'],
    );
    assert.deepEqual(core.stats().files, { found: 3, taken: 2, known: 1 });
    assertLaw(core);
    core.forgetFiles([file], { found: 1, 'refused:root': 1 });
    assert.equal(core.knowsFile(file), false);
    assert.equal(core.withdrawFiles([file]), 0);
    assert.deepEqual(takeTexts(core), ['a', 'b']);
    assertLaw(core);
  });

  test('a file that disappears withdraws what is unsettled, leased or not', (t) => {
    const core = testJournal(t).open();
    const file = { name: 'a.xml', identity: '1' };
    core.takeFiles([{ ...file, messages: messages('a', 'b', 'c') }]);
    core.append({ messages: messages('d') });
    const claim = lease(core, 'default', { messages: 2, bytes: 99 });
    core.settle(claim.id, [1]);
    assert.equal(core.withdrawFiles([file], { known: 0 }), 2);
    assert.deepEqual([consumerOf(core).pending, consumerOf(core).leased], [1, 0]);
    core.settle(claim.id, [2]);
    assert.equal(core.isOpen(claim.id), false);
    assert.deepEqual([consumerOf(core).settled, consumerOf(core).dropped], [1, { withdrawn: 2 }]);
    assert.deepEqual(takeTexts(core), ['d']);
    assertLaw(core);
  });
});

test('state is kept, the age of the oldest is known, and a closed journal says so', (t) => {
  const journal = testJournal(t);
  let core = journal.open();
  assert.equal(core.getState('streak'), undefined);
  core.setState('streak', '3');
  core.setState('streak', '4');
  const at = journal.clock.now();
  core.append({ messages: messages('a') });
  journal.clock.advance(5000);
  core.append({ messages: messages('b') });
  assert.equal(consumerOf(core).oldestAt, at);
  core.settle(lease(core, 'default', { messages: 1, bytes: 9 }).id);
  assert.equal(consumerOf(core).oldestAt, at + 5000);
  core.close();
  core.close();
  assert.throws(() => core.stats(), fails('JOURNAL_IO', /closed/));
  core = journal.open();
  assert.equal(core.getState('streak'), '4');
});
