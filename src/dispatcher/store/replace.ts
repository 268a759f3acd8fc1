/**
 * Put a salvaged store in the place of a damaged one, so that a crash at any instant loses nothing.
 *
 * Called by open-file.ts under the instance lock, with the old file closed. On disk, in this order:
 *   `store.db.salvaging`   being written; thrown away at the next start
 *   `store.db.salvaged`    complete and synced; the old file is still in place, and still counts
 *   `store.db.corrupt-…`   the old file, whole, with its log; never deleted
 *   `store.db`             the salvaged one
 */

import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { discard, seal } from '../../journal/salvage/replace.ts';
import { setAside, syncDirectory } from '../../journal/set-aside.ts';
import type { StoreOptions } from './options.ts';
import { makePrivateFile } from './private-file.ts';
import { salvage } from './salvage.ts';

/** Salvage, set aside, put in place, and say so. */
export function replaceFile({ path, clock, random, onSetAside }: StoreOptions, cause: unknown): void {
  const making = `${path}.salvaging`;
  const made = `${path}.salvaged`;
  // SQLite reads a copy: it would change the log of the one it opens.
  const source = `${path}.salvage-source`;
  for (const file of [making, made, source]) discard(file);
  try {
    for (const part of ['', '-wal']) if (existsSync(path + part)) copyFileSync(path + part, source + part);
    makePrivateFile(making);
    const salvaged = salvage(source, making, random, clock.now());
    discard(source);
    seal(making);
    renameSync(making, made);
    syncDirectory(dirname(path));
    const kept = setAside(path, clock.now());
    renameSync(made, path);
    syncDirectory(dirname(path));
    onSetAside?.({ path: kept, reason: messageOf(cause), salvaged });
  } catch (error) {
    for (const file of [making, source]) discard(file);
    throw error;
  }
}
