/**
 * The instance lock: an open `BEGIN EXCLUSIVE` on the empty database `<journal>.lock`.
 *
 * Taken by open.ts before the journal is touched; the kernel releases it when the process dies, however it dies.
 * The holder is named from /proc/locks, where that shows it. Nothing may open the lock file or the journal by
 * other means within the process: closing any descriptor of a file drops the POSIX locks SQLite holds on it.
 */

import { readFileSync, statSync } from 'node:fs';
import { RelayError } from '../core/errors.ts';
import { openConnection, type Connection } from './driver.ts';
import { explainFailure } from './sqlite-errors.ts';

export interface InstanceLock {
  release(): void;
}

export function takeLock(journal: string): InstanceLock {
  const path = `${journal}.lock`;
  let connection: Connection | undefined;
  try {
    connection = openConnection(path, { timeout: 0 });
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    const held = connection;
    return { release: () => held.close() };
  } catch (error) {
    connection?.close();
    const explained = explainFailure(error, path);
    if (explained.code === 'JOURNAL_BUSY') throw inUse(journal, error);
    if (explained.code !== 'JOURNAL_CORRUPT') throw explained;
    // Nothing is in it that could be wrong: SQLite says the same when it cannot be read.
    if (statSync(path, { throwIfNoEntry: false })?.size === 0) {
      throw new RelayError('JOURNAL_IO', `lock ${path}: input/output error`, {
        hint: 'check the disk and the kernel log',
        cause: error,
      });
    }
    throw new RelayError('JOURNAL_IO', `lock ${path}: it is not a lock file`, {
      hint: 'make sure no program uses the journal, then remove the lock file',
      cause: error,
    });
  }
}

function inUse(journal: string, cause: unknown): RelayError {
  const pid = lockHolder(journal);
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return new RelayError('JOURNAL_BUSY', `journal ${journal}: in use by ${holder}`, {
    hint: pid === undefined ? 'stop that process first' : `stop it first: kill ${pid}`,
    cause,
  });
}

/** Process id of whoever holds a journal; undefined when nobody does, or where /proc/locks does not tell. */
export function lockHolder(journal: string): number | undefined {
  try {
    const { ino } = statSync(`${journal}.lock`);
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, , , kind, pid, file] = line.trim().split(/\s+/);
      if (kind === 'WRITE' && file?.endsWith(`:${ino}`) === true && Number(pid) > 0) return Number(pid);
    }
  } catch {
    // Hidden or another system: the message does without.
  }
  return undefined;
}
