/**
 * What makes a spool file the same file: device, inode, size, mtime and ctime, beside its name (ARCHITECTURE.md: Spool intake).
 *
 * Read with lstat before a file is opened, with fstat once it is open, and again in private before it is removed or
 * moved. `ctime` alone also moves by chmod, chown and a new hard link; then the checksum of the bytes decides.
 * The stored form is `dev:ino:size:mtimeNs:ctimeNs:crc32`.
 */

import type { BigIntStats } from 'node:fs';
import { crc32 } from 'node:zlib';

import { spoolLimits } from '../../core/limits.ts';

const MS = 1_000_000n;
const OWN_NS = BigInt(spoolLimits.ownTimeMs) * MS;

export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** `touched`: only ctime differs, the content may be the same. */
export type Likeness = 'same' | 'touched' | 'changed';

export function identityOf(stat: BigIntStats): FileIdentity {
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  return { dev, ino, size, mtimeNs, ctimeNs };
}

export function compareIdentity(a: FileIdentity, b: FileIdentity): Likeness {
  if (a.ino !== b.ino || a.size !== b.size || a.mtimeNs !== b.mtimeNs || a.dev !== b.dev) return 'changed';
  return a.ctimeNs === b.ctimeNs ? 'same' : 'touched';
}

/** The form the ledger keeps, of a file with this content. */
export function storedIdentity(file: FileIdentity, bytes: Uint8Array): string {
  return `${file.dev}:${file.ino}:${file.size}:${file.mtimeNs}:${file.ctimeNs}:${crc32(bytes)}`;
}

/**
 * Compare with a stored form; one we cannot read is another file. Another device number is only `touched`:
 * network and virtual filesystems get a new one at each mount.
 */
export function compareStored(file: FileIdentity, stored: string): Likeness {
  const [dev, ino, size, mtimeNs, ctimeNs] = stored.split(':');
  if (ino !== `${file.ino}` || size !== `${file.size}` || mtimeNs !== `${file.mtimeNs}`) return 'changed';
  return ctimeNs === `${file.ctimeNs}` && dev === `${file.dev}` ? 'same' : 'touched';
}

/**
 * Whether any later change of the file will show in its mtime. Not when it was written within a tick of the clock
 * before it was read (`since`, Unix milliseconds), because the next write may carry the same time; nor when the time
 * is much older than ctime, because then somebody set it and may set it again.
 */
export function mtimeProves({ mtimeNs, ctimeNs }: FileIdentity, since: number): boolean {
  const age = since - Number(mtimeNs / MS);
  return age > spoolLimits.mtimeTickMs && ctimeNs - mtimeNs < OWN_NS;
}

/** Whether nothing but ctime differs from a stored form; one that is `touched` by its device is not told. */
export function hasMtime({ dev, ino, size, mtimeNs }: FileIdentity, stored: string): boolean {
  return stored.startsWith(`${dev}:${ino}:${size}:${mtimeNs}:`);
}

/** Device number of a stored form. */
export function storedDevice(stored: string): string {
  return stored.slice(0, stored.indexOf(':'));
}

/** Whether the stored form is of a file with these bytes. */
export function hasContent(stored: string, bytes: Uint8Array): boolean {
  return stored.endsWith(`:${crc32(bytes)}`);
}
