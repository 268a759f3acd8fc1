/**
 * Move a damaged journal out of the way, whole: `journal.db.corrupt-20241121T021400Z`, `…-wal`, `…-shm`.
 *
 * Never deletes. The database goes first: a crash in between leaves a write-ahead log without its database,
 * which open.ts finds and sets aside as well, because SQLite would replay it into the next file. A connection to
 * the moved file that is closed later leaves the new one's log alone: SQLite looks whether its file was moved.
 */

import { closeSync, existsSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

const PARTS = ['', '-wal', '-shm'] as const;

/** Where it went. */
export function setAside(path: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let target = `${path}.corrupt-${stamp}`;
  for (let copy = 2; PARTS.some((part) => existsSync(target + part)); copy++) {
    target = `${path}.corrupt-${stamp}-${copy}`;
  }
  for (const part of PARTS) {
    if (existsSync(path + part)) renameSync(path + part, target + part);
  }
  syncDirectory(dirname(path));
  return target;
}

export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
