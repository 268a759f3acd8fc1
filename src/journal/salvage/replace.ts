/**
 * Put a salvaged journal in the place of a damaged one, so that a crash at any instant loses nothing.
 *
 * Called by open.ts and journal-file.ts under the instance lock, with the old file closed. On disk, in this order:
 *   `journal.db.salvaging`   being written; thrown away at the next start
 *   `journal.db.salvaged`    complete and synced; the old file is still in place, and still counts
 *   `journal.db.corrupt-…`   the old file, whole, with its log; never deleted
 *   `journal.db`             the salvaged one
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../core/ports.ts';
import type { JournalOptions } from '../options.ts';
import { setAside, syncDirectory } from '../set-aside.ts';
import { salvage } from './salvage.ts';

const PARTS = ['', '-wal', '-shm', '-journal'] as const;
/** "File format write version" and "read version" of the header. */
const WAL_MODE = Buffer.from([2, 2]);
const WAL_MODE_AT = 18;

/** Salvage, set aside, put in place, and say so. */
export function replaceFile(options: JournalOptions, cause: unknown): void {
  const { path, clock, random, consumers, onSetAside } = options;
  const making = `${path}.salvaging`;
  const made = `${path}.salvaged`;
  discard(making);
  discard(made);
  try {
    const salvaged = salvage(path, making, { clock, random, consumers });
    seal(making);
    renameSync(making, made);
    syncDirectory(dirname(path));
    const kept = setAside(path, clock.now());
    renameSync(made, path);
    syncDirectory(dirname(path));
    const reason = cause instanceof Error ? cause.message : String(cause);
    onSetAside?.({ path: kept, reason, salvaged });
  } catch (error) {
    discard(making);
    throw error;
  }
}

interface Interrupted {
  readonly path: string;
  readonly clock: Clock;
  readonly onSetAside?: (event: {
    readonly path: string;
    readonly reason: string;
    readonly salvaged: undefined;
  }) => void;
}

/** What a killed process left of a replacement: finish it, or begin again. Call before the file is opened. For stores too. */
export function finishReplacement({ path, clock, onSetAside }: Interrupted): void {
  const made = `${path}.salvaged`;
  for (const left of ['salvaging', 'salvage-source']) discard(`${path}.${left}`);
  if (!existsSync(made)) return;
  if (existsSync(path)) {
    discard(made);
    return;
  }
  const kept = existsSync(`${path}-wal`) ? setAside(path, clock.now()) : newestKept(path);
  renameSync(made, path);
  syncDirectory(dirname(path));
  onSetAside?.({ path: kept, reason: 'an earlier start was interrupted', salvaged: undefined });
}

/** Where the damaged file went that an earlier process has set aside. */
function newestKept(path: string): string {
  const prefix = `${basename(path)}.corrupt-`;
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  return join(dirname(path), names.toSorted().at(-1) ?? prefix);
}

/** Make it a file that is opened in WAL mode, durable. */
export function seal(path: string): void {
  const descriptor = openSync(path, 'r+');
  try {
    writeSync(descriptor, WAL_MODE, 0, WAL_MODE.byteLength, WAL_MODE_AT);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A database with all that belongs to it. */
export function discard(path: string): void {
  for (const part of PARTS) rmSync(path + part, { force: true });
}
