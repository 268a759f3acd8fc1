/**
 * Whether a file that we are to execute is root's: nobody else could have put it there or changed it.
 *
 * Asked by exec (at the start and before each run) and by the loader of own modules. The file and its directory belong to the
 * owner asked for (root; tests say themselves) and are not writable for group and others; so are all directories above, unless
 * they are sticky (`/tmp`). Symbolic links are refused anywhere: what they point to could be exchanged.
 */

import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';

import { messageOf } from '../../../core/errors.ts';

/** Why not; undefined when it is. */
export function distrust(path: string, kind: 'file' | 'directory', ownerUid: number): string | undefined {
  if (!isAbsolute(path)) return `${path} is not named by its whole path`;
  try {
    const real = realpathSync(path);
    if (real !== path) return `${path} leads over a symbolic link: name it ${real}`;
    const stat = lstatSync(path);
    if (kind === 'file' ? !stat.isFile() : !stat.isDirectory()) return `${path} is no ${kind}`;
    const own = strict(path, stat, ownerUid);
    if (own !== undefined) return own;
    if (kind === 'file') {
      const parent = strict(dirname(path), lstatSync(dirname(path)), ownerUid);
      if (parent !== undefined) return parent;
    }
    return above(dirname(path), ownerUid);
  } catch (error) {
    return `${path} cannot be looked at: ${messageOf(error)}`;
  }
}

function strict(path: string, stat: Stats, ownerUid: number): string | undefined {
  if (stat.uid !== ownerUid)
    return `${path} belongs to user ${stat.uid}, not to ${ownerUid === 0 ? 'root' : ownerUid}`;
  if ((stat.mode & 0o022) !== 0)
    return `${path} may be written by others (mode ${(stat.mode & 0o7777).toString(8)})`;
  return undefined;
}

function above(directory: string, ownerUid: number): string | undefined {
  for (let path = directory; ; path = dirname(path)) {
    const { uid, mode } = lstatSync(path);
    if (uid !== ownerUid && uid !== 0) return `${path} belongs to user ${uid}`;
    if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) return `${path} may be written by others`;
    if (path === dirname(path)) return undefined;
  }
}
