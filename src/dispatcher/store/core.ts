/**
 * The store, synchronous: one file, its lock, and the verbs. Everything else in this folder works for it.
 *
 * Wrapped as the asynchronous Store by in-process.ts. Each verb is one transaction or none; one that may concern a whole
 * backlog does a part and says whether there is more. A failure is explained as a RelayError of the journal's codes.
 */

import { RelayError } from '../../core/errors.ts';
import type { Claim, DigestClaim } from '../model/delivery.ts';
import type { Receipt } from '../model/message.ts';
import type { Arrival, ClaimWish, Finish, Retention } from '../model/store.ts';
import { acceptAll, checkArrivals } from './accept.ts';
import { claimable, takeClaim } from './claim.ts';
import { takeDigest } from './digest.ts';
import { finishClaim, giveBack, openClaim, openClaims } from './finish.ts';
import { add, write, type Ledger } from './ledger.ts';
import type { StoreOptions } from './options.ts';
import { heldReason } from './recipients.ts';
import { StoreFile } from './store-file.ts';
import { tidyStep } from './tidy.ts';

export class StoreCore {
  readonly #file: StoreFile;
  readonly #listeners = new Set<(recipients: readonly string[]) => void>();

  constructor(options: StoreOptions) {
    this.#file = new StoreFile(options, (names) => {
      for (const listener of this.#listeners) listener(names);
    });
  }

  get path(): string {
    return this.#file.path;
  }

  onDue(listener: (recipients: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Look, without changing anything. */
  look<T>(work: (ledger: Ledger) => T): T {
    return this.#file.use(work);
  }

  /** Change something in one transaction. */
  change<T>(work: (ledger: Ledger) => T): T {
    return this.#file.use((ledger) => write(ledger, () => work(ledger)));
  }

  accept(batch: readonly Arrival[]): Receipt[] {
    checkArrivals(batch);
    return this.acceptAll([batch])[0] ?? [];
  }

  /** Several batches in one transaction: all are stored or none. Call checkArrivals on each first. */
  acceptAll(batches: readonly (readonly Arrival[])[]): Receipt[][] {
    return this.#file.use((ledger) => add(ledger, () => acceptAll(ledger, batches)));
  }

  claim(recipient: string, wish: ClaimWish): Claim | undefined {
    return this.#file.use((ledger) => {
      const row = claimable(ledger, recipient, wish.now);
      return row === undefined ? undefined : write(ledger, () => takeClaim(ledger, row, wish));
    });
  }

  claimDigest(recipient: string, now: number): DigestClaim | undefined {
    return this.#file.use((ledger) => {
      const row = ledger.recipients.find(recipient);
      if (row === undefined || heldReason(row) !== undefined) return undefined;
      return write(ledger, () => takeDigest(ledger, row, now));
    });
  }

  finish(call: Finish): void {
    const [error] = this.finishAll([call]);
    if (error !== undefined) throw error;
  }

  /** Several in one transaction. A call that names no open claim fails alone. */
  finishAll(calls: readonly Finish[]): (RelayError | undefined)[] {
    return this.#file.use((ledger) =>
      write(ledger, () =>
        calls.map((call) => {
          try {
            openClaim(ledger, call.claim);
          } catch (error) {
            if (error instanceof RelayError) return error;
            throw error;
          }
          finishClaim(ledger, call);
          return undefined;
        }),
      ),
    );
  }

  /** How many pairs are due again. */
  abandon(claims?: readonly number[]): number {
    return this.change((ledger) =>
      (claims ?? openClaims(ledger)).reduce((sum, claim) => sum + giveBack(ledger, claim), 0),
    );
  }

  /** A bounded part of what retention asks for. True: call again when idle. */
  tidy(now: number, retention: Retention): boolean {
    this.#file.tend();
    return this.#file.use((ledger) => tidyStep(ledger, now, retention));
  }

  close(): void {
    this.#file.close();
  }
}
