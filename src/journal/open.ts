/**
 * Open a journal file, or make one: owner, lock, format, set-aside.
 *
 * Called by core.ts. What is not provably damaged is never touched: a file of a newer format, another program's
 * database, a directory or an unreadable file is refused with the remedy. The lock is held from before the
 * first look at the file.
 */

import {
  closeSync,
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
import { openConnection } from './driver.ts';
import type { JournalOptions } from './options.ts';
import { APPLICATION_ID, configure, createSchema, SCHEMA_VERSION } from './schema.ts';
import { setAside, syncDirectory } from './set-aside.ts';
import { explainFailure, isCorruption } from './sqlite-errors.ts';
import { checkStateOwner } from './state-owner.ts';

const HEADER_BYTES = 100;
const READER_WAIT_MS = 2000;

/** Open for writing, under the lock. Sets a damaged file aside and starts a new one. */
export function openFile(options: JournalOptions): Database {
  const { path } = options;
  try {
    return openSound(options);
  } catch (error) {
    if (!isCorruption(error)) throw explainFailure(error, path);
    replaceFile(options, error);
    return openSound(options);
  }
}

/** Set the closed file aside and say so. */
export function replaceFile(options: JournalOptions, cause: unknown): void {
  const { path, clock, onSetAside } = options;
  const reason = cause instanceof Error ? cause.message : String(cause);
  onSetAside?.({ path: setAside(path, clock.now()), reason });
}

/** Look at a journal another process may be writing. */
export function openReadOnly(path: string): Database {
  let db: Database | undefined;
  try {
    if (!existsSync(path)) throw noJournal(path);
    db = new Database(path, openConnection(path, { readOnly: true, timeout: READER_WAIT_MS }));
    if (formatOf(db, path) === 'empty') throw noJournal(path);
    return db;
  } catch (error) {
    db?.close();
    throw explainFailure(error, path);
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
  const { path, clock, onSetAside, random } = options;
  if (!existsSync(path) && existsSync(`${path}-wal`)) {
    onSetAside?.({ path: setAside(path, clock.now()), reason: 'its database is missing' });
  }
  if (isUnmarked(path)) refuseForeign(path);
  const db = new Database(path, openConnection(path, { timeout: 0 }));
  try {
    if (formatOf(db, path) === 'empty') {
      createSchema(db, Buffer.from(random.bytes(16)).toString('hex'));
      syncDirectory(dirname(path));
    } else {
      configure(db);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Look at the file's header without SQLite, which would already tidy up the log of a file it must not touch.
 * True when it is a database without a journal's mark: another program's, or the making of ours was cut short.
 * The only place that opens the journal otherwise. Never while a descriptor of this process is open on it (one
 * not yet collected, see driver.ts): closing another would drop the locks SQLite believes to hold.
 */
function isUnmarked(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (!stats.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
  if (stats.size < HEADER_BYTES || isOpenHere(path)) return false;
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
  if (header.toString('latin1', 0, 15) !== 'SQLite format 3') return false;
  if (header.readUInt32BE(68) !== APPLICATION_ID) return true;
  refuseNewer(path, header.readUInt32BE(60));
  return false;
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
  const db = new Database(path, openConnection(path, { readOnly: true }));
  try {
    formatOf(db, path);
  } finally {
    db.close();
  }
}

function formatOf(db: Database, path: string): 'journal' | 'empty' {
  const application = pragma(db, 'application_id');
  if (application === APPLICATION_ID) {
    refuseNewer(path, pragma(db, 'user_version'));
    return 'journal';
  }
  const tables = db.get<{ count: number }>('SELECT count(*) AS count FROM sqlite_schema');
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

function pragma(db: Database, name: 'application_id' | 'user_version'): number {
  return Object.values(db.get<Record<string, number>>(`PRAGMA ${name}`) ?? {})[0] ?? 0;
}

function noJournal(path: string): RelayError {
  return new RelayError('NO_INPUT', `journal ${path}: there is none`, {
    hint: 'correct the state directory, or start the program that makes it',
  });
}
