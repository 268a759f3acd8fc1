/**
 * Reads a candidate whole, if it is still the file that was looked at.
 *
 * O_NOFOLLOW and O_NONBLOCK: the entry may have become a link or a FIFO since lstat; fstat on the descriptor
 * settles which file this is. The caller has refused files that are too large.
 */

import * as fs from 'node:fs';

import { messageOf, systemCode } from '../../core/errors.ts';
import type { Candidate } from './candidate.ts';
import { compareIdentity, identityOf } from './file-identity.ts';
import { entryPath } from './spool-directory.ts';

export type Reading =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** Gone, or another file by now: to be looked at again. */
  | { readonly kind: 'moved-on' }
  | { readonly kind: 'unreadable'; readonly code: string; readonly text: string };

const FLAGS =
  fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY;

/** @param room gives the memory to read into */
export function readCandidate(
  dir: string,
  file: Candidate,
  room: (bytes: number) => Buffer = (bytes) => Buffer.allocUnsafeSlow(bytes),
): Reading {
  let fd: number;
  try {
    fd = fs.openSync(entryPath(dir, file.name), FLAGS);
  } catch (error) {
    return failed(error);
  }
  try {
    const stat = fs.fstatSync(fd, { bigint: true });
    if (!stat.isFile() || compareIdentity(file, identityOf(stat)) !== 'same') return { kind: 'moved-on' };
    const bytes = room(Number(file.size));
    let filled = 0;
    while (filled < bytes.length) {
      const count = fs.readSync(fd, bytes, filled, bytes.length - filled, null);
      if (count === 0) return { kind: 'moved-on' };
      filled += count;
    }
    return { kind: 'bytes', bytes };
  } catch (error) {
    return failed(error);
  } finally {
    fs.closeSync(fd);
  }
}

function failed(error: unknown): Reading {
  const code = systemCode(error);
  // ENXIO: a socket or a FIFO without a reader; ELOOP: a link. Neither was there a moment ago.
  if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO' || code === 'ENOTDIR')
    return { kind: 'moved-on' };
  return { kind: 'unreadable', code, text: messageOf(error) };
}
