/**
 * How files stand on the disk, as one text that changes when any of them does: real path (Kubernetes and others
 * exchange a link to a directory), device, inode, size, mtime. Called by tls-watch.ts each few seconds; reads no content.
 */

import { realpathSync, statSync } from 'node:fs';
import { systemCode } from '../core/errors.ts';

export function fileStamp(paths: readonly string[]): string {
  return paths.map(stampOf).join('\n');
}

function stampOf(path: string): string {
  try {
    const real = realpathSync(path);
    const { dev, ino, size, mtimeNs } = statSync(real, { bigint: true });
    return `${real} ${dev} ${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    return `${path} ${systemCode(error)}`;
  }
}
