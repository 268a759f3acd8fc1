/**
 * What the intake asks of the journal: the messages of spool files go in together with the files' identities,
 * in one transaction, so that a file whose messages are durable is never taken twice (ARCHITECTURE.md: Spool intake).
 *
 * Synchronous: the intake runs in the journal's thread. journal/core.ts fits as it is. Everything is durable, or
 * undone, when a call returns. Calls throw RelayError: JOURNAL_FULL passes, other codes need the operator.
 */

import type { FileCounts, LedgerFile, TakenFile } from '../../journal/intake-ledger.ts';

export type { FileCounts, LedgerFile, TakenFile };

export interface IntakeLedger {
  /** Another one when the journal was set aside as corrupt and started anew. */
  readonly id: string;
  /** Files taken and not yet forgotten. Names are bytes, one character each (Latin-1). */
  listFiles(): readonly LedgerFile[];
  /** `found`, `taken`, `known`, `waiting`, `refused:<reason>` as they stand. */
  fileCounters(): FileCounts;
  /** Append the messages, remember the files, move the counters: one transaction. */
  takeFiles(files: readonly TakenFile[], counts: FileCounts): unknown;
  /** The files are gone from the spool, or no longer what was taken; their messages stay owed. */
  forgetFiles(files: readonly LedgerFile[]): void;
  /** As `forgetFiles`, and what is unsettled of their messages is withdrawn. */
  withdrawFiles(files: readonly LedgerFile[]): unknown;
  countFiles(counts: FileCounts): void;
  getState(key: string): string | undefined;
  setState(key: string, value: string): void;
}
