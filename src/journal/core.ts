/**
 * The journal, synchronous: one file, its lock, and the verbs. Everything else in this folder works for it.
 *
 * Used directly by what lives on the journal's thread (the sensor's intake, through the ledger verbs) and,
 * wrapped as the asynchronous Journal, by everybody else (in-process.ts, serve.ts). Each verb is one transaction
 * or none. A failure is explained as a RelayError; a file found corrupt is set aside, a new one is started, and
 * the verb fails with JOURNAL_CORRUPT: its claims are void and the caller does it again.
 */

import { RelayError } from '../core/errors.ts';
import { appendMessages, checkCall, type AppendCall } from './append.ts';
import { describeClaim, indexOf, leased } from './claims.ts';
import { freeAll, sweep } from './deliveries.ts';
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
import type {
  AppendResult,
  Chunk,
  Claim,
  JournalStats,
  QuarantineEntry,
  QuarantineReason,
  ReleaseOptions,
  Want,
} from './journal.ts';
import { end, giveBack, planSettle, settlePlanned, takeLease, type SettleCall } from './leasing.ts';
import { JournalFile } from './journal-file.ts';
import type { JournalOptions } from './options.ts';
import { acceptQuarantined, bury, dropQuarantined, listQuarantine, showQuarantine } from './quarantine.ts';
import { openPeek, readChunk, rewind } from './reading.ts';
import { explainFailure } from './sqlite-errors.ts';
import { journalStats } from './stats.ts';
import { checkRoom, write, type Store } from './store.ts';

export class JournalCore {
  readonly path: string;
  readonly #file: JournalFile;
  readonly #listeners = new Set<() => void>();

  constructor(options: JournalOptions) {
    this.path = options.path;
    this.#file = new JournalFile(options, () => this.#announce());
  }

  /** Random, made with the file; another one after the file had to be set aside. */
  get id(): string {
    return this.#file.look((store) => store.id);
  }

  /** Opened to look only. */
  get readOnly(): boolean {
    return this.#file.options.readOnly === true;
  }

  append(call: AppendCall): AppendResult {
    checkCall(call);
    const [result] = this.appendAll([call]);
    if (result === undefined) throw new RelayError('BUG', 'append without a result');
    return result;
  }

  /** Several calls in one transaction: all are stored or none. Call checkCall on each first. */
  appendAll(calls: readonly AppendCall[]): AppendResult[] {
    return this.#add((store) => calls.map((call) => appendMessages(store, call)));
  }

  /** Spool files with their messages, and how the file counters move, in one transaction. */
  takeFiles(files: readonly TakenFile[], counts: FileCounts = {}): AppendResult[] {
    for (const file of files) checkCall(file);
    return this.#add((store) => {
      moveFileCounters(store, counts);
      return takeFiles(store, files);
    });
  }

  knowsFile(file: LedgerFile): boolean {
    return this.#file.look((store) => knowsFile(store, file));
  }

  listFiles(): LedgerFile[] {
    return this.#file.look(listFiles);
  }

  fileCounters(): Record<string, number> {
    return this.#file.look(fileCounters);
  }

  /** After the files were removed or moved away. */
  forgetFiles(files: readonly LedgerFile[], counts: FileCounts = {}): void {
    this.#file.change((store) => forgetFiles(store, files, counts));
  }

  /** The files left the spool by another hand: what nobody has settled is withdrawn. Returns how many. */
  withdrawFiles(files: readonly LedgerFile[], counts: FileCounts = {}): number {
    return this.#file.change((store) => withdrawFiles(store, files, counts));
  }

  countFiles(counts: FileCounts): void {
    this.#file.change((store) => write(store, () => moveFileCounters(store, counts)));
  }

  lease(consumer: string, want: Want): Claim | undefined {
    return this.#file.change((store) => {
      const claim = takeLease(store, store.consumers.named(consumer), want);
      return claim === undefined ? undefined : describeClaim(claim);
    });
  }

  peek(consumer: string, want: Partial<Want> = {}): Claim | undefined {
    return this.#file.change((store) => {
      const claim = openPeek(store, store.consumers.named(consumer), want);
      return claim === undefined ? undefined : describeClaim(claim);
    });
  }

  read(claim: number): Chunk {
    return this.#file.change((store) =>
      readChunk(store, store.claims.get(claim), this.#file.options.onDamage),
    );
  }

  rewind(claim: number): void {
    this.#file.look((store) => rewind(store.claims.get(claim)));
  }

  settle(claim: number, sequences?: readonly number[]): void {
    const [error] = this.settleAll([{ claim, sequences }]);
    if (error !== undefined) throw error;
  }

  /** Several settlements in one transaction. A call that names no open claim fails alone. */
  settleAll(calls: readonly SettleCall[]): (RelayError | undefined)[] {
    return this.#file.change((store) => {
      const plans: ReturnType<typeof planSettle>[] = [];
      const failures = calls.map((call) => {
        try {
          plans.push(planSettle(store, call));
          return undefined;
        } catch (error) {
          return explainFailure(error, this.path);
        }
      });
      if (plans.length > 0) settlePlanned(store, plans);
      sweep(store);
      return failures;
    });
  }

  release(claim: number, options: ReleaseOptions = {}): void {
    const due = this.#file.change((store) => {
      const open = store.claims.get(claim);
      if (open.kind === 'peek') store.claims.close(open);
      const again = open.kind === 'lease' && giveBack(store, open, options);
      if (!store.claims.has(claim)) sweep(store);
      return again;
    });
    if (due) this.#announce();
  }

  bury(claim: number, sequence: number, why: QuarantineReason): void {
    this.#file.change((store) => {
      const lease = store.claims.lease(claim);
      bury(store, lease, sequence, why);
      end(store, lease, [indexOf(lease, sequence)], leased.settled);
    });
  }

  /** Clear away a bounded part of what no claim reads any more. True: call again when idle. */
  sweep(): boolean {
    return this.#file.change(sweep);
  }

  /** Whether a claim is open. */
  isOpen(claim: number): boolean {
    return this.#file.look((store) => store.claims.has(claim));
  }

  /** Milliseconds until a message that was put off is due; undefined when none is. */
  dueIn(): number | undefined {
    return this.#file.look(({ consumers }) => {
      const waits = consumers.active.map(({ queue }) => queue.dueIn() ?? Infinity);
      const least = Math.min(...waits);
      return least === Infinity ? undefined : least;
    });
  }

  /** After each commit that made something due. */
  onDue(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stats(): JournalStats {
    return this.#file.look((store) => {
      if (this.readOnly) store.counters.load(store.db);
      return journalStats(store);
    });
  }

  listQuarantine(): QuarantineEntry[] {
    return this.#file.look(listQuarantine);
  }

  showQuarantine(id: number): ReturnType<typeof showQuarantine> {
    return this.#file.look((store) => showQuarantine(store, id));
  }

  acceptQuarantined(id: number, body?: Uint8Array): boolean {
    const accepted = this.#file.change((store) => acceptQuarantined(store, id, body));
    if (accepted) this.#announce();
    return accepted;
  }

  dropQuarantined(id: number): boolean {
    return this.#file.change((store) => dropQuarantined(store, id));
  }

  getState(key: string): string | undefined {
    return this.#file.look(
      ({ db }) => db.get<{ value: string }>('SELECT value FROM state WHERE key = ?', key)?.value,
    );
  }

  setState(key: string, value: string): void {
    this.#file.change(({ db }) =>
      db.run('INSERT OR REPLACE INTO state(key, value) VALUES(?, ?)', key, value),
    );
  }

  /** A consumer no longer named gives up what is held for it: counted as discarded. Returns how many. */
  freeConsumer(name: string): number {
    return this.#file.change((store) => {
      const consumer = store.consumers.find(name);
      if (consumer === undefined)
        throw new RelayError('NO_INPUT', `journal ${this.path}: no consumer ${name}`);
      if (consumer.active) {
        throw new RelayError('USAGE', `journal ${this.path}: consumer ${name} is in use`, {
          hint: 'remove it from the configuration first',
        });
      }
      return freeAll(store, consumer);
    });
  }

  close(): void {
    this.#file.close();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }

  #add(work: (store: Store) => AppendResult[]): AppendResult[] {
    const results = this.#file.change((store) => {
      checkRoom(store);
      return write(store, () => work(store));
    });
    if (results.some(({ accepted }) => accepted > 0)) this.#announce();
    return results;
  }
}
