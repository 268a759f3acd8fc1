/**
 * The journal's file format, version 2, and the way to it from version 1 (which had no index for lanes).
 *
 * `PRAGMA application_id` says that a SQLite file is a journal, `user_version` which format it has. A body is
 * in `message` as long as some row of `delivery` names it. `delivery.state`: 0 owed (whether it is leased is
 * known in memory only), 2 retired: settled or withdrawn, but an answer under way still reads the body;
 * `not_before` then holds the tick of its retirement, which tells the answers that were announced with it from
 * later ones. Sequence numbers are never used twice: the next one is a counter, not max(seq)+1.
 */

import { AS } from './driver.ts';
import type { Database } from './database.ts';

/** "IDMj" */
export const APPLICATION_ID = 0x49444d6a;
export const SCHEMA_VERSION = 2;
/**
 * Severities from here on (medium, high) have an index: they are what overtakes a backlog. An index of all would
 * cost every append a tenth; this one costs what severe alerts there are.
 */
export const SEVERE = 3;
/** Five usual alerts a page: twice the append rate of 4 KiB pages, and reading is a fifth faster. */
export const PAGE_BYTES = 16 * 1024;
/** Larger ones do not make appending faster, but the commit that pays for one slower. */
const CHECKPOINT_PAGES = (4 * 1024 * 1024) / PAGE_BYTES;
const WAL_KEPT_BYTES = 8 * 1024 * 1024;
/** A transaction of a whole batch fits; SQLite's 2 MB make it write pages to the log twice. */
const CACHE_KIB = 8 * 1024;

const STAMP = `PRAGMA ${AS}.user_version = ${SCHEMA_VERSION};`;
const CHECKPOINT = `PRAGMA ${AS}.wal_checkpoint(TRUNCATE)`;
/** Counter: bodies in quarantine. */
export const QUARANTINE_BYTES = 'quarantineBytes';
/** Counter: entries that left quarantine for good, dropped by hand or by retention. */
export const QUARANTINE_DROPPED = 'quarantineDropped';

const SEVERE_INDEX = `
  CREATE INDEX delivery_severe ON delivery(consumer, severity, seq)
    WHERE severity >= ${SEVERE} AND state = 0;`;

export const TABLES = `
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
  ${SEVERE_INDEX}
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
`;

/** Settings of every connection. They change nothing in the file. */
export function configure(db: Database): void {
  db.exec(`
    PRAGMA ${AS}.synchronous = FULL;
    PRAGMA temp_store = MEMORY;
    PRAGMA ${AS}.cache_size = -${CACHE_KIB};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA ${AS}.journal_size_limit = ${WAL_KEPT_BYTES};
  `);
}

/**
 * Make the tables in an empty file. The file is an empty database or a whole journal at any instant; the
 * checkpoint puts the format's number where it can be read without SQLite.
 */
export function createSchema(db: Database, id: string): void {
  db.exec(`PRAGMA ${AS}.page_size = ${PAGE_BYTES}; PRAGMA ${AS}.journal_mode = WAL;`);
  configure(db);
  db.transaction(() => createTables(db, id));
  db.exec(CHECKPOINT);
}

/** Bring an older file to this version: in one transaction, so that a crash leaves a whole file of either. */
export function migrate(db: Database, from: number): void {
  if (from === SCHEMA_VERSION) return;
  db.transaction(() => {
    db.exec(attached(SEVERE_INDEX));
    countAnew(db);
    db.exec(STAMP);
  });
  db.exec(CHECKPOINT);
}

/** Counters that can be told from the rows, for a file that lacks them: of an earlier format, or salvaged. */
export function countAnew(db: Database): void {
  db.run(`INSERT OR REPLACE INTO counter(name, value)
    SELECT '${QUARANTINE_BYTES}', coalesce(sum(len), 0) FROM quarantine`);
  // Where the last mild message is nobody noted: at most as far as the last of all.
  db.run(`INSERT OR REPLACE INTO counter(name, value)
    SELECT 'last:' || severity.value, counter.value FROM counter, json_each('[1,2]') AS severity
      WHERE counter.name = 'last'`);
}

/** The same without log and fsync, for a file that counts only when it is complete and put in its place. */
export function createUnlogged(db: Database, id: string): void {
  db.exec(`PRAGMA ${AS}.page_size = ${PAGE_BYTES}; PRAGMA ${AS}.journal_mode = OFF;`);
  configure(db);
  db.exec(`PRAGMA ${AS}.synchronous = OFF`);
  db.transaction(() => createTables(db, id));
}

function createTables(db: Database, id: string): void {
  db.exec(attached(TABLES));
  db.run(`INSERT INTO meta(key, value) VALUES('id', ?)`, id);
  db.exec(`PRAGMA ${AS}.application_id = ${APPLICATION_ID}; ${STAMP}`);
}

/** The definitions, for the attached file; SQLite keeps them without its name. */
function attached(definitions: string): string {
  return definitions.replaceAll(/\bCREATE (TABLE|INDEX) /g, `CREATE $1 ${AS}.`);
}
