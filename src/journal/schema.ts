/**
 * The journal's file format, version 1.
 *
 * `PRAGMA application_id` says that a SQLite file is a journal, `user_version` which format it has. A body is
 * in `message` as long as some row of `delivery` names it. `delivery.state`: 0 owed (whether it is leased is
 * known in memory only), 2 retired: settled or withdrawn, but an answer under way still reads the body;
 * `not_before` then holds the tick of its retirement, which tells the answers that were announced with it from
 * later ones. Sequence numbers are never used twice: the next one is a counter, not max(seq)+1.
 */

import type { Database } from './database.ts';

/** "IDMj" */
export const APPLICATION_ID = 0x49444d6a;
export const SCHEMA_VERSION = 1;
/** Five usual alerts a page: twice the append rate of 4 KiB pages, and reading is a fifth faster. */
const PAGE_BYTES = 16 * 1024;
/** Larger ones do not make appending faster, but the commit that pays for one slower. */
const CHECKPOINT_PAGES = (4 * 1024 * 1024) / PAGE_BYTES;
const WAL_KEPT_BYTES = 8 * 1024 * 1024;
/** A transaction of a whole batch fits; SQLite's 2 MB make it write pages to the log twice. */
const CACHE_KIB = 8 * 1024;

const TABLES = `
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
`;

/** Settings of every connection. They change nothing in the file. */
export function configure(db: Database): void {
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${WAL_KEPT_BYTES};
  `);
}

/**
 * Make the tables in an empty file. The file is an empty database or a whole journal at any instant; the
 * checkpoint puts the format's number where it can be read without SQLite.
 */
export function createSchema(db: Database, id: string): void {
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL;`);
  configure(db);
  db.transaction(() => {
    db.exec(TABLES);
    db.run(`INSERT INTO meta(key, value) VALUES('id', ?)`, id);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION};`);
  });
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}
