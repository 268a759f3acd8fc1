/** What happens when the file is not as it should be: who is refused, what is set aside, what is never touched. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { RelayError } from '../../src/core/errors.ts';
import { Database } from '../../src/journal/database.ts';
import { openConnection } from '../../src/journal/driver.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from '../../src/journal/schema.ts';
import { corruption, explainFailure } from '../../src/journal/sqlite-errors.ts';
import { checkStateOwner } from '../../src/journal/state-owner.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  assertLaw,
  consumerOf,
  everything,
  fails,
  garbageCollector,
  inspect,
  messages,
  readTexts,
  takeTexts,
  testJournal,
} from './fixture.ts';

/** Names and digests of a directory's files, but for lock files and the index SQLite shares between processes. */
function snapshot(dir: string): Record<string, string> {
  const names = readdirSync(dir).filter((name) => !name.endsWith('.lock') && !name.endsWith('-shm'));
  return Object.fromEntries(names.map((name) => [name, digest(join(dir, name))]));
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function execute(path: string, sql: string): void {
  const db = new Database(path, openConnection(path, {}));
  db.exec(sql);
  db.close();
}

describe('a corrupt file is set aside, whole, and what is readable goes on in a new journal', () => {
  const garbage = Buffer.from('this is not a database, whatever its name says '.repeat(50));
  const cases: readonly [what: string, spoil: (file: Buffer) => Buffer, left: string[]][] = [
    ['text', () => garbage, []],
    ['a few bytes', () => Buffer.from('SQLite'), []],
    [
      'zeros in place of the header',
      (file) => Buffer.concat([Buffer.alloc(4096), file.subarray(4096)]),
      ['a'],
    ],
    [
      'a scrambled schema',
      (file) => Buffer.concat([file.subarray(0, 100), Buffer.alloc(16_284, 0xa5), file.subarray(16_384)]),
      ['a'],
    ],
    [
      'everything but the schema scrambled',
      (file) => Buffer.concat([file.subarray(0, 16_384), Buffer.alloc(file.length - 16_384, 0xa5)]),
      [],
    ],
    ['half of it', (file) => file.subarray(0, 20_000), []],
  ];
  for (const [what, spoil, left] of cases) {
    test(what, (t) => {
      const journal = testJournal(t);
      let core = journal.open();
      const { id } = core;
      core.append({ messages: messages('a') });
      core.close();
      const spoilt = spoil(readFileSync(journal.path));
      writeFileSync(journal.path, spoilt);
      core = journal.open();
      const [event] = journal.setAside;
      assert.equal(journal.setAside.length, 1);
      assert.match(basename(event?.path ?? ''), /^journal\.db\.corrupt-\d{8}T\d{6}Z$/);
      assert.match(event?.reason ?? '', /malformed|not a database|ends at page/);
      assert.notEqual(core.id, id);
      if (left.length > 0 || spoilt.length < 20_000)
        assert.deepEqual(readFileSync(event?.path ?? ''), spoilt);
      assert.equal(event?.salvaged?.messages, left.length);
      core.append({ messages: messages('b') });
      assert.deepEqual(takeTexts(core), [...left, 'b']);
      assertLaw(core);
    });
  }

  test('twice in the same second, without overwriting', (t) => {
    const journal = testJournal(t);
    for (let round = 0; round < 3; round++) {
      writeFileSync(journal.path, garbage);
      journal.open().close();
    }
    assert.equal(new Set(journal.setAside.map(({ path }) => path)).size, 3);
    assert.ok(journal.setAside.every(({ path }) => existsSync(path)));
  });

  test('a log whose database is missing is not replayed into the next one', (t) => {
    const journal = testJournal(t);
    writeFileSync(`${journal.path}-wal`, 'left over');
    journal.open();
    assert.equal(readFileSync(`${journal.setAside[0]?.path}-wal`, 'utf8'), 'left over');
  });

  test('found before the first change: the verb works on the salvaged file', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    const texts = numbered(200);
    for (const text of texts) core.append({ messages: messages(text) });
    core.close();
    const whole = spoilFrom(journal.path, 20, texts);
    assert.ok(whole.length > 0 && whole.length < 200);
    core = journal.open();
    const { id } = core;
    let announced = 0;
    core.onDue(() => announced++);
    assert.equal(journal.setAside.length, 0);
    assert.deepEqual(takeTexts(core), whole);
    assert.equal(journal.setAside.length, 1);
    assert.equal(announced, 1);
    assert.notEqual(core.id, id);
    assert.deepEqual(consumerOf(core).dropped, { damaged: 200 - whole.length });
    assert.deepEqual([consumerOf(core).accepted, consumerOf(core).settled], [200, whole.length]);
    assertLaw(core);
  });

  test('found while working: the verb fails, the next one works on the salvaged file', (t) => {
    const journal = testJournal(t);
    let core = journal.open();
    // More than SQLite keeps in memory.
    const texts = numbered(8000);
    for (let from = 0; from < 8000; from += 1000) {
      core.append({ messages: messages(...texts.slice(from, from + 1000)) });
    }
    core.close();
    core = journal.open();
    const claim = core.lease('default', everything);
    const whole = spoilFrom(journal.path, 100, texts);
    assert.throws(() => readTexts(core, claim?.id ?? 0), fails('JOURNAL_CORRUPT'));
    assert.throws(() => core.settle(claim?.id ?? 0), fails('LEASE_EXPIRED'));
    assert.deepEqual(takeTexts(core), whole);
    assert.equal(journal.setAside.length, 1);
    assertLaw(core);
  });
});

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `<${index}>${'x'.repeat(2000)}`);
}

/** Garbage from a page on (the first ones hold schema and counters). Returns which of the texts are still there. */
function spoilFrom(path: string, page: number, texts: readonly string[]): string[] {
  const file = readFileSync(path);
  const left = file.subarray(0, 16_384 * page);
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, Buffer.alloc(file.length - left.length, 0xa5), 0, undefined, left.length);
  closeSync(descriptor);
  return texts.filter((text) => left.includes(text));
}

test('a connection collected long after its file was set aside leaves the new file alone', async (t) => {
  const collect = garbageCollector();
  const journal = testJournal(t);
  let core = journal.open();
  for (let count = 0; count < 200; count++) core.append({ messages: messages('x'.repeat(2000)) });
  core.close();
  spoilFrom(journal.path, 16, []);
  core = journal.open();
  takeTexts(core);
  core.append({ messages: messages('b') });
  for (let round = 0; round < 5; round++) {
    collect();
    await turn();
  }
  assert.ok(statSync(`${journal.path}-wal`).size > 0);
  const open = readdirSync('/proc/self/fd').filter((name) => linkTarget(name).includes(journal.dir));
  assert.ok(open.length <= 5, `${open.length} descriptors`);
  assert.equal(inspect(journal.path, 'SELECT * FROM message').length, 1);
});

function linkTarget(descriptor: string): string {
  try {
    return readlinkSync(join('/proc/self/fd', descriptor));
  } catch {
    return '';
  }
}

describe('what is not corrupt is refused and left alone', () => {
  test('a newer format, its log included', (t) => {
    const journal = testJournal(t);
    journal.open().close();
    const held = new Database(journal.path, openConnection(journal.path, {}));
    held.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}; PRAGMA wal_checkpoint; CREATE TABLE later(x)`);
    const before = snapshot(journal.dir);
    assert.ok(before['journal.db-wal']);
    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof RelayError);
      assert.match(error.hint ?? '', /install the newer/);
      return fails('JOURNAL_NEWER', /format 3 is newer than this program's 2/)(error);
    };
    assert.throws(() => journal.open(), refused);
    assert.deepEqual(snapshot(journal.dir), before);
    held.close();
    assert.throws(() => journal.open(), refused);
    assert.throws(() => journal.open({ readOnly: true }), refused);
  });

  test('another program\u2019s database', (t) => {
    const journal = testJournal(t);
    execute(journal.path, 'PRAGMA journal_mode = WAL; CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)');
    const held = new Database(journal.path, openConnection(journal.path, {}));
    held.exec('INSERT INTO theirs VALUES(2)');
    const before = snapshot(journal.dir);
    assert.throws(() => journal.open(), fails('JOURNAL_IO', /another program/));
    assert.deepEqual(snapshot(journal.dir), before);
    held.close();
  });

  test('one with another mark', (t) => {
    const journal = testJournal(t);
    execute(journal.path, `PRAGMA application_id = ${APPLICATION_ID + 1}`);
    assert.throws(() => journal.open(), fails('JOURNAL_IO', /another program/));
  });

  test('a directory in its place, or in the place of its lock', (t) => {
    const journal = testJournal(t);
    mkdirSync(journal.path);
    assert.throws(() => journal.open(), fails('JOURNAL_IO', /a directory is in its place \(EISDIR\)/));
    const other = testJournal(t);
    mkdirSync(`${other.path}.lock`);
    assert.throws(() => other.open(), fails('JOURNAL_IO', /\.lock/));
    assert.deepEqual(readdirSync(other.dir), ['journal.db.lock']);
  });

  test('a lock file that is none', (t) => {
    const journal = testJournal(t);
    writeFileSync(`${journal.path}.lock`, 'not a lock file at all. '.repeat(100));
    assert.throws(() => journal.open(), fails('JOURNAL_IO', /not a lock file/));
  });

  test('a file in the place of its directory', (t) => {
    const journal = testJournal(t);
    const file = join(journal.dir, 'file');
    writeFileSync(file, '');
    assert.throws(() => journal.open({ path: join(file, 'journal.db') }), fails('JOURNAL_IO', /journal\.db/));
  });
});

test('an empty file and a missing directory are a new journal', (t) => {
  const journal = testJournal(t);
  writeFileSync(journal.path, '');
  journal.open().append({ messages: messages('a') });
  const deep = join(journal.dir, 'x', 'y', 'journal.db');
  journal.open({ path: deep }).append({ messages: messages('a') });
  assert.deepEqual(journal.setAside, []);
});

test('killed while the file was being made: the next start makes it (it failed for good, read-only)', (t) => {
  const journal = testJournal(t);
  // What SQLite leaves when it is killed in its first change: a page without tables, and the log that undoes it.
  const other = join(journal.dir, 'other.db');
  execute(other, 'PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; CREATE TABLE a (b); DROP TABLE a');
  const page = readFileSync(other).subarray(0, 16_384);
  page.writeUInt32BE(1, 28);
  writeFileSync(journal.path, page);
  const log = Buffer.alloc(512);
  Buffer.from('d9d505f920a163d7', 'hex').copy(log);
  log.writeUInt32BE(512, 20);
  log.writeUInt32BE(16_384, 24);
  writeFileSync(`${journal.path}-journal`, log);
  const core = journal.open();
  core.append({ messages: messages('a') });
  assert.deepEqual(takeTexts(core), ['a']);
  assert.deepEqual(journal.setAside, []);
  assert.equal(existsSync(`${journal.path}-journal`), false);
});

test('each new file has an id of its own, and keeps it', (t) => {
  const journal = testJournal(t);
  const core = journal.open();
  const { id } = core;
  assert.match(id, /^[0-9a-f]{32}$/);
  core.close();
  const again = journal.open();
  assert.equal(again.id, id);
  again.close();
  rmSync(journal.path);
  assert.notEqual(journal.open().id, id);
});

describe('looking only', () => {
  test('works beside the program that holds the lock, and changes nothing', (t) => {
    const journal = testJournal(t);
    assert.throws(() => journal.open({ readOnly: true }), fails('NO_INPUT', /there is none/));
    const core = journal.open();
    core.append({ messages: messages('a', 'b') });
    const look = journal.open({ readOnly: true });
    assert.equal(consumerOf(look).pending, 2);
    core.append({ messages: messages('c') });
    assert.equal(consumerOf(look).pending, 3);
    assert.equal(consumerOf(look).active, true);
    assert.equal(look.id, core.id);
    assert.throws(() => look.append({ messages: messages('d') }), fails('BUG', /look only/));
    look.close();
    assert.deepEqual(takeTexts(core), ['a', 'b', 'c']);
  });

  test('does not set a corrupt file aside', (t) => {
    const journal = testJournal(t);
    writeFileSync(journal.path, 'no database '.repeat(100));
    assert.throws(() => journal.open({ readOnly: true }), fails('JOURNAL_CORRUPT'));
    assert.deepEqual(journal.setAside, []);
  });
});

describe('root on another user\u2019s state', () => {
  const uid = 61_234;

  test('is refused with the line to run', (t) => {
    const dir = tempDir(t);
    if (process.geteuid?.() === 0) chownSync(dir, uid, uid);
    for (const path of [join(dir, 'journal.db'), join(dir, 'new', 'journal.db')]) {
      assert.throws(
        () => checkStateOwner(path, 0),
        (error) => {
          assert.ok(error instanceof RelayError);
          assert.match(error.hint ?? '', /runuser -u \S+ -- \S+/);
          return fails('STATE_OWNER', /belongs to/)(error);
        },
      );
    }
  });

  test('nobody else is asked, and root may use its own', (t) => {
    const dir = tempDir(t);
    checkStateOwner(join(dir, 'journal.db'), 1000);
    checkStateOwner(join(dir, 'journal.db'), undefined);
    checkStateOwner('/journal.db', 0);
  });

  test(
    'the journal asks before it makes anything',
    { skip: process.geteuid?.() === 0 ? false : 'needs root to give a directory away' },
    (t) => {
      const journal = testJournal(t);
      chownSync(journal.dir, uid, uid);
      assert.throws(() => journal.open(), fails('STATE_OWNER'));
      assert.deepEqual(readdirSync(journal.dir), []);
    },
  );
});

describe('failures are named by cause and remedy', () => {
  const cases: readonly [errcode: number, code: string, words: RegExp][] = [
    [5, 'JOURNAL_BUSY', /another process/],
    [261, 'JOURNAL_BUSY', /another process/],
    [13, 'JOURNAL_FULL', /disk is full/],
    [10, 'JOURNAL_IO', /disk I\/O/],
    [1546, 'JOURNAL_IO', /disk I\/O/],
    [8, 'JOURNAL_IO', /disk I\/O/],
    [18, 'TOO_LARGE', /too large/],
    [779, 'JOURNAL_CORRUPT', /disk I\/O/],
    [19, 'BUG', /disk I\/O/],
  ];
  for (const [errcode, code, words] of cases) {
    test(`SQLite ${errcode}`, (t) => {
      const path = join(tempDir(t), 'journal.db');
      const error = Object.assign(new Error('disk I/O'), { code: 'ERR_SQLITE_ERROR', errcode });
      const explained = explainFailure(error, path);
      assert.equal(explained.code, code);
      assert.match(explained.message, words);
      assert.ok(explained.message.includes(path));
      assert.ok(code === 'BUG' || explained.hint !== undefined);
      assert.equal(explained.cause, error);
    });
  }

  const asRoot = process.geteuid?.() === 0;
  test('a directory that may not be written', { skip: asRoot ? 'root may write everywhere' : false }, (t) => {
    const journal = testJournal(t);
    chmodSync(journal.dir, 0o500);
    assert.throws(() => journal.open(), fails('JOURNAL_IO', /permission denied \(EACCES\)/));
    chmodSync(journal.dir, 0o700);
    assert.deepEqual(readdirSync(dirname(journal.path)), []);
  });
});

test('after an input/output error the file is opened afresh, and leases are void', (t) => {
  const journal = testJournal(t);
  const core = journal.open();
  core.append({ messages: messages('a') });
  const claim = core.lease('default', { messages: 1, bytes: 1 });
  assert.ok(claim);
  let announced = 0;
  core.onDue(() => announced++);
  const body = Object.defineProperty(Buffer.alloc(13), 'byteLength', {
    get: () => {
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 1034 });
    },
  });
  assert.throws(
    () => core.appendAll([{ messages: [{ body, severity: 0 }] }]),
    fails('JOURNAL_IO', /disk I\/O/),
  );
  assert.equal(announced, 1);
  assert.throws(() => core.settle(claim.id), fails('LEASE_EXPIRED'));
  assert.deepEqual(takeTexts(core), ['a']);
  assert.equal(core.stats().offered, 1);
});

test('one read that failed (corruption to SQLite) set a sound journal aside with all it owed', (t) => {
  const journal = testJournal(t);
  const core = journal.open();
  core.append({ messages: messages('a') });
  const body = Object.defineProperty(Buffer.alloc(13), 'byteLength', {
    get: () => {
      throw corruption('database disk image is malformed');
    },
  });
  const failing = (): unknown => core.appendAll([{ messages: [{ body, severity: 0 }] }]);
  for (let times = 0; times < 3; times++) assert.throws(failing, fails('JOURNAL_CORRUPT', /malformed/));
  assert.deepEqual(journal.setAside, []);
  assert.deepEqual(takeTexts(core), ['a']);
  core.close();
  assert.deepEqual(takeTexts(journal.open()), []);
});
