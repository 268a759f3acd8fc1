/** What a damaged disk leaves of a journal goes on in a new one; what it took is counted; what is no damage is left alone. */

import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { JournalCore } from '../../src/journal/core.ts';
import { layoutOf } from '../../src/journal/salvage/layout.ts';
import { salvageWords } from '../../src/journal/salvage/report.ts';
import {
  assertLaw,
  consumerOf,
  everything,
  fails,
  invalid,
  messages,
  readTexts,
  takeTexts,
  tamper,
  testJournal,
  type TestJournal,
} from './fixture.ts';

const PAGE = 16 * 1024;
const FRAME = PAGE + 24;

/** As another file of the same name: this process may have the old one open still (driver.ts). */
function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const content = readFileSync(path);
  content.set(bytes, at);
  writeFileSync(`${path}.next`, content);
  renameSync(`${path}.next`, path);
}

function flip(path: string, at: number, bit = 1): void {
  overwrite(path, at, Buffer.from([(readFileSync(path)[at] ?? 0) ^ bit]));
}

function ruinPage(path: string, page: number | undefined): void {
  assert.ok(page !== undefined);
  overwrite(path, (page - 1) * PAGE, Buffer.alloc(PAGE, 0xa5));
}

function rootOf(path: string, table: string): number | undefined {
  return layoutOf(path).tables.get(table)?.root;
}

/** The files as a kill would leave them, beside the journal that still has them open; returns the copy's path. */
function killedCopy(journal: TestJournal): string {
  const path = join(journal.dir, 'killed.db');
  for (const part of ['', '-wal']) copyFileSync(journal.path + part, path + part);
  return path;
}

describe('everything a journal knows is brought over', () => {
  const origin = { kind: 'sequenced', journal: 'cd'.repeat(16), sequences: [7, 8] } as const;

  function filled(t: TestContext): { journal: TestJournal; id: string } {
    const journal = testJournal(t);
    const core = journal.open({ consumers: ['x', 'y'] });
    core.append({ messages: messages('a', 'b'), origin });
    core.append({ messages: [...messages('c'), invalid('bad')] });
    core.takeFiles([{ name: 'f.xml', identity: 'i', messages: messages('d') }], { found: 1, taken: 1 });
    core.setState('last success', '{"at":1}');
    const poison = core.lease('x', { messages: 1, bytes: 1 });
    core.bury(poison?.id ?? 0, 1, { reason: 'refused', detail: '{}' });
    const settled = core.lease('y', { messages: 2, bytes: 100 });
    core.settle(settled?.id ?? 0);
    const tried = core.lease('x', { messages: 1, bytes: 1 });
    core.release(tried?.id ?? 0, { failed: true });
    const { id } = core;
    core.close();
    return { journal, id };
  }

  const ruins: readonly [what: string, ruin: (path: string) => void][] = [
    ['the header', (path) => overwrite(path, 0, Buffer.alloc(100, 0x55))],
    ['one field of the header', (path) => flip(path, 45)],
    ['the mark in the header', (path) => flip(path, 68)],
    ['the format\u2019s number, to one that is far too high', (path) => flip(path, 60, 0x40)],
    ['a word of the schema', (path) => flip(path, readFileSync(path).indexOf('delivery(') + 2)],
    ['the id', (path) => ruinPage(path, rootOf(path, 'meta'))],
  ];
  for (const [what, ruin] of ruins) {
    test(`damaged: ${what}`, (t) => {
      const { journal, id } = filled(t);
      ruin(journal.path);
      const core = journal.open({ consumers: ['x', 'y'] });
      const attempts: number[] = [];
      const claim = core.lease('x', everything);
      assert.deepEqual(readTexts(core, claim?.id ?? 0, attempts), ['b', 'c', 'd']);
      core.settle(claim?.id ?? 0);
      assert.deepEqual(attempts, [1, 0, 0]);
      assert.deepEqual(takeTexts(core, 'y'), ['c', 'd']);
      assert.equal(journal.setAside.length, 1);
      assert.notEqual(core.id, id);
      const [event] = journal.setAside;
      assert.ok(event?.salvaged);
      assert.equal(salvageWords(event.salvaged), 'salvaged 3 of 3 messages, 0 damaged');
      assert.deepEqual(
        core.listQuarantine().map(({ kind, consumer, reason }) => [kind, consumer, reason]),
        [
          ['invalid', undefined, 'E12'],
          ['poison', 'x', 'refused'],
        ],
      );
      assert.equal(core.getState('last success'), '{"at":1}');
      assert.ok(core.knowsFile({ name: 'f.xml', identity: 'i' }));
      assert.equal(core.append({ messages: messages('a', 'b'), origin }).duplicate, 2);
      assert.equal(core.append({ messages: messages('e') }).first, 5);
      const { accepted, settled, dead } = consumerOf(core, 'x');
      assert.deepEqual([accepted, settled, dead], [5, 3, 1]);
      assert.deepEqual(core.fileCounters(), { found: 1, taken: 1 });
      assertLaw(core);
      core.acceptQuarantined(2);
      assert.deepEqual(takeTexts(core, 'x'), ['e', 'a']);
      assertLaw(core);
    });
  }

  test('who is owed a message is unreadable: everybody is', (t) => {
    const { journal } = filled(t);
    ruinPage(journal.path, rootOf(journal.path, 'delivery'));
    const core = journal.open({ consumers: ['x', 'y'] });
    for (const name of ['x', 'y']) assert.deepEqual(takeTexts(core, name), ['a', 'b', 'c', 'd'].slice(1));
    assertLaw(core);
  });

  test('a file that is in the spool still is taken once more when its message is lost, and only then', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    const file = (name: string) => ({
      name,
      identity: 'i',
      messages: messages(`<${name}>${'x'.repeat(12_000)}`),
    });
    core.takeFiles(['a', 'b', 'c'].map(file), { found: 3, taken: 3 });
    core.close();
    const at = readFileSync(journal.path).lastIndexOf('<b>');
    ruinPage(journal.path, Math.floor(at / PAGE) + 1);
    core = journal.open();
    const names = takeTexts(core).map((text) => text.slice(0, 3));
    assert.deepEqual(names, ['<a>', '<c>']);
    assert.deepEqual(
      core.listFiles().map(({ name }) => name),
      ['a', 'c'],
    );
    assert.deepEqual(consumerOf(core).dropped, { damaged: 1 });
    // Its number may be another's now: a file removed by hand withdraws nothing.
    core.append({ messages: messages('later') });
    assert.equal(core.withdrawFiles([{ name: 'c', identity: 'i' }]), 0);
    assertLaw(core);
  });
});

describe('the write-ahead log', () => {
  function unclean(t: TestContext): { journal: TestJournal; path: string; frames: number } {
    const journal = testJournal(t);
    const core = journal.open();
    for (let count = 0; count < 20; count++)
      core.append({ messages: messages(`<${count}>${'y'.repeat(5000)}`) });
    const path = killedCopy(journal);
    return { journal, path, frames: Math.floor((statSync(`${path}-wal`).size - 32) / FRAME) };
  }

  function numbers(core: JournalCore): number[] {
    return takeTexts(core).map((text) => Number(/<(\d+)>/.exec(text)?.[1]));
  }

  test('a bit flipped in its middle costs nothing but that frame', (t) => {
    const { journal, path, frames } = unclean(t);
    flip(`${path}-wal`, 32 + FRAME * Math.floor(frames / 2) + 24 + 100);
    const core = journal.open({ path });
    assert.equal(journal.setAside.length, 1);
    assert.match(journal.setAside[0]?.reason ?? '', /write-ahead log/);
    assert.deepEqual(new Set(numbers(core)).size, 20);
    assertLaw(core);
  });

  test('its header', (t) => {
    const { journal, path } = unclean(t);
    flip(`${path}-wal`, 18);
    const core = journal.open({ path });
    assert.equal(journal.setAside.length, 1);
    assert.equal(new Set(numbers(core)).size, 20);
  });

  test('a torn end is what every kill leaves: not damaged, nothing set aside', (t) => {
    const { journal, path, frames } = unclean(t);
    truncateSync(`${path}-wal`, 32 + FRAME * (frames - 1) + 5000);
    const core = journal.open({ path });
    assert.deepEqual(numbers(core), [...Array(19).keys()]);
    assert.deepEqual(journal.setAside, []);
    assertLaw(core);
  });

  test('its database is gone or empty: what the log has is delivered', (t) => {
    for (const spoil of [rmSync, (path: string) => truncateSync(path, 0)]) {
      const { journal, path } = unclean(t);
      spoil(path);
      const core = journal.open({ path });
      assert.equal(new Set(numbers(core)).size, 20);
      assert.match(journal.setAside[0]?.reason ?? '', /missing/);
    }
  });
});

test('a free page that is none: what it holds is not overwritten', (t) => {
  const journal = testJournal(t);
  let core = journal.open();
  const texts = Array.from({ length: 60 }, (_, index) => `<${index}>${'z'.repeat(7000)}`);
  core.append({ messages: messages(...texts) });
  const claim = core.lease('default', { messages: 30, bytes: 1e9 });
  core.settle(claim?.id ?? 0);
  core.close();
  const file = readFileSync(journal.path);
  const trunk = file.readUInt32BE(32);
  assert.ok(trunk > 0 && file.readUInt32BE(36) > 2);
  const last = Math.floor(file.lastIndexOf(`<59>`) / PAGE) + 1;
  const entry = Buffer.alloc(4);
  entry.writeUInt32BE(last);
  overwrite(journal.path, (trunk - 1) * PAGE + 8, entry);
  core = journal.open();
  core.append({ messages: messages(...texts.map((text) => text.replace('<', '<new '))) });
  assert.equal(takeTexts(core).filter((text) => texts.slice(30).includes(text)).length, 30);
  assert.equal(journal.setAside.length, 1);
  assertLaw(core);
});

test('a file that ends within its last page: what was there is damaged, the rest delivered', (t) => {
  const journal = testJournal(t);
  let core = journal.open();
  const texts = Array.from({ length: 20 }, (_, index) => `<${index}>${'z'.repeat(7000)}`);
  core.append({ messages: messages(...texts) });
  core.close();
  const file = readFileSync(journal.path);
  const cut = file.length - PAGE + 20;
  writeFileSync(`${journal.path}.next`, file.subarray(0, cut));
  renameSync(`${journal.path}.next`, journal.path);
  core = journal.open();
  const left = texts.filter((text) => file.subarray(0, cut).includes(text));
  assert.ok(left.length < 20);
  assert.deepEqual(takeTexts(core), left);
  assert.deepEqual(consumerOf(core).dropped, { damaged: 20 - left.length });
  assert.equal(journal.setAside.length, 1);
  assertLaw(core);
});

test('a wrong overflow pointer costs its own message only', (t) => {
  const journal = testJournal(t);
  let core = journal.open();
  const texts = ['a', 'b'].map((letter) => letter.repeat(100_000));
  core.append({ messages: messages(...texts) });
  core.close();
  const file = readFileSync(journal.path);
  // The first page of the overflow of `a` names the one of `b` as its next.
  const first = (letter: string): number => {
    for (let page = 2; page <= file.length / PAGE; page++) {
      if (file.toString('latin1', (page - 1) * PAGE + 4, page * PAGE) === letter.repeat(PAGE - 4))
        return page;
    }
    return 0;
  };
  const pointer = Buffer.alloc(4);
  pointer.writeUInt32BE(first('b'));
  overwrite(journal.path, (first('a') - 1) * PAGE, pointer);
  core = journal.open();
  assert.deepEqual(takeTexts(core), [texts[1]]);
  assert.deepEqual(consumerOf(core).dropped, { damaged: 1 });
  assertLaw(core);
});

test('a row that lost its state, and a counter that is off, are found before anything is given', (t) => {
  const cases = [
    'UPDATE delivery SET state = 1 WHERE seq = 2',
    `UPDATE counter SET value = value + 4 WHERE name = 'consumer:1:pending'`,
    'DELETE FROM delivery WHERE seq = 2',
    'UPDATE delivery SET consumer = 9 WHERE seq = 2',
  ];
  for (const sql of cases) {
    const journal = testJournal(t);
    let core = journal.open();
    core.append({ messages: messages('a', 'b', 'c') });
    core.close();
    tamper(journal.path, sql);
    core = journal.open();
    assert.deepEqual(takeTexts(core), ['a', 'b', 'c'], sql);
    assert.equal(journal.setAside.length, 1, sql);
    assertLaw(core);
  }
});

describe('a crash while a damaged file is replaced', () => {
  function damaged(t: TestContext): TestJournal {
    const journal = testJournal(t);
    const core = journal.open();
    core.append({ messages: messages('a', 'b') });
    core.close();
    flip(journal.path, 45);
    return journal;
  }

  test('before the new file is complete: it begins again', (t) => {
    const journal = damaged(t);
    writeFileSync(`${journal.path}.salvaging`, 'half');
    assert.deepEqual(takeTexts(journal.open()), ['a', 'b']);
    assert.ok(!existsSync(`${journal.path}.salvaging`));
  });

  test('before the old file is set aside: it begins again', (t) => {
    const journal = damaged(t);
    writeFileSync(`${journal.path}.salvaged`, 'whatever');
    assert.deepEqual(takeTexts(journal.open()), ['a', 'b']);
    assert.equal(journal.setAside.length, 1);
  });

  test('after that: the complete one is put in place', (t) => {
    const journal = damaged(t);
    journal.open().close();
    // As if the last rename had not happened, and the old log had not been moved.
    renameSync(journal.path, `${journal.path}.salvaged`);
    writeFileSync(`${journal.path}-wal`, 'the old log');
    const core = journal.open();
    assert.deepEqual(takeTexts(core), ['a', 'b']);
    assert.match(journal.setAside[1]?.reason ?? '', /interrupted/);
    assert.ok(readdirSync(journal.dir).some((name) => /corrupt-.*-wal$/.test(name)));
  });
});

test('a sensor\u2019s new id: its poller gets again what it had not acknowledged, and nothing else', (t) => {
  const [sensor, poller] = [testJournal(t), testJournal(t)];
  let from = sensor.open();
  const to = poller.open();
  from.append({ messages: messages('a', 'b', 'c', 'd', 'e') });
  const pull = (count: number, acknowledge: boolean): number => {
    const claim = from.lease('default', { messages: count, bytes: 1e6 });
    assert.ok(claim);
    const { sequences } = from.read(claim.id);
    from.rewind(claim.id);
    const texts = readTexts(from, claim.id);
    const { accepted } = to.append({
      messages: messages(...texts),
      origin: { kind: 'sequenced', journal: from.id, sequences },
    });
    if (acknowledge) from.settle(claim.id);
    return accepted;
  };
  assert.equal(pull(2, true), 2);
  assert.equal(pull(2, false), 2);
  from.close();
  flip(sensor.path, 45);
  from = sensor.open();
  assert.equal(pull(9, true), 3);
  assert.deepEqual(takeTexts(to), ['a', 'b', 'c', 'd', 'c', 'd', 'e']);
  assertLaw(to);
  assertLaw(from);
});

test('a full disk or a failing one is no reason to give up the old file', (t) => {
  const journal = testJournal(t);
  const core = journal.open();
  core.append({ messages: messages('a') });
  core.close();
  flip(journal.path, 45);
  const before = readFileSync(journal.path);
  const failing = { ...journal.options, path: journal.path };
  assert.throws(
    () =>
      journal.open({
        ...failing,
        random: {
          bytes: () => {
            throw Object.assign(new Error('database or disk is full'), {
              code: 'ERR_SQLITE_ERROR',
              errcode: 13,
            });
          },
        },
      }),
    fails('JOURNAL_FULL', /disk is full/),
  );
  assert.deepEqual(readFileSync(journal.path), before);
  assert.deepEqual(journal.setAside, []);
  assert.deepEqual(takeTexts(journal.open()), ['a']);
});

test('looking only says that it is damaged and salvages nothing', (t) => {
  const journal = testJournal(t);
  journal.open().close();
  overwrite(journal.path, 0, Buffer.alloc(100, 0x55));
  assert.throws(() => journal.open({ readOnly: true }), fails('JOURNAL_CORRUPT'));
  assert.deepEqual(journal.setAside, []);
});
