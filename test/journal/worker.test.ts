/** The journal in another thread: the same interface, nothing copied that can be given away, and its end is noticed. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { MessageChannel, Worker } from 'node:worker_threads';
import { RelayError } from '../../src/core/errors.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournalInWorker, startJournalWorker } from '../../src/journal/journal-worker.ts';
import type { Damage, SetAside } from '../../src/journal/options.ts';
import { connectJournal, serveJournal } from '../../src/journal/remote.ts';
import { until } from '../support/until.ts';
import { checkInterface } from './check-interface.ts';
import {
  consumerOf,
  everything,
  fails,
  invalid,
  messages,
  takeTexts,
  tamper,
  testJournal,
} from './fixture.ts';

type Ending = Parameters<typeof testJournal>[0];

/** Both ends in this thread: what passes the port is cloned as between threads. */
async function connected(t: Ending) {
  const files = testJournal(t);
  const core = files.open();
  const { port1, port2 } = new MessageChannel();
  const stop = serveJournal(core, port2);
  const journal = await connectJournal(port1);
  t.after(() => {
    port1.close();
    port2.close();
  });
  return { files, core, journal, stop, port: port1 };
}

async function crashing(t: Ending) {
  const { path } = testJournal(t);
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('crashing-worker.js', import.meta.url), {
    workerData: { path, port: port2 },
    transferList: [port2],
  });
  worker.on('error', () => undefined);
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  t.after(() => void worker.terminate());
  return { worker, ended, journal: await connectJournal(port1), path };
}

test('the whole interface works in a worker', async (t) => {
  const { path } = testJournal(t);
  const journal = await openJournalInWorker({ path });
  await checkInterface(journal);
  await journal.close();
  await journal.close();
  await assert.rejects(journal.stats(), fails('JOURNAL_IO', /closed/));
});

describe('over a port', () => {
  test('a chunk and a shown body arrive as buffers of their own', async (t) => {
    const { journal } = await connected(t);
    await journal.append([...messages('aa', 'bb'), invalid('bad')]);
    const claim = await journal.peek('default');
    const chunk = await journal.read(claim?.id ?? 0);
    assert.equal(chunk.bodies.byteLength, 4);
    assert.equal(chunk.bodies.buffer.byteLength, 4);
    assert.equal((await journal.quarantine.show(1))?.body.buffer.byteLength, 3);
    await journal.close();
  });

  test('errors keep code, message and hint', async (t) => {
    const { journal } = await connected(t);
    await assert.rejects(journal.read(99), (error) => {
      assert.ok(error instanceof RelayError);
      assert.match(error.hint ?? '', /take a new lease/);
      return fails('LEASE_EXPIRED', /claim 99 is not open/)(error);
    });
    await journal.close();
  });

  test('calls that come together share transactions', async (t) => {
    const { core, journal } = await connected(t);
    let transactions = 0;
    core.onDue(() => transactions++);
    await Promise.all(Array.from({ length: 100 }, () => journal.append(messages('a'))));
    assert.ok(transactions < 50, `${transactions} transactions`);
    assert.equal(consumerOf(core).pending, 100);
    await journal.close();
  });

  test('announces what is due, also what the other thread put in', async (t) => {
    const { core, journal } = await connected(t);
    let announced = 0;
    const forget = journal.onDue(() => announced++);
    core.append({ messages: messages('a') });
    await until(() => announced === 1, { what: 'the announcement' });
    forget();
    core.append({ messages: messages('b') });
    await journal.stats();
    assert.equal(announced, 1);
    await journal.close();
  });

  test('claims end with the port, the messages are due again', async (t) => {
    const { core, journal, port } = await connected(t);
    await journal.append(messages('a', 'b'));
    await journal.lease('default', { messages: 1, bytes: 9 });
    await journal.peek('default');
    assert.equal(consumerOf(core).leased, 1);
    port.close();
    await until(() => consumerOf(core).leased === 0, { what: 'the lease to end' });
    await assert.rejects(journal.stats(), fails('JOURNAL_IO', /ended/));
    assert.deepEqual(takeTexts(core), ['a', 'b']);
  });

  test('serving can stop without closing the journal', async (t) => {
    const { core, journal, stop } = await connected(t);
    await journal.append(messages('a'));
    stop();
    await assert.rejects(journal.stats(), fails('JOURNAL_IO'));
    assert.deepEqual(takeTexts(core), ['a']);
  });

  test('a stub that closes may leave the journal to its owner', async (t) => {
    const files = testJournal(t);
    const core = files.open();
    const { port1, port2 } = new MessageChannel();
    let closed = 0;
    serveJournal(core, port2, () => closed++);
    const journal = await connectJournal(port1);
    const waiting = journal.append(messages('a'));
    await journal.close();
    assert.equal((await waiting).accepted, 1);
    assert.equal(closed, 1);
    assert.deepEqual(takeTexts(core), ['a']);
  });

  test('an unknown verb is a bug, not a crash', async (t) => {
    const { port } = await connected(t);
    const answer = once(port, 'message');
    port.postMessage({ call: 7, method: 'constructor', args: [] });
    assert.match(JSON.stringify(await answer), /"code":"BUG"/);
  });
});

describe('the end of the thread', () => {
  for (const order of ['crash', 'exit'] as const) {
    test(`${order}: rejects what is under way and what comes later; the file is whole`, async (t) => {
      const { worker, ended, journal, path } = await crashing(t);
      await journal.append(messages('a'));
      await journal.lease('default', everything);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      worker.postMessage(order);
      const calls = Array.from({ length: 3 }, () => journal.stats());
      const results = await Promise.allSettled(calls);
      await ended;
      const rejected = results.filter((result) => result.status === 'rejected');
      for (const { reason } of rejected)
        assert.ok(fails('JOURNAL_IO', /the thread of the journal has ended/)(reason));
      await assert.rejects(journal.append(messages('b')), fails('JOURNAL_IO', /has ended/));
      await journal.close();
      assert.deepEqual(takeTexts(testJournalAt(t, path)), ['a']);
    });
  }

  test('closing the worker leaves journals as after a crash', async (t) => {
    const files = testJournal(t);
    const worker = startJournalWorker(() => assert.fail('ended by itself'));
    const journal = await worker.open({ path: files.path });
    await journal.append(messages('a'));
    await worker.close();
    await assert.rejects(journal.stats(), fails('JOURNAL_IO'));
    await assert.rejects(worker.open({ path: files.path }), fails('JOURNAL_IO'));
    assert.deepEqual(takeTexts(files.open()), ['a']);
  });
});

function testJournalAt(t: Ending, path: string) {
  return testJournal(t).open({ path });
}

describe('one thread, several journals', () => {
  test('each with its own path, consumers and fate', async (t) => {
    const files = testJournal(t);
    const worker = startJournalWorker();
    t.after(() => void worker.close());
    const paths = ['one', 'two'].map((name) => join(files.dir, name, 'journal.db'));
    const journals = await Promise.all(
      paths.map((path, index) => worker.open({ path, consumers: [`c${index}`] })),
    );
    await Promise.all(journals.map((journal, index) => journal.append(messages(`m${index}`))));
    await assert.rejects(worker.open({ path: paths[0] ?? '' }), fails('JOURNAL_BUSY'));
    const [one, two] = journals;
    assert.notEqual(one?.id, two?.id);
    assert.equal((await two?.lease('c1', everything))?.count, 1);
    await one?.close();
    assert.deepEqual(takeTexts(files.open({ path: paths[0] ?? '', consumers: ['c0'] }), 'c0'), ['m0']);
    assert.equal((await two?.stats())?.accepted, 1);
    await two?.close();
    await worker.close();
  });

  test('what happened to a file is told', async (t) => {
    const files = testJournal(t);
    writeFileSync(files.path, 'no database '.repeat(100));
    const setAside: SetAside[] = [];
    const damages: Damage[] = [];
    const events = {
      onSetAside: (event: SetAside) => setAside.push(event),
      onDamage: (event: Damage) => damages.push(event),
    };
    const journal = await openJournalInWorker({ path: files.path, ...events });
    assert.equal(setAside.length, 1);
    await journal.append(messages('aa'));
    tamper(files.path, 'UPDATE message SET crc32 = 0');
    const claim = await journal.lease('default', everything);
    await assert.rejects(journal.read(claim?.id ?? 0), fails('JOURNAL_CORRUPT'));
    assert.equal(damages[0]?.sequence, 1);
    assert.equal(Buffer.from(damages[0]?.body ?? []).toString(), 'aa');
    await journal.close();
  });

  test('a new id after a file was set aside reaches the stub', async (t) => {
    const files = testJournal(t);
    let core = files.open();
    for (let count = 0; count < 100; count++) core.append({ messages: messages('x'.repeat(4000)) });
    core.close();
    const { port1, port2 } = new MessageChannel();
    spoil(files.path);
    core = files.open();
    serveJournal(core, port2);
    const journal = await connectJournal(port1);
    const before = journal.id;
    const claim = await journal.peek('default');
    // Found before anything was given: what is announced belongs to the new id already.
    assert.equal(files.setAside.length, 1);
    assert.notEqual(journal.id, before);
    assert.equal(journal.id, core.id);
    await readToEnd(journal, claim?.id ?? 0);
    assert.equal((await journal.append(messages('b'))).first, 101);
    await journal.close();
    assert.ok(readdirSync(files.dir).some((name) => name.includes('.corrupt-')));
  });
});

function spoil(path: string): void {
  const file = readFileSync(path);
  file.fill(0xa5, 16_384 * 20);
  writeFileSync(path, file);
}

async function readToEnd(journal: Journal, claim: number): Promise<void> {
  while (!(await journal.read(claim)).done);
}
