/**
 * What the intake's tasks share: settings, the registers of files by state, and the ways to the outside.
 *
 * Made by intake.ts, used by scan.ts, recheck.ts and take.ts. A name is in at most one register at a time:
 *   (nowhere) → waiting → known → (nowhere), or waiting → corrupt/, or (nowhere) → odd.
 */

import type { Clock, Logger } from '../../core/ports.ts';
import type { DocumentVerdict } from '../../idmef/verdict.ts';
import type { LockTable } from '../../os/proc-locks.ts';
import type { Oddity } from './candidate.ts';
import type { CorruptFiles } from './corrupt.ts';
import type { Disposer } from './dispose.ts';
import type { Gate } from './gate.ts';
import type { KnownFiles } from './known-files.ts';
import type { IntakeLedger, LedgerFile } from './ledger.ts';
import type { ReadBuffer } from './read-buffer.ts';
import { showName } from './spool-directory.ts';
import type { StuckFiles } from './stuck.ts';
import type { Tally } from './tally.ts';
import type { WaitingFiles } from './waiting-files.ts';

export interface IntakeContext {
  readonly dir: string;
  readonly disposer: Disposer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ledger: IntakeLedger;
  readonly readDocument: (bytes: Uint8Array) => DocumentVerdict;
  /** A file that changed so recently may still grow; 0 where a readable file is a whole one. */
  readonly quietMs: number;
  readonly readLocks: () => LockTable;
  /** Device number of the spool directory. */
  readonly spoolDevice: () => string;
  readonly gate: Gate;
  readonly tally: Tally;
  readonly known: KnownFiles;
  readonly waiting: WaitingFiles;
  readonly stuck: StuckFiles;
  readonly corrupt: CorruptFiles;
  /** Out of the spool, but the ledger has not been told. */
  readonly gone: LedgerFile[];
  /** What a group's files are read into. */
  readonly memory: ReadBuffer;
  /** Entries that are no files, by name, with the mark that tells a later one apart. */
  readonly odd: Map<string, string>;
  /** Names the watcher saw change that are in some register: the next scan looks at them. */
  readonly touched: Set<string>;
  /** Number of the scan under way. */
  pass: number;
  /** Locks as of the beginning of the pass. */
  locks: LockTable;
  /** Something may have come that no scan has seen. */
  dirty: boolean;
}

/** A task of the intake: yields between slices, 0 or the milliseconds to rest. */
export type Task<Result = void> = Generator<number, Result, void>;

/** An entry that is no file: said and counted once. A link to a file is somebody's alert, so it is stuck. */
export function noteOddity(context: IntakeContext, entry: Oddity): void {
  const { odd, tally, stuck, log, dir } = context;
  if (odd.get(entry.name) === entry.mark) return;
  odd.set(entry.name, entry.mark);
  tally.found();
  tally.refused('not-a-file');
  if (entry.what === 'symbolic link') {
    stuck.add(entry.name, { attempt: 'follow', code: 'ELOOP', dir, text: 'it is a symbolic link' });
    return;
  }
  stuck.clear(entry.name);
  log.warning(`spool entry ${showName(entry.name)} skipped: it is a ${entry.what}, not a file`, {
    event: 'spool-skipped',
    what: entry.what,
  });
}

/** A waiting file is no longer there, or no longer a file. */
export function noteVanished(context: IntakeContext, name: string): void {
  context.waiting.remove(name);
  context.stuck.clear(name);
  context.tally.refused('vanished');
}
