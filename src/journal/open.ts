/**
 * Open a journal file, or make one: owner, lock, format, set-aside.
 *
 * Called by core.ts. What is not provably damaged is never touched: a file of a newer format, another program's
 * database, a directory or an unreadable file is refused with the remedy. The lock is held from before the
 * first look at the file.
 */

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { RelayError } from '../core/errors.ts';
import { Database } from './database.ts';
import { AS, openAttached } from './driver.ts';
import type { JournalOptions } from './options.ts';
import { APPLICATION_ID, configure, createSchema, migrate, SCHEMA_VERSION } from './schema.ts';
import { HEADER_BYTES, headerFault, isSqlite, logFault, sizeFault } from './header.ts';
import { syncDirectory } from './set-aside.ts';
import { corruption, explainFailure, isCorruption } from './sqlite-errors.ts';
import { checkStateOwner } from './state-owner.ts';
import { load } from './when-damaged.ts';

/** The file's header, and that of the page with its tables, which is the first. */
const FIRST_BYTES = 108;
const READER_WAIT_MS = 2000;
const CHECK_BYTES = 1 << 20;
const MAX_VERSION = 255;

/** Open for writing, under the lock. A damaged file is set aside, and what is readable of it salvaged into a new one. */
export function openFile(options: JournalOptions): Database {
  const { path } = options;
  for (let failures = 0; ; failures++) {
    try {
      if (['.salvaging', '.salvaged'].some((end) => existsSync(path + end))) {
        load('./salvage/replace').finishReplacement(options);
      }
      return openSound(options);
    } catch (error) {
      if (!isCorruption(error) || failures > 1) throw explainFailure(error, path);
      // A read that fails once is corruption to SQLite, too.
      if (failures === 0) checkReadable(path);
      else setRight(options, error);
    }
  }
}

/** What cannot be read is no proof of damage. Throws JOURNAL_IO. */
export function checkReadable(path: string): void {
  const chunk = Buffer.allocUnsafe(CHECK_BYTES);
  for (const file of [path, `${path}-wal`]) {
    // As for readHeader: not beside a descriptor of this process.
    if (!existsSync(file) || !statSync(file).isFile() || isOpenHere(file)) continue;
    const descriptor = openSync(file, 'r');
    try {
      while (readSync(descriptor, chunk) > 0);
    } catch (error) {
      throw explainFailure(error, path);
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Set the closed file aside, salvage what is readable of it, and say so. */
export function setRight(options: JournalOptions, cause: unknown): void {
  try {
    load('./salvage/replace').replaceFile(options, cause);
  } catch (error) {
    throw explainFailure(error, options.path);
  }
}

/** Look at a journal another process may be writing. @param steady for long: under SQLite's locks, if that may be */
export function openReadOnly(path: string, steady = false): Database {
  let db: Database | undefined;
  try {
    if (!existsSync(path)) throw noJournal(path);
    const options = { readOnly: true, timeout: READER_WAIT_MS };
    db = new Database(path, openAttached(path, options, hasNoLog(path) && !(steady && mayWriteBeside(path))));
    if (formatOf(db, path) === 'empty') throw noJournal(path);
    return db;
  } catch (error) {
    db?.close();
    throw explainFailure(error, path);
  }
}

/**
 * Without a log, or with an empty one, all of the journal is in the one file. Then it is read without any lock and
 * without a log of ours beside it: whoever starts meanwhile is not disturbed, and who may only read can. Should
 * somebody write it in that moment, what is read may look damaged; the next opening finds the log.
 */
function hasNoLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** SQLite's locks of a reader are in a file beside the journal. */
function mayWriteBeside(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Before anything is made: may this user, and can it be. */
export function prepareDirectory(path: string): void {
  try {
    checkStateOwner(path, process.geteuid?.());
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  } catch (error) {
    throw explainFailure(error, path);
  }
}

function openSound(options: JournalOptions): Database {
  const { path, random } = options;
  refuseLogAlone(path);
  const header = readHeader(path);
  if (header === undefined || isJournal(path, header)) {
    const fault =
      (header === undefined ? undefined : (headerFault(header) ?? sizeFault(path, header))) ?? logFault(path);
    if (fault !== undefined) throw corruption(fault);
  }
  const db = new Database(path, openAttached(path, { timeout: 0 }));
  try {
    if (formatOf(db, path) === 'empty') {
      createSchema(db, Buffer.from(random.bytes(16)).toString('hex'));
      syncDirectory(dirname(path));
    } else {
      configure(db);
      migrate(db, db.pragma('user_version'));
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Look at the file's header without SQLite, which would already tidy up the log of a file it must not touch.
 * Undefined when there is none to look at. The only place that opens the journal otherwise. Never while a descriptor
 * of this process is open on it (somebody looks at it): closing another would drop the locks SQLite believes to hold.
 */
function readHeader(path: string): Buffer | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
  if (stats.size < HEADER_BYTES || isOpenHere(path)) return undefined;
  const header = Buffer.alloc(FIRST_BYTES);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, header, 0, FIRST_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
  return header;
}

/**
 * Whether it is marked as a journal. Without the mark it is another program's database, and refused; or the making
 * of ours was cut short, or the mark is what was damaged. What is no database at all SQLite will say.
 */
function isJournal(path: string, header: Buffer): boolean {
  if (!isSqlite(header)) return false;
  const mark = header.readUInt32BE(68);
  const version = header.readUInt32BE(60);
  if (mark !== APPLICATION_ID) {
    if (isBegun(path, header)) return false;
    if (mark !== 0 && load('./salvage/layout').layoutOf(path).whole)
      throw corruption('header: the mark is damaged');
    refuseForeign(path);
    return false;
  }
  // A later format has a number near ours; whether one that far off is damage, the tables say.
  if (
    version > MAX_VERSION &&
    load('./definitions').sameDefinitions(load('./salvage/layout').layoutOf(path).definitions)
  ) {
    throw corruption(`header: format ${version} is not what its tables are`);
  }
  refuseNewer(path, version);
  return true;
}

/** SQLite would begin a new database, and with it throw the log of the old one away. */
function refuseLogAlone(path: string): void {
  const database = statSync(path, { throwIfNoEntry: false });
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (log === undefined || (database !== undefined && (database.size >= HEADER_BYTES || log.size === 0)))
    return;
  throw corruption('its database is missing');
}

/**
 * Killed in the very first change: there is a log to roll back, and no table. A connection that only reads could not roll
 * it back and would fail for good; SQLite makes the file empty again when it is opened for writing.
 */
function isBegun(path: string, header: Buffer): boolean {
  const LEAF = 0x0d;
  return header[100] === LEAF && header.readUInt16BE(103) === 0 && existsSync(`${path}-journal`);
}

/** Whether this process has the file open; unknown is no. */
function isOpenHere(path: string): boolean {
  const descriptors = '/proc/self/fd';
  try {
    const real = realpathSync(path);
    return readdirSync(descriptors).some((name) => linkTarget(join(descriptors, name)) === real);
  } catch {
    return false;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // Closed since it was listed.
  }
}

/** Throws when it is another program's. A connection that only reads leaves its log alone. */
function refuseForeign(path: string): void {
  const db = new Database(path, openAttached(path, { readOnly: true }));
  try {
    formatOf(db, path);
  } finally {
    db.close();
  }
}

function formatOf(db: Database, path: string): 'journal' | 'empty' {
  const application = db.pragma('application_id');
  if (application === APPLICATION_ID) {
    refuseNewer(path, db.pragma('user_version'));
    return 'journal';
  }
  const tables = db.get<{ count: number }>(`SELECT count(*) AS count FROM ${AS}.sqlite_schema`);
  if (application === 0 && tables?.count === 0) return 'empty';
  throw new RelayError('JOURNAL_IO', `journal ${path}: it is the database of another program`, {
    hint: 'correct the state directory, or move the file away',
  });
}

function refuseNewer(path: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  const words = `journal ${path}: format ${version} is newer than this program's ${SCHEMA_VERSION}`;
  throw new RelayError('JOURNAL_NEWER', words, {
    hint: 'install the newer idmef-relay again, or let it deliver what is pending and move the file away',
  });
}

function noJournal(path: string): RelayError {
  return new RelayError('NO_INPUT', `journal ${path}: there is none`, {
    hint: 'correct the state directory, or start the program that makes it',
  });
}
