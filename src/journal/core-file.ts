/**
 * What the verbs of core.ts stand on: the file, who listens for due messages, and the verbs of the sensor's intake, which
 * share the way of adding with append.
 */

import type { AppendResult, Claim } from './journal.ts';
import {
  fileCounters,
  forgetFiles,
  knowsFile,
  listFiles,
  moveFileCounters,
  takeFiles,
  withdrawFiles,
  type FileCounts,
  type LedgerFile,
  type TakenFile,
} from './intake-ledger.ts';
import { checkCall } from './append.ts';
import { JournalFile } from './journal-file.ts';
import type { JournalOptions } from './options.ts';
import { proofFor } from './proof.ts';
import { makeRoom } from './retention.ts';
import { add as addRows, checkRoom, write, type Store } from './store.ts';

export class CoreFile {
  readonly path: string;
  protected readonly file: JournalFile;
  protected readonly listeners = new Set<() => void>();

  constructor(options: JournalOptions) {
    this.path = options.path;
    this.file = new JournalFile(options, () => this.announce());
  }

  /** Spool files with their messages, and how the file counters move, in one transaction. */
  takeFiles(files: readonly TakenFile[], counts: FileCounts = {}): AppendResult[] {
    for (const file of files) checkCall(file);
    return this.add((store) => {
      moveFileCounters(store, counts);
      return takeFiles(store, files);
    });
  }

  knowsFile(file: LedgerFile): boolean {
    return this.file.look((store) => knowsFile(store, file));
  }

  listFiles(): LedgerFile[] {
    return this.file.look(listFiles);
  }

  fileCounters(): Record<string, number> {
    return this.file.look(fileCounters);
  }

  /** After the files were removed or moved away. */
  forgetFiles(files: readonly LedgerFile[], counts: FileCounts = {}): void {
    this.file.alter((store) => forgetFiles(store, files, counts));
  }

  /** The files left the spool by another hand: what nobody has settled is withdrawn. Returns how many. */
  withdrawFiles(files: readonly LedgerFile[], counts: FileCounts = {}): number {
    return this.file.alter((store) => withdrawFiles(store, files, counts));
  }

  countFiles(counts: FileCounts): void {
    this.file.alter((store) => write(store, () => moveFileCounters(store, counts)));
  }

  protected announce(): void {
    for (const listener of this.listeners) listener();
  }

  /** Nothing to give needs no proof: the empty poll is quick. */
  protected give(consumer: string, work: (store: Store) => Claim | undefined): Claim | undefined {
    const owes = this.file.look(
      ({ consumers, counters }) => counters.get(consumers.named(consumer).counter.pending) !== 0,
    );
    return owes ? this.file.alter(work, proofFor.giving) : this.file.change(work);
  }

  protected add(work: (store: Store) => AppendResult[]): AppendResult[] {
    const results = this.file.alter((store) => {
      makeRoom(store);
      store.losses.report(this.file.options.onLoss);
      checkRoom(store);
      return addRows(store, () => work(store));
    });
    if (results.some(({ accepted }) => accepted > 0)) this.announce();
    return results;
  }
}
