/**
 * The store's file format, version 1: SQLite, WAL, STRICT tables. Whoever changes a table or an index raises the version: what is
 * missing of the present one is taken for damage.
 *
 * `PRAGMA application_id` says that a SQLite file is a store, `user_version` which format it has. What grows with every
 * message is appended at the end of its table (numbers are never used twice: the next one is a counter); only `ident` is
 * not, so it is divided into buckets of which the last one alone is written. Facts (`message`) and bytes (`body`)
 * are apart: counting, searching and digests never touch the bytes. Texts that repeat (routes, reasons) are in `word`.
 *
 * pair.state: 0 ready, 1 waiting until not_before, 2 leased, 3 sent, 4 dead, 5 suppressed. Whether a ready or waiting pair is
 * held is the recipient's affair (`recipient.held_reason`, `named`), so that holding a million pairs changes one row.
 * pair.rank: acceptance in ms minus a minute for each point of priority; the smallest is the most urgent (claim.ts).
 */

import type { Database } from '../../journal/database.ts';
import { AS } from '../../journal/driver.ts';

/** "IDMs" */
export const APPLICATION_ID = 0x49444d73;
export const SCHEMA_VERSION = 1;
/** As the journal's, and for its reason: five usual alerts a page. */
const PAGE_BYTES = 16 * 1024;
const CHECKPOINT_PAGES = (8 * 1024 * 1024) / PAGE_BYTES;
const WAL_KEPT_BYTES = 16 * 1024 * 1024;
/** A transaction of a whole batch with the index pages it touches. */
const CACHE_KIB = 16 * 1024;

export const pairState = { ready: 0, waiting: 1, leased: 2, sent: 3, dead: 4, suppressed: 5 } as const;
export const incidentState = { open: 0, acked: 1, closed: 2 } as const;
export const pairFlag = { plain: 1, uncertain: 2 } as const;
/** Whether a high alert may break out of a storm: not, if its classification is new, or because it has before. */
export const freshness = { none: 0, fresh: 1, brokenOut: 2 } as const;
/** A point of priority is worth a minute of waiting. */
export const POINT_MS = 60_000;

const MESSAGES = `
  CREATE TABLE message(
    seq INTEGER PRIMARY KEY, id BLOB NOT NULL, at INTEGER NOT NULL, heartbeat INTEGER NOT NULL,
    severity INTEGER NOT NULL, conflict INTEGER NOT NULL, config INTEGER NOT NULL, created_at INTEGER,
    len INTEGER NOT NULL, messageid TEXT NOT NULL, analyzer TEXT NOT NULL, classification TEXT NOT NULL,
    source TEXT NOT NULL, target TEXT NOT NULL, origin TEXT NOT NULL, incidents TEXT NOT NULL) STRICT;
  CREATE TABLE body(seq INTEGER PRIMARY KEY, crc32 INTEGER NOT NULL, body BLOB NOT NULL, verbatim TEXT) STRICT;
  CREATE TABLE ident(
    bucket INTEGER NOT NULL, id BLOB NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY(bucket, id, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE bucket(number INTEGER PRIMARY KEY, last_at INTEGER NOT NULL, entries INTEGER NOT NULL) STRICT;
  CREATE TABLE origin(id INTEGER PRIMARY KEY, journal TEXT NOT NULL UNIQUE, remembered INTEGER NOT NULL) STRICT;
  CREATE TABLE seen(
    origin INTEGER NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY(origin, sequence, hash)) STRICT, WITHOUT ROWID;
  CREATE TABLE analyzer(
    origin TEXT NOT NULL, analyzer TEXT NOT NULL, last_at INTEGER NOT NULL, heartbeat_at INTEGER,
    messages INTEGER NOT NULL, PRIMARY KEY(origin, analyzer)) STRICT, WITHOUT ROWID;`;

const INCIDENTS = `
  CREATE TABLE incident(
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, title TEXT NOT NULL, state INTEGER NOT NULL, severity INTEGER NOT NULL,
    first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, count INTEGER NOT NULL, window_ms INTEGER NOT NULL,
    check_at INTEGER NOT NULL, gravest INTEGER NOT NULL, notified INTEGER NOT NULL,
    acked_by TEXT, acked_at INTEGER, closed_by TEXT, closed_at INTEGER) STRICT;
  CREATE UNIQUE INDEX incident_key ON incident(key) WHERE state < 2;
  CREATE INDEX incident_state ON incident(state, id);
  CREATE INDEX incident_check ON incident(check_at) WHERE state < 2;
  CREATE INDEX incident_closed ON incident(closed_at) WHERE state = 2;
  CREATE TABLE note(
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, text TEXT NOT NULL) STRICT;
  CREATE INDEX note_incident ON note(incident);
  CREATE TABLE member(
    incident INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(incident, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE escalation(
    incident INTEGER NOT NULL, recipient TEXT NOT NULL, due_at INTEGER,
    PRIMARY KEY(incident, recipient)) STRICT, WITHOUT ROWID;
  CREATE INDEX escalation_due ON escalation(due_at) WHERE due_at IS NOT NULL;
  CREATE TABLE notified(
    incident INTEGER NOT NULL, recipient INTEGER NOT NULL, gravity INTEGER NOT NULL, due_at INTEGER NOT NULL,
    until INTEGER NOT NULL, interval_ms INTEGER NOT NULL, PRIMARY KEY(incident, recipient)) STRICT, WITHOUT ROWID;
  CREATE TABLE threshold(
    route INTEGER NOT NULL, recipient INTEGER NOT NULL, key TEXT NOT NULL, ends_at INTEGER NOT NULL,
    seen INTEGER NOT NULL, passed INTEGER NOT NULL, PRIMARY KEY(route, recipient, key)) STRICT, WITHOUT ROWID;
  CREATE INDEX threshold_end ON threshold(ends_at);`;

const DELIVERIES = `
  CREATE TABLE recipient(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, named INTEGER NOT NULL, held_reason TEXT, held_since INTEGER,
    sent_at INTEGER, error TEXT) STRICT;
  CREATE TABLE pair(
    seq INTEGER NOT NULL, recipient INTEGER NOT NULL, state INTEGER NOT NULL, rank INTEGER NOT NULL,
    priority INTEGER NOT NULL, not_before INTEGER NOT NULL, fresh INTEGER NOT NULL, route INTEGER NOT NULL,
    reason INTEGER NOT NULL, detail INTEGER NOT NULL, incident INTEGER, attempts INTEGER NOT NULL,
    flags INTEGER NOT NULL, notification INTEGER NOT NULL, PRIMARY KEY(seq, recipient)) STRICT, WITHOUT ROWID;
  CREATE INDEX pair_ready ON pair(recipient, rank) WHERE state = 0;
  CREATE INDEX pair_waiting ON pair(recipient, not_before) WHERE state = 1;
  CREATE INDEX pair_open ON pair(recipient, seq) WHERE state < 3;
  CREATE INDEX pair_together ON pair(recipient, incident) WHERE state = 0 AND incident IS NOT NULL;
  CREATE INDEX pair_fresh ON pair(recipient, seq) WHERE state = 0 AND fresh > 0;
  CREATE INDEX pair_dead ON pair(recipient, seq) WHERE state = 4;
  CREATE TABLE notification(
    id INTEGER PRIMARY KEY, recipient INTEGER NOT NULL, form TEXT NOT NULL, started_at INTEGER NOT NULL,
    ended_at INTEGER, outcome TEXT, reason TEXT NOT NULL, provider_ref TEXT, pairs INTEGER NOT NULL, tag TEXT) STRICT;
  CREATE INDEX notification_tag ON notification(tag) WHERE tag IS NOT NULL;
  CREATE INDEX notification_open ON notification(id) WHERE ended_at IS NULL;
  CREATE TABLE carried(
    notification INTEGER NOT NULL, seq INTEGER NOT NULL, previous INTEGER NOT NULL,
    PRIMARY KEY(notification, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE limit_key(
    key TEXT PRIMARY KEY, tokens REAL NOT NULL, updated_at INTEGER NOT NULL, not_before INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE TABLE storm(
    recipient INTEGER PRIMARY KEY, since INTEGER NOT NULL, interval_ms INTEGER NOT NULL, next_at INTEGER NOT NULL) STRICT;
  CREATE TABLE storm_class(
    recipient INTEGER NOT NULL, classification TEXT NOT NULL, PRIMARY KEY(recipient, classification))
    STRICT, WITHOUT ROWID;`;

const OPERATORS = `
  CREATE TABLE silence(
    id INTEGER PRIMARY KEY AUTOINCREMENT, criteria TEXT NOT NULL, sensor TEXT, recipient TEXT, author TEXT NOT NULL,
    reason TEXT NOT NULL, from_at INTEGER NOT NULL, until_at INTEGER NOT NULL, expired_by TEXT) STRICT;
  CREATE TABLE setting(
    kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(kind, name)) STRICT, WITHOUT ROWID;
  CREATE TABLE user(
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password_hash TEXT, created_at INTEGER NOT NULL,
    disabled INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE api_key(
    id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, prefix TEXT NOT NULL, owner TEXT NOT NULL,
    scopes TEXT NOT NULL, channels TEXT, created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER,
    last_used_at INTEGER) STRICT;
  CREATE TABLE config(
    hash TEXT PRIMARY KEY, text TEXT NOT NULL, at INTEGER NOT NULL, provenance TEXT NOT NULL, replaced_at INTEGER)
    STRICT, WITHOUT ROWID;
  CREATE TABLE audit(
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL,
    hash BLOB NOT NULL) STRICT;
  CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`;

export const TABLES = `
  CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, used_at INTEGER NOT NULL) STRICT;
  ${MESSAGES} ${INCIDENTS} ${DELIVERIES} ${OPERATORS}`;

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

/** Make the tables in an empty file, which is an empty database or a whole store at any instant. */
export function createSchema(db: Database, id: string): void {
  db.exec(`PRAGMA ${AS}.page_size = ${PAGE_BYTES}; PRAGMA ${AS}.journal_mode = WAL;`);
  configure(db);
  db.transaction(() => {
    db.exec(TABLES.replaceAll(/\bCREATE (TABLE|INDEX|UNIQUE INDEX) /g, `CREATE $1 ${AS}.`));
    db.run(`INSERT INTO meta(key, value) VALUES('id', ?)`, id);
    db.exec(
      `PRAGMA ${AS}.application_id = ${APPLICATION_ID}; PRAGMA ${AS}.user_version = ${SCHEMA_VERSION};`,
    );
  });
  db.exec(`PRAGMA ${AS}.wal_checkpoint(TRUNCATE)`);
}
