/**
 * A spool directory as the intake sees it: names as Latin-1 text (one character a byte, so that any name
 * survives), listed as a stream, only `*.xml` without a leading dot, as the seed's glob had it.
 *
 * Used by scan.ts and corrupt.ts. A listing is a snapshot of nothing: files come and go while it runs.
 */

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';

import { joinPath, showPath } from '../../os/atomic-write.ts';

/** Entries fetched from the kernel at once. */
const LISTING_BUFFER = 1024;

/** Whether a name is the intake's business. */
export function isSpoolName(name: string): boolean {
  return name.endsWith('.xml') && !name.startsWith('.');
}

/** The path of an entry; text when it is plain ASCII, which is cheaper, else bytes. */
export function entryPath(dir: string, name: string): string | Buffer {
  // oxlint-disable-next-line no-control-regex -- every ASCII byte means itself
  return /^[\x00-\x7f]*$/.test(name) ? `${dir}/${name}` : joinPath(dir, Buffer.from(name, 'latin1'));
}

/** A name nobody else uses, for a file that goes back into the spool. NAME_MAX is 255 bytes. */
export function returnName(name: string): string {
  return `${name.slice(0, -'.xml'.length).slice(0, 200)}.${randomBytes(8).toString('hex')}.xml`;
}

/** A move needs both directories writable: whether the spool is the one that is not. */
export function blamesSpool(code: string, dir: string): boolean {
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return false;
  try {
    fs.accessSync(dir, fs.constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

/** A name for people. */
export function showName(name: string): string {
  return showPath(Buffer.from(name, 'latin1'));
}

/** Streams all names of the directory, in no order. Throws what opendir throws. */
export function* listNames(dir: string): Generator<string> {
  // With a Latin-1 encoding the names are text all the same; the type declarations know only this one shape.
  const handle = fs.opendirSync(dir, { encoding: 'latin1', bufferSize: LISTING_BUFFER });
  try {
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) yield entry.name;
  } finally {
    handle.closeSync();
  }
}
