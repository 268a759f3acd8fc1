/** A file of format 1 is brought to this format in place, whole; an older program refuses the newer file. */

import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Database } from '../../src/journal/database.ts';
import { openConnection } from '../../src/journal/driver.ts';
import { SCHEMA_VERSION } from '../../src/journal/schema.ts';
import { assertLaw, consumerOf, everything, fails, inspect, takeTexts, testJournal } from './fixture.ts';

/** As it was written by the first release. */
const VERSION_1 = `
  PRAGMA page_size = 16384;
  PRAGMA journal_mode = WAL;
  CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE consumer(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, active INTEGER NOT NULL);
  CREATE TABLE message(
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, severity INTEGER NOT NULL,
    len INTEGER NOT NULL, crc32 INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE delivery(
    consumer INTEGER NOT NULL, seq INTEGER NOT NULL, len INTEGER NOT NULL, severity INTEGER NOT NULL,
    state INTEGER NOT NULL, attempts INTEGER NOT NULL, not_before INTEGER NOT NULL,
    PRIMARY KEY(consumer, seq)) WITHOUT ROWID;
  CREATE INDEX delivery_retired ON delivery(consumer, not_before) WHERE state = 2;
  CREATE TABLE origin(id INTEGER PRIMARY KEY, journal TEXT NOT NULL UNIQUE, remembered INTEGER NOT NULL);
  CREATE TABLE seen(
    origin INTEGER NOT NULL, seq INTEGER NOT NULL, sha256 BLOB NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY(origin, seq, sha256)) WITHOUT ROWID;
  CREATE TABLE previous(sha256 BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE intake(
    name TEXT NOT NULL, identity TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY(name, identity)) WITHOUT ROWID;
  CREATE TABLE quarantine(
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, consumer TEXT,
    reason TEXT NOT NULL, detail TEXT NOT NULL, severity INTEGER NOT NULL, len INTEGER NOT NULL,
    crc32 INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  PRAGMA application_id = 1229213034;
  PRAGMA user_version = 1;
  INSERT INTO meta VALUES('id', '0123456789abcdef0123456789abcdef');
  INSERT INTO consumer VALUES(1, 'default', 1), (2, 'gone', 0);
  INSERT INTO message VALUES
    (7, 1767323000000, 0, 1, 3904355907, 'a'), (8, 1767323000000, 4, 1, 1908338681, 'b'),
    (9, 1767323000000, 1, 1, 112844655, 'c');
  INSERT INTO delivery
    SELECT consumer.id, seq, len, severity, 0, 0, 0 FROM consumer CROSS JOIN message;
  UPDATE delivery SET state = 2, not_before = 5 WHERE consumer = 1 AND seq = 9;
  INSERT INTO quarantine(at, kind, reason, detail, severity, len, crc32, body)
    VALUES(1767323000000, 'invalid', 'E12', '{}', 0, 5, 0, '12345');
  INSERT INTO counter VALUES
    ('offered', 10), ('accepted', 9), ('quarantined:E12', 1), ('last', 9),
    ('consumer:1:accepted', 9), ('consumer:1:settled', 7), ('consumer:1:pending', 2),
    ('consumer:1:pendingBytes', 2),
    ('consumer:2:accepted', 3), ('consumer:2:pending', 3), ('consumer:2:pendingBytes', 3);
`;

function makeVersion1(path: string): void {
  const db = new Database(path, openConnection(path, {}));
  db.exec(VERSION_1);
  db.close();
}

describe('format 1', () => {
  test('is migrated when it is opened, and nothing is lost', (t) => {
    const { open, path } = testJournal(t);
    makeVersion1(path);
    let core = open();
    assert.equal(core.id, '0123456789abcdef0123456789abcdef');
    assertLaw(core);
    assert.equal(core.stats().quarantineBytes, 5);
    assert.equal(core.lease('default', { ...everything, minSeverity: 4 })?.sequences, '8');
    core.close();
    core = open({ consumers: ['gone'] });
    assert.equal(core.lease('gone', { ...everything, minSeverity: 1 })?.sequences, '8-9');
    core.close();
    const [version] = inspect<{ user_version: number }>(path, 'PRAGMA user_version');
    assert.equal(version?.user_version, SCHEMA_VERSION);
    core = open();
    assert.deepEqual(takeTexts(core), ['a', 'b']);
    assertLaw(core);
  });

  test('its consumers are away from now on, not since 1970', (t) => {
    const { open, path, clock } = testJournal(t);
    makeVersion1(path);
    const core = open({ consumers: ['gone'], consumerBounds: { maxAgeMs: 86_400_000 } });
    clock.advance(86_400_000);
    while (core.tidy());
    assert.equal(consumerOf(core, 'gone').pending, 3);
    clock.advance(1);
    while (core.tidy());
    assert.deepEqual(consumerOf(core, 'gone').dropped, { lapsed: 3 });
  });

  test('a migration cut short leaves format 1, whole', (t) => {
    const { open, path, dir } = testJournal(t);
    makeVersion1(path);
    const spoilt = new Database(path, openConnection(path, {}));
    // The last step of the transaction fails.
    spoilt.exec(`CREATE TRIGGER stop BEFORE INSERT ON counter WHEN new.name = 'last:2'
      BEGIN SELECT raise(ABORT, 'stop'); END`);
    spoilt.close();
    assert.throws(() => open(), /stop/);
    const [version] = inspect<{ user_version: number }>(path, 'PRAGMA user_version');
    assert.equal(version?.user_version, 1);
    assert.deepEqual(inspect(path, `SELECT 1 FROM sqlite_schema WHERE name = 'delivery_severe'`), []);
    const mended = new Database(path, openConnection(path, {}));
    mended.exec('DROP TRIGGER stop');
    mended.close();
    assertLaw(open());
    assert.ok(!existsSync(`${dir}/journal.db.corrupt-1`));
  });

  test('can be looked at as it is, without being changed', (t) => {
    const { open, path, dir } = testJournal(t);
    makeVersion1(path);
    copyFileSync(path, `${dir}/before`);
    const core = open({ readOnly: true });
    assert.equal(consumerOf(core).pending, 2);
    assertLaw(core);
    core.close();
    const [version] = inspect<{ user_version: number }>(path, 'PRAGMA user_version');
    assert.equal(version?.user_version, 1);
  });

  test('a program of a format before this one refuses the file, and names the remedy', (t) => {
    const { open, path } = testJournal(t);
    open().close();
    const db = new Database(path, openConnection(path, {}));
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    assert.throws(() => open(), fails('JOURNAL_NEWER'));
  });
});
