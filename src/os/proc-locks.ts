/**
 * Which files some process holds a write lock on, as /proc/locks tells it. Node has no flock of its own; one
 * read of this table per spool pass costs 0.1–7 ms, a spawned flock(1) 2 ms per file.
 *
 * Called by src/sensor/intake.ts. Sees held FLOCK, POSIX and OFD locks; lines with `->` only wait. Blind where the
 * file is hidden (no /proc, ProcSubset=pid), for writers outside our PID namespace (the kernel leaves their lines
 * out), and on filesystems whose stat shows another device than their superblock's (btrfs, overlayfs). `visible`
 * tells the first two. A lock only spares a read: well-formedness is the proof that a file is complete.
 */

import * as fs from 'node:fs';

import { systemCode } from '../core/errors.ts';

export interface LockTable {
  /** False: nothing is known about locks, see `why`. */
  readonly visible: boolean;
  /** Why not visible; '' otherwise. */
  readonly why: string;
  /** Whether a write lock is held on the file. */
  has(dev: bigint, ino: bigint): boolean;
  /** Number of write-locked files. */
  readonly size: number;
}

const LOCKS_FILE = '/proc/locks';
const PID_NAMESPACE = '/proc/self/ns/pid';

/** Read the table once per pass. Both paths are parameters for tests. */
export function readLocks(path: string = LOCKS_FILE, namespaceLink: string = PID_NAMESPACE): LockTable {
  let text: string;
  try {
    text = fs.readFileSync(path, 'latin1');
  } catch (error) {
    return parseLocks('', `${path} cannot be read (${systemCode(error) || 'unknown error'})`);
  }
  return parseLocks(
    text,
    inOwnPidNamespace(namespaceLink) ? 'this process has a PID namespace of its own' : '',
  );
}

// `1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF`; device in hexadecimal, inode in decimal.
const LINE = /^\d+: +(?:FLOCK|POSIX|OFDLCK) +\S+ +WRITE +-?\d+ +([0-9a-f]+):([0-9a-f]+):(\d+) /;

/** The write locks in the text of /proc/locks. With a reason in `blind` the table is known to be incomplete. */
export function parseLocks(text: string, blind = ''): LockTable {
  const locked = new Set<string>();
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, major = '', minor = '', inode = ''] = match;
    locked.add(`${encodeDevice(BigInt(`0x${major}`), BigInt(`0x${minor}`))}:${inode}`);
  }
  return {
    visible: blind === '',
    why: blind,
    size: locked.size,
    has: (dev, ino) => locked.size > 0 && locked.has(`${dev}:${ino}`),
  };
}

/** The initial namespace has a fixed inode number (PROC_PID_INIT_INO of the kernel's proc_ns.h). */
function inOwnPidNamespace(link: string): boolean {
  try {
    return fs.readlinkSync(link) !== 'pid:[4026531836]';
  } catch {
    return true;
  }
}

/** st_dev as stat(2) shows it: 12 bits of major between the low 8 and the high 12 bits of minor. */
function encodeDevice(major: bigint, minor: bigint): bigint {
  return (minor & 0xffn) | (major << 8n) | ((minor & 0xfff00n) << 12n);
}
