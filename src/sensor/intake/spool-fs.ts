/**
 * The few system calls by which taken files leave the spool, as values: custody.ts calls nothing else that changes a
 * directory. Tests put another writer, or a kill, before and after each of them.
 */

import * as fs from 'node:fs';

import { type Path, moveDurably } from '../../os/atomic-write.ts';
import { lookAt } from './candidate.ts';

export interface SpoolFs {
  /** rename(2): replaces what stands under `to`. */
  readonly rename: (from: Path, to: Path) => void;
  readonly unlink: (path: Path) => void;
  readonly lookAt: typeof lookAt;
  /** To a free name; the directories are synced later. */
  readonly move: (from: Path, to: Path) => void;
}

export const systemSpoolFs: SpoolFs = {
  rename: fs.renameSync,
  unlink: fs.unlinkSync,
  lookAt,
  move: (from, to) => moveDurably(from, to, { deferSync: true }),
};
