/**
 * What happens to a spool file once its messages are durable: removed, moved, or left (DESIGN §5).
 *
 * `--movedir` wins over `--delete`. The identity is read again immediately before the file is touched: one that
 * changed since it was read is left for intake.ts to take as new. A file that cannot be moved or removed stays
 * and is stuck; its messages are not taken again. Directory fsyncs are left to the caller, once a group.
 */

import * as fs from 'node:fs';

import { messageOf, systemCode } from '../../core/errors.ts';
import { moveDurably } from '../../os/atomic-write.ts';
import { lookAt } from './candidate.ts';
import { compareStored, hasContent } from './file-identity.ts';
import type { LedgerFile } from './ledger.ts';
import { readCandidate } from './read-file.ts';
import { entryPath } from './spool-directory.ts';
import type { Trouble } from './stuck.ts';

/** Where taken files go. */
export type Disposal =
  { readonly kind: 'leave' } | { readonly kind: 'delete' } | { readonly kind: 'move'; readonly dir: string };

export type Disposed =
  /** Out of the spool; the ledger may forget it. */
  | { readonly kind: 'gone' }
  /** Another file stands under its name. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'stuck'; readonly trouble: Trouble };

const GONE = { kind: 'gone' } as const;
const SAME = { kind: 'same' } as const;
const CHANGED = { kind: 'changed' } as const;

export function disposalOf(settings: { readonly moveDir?: string; readonly delete: boolean }): Disposal {
  if (settings.moveDir !== undefined) return { kind: 'move', dir: settings.moveDir };
  return settings.delete ? { kind: 'delete' } : { kind: 'leave' };
}

/** Remove or move one taken file. */
export function dispose(
  dir: string,
  file: LedgerFile,
  disposal: Exclude<Disposal, { kind: 'leave' }>,
): Disposed {
  const attempt = disposal.kind === 'move' ? 'move' : 'remove';
  const state = compareNow(dir, file);
  if (state.kind === 'stuck') return { kind: 'stuck', trouble: { attempt, ...state } };
  if (state.kind !== 'same') return state;
  try {
    const path = entryPath(dir, file.name);
    if (disposal.kind === 'delete') fs.unlinkSync(path);
    else moveDurably(path, entryPath(disposal.dir, file.name), { deferSync: true });
    return GONE;
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const code = systemCode(cause);
    if (code === 'ENOENT' && lookAt(dir, file.name) === undefined) return GONE;
    const where = disposal.kind === 'move' && !blamesSource(code, dir) ? disposal.dir : dir;
    return { kind: 'stuck', trouble: { attempt, code, dir: where, text: messageOf(error) } };
  }
}

type Present =
  | typeof SAME
  | typeof GONE
  | typeof CHANGED
  | { readonly kind: 'stuck'; readonly code: string; readonly dir: string; readonly text: string };

/** Whether the file under this name is the one that was taken: by identity, or by content where only ctime moved. */
export function compareNow(dir: string, file: LedgerFile): Present {
  const now = lookAt(dir, file.name);
  if (now === undefined) return GONE;
  if (now.kind === 'hidden') return { kind: 'stuck', code: now.code, dir, text: now.text };
  if (now.kind === 'odd') return CHANGED;
  const likeness = compareStored(now, file.identity);
  if (likeness === 'same') return SAME;
  if (likeness === 'changed') return CHANGED;
  const reading = readCandidate(dir, now);
  // Not readable any more: its mode was changed, which is all we know to have changed.
  if (reading.kind === 'unreadable') return SAME;
  return reading.kind === 'bytes' && hasContent(file.identity, reading.bytes) ? SAME : CHANGED;
}

/** A move needs both directories writable; blame the spool when it is the one that is not. */
function blamesSource(code: string, dir: string): boolean {
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return false;
  try {
    fs.accessSync(dir, fs.constants.W_OK);
    return false;
  } catch {
    return true;
  }
}
