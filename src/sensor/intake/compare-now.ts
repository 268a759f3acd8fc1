/**
 * Whether what stands in a directory is the file that was taken: by identity, or by content where only ctime moved.
 *
 * Called by scan.ts for files that are known, by custody.ts and dispose.ts before one is removed or moved.
 */

import { type Candidate, lookAt } from './candidate.ts';
import { compareStored, hasContent } from './file-identity.ts';
import type { LedgerFile } from './ledger.ts';
import { readCandidate } from './read-file.ts';

export type Present =
  | { readonly kind: 'same' | 'gone' | 'changed' }
  | { readonly kind: 'stuck'; readonly code: string; readonly dir: string; readonly text: string };

/** Looks at the file's own name. */
export function compareNow(dir: string, file: LedgerFile): Present {
  const now = lookAt(dir, file.name);
  if (now === undefined) return { kind: 'gone' };
  if (now.kind === 'hidden') return { kind: 'stuck', code: now.code, dir, text: now.text };
  if (now.kind === 'odd') return { kind: 'changed' };
  return { kind: compareEntry(dir, now, file.identity) };
}

/** An entry just looked at, under whatever name. */
export function compareEntry(dir: string, entry: Candidate, identity: string): 'same' | 'changed' {
  const likeness = compareStored(entry, identity);
  if (likeness !== 'touched') return likeness;
  const reading = readCandidate(dir, entry);
  // Not readable any more: its mode was changed, which is all we know to have changed.
  if (reading.kind === 'unreadable') return 'same';
  return reading.kind === 'bytes' && hasContent(identity, reading.bytes) ? 'same' : 'changed';
}
