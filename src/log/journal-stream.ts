/**
 * Tells whether a file descriptor is connected to journald, as systemd.exec(5) describes `$JOURNAL_STREAM`:
 * the variable holds device and inode of the stream, and counts only when the descriptor still is that
 * stream (a redirected child inherits the variable but not the descriptor). Called by src/cli/logging.ts.
 */

import { fstatSync } from 'node:fs';

/** `value` is `$JOURNAL_STREAM`, `device:inode` in decimal. */
export function isJournalStream(value: string | undefined, fd: number): boolean {
  const match = /^(\d+):(\d+)$/.exec(value ?? '');
  if (match === null) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return dev === BigInt(match[1] ?? '') && ino === BigInt(match[2] ?? '');
  } catch {
    return false;
  }
}
