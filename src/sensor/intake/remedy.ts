/**
 * What the operator can do about a spool file that cannot be read, moved or removed: one sentence per cause.
 *
 * Most of them are two: the writer's files are not readable for this account, or the unit's sandbox leaves the
 * directory read-only.
 */

/** What was tried. */
export type Attempt = 'read' | 'remove' | 'move' | 'follow';

export function remedyFor(attempt: Attempt, code: string, dir: string, uid: number): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return attempt === 'read'
        ? `let user id ${uid} read it: chmod g+r, and let its writer create files of group idmef-spool`
        : `let user id ${uid} write in ${dir}: chmod 2770 and chgrp idmef-spool, and put the user into that group`;
    case 'EROFS':
      return `if systemd's sandbox is the cause, add ReadWritePaths=${dir} to the unit; else remount it writable`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `make room on the filesystem of ${dir}`;
    case 'ENOENT':
    case 'ENOTDIR':
      return `make the directory: mkdir -p ${dir}`;
    case 'EXDEV':
      return `files and ${dir} must belong to one filesystem and one quota tree`;
    case 'ELOOP':
      return 'symbolic links are not followed: put the file itself into the spool';
    default:
      return `look into ${dir} and the kernel's log`;
  }
}
