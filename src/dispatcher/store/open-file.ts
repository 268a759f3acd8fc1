/**
 * Open a store's file, or make one: format, set-aside, salvage.
 *
 * Called by store-file.ts under the instance lock. What is not provably damaged is never touched: another format, another
 * program's database, a directory or an unreadable file is refused with the remedy. Only SQLITE_CORRUPT and
 * SQLITE_NOTADB set a file aside, when it is found so twice.
 */

import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RelayError } from '../../core/errors.ts';
import { Database } from '../../journal/database.ts';
import { AS, openAttached } from '../../journal/driver.ts';
import { logFault } from '../../journal/header.ts';
import { checkReadable } from '../../journal/open.ts';
import { finishReplacement } from '../../journal/salvage/replace.ts';
import { syncDirectory } from '../../journal/set-aside.ts';
import { corruption, explainFailure, isCorruption } from '../../journal/sqlite-errors.ts';
import { checkStateOwner } from '../../journal/state-owner.ts';
import type { StoreOptions } from './options.ts';
import { makePrivateFile } from './private-file.ts';
import { replaceFile } from './replace.ts';
import { APPLICATION_ID, configure, createSchema, SCHEMA_VERSION, TABLES } from './schema.ts';

const HEADER_BYTES = 100;

/** Before anything is made: may this user, and can it be. */
export function prepareDirectory(path: string): void {
  try {
    checkStateOwner(path, process.geteuid?.());
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  } catch (error) {
    throw explainFailure(error, path);
  }
}

/** Open for writing. A damaged file is set aside, and what is readable of it salvaged into a new one. */
export function openFile(options: StoreOptions): Database {
  const { path } = options;
  for (let failures = 0; ; failures++) {
    try {
      finishReplacement(options);
      return openSound(options);
    } catch (error) {
      if (!isCorruption(error) || failures > 1) throw explainFailure(error, path);
      // A read that fails once is corruption to SQLite, too.
      if (failures === 0) checkReadable(path);
      else setRight(options, error);
    }
  }
}

/** Set the closed file aside, salvage what is readable of it, and say so. */
export function setRight(options: StoreOptions, cause: unknown): void {
  try {
    replaceFile(options, cause);
  } catch (error) {
    throw explainFailure(error, options.path);
  }
}

function openSound({ path, random }: StoreOptions): Database {
  refuseLogAlone(path);
  const fault = existsSync(path) ? logFault(path) : undefined;
  if (fault !== undefined) throw corruption(fault);
  refuseOthers(path);
  if (!existsSync(path)) makePrivateFile(path);
  const db = new Database(path, openAttached(path, { timeout: 0 }));
  try {
    if (formatOf(db) === 'empty') {
      createSchema(db, Buffer.from(random.bytes(16)).toString('hex'));
      syncDirectory(dirname(path));
    } else configure(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A connection that only reads leaves the file and its log alone, should they not be ours to change. */
function refuseOthers(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
  if (stats.size < HEADER_BYTES) return;
  const db = new Database(path, openAttached(path, { readOnly: true }));
  try {
    formatOf(db);
  } finally {
    db.close();
  }
}

function formatOf(db: Database): 'store' | 'empty' {
  const { path } = db;
  if (db.pragma('application_id') === APPLICATION_ID) {
    refuseOtherFormat(path, db.pragma('user_version'));
    return whole(db);
  }
  const tables = db.get<{ count: number }>(`SELECT count(*) AS count FROM ${AS}.sqlite_schema`);
  if (db.pragma('application_id') === 0 && tables?.count === 0) return 'empty';
  throw new RelayError('JOURNAL_IO', `journal ${path}: it is the database of another program`, {
    hint: 'correct the state directory, or move the file away',
  });
}

function refuseOtherFormat(path: string, version: number): void {
  const words = `journal ${path}: format ${version} is`;
  if (version > SCHEMA_VERSION) {
    throw new RelayError('JOURNAL_NEWER', `${words} newer than this program's ${SCHEMA_VERSION}`, {
      hint: 'install the newer idmef-relay again, or restore a backup of the older one',
    });
  }
  if (version < SCHEMA_VERSION) {
    throw new RelayError('JOURNAL_IO', `${words} older than this program's ${SCHEMA_VERSION}`, {
      hint: 'let the idmef-relay that wrote it deliver what it owes, then move the file away',
    });
  }
}

/** A table that is missing is damage: SQLite would only say that our statements are wrong. */
function whole(db: Database): 'store' {
  const found = db.all<{ name: string }>(`SELECT name FROM ${AS}.sqlite_schema`).map(({ name }) => name);
  const names = new Set(found);
  const missing = [...TABLES.matchAll(/CREATE (?:TABLE|INDEX|UNIQUE INDEX) (\w+)/g)].find(
    ([, name = '']) => !names.has(name),
  );
  if (missing !== undefined) throw corruption(`${missing[1] ?? ''} is missing`);
  return 'store';
}

/** SQLite would begin a new database, and with it throw the log of the old one away. */
function refuseLogAlone(path: string): void {
  const database = statSync(path, { throwIfNoEntry: false });
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (log === undefined || log.size === 0 || (database !== undefined && database.size >= HEADER_BYTES))
    return;
  throw corruption('its database is missing');
}
