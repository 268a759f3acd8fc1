/** The asynchronous journal on one thread: grouping, order, announcements, memory. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { journalLimits } from '../../src/core/limits.ts';
import { JournalCore } from '../../src/journal/core.ts';
import { InProcessJournal, openJournal } from '../../src/journal/in-process.ts';
import { systemClock } from '../../src/os/clock.ts';
import { until } from '../support/until.ts';
import { checkInterface } from './check-interface.ts';
import {
  assertLaw,
  consumerOf,
  everything,
  fails,
  garbageCollector,
  inspect,
  message,
  messages,
  readTexts,
  testJournal,
} from './fixture.ts';

/** Counts the transactions. */
class CountingCore extends JournalCore {
  appended = 0;
  settled = 0;

  override appendAll(...args: Parameters<JournalCore['appendAll']>): ReturnType<JournalCore['appendAll']> {
    this.appended++;
    return super.appendAll(...args);
  }

  override settleAll(...args: Parameters<JournalCore['settleAll']>): ReturnType<JournalCore['settleAll']> {
    this.settled++;
    return super.settleAll(...args);
  }
}

function wrapped(t: Parameters<typeof testJournal>[0]) {
  const files = testJournal(t);
  const core = new CountingCore(files.options);
  t.after(() => core.close());
  return { files, core, journal: new InProcessJournal(core) };
}

describe('grouping', () => {
  test('appends that come together share transactions, bounded by messages and bytes', async (t) => {
    const { core, journal } = wrapped(t);
    const { commitMessages, commitBytes } = journalLimits;
    const results = await Promise.all(
      Array.from({ length: commitMessages + 1 }, (_, index) => journal.append([message(String(index))])),
    );
    assert.equal(core.appended, 2);
    assert.deepEqual(
      results.map(({ first }) => first),
      results.map((_, index) => index + 1),
    );
    const large = { body: Buffer.alloc(commitBytes / 2 + 1, 'x'), severity: 1 as const };
    await Promise.all([journal.append([large]), journal.append([large]), journal.append([large])]);
    assert.equal(core.appended, 5);
    await journal.append([large, large, large]);
    assert.equal(core.appended, 6);
    assertLaw(core);
  });

  test('settlements share transactions; one that names no open claim fails alone', async (t) => {
    const { core, journal } = wrapped(t);
    await journal.append(messages('a', 'b', 'c'));
    const claim = await journal.lease('default', everything);
    assert.ok(claim);
    const results = await Promise.allSettled([
      journal.settle(claim.id, [1]),
      journal.settle(77),
      journal.settle(claim.id, [2]),
      journal.settle(claim.id, [9]),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
    );
    assert.equal(core.settled, 1);
    assert.deepEqual([consumerOf(core).settled, consumerOf(core).leased], [2, 1]);
  });

  test('what is settled is not given back by a release that follows without waiting', async (t) => {
    const { core, journal } = wrapped(t);
    await journal.append(messages('a', 'b'));
    const claim = await journal.lease('default', everything);
    assert.ok(claim);
    const settled = journal.settle(claim.id, [1]);
    await journal.release(claim.id);
    await settled;
    assert.deepEqual([consumerOf(core).settled, consumerOf(core).pending], [1, 1]);
  });

  test('a failed group rejects all its calls and stores none', async (t) => {
    const files = testJournal(t);
    const core = files.open({ maxBytes: 1 });
    const journal = new InProcessJournal(core);
    const results = await Promise.allSettled([journal.append(messages('a')), journal.append(messages('b'))]);
    for (const result of results) {
      assert.ok(result.status === 'rejected' && fails('JOURNAL_FULL')(result.reason));
    }
    assert.equal(core.stats().offered, 0);
  });

  test('closing commits what is waiting', async (t) => {
    const { files, journal } = wrapped(t);
    const waiting = journal.append(messages('a'));
    await journal.close();
    assert.equal((await waiting).accepted, 1);
    assert.equal(inspect(files.path, 'SELECT * FROM message').length, 1);
    await assert.rejects(journal.append(messages('b')), fails('JOURNAL_IO', /closed/));
    await turn();
  });
});

describe('announcements', () => {
  test('after a commit that made something due, until it is given up', async (t) => {
    const { core, journal } = wrapped(t);
    let announced = 0;
    const forget = journal.onDue(() => announced++);
    await journal.append(messages('a'));
    assert.equal(announced, 1);
    await journal.append([]);
    const claim = await journal.lease('default', everything);
    assert.equal(announced, 1);
    await journal.release(claim?.id ?? 0);
    assert.equal(announced, 2);
    core.takeFiles([{ name: 'f', identity: '1', messages: messages('b') }]);
    assert.equal(announced, 3);
    forget();
    await journal.append(messages('c'));
    assert.equal(announced, 3);
    await journal.close();
  });

  test('when a message that was put off is due', async (t) => {
    const files = testJournal(t);
    const journal = await openJournal({ ...files.options, clock: systemClock });
    t.after(() => void journal.close());
    await journal.append(messages('a'));
    let announced = 0;
    journal.onDue(() => announced++);
    const claim = await journal.lease('default', everything);
    await journal.release(claim?.id ?? 0, { failed: true, notBefore: Date.now() + 30 });
    assert.equal(await journal.lease('default', everything), undefined);
    assert.equal(announced, 0);
    await until(() => announced > 0, { what: 'the announcement' });
    const again = await until(() => journal.lease('default', everything), { what: 'the lease' });
    assert.equal(again.count, 1);
  });
});

test('what no reader needs any more is swept in pieces while idle', async (t) => {
  const { files, core, journal } = wrapped(t);
  const count = journalLimits.sweepRows * 2 + 10;
  await journal.append(Array.from({ length: count }, () => message('x')));
  const reader = await journal.peek('default');
  const claim = await journal.lease('default', everything);
  await journal.settle(claim?.id ?? 0);
  assert.equal(inspect(files.path, 'SELECT * FROM message').length, count);
  assert.equal(readTexts(core, reader?.id ?? 0).length, count);
  await journal.release(reader?.id ?? 0);
  await until(() => inspect(files.path, 'SELECT * FROM message').length === 0, { what: 'the sweep' });
  await journal.close();
});

test('the whole interface works in one process', async (t) => {
  const { journal } = wrapped(t);
  await checkInterface(journal);
  await journal.close();
});

test('garbage collection does not close the connection under its statements', async (t) => {
  const collect = garbageCollector();
  const { journal } = wrapped(t);
  await journal.append(Array.from({ length: 400 }, () => message('x'.repeat(1000))));
  const claim = await journal.peek('default');
  for (let round = 0; round < 20; round++) {
    collect();
    await turn();
    const chunk = await journal.read(claim?.id ?? 0);
    collect();
    await journal.append(messages('y'));
    if (chunk.done) await journal.rewind(claim?.id ?? 0);
  }
  assert.equal((await journal.stats()).accepted, 420);
  await journal.close();
});
