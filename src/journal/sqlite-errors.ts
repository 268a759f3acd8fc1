/**
 * SQLite's failures in the product's words: path, cause, remedy.
 *
 * Only a file that provably is no sound database (SQLITE_CORRUPT, SQLITE_NOTADB) is JOURNAL_CORRUPT, the one
 * class after which a journal is set aside. Everything else may pass or is the operator's to mend, and the file
 * stays as it is. The system's own word (EACCES, EROFS) is asked for, because SQLite hides it.
 */

import { accessSync, constants, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, RelayError, systemCode, type ErrorCode } from '../core/errors.ts';
import { sqliteCode } from './driver.ts';
import { isNoSpace } from './reserve.ts';

const PROBE_BYTES = 64 * 1024;

const code = {
  error: 1,
  perm: 3,
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  auth: 23,
  notADatabase: 26,
} as const;

export function isCorruption(error: unknown): boolean {
  const sqlite = sqliteCode(error);
  return sqlite === code.corrupt || sqlite === code.notADatabase;
}

/** What a check of our own has found, as SQLite would say it. */
export function corruption(text: string): Error {
  return Object.assign(new Error(text), { code: 'ERR_SQLITE_ERROR', errcode: code.corrupt });
}

/** The filesystem has no room. */
export function isFull(error: unknown): boolean {
  return sqliteCode(error) === code.full;
}

/** SQLite could not make sense of a statement: with statements that are sound, the schema is not. */
export function isLogicError(error: unknown): boolean {
  return sqliteCode(error) === code.error;
}

export function isIoError(error: unknown): boolean {
  return sqliteCode(error) === code.ioError;
}

/** Anything thrown while working on a journal, as a RelayError; what is one already passes. */
export function explainFailure(error: unknown, path: string): RelayError {
  if (error instanceof RelayError) return error;
  const system = systemCode(error);
  switch (sqliteCode(error)) {
    case code.corrupt:
    case code.notADatabase:
      return failure(
        'JOURNAL_CORRUPT',
        path,
        messageOf(error),
        'the program that owns it sets it aside and starts a new one',
        error,
      );
    case code.busy:
    case code.locked:
      return failure(
        'JOURNAL_BUSY',
        path,
        'another process is using it',
        'wait for that process or stop it',
        error,
      );
    case code.full:
      return failure('JOURNAL_FULL', path, 'the disk is full', 'free space on its filesystem', error);
    case code.tooBig:
      return failure('TOO_LARGE', path, 'a message is too large to be kept', 'split it', error);
    case code.noMemory:
      return failure('JOURNAL_IO', path, 'out of memory', 'give the process more memory', error);
    case code.readOnly:
    case code.perm:
    case code.auth:
    case code.cannotOpen:
      return accessFailure(path, error);
    case code.ioError: {
      const lacking = spaceFault(path);
      if (lacking !== undefined) return systemFailure(path, lacking, error);
      return failure('JOURNAL_IO', path, messageOf(error), 'check the disk and the kernel log', error);
    }
    default:
      if (system !== '' && system !== 'ERR_SQLITE_ERROR') return systemFailure(path, system, error);
      return new RelayError('BUG', `journal ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Why the path cannot be opened or written, as the system sees it. Does not open it. */
function accessFailure(path: string, error: unknown): RelayError {
  const found = probe(path);
  return found === undefined
    ? failure('JOURNAL_IO', path, messageOf(error), 'check the state directory and its owner', error)
    : systemFailure(path, found, error);
}

/** Whether nothing can be written beside the journal for want of room, in the system's word. */
function spaceFault(path: string): string | undefined {
  const file = `${path}.probe`;
  try {
    writeFileSync(file, Buffer.alloc(PROBE_BYTES, 1), { flush: true });
    return undefined;
  } catch (cause) {
    return isNoSpace(cause) ? systemCode(cause) : undefined;
  } finally {
    rmSync(file, { force: true });
  }
}

function probe(path: string): string | undefined {
  try {
    accessSync(dirname(path), constants.R_OK | constants.W_OK | constants.X_OK);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    for (const file of [path, `${path}.lock`, `${path}-wal`, `${path}-shm`]) {
      const stat = statSync(file, { throwIfNoEntry: false });
      if (stat?.isDirectory() === true) return 'EISDIR';
      if (stat !== undefined) accessSync(file, constants.R_OK | constants.W_OK);
    }
    return undefined;
  } catch (cause) {
    return systemCode(cause);
  }
}

const systemWords: Readonly<Record<string, readonly [cause: string, remedy: string]>> = {
  EACCES: ['permission denied', 'give its directory to the user of this program'],
  EPERM: ['operation not permitted', 'give its directory to the user of this program'],
  EROFS: ['the filesystem is read-only', 'remount it, or add the directory to ReadWritePaths= of the unit'],
  ENOENT: ['its directory does not exist', 'create it, or correct the state directory'],
  ENOTDIR: ['part of its path is not a directory', 'correct the state directory'],
  EEXIST: ['part of its path is not a directory', 'correct the state directory'],
  EISDIR: ['a directory is in its place', 'remove it, or correct the state directory'],
  ENOSPC: ['the disk is full', 'free space on its filesystem'],
  EDQUOT: ['the disk quota is used up', 'free space or raise the quota'],
  EIO: ['input/output error', 'check the disk and the kernel log'],
  EMFILE: ['too many open files', 'raise LimitNOFILE='],
};

function systemFailure(path: string, system: string, error: unknown): RelayError {
  const [cause, remedy] = systemWords[system] ?? [
    messageOf(error),
    'check the state directory and its owner',
  ];
  const kind = system === 'ENOSPC' || system === 'EDQUOT' ? 'JOURNAL_FULL' : 'JOURNAL_IO';
  return failure(kind, path, `${cause} (${system})`, remedy, error);
}

function failure(kind: ErrorCode, path: string, cause: string, hint: string, error: unknown): RelayError {
  return new RelayError(kind, `journal ${path}: ${cause}`, { hint, cause: error });
}
