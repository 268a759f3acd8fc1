/**
 * First look at a directory entry, by lstat alone: nothing is opened that could block or lead elsewhere.
 *
 * Called for each entry that is not yet decided. Only a regular file is a candidate; directories, FIFOs,
 * sockets, devices and symbolic links are told apart for the log. Links are never followed: whoever may write
 * in the spool must not make this process read (and with --delete lose) files elsewhere.
 */

import * as fs from 'node:fs';

import { messageOf, systemCode } from '../../core/errors.ts';
import { type FileIdentity, identityOf } from './file-identity.ts';
import { entryPath } from './spool-directory.ts';

/** A regular file that waits to be read. */
export interface Candidate extends FileIdentity {
  readonly kind: 'file';
  readonly name: string;
  /** Other names this file has, itself included. */
  readonly links: bigint;
}

/** An entry that is not a file, and what it is. */
export interface Oddity {
  readonly kind: 'odd';
  readonly name: string;
  readonly what: 'directory' | 'FIFO' | 'socket' | 'device' | 'symbolic link' | 'dangling symbolic link';
  /** Tells it from a later entry of the same name. */
  readonly mark: string;
}

/** An entry lstat cannot show: a failing disk, or a directory that may not be searched. */
export interface Hidden {
  readonly kind: 'hidden';
  readonly code: string;
  readonly text: string;
}

/** What stands under the name, or undefined when nothing does (any more). */
export function lookAt(dir: string, name: string): Candidate | Oddity | Hidden | undefined {
  const path = entryPath(dir, name);
  let stat: fs.BigIntStats | undefined;
  try {
    stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    return { kind: 'hidden', code: systemCode(error), text: messageOf(error) };
  }
  if (stat === undefined) return undefined;
  if (stat.isFile()) return { kind: 'file', name, links: stat.nlink, ...identityOf(stat) };
  return { kind: 'odd', name, what: whatIs(stat, path), mark: `${stat.dev}:${stat.ino}:${stat.ctimeNs}` };
}

/** Oldest first: mtime, then name (ARCHITECTURE.md: Spool intake). */
export function byAge(a: Candidate, b: Candidate): number {
  if (a.mtimeNs !== b.mtimeNs) return a.mtimeNs < b.mtimeNs ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function whatIs(stat: fs.BigIntStats, path: string | Buffer): Oddity['what'] {
  if (stat.isDirectory()) return 'directory';
  if (stat.isFIFO()) return 'FIFO';
  if (stat.isSocket()) return 'socket';
  if (!stat.isSymbolicLink()) return 'device';
  try {
    return fs.statSync(path, { throwIfNoEntry: false }) === undefined
      ? 'dangling symbolic link'
      : 'symbolic link';
  } catch {
    // A loop, a name too long, a directory that may not be entered: it leads nowhere for us.
    return 'dangling symbolic link';
  }
}
