/**
 * The journal, synchronous: one file, its lock, and the verbs. Everything else in this folder works for it.
 *
 * Used directly by what lives on the journal's thread (the sensor's intake, through the ledger verbs) and,
 * wrapped as the asynchronous Journal, by everybody else (in-process.ts, serve.ts). Each verb is one transaction
 * or none. A failure is explained as a RelayError; a file found corrupt is set aside, what is readable goes on in a
 * new one, and the verb fails with JOURNAL_CORRUPT: its claims are void and the caller does it again.
 */

import { RelayError } from '../core/errors.ts';
import { appendMessages, checkCall, type AppendCall } from './append.ts';
import { describeClaim, indexOf, leased } from './claims.ts';
import { CoreFile } from './core-file.ts';
import { freeConsumer, sweep } from './deliveries.ts';
import { hear } from './hear.ts';
import type {
  AppendResult,
  Chunk,
  Claim,
  JournalStats,
  QuarantineEntry,
  PeekWant,
  QuarantineReason,
  ReleaseOptions,
  Reservation,
  Want,
} from './journal.ts';
import { end, giveBack, planSettle, settlePlanned, takeLease, type SettleCall } from './leasing.ts';
import { sweepLapsed } from './lapse.ts';
import { checkOwed, proofFor } from './proof.ts';
import {
  acceptQuarantined,
  bury,
  countQuarantine,
  dropQuarantined,
  listQuarantine,
  showQuarantine,
} from './quarantine.ts';
import { openPeek, readChunk, rewind, type DamageHooks } from './reading.ts';
import { endReservations, grant, reserve } from './reserving.ts';
import { sweepRetention } from './retention.ts';
import { explainFailure } from './sqlite-errors.ts';
import { journalStats } from './stats.ts';
import { write, type Store } from './store.ts';

export class JournalCore extends CoreFile {
  /** Random, made with the file; another one after the file had to be set aside. */
  get id(): string {
    return this.file.look((store) => store.id);
  }

  /** Opened to look only. */
  get readOnly(): boolean {
    return this.file.options.readOnly === true;
  }

  append(call: AppendCall): AppendResult {
    checkCall(call);
    const [result] = this.appendAll([call]);
    if (result === undefined) throw new RelayError('BUG', 'append without a result');
    return result;
  }

  /** Several calls in one transaction: all are stored or none. Call checkCall on each first. */
  appendAll(calls: readonly AppendCall[]): AppendResult[] {
    return this.add((store) => calls.map((call) => appendMessages(store, call)));
  }

  lease(consumer: string, want: Want): Claim | undefined {
    return this.give(consumer, (store) => {
      const asking = store.consumers.named(consumer);
      endReservations(store, asking);
      const claim = takeLease(store, asking, want);
      if (claim === undefined && want.minSeverity === undefined) checkOwed(store, asking);
      hear(store, [asking]);
      return claim === undefined ? undefined : describeClaim(claim);
    });
  }

  reserve(consumer: string, want: Want | undefined, held: readonly number[]): Reservation {
    return this.file.change((store) =>
      reserve(store, store.consumers.named(consumer), want, held, this.#damageHooks(store)),
    );
  }

  grant(consumer: string, claims: readonly number[]): void {
    this.file.change((store) => grant(store, store.consumers.named(consumer), claims));
  }

  peek(consumer: string, want: PeekWant = {}): Claim | undefined {
    return this.give(consumer, (store) => {
      const asking = store.consumers.named(consumer);
      const claim = openPeek(store, asking, want);
      if (want.byOther !== true) hear(store, [asking]);
      return claim === undefined ? undefined : describeClaim(claim);
    });
  }

  read(claim: number): Chunk {
    return this.file.change((store) => readChunk(store, store.claims.get(claim), this.#damageHooks(store)));
  }

  rewind(claim: number): void {
    this.file.look((store) => rewind(store.claims.get(claim)));
  }

  settle(claim: number, sequences?: readonly number[]): void {
    const [error] = this.settleAll([{ claim, sequences }]);
    if (error !== undefined) throw error;
  }

  /** Several settlements in one transaction. A call that names no open claim fails alone. */
  settleAll(calls: readonly SettleCall[]): (RelayError | undefined)[] {
    return this.file.alter((store) => {
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
      const heard = plans.map(({ claim }) => claim.consumer);
      hear(store, heard);
      sweep(store);
      return failures;
    });
  }

  release(claim: number, options: ReleaseOptions = {}): void {
    const due = this.file.change((store) => {
      const open = store.claims.get(claim);
      if (open.kind === 'peek') store.claims.close(open);
      const again = open.kind === 'lease' && giveBack(store, open, options);
      if (!store.claims.has(claim)) sweep(store);
      return again;
    });
    if (due) this.announce();
  }

  bury(claim: number, sequence: number, why: QuarantineReason): void {
    this.file.alter((store) => {
      const lease = store.claims.lease(claim);
      bury(store, lease, sequence, why);
      end(store, lease, [indexOf(lease, sequence)], leased.settled);
    });
  }

  /** Clear away a bounded part of what no claim reads any more. True: call again when idle. */
  sweep(): boolean {
    return this.file.change(sweep);
  }

  /**
   * What is due by time, a bounded part of it: retention, consumer bounds, the reserve, the report of losses. Its owner
   * calls it at journalLimits.tidyMs. True: call again when idle.
   */
  tidy(): boolean {
    return this.file.alter((store) => {
      store.reserve.make();
      const more = sweepRetention(store);
      const lapsing = sweepLapsed(store);
      store.losses.report(this.file.options.onLoss);
      return sweep(store) || more || lapsing;
    });
  }

  /** Whether a claim is open. */
  isOpen(claim: number): boolean {
    return this.file.look((store) => store.claims.has(claim));
  }

  /** Milliseconds until a message that was put off is due; undefined when none is. */
  dueIn(): number | undefined {
    return this.file.look(({ consumers }) => {
      const waits = consumers.active.map(({ queue }) => queue.dueIn() ?? Infinity);
      const least = Math.min(...waits);
      return least === Infinity ? undefined : least;
    });
  }

  /** After each commit that made something due. */
  onDue(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  stats(): JournalStats {
    return this.file.look((store) => {
      if (this.readOnly) store.counters.load(store.db);
      return journalStats(store);
    });
  }

  listQuarantine(): QuarantineEntry[] {
    return this.file.look(listQuarantine);
  }

  countQuarantine(): number {
    return this.file.look(countQuarantine);
  }

  showQuarantine(id: number): ReturnType<typeof showQuarantine> {
    return this.file.look((store) => showQuarantine(store, id));
  }

  acceptQuarantined(id: number, body?: Uint8Array): boolean {
    const accepted = this.file.alter((store) => acceptQuarantined(store, id, body));
    if (accepted) this.announce();
    return accepted;
  }

  dropQuarantined(id: number): boolean {
    return this.file.alter((store) => dropQuarantined(store, id));
  }

  getState(key: string): string | undefined {
    return this.file.look(
      ({ db }) => db.get<{ value: string }>('SELECT value FROM state WHERE key = ?', key)?.value,
    );
  }

  setState(key: string, value: string): void {
    this.file.change((store) =>
      write(store, () => store.db.run('INSERT OR REPLACE INTO state(key, value) VALUES(?, ?)', key, value)),
    );
  }

  /** A consumer no longer named gives up what is held for it: counted as discarded. Returns how many. */
  freeConsumer(name: string): number {
    return this.file.alter((store) => freeConsumer(store, name));
  }

  close(): void {
    this.file.close();
  }

  #damageHooks(store: Store): DamageHooks {
    return {
      onDamage: this.file.options.onDamage,
      beforeDrop: () => this.file.prove(store, proofFor.damage),
    };
  }
}
