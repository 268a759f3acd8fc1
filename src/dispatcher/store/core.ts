/**
 * The store, synchronous: one file, its lock, and the verbs. Everything else in this folder works for it.
 *
 * Wrapped as the asynchronous Store by in-process.ts. Each verb is one transaction or none; one that may concern a whole
 * backlog does a part and says whether there is more. A failure is explained as a RelayError of the journal's codes.
 */

import { RelayError } from '../../core/errors.ts';
import type { Outcome } from '../../journal/group-commit.ts';
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

/** What the outbox asks for, many at a time. */
export type OutboxCall =
  | { readonly kind: 'claim'; readonly recipient: string; readonly wish: ClaimWish }
  | { readonly kind: 'digest'; readonly recipient: string; readonly now: number }
  | { readonly kind: 'finish'; readonly finish: Finish };

export type Leased = Claim | DigestClaim;

/** How verbs that are one function of the ledger each reach it. */
export type LedgerUse = Pick<StoreCore, 'look' | 'change'> & {
  /** Work that finds nothing is done too: for its entry in the audit log. */
  readonly always?: true;
};

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
    const [outcome] = this.callAll([{ kind: 'claim', recipient, wish }]);
    const claim = resultOf(outcome);
    return claim === undefined || 'digest' in claim ? undefined : claim;
  }

  claimDigest(recipient: string, now: number): DigestClaim | undefined {
    const [outcome] = this.callAll([{ kind: 'digest', recipient, now }]);
    const claim = resultOf(outcome);
    return claim !== undefined && 'digest' in claim ? claim : undefined;
  }

  finish(finish: Finish): void {
    const [outcome] = this.callAll([{ kind: 'finish', finish }]);
    resultOf(outcome);
  }

  /** Whether a claim of the recipient would find something: changes nothing. */
  isDue(recipient: string, now: number): boolean {
    return this.look((ledger) => claimable(ledger, recipient, now) !== undefined);
  }

  /** Several in one transaction, in order. A finish that names no open claim fails alone. */
  callAll(calls: readonly OutboxCall[]): Outcome<Leased | undefined>[] {
    return this.change((ledger) => calls.map((call) => carryOut(ledger, call)));
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

function carryOut(ledger: Ledger, call: OutboxCall): Outcome<Leased | undefined> {
  if (call.kind === 'finish') return finishOrRefuse(ledger, call.finish);
  if (call.kind === 'claim') {
    const row = claimable(ledger, call.recipient, call.wish.now);
    return { result: row === undefined ? undefined : takeClaim(ledger, row, call.wish) };
  }
  const row = ledger.recipients.find(call.recipient);
  const isHeld = row === undefined || heldReason(row) !== undefined;
  return { result: isHeld ? undefined : takeDigest(ledger, row, call.now) };
}

function finishOrRefuse(ledger: Ledger, finish: Finish): Outcome<undefined> {
  try {
    openClaim(ledger, finish.claim);
  } catch (error) {
    if (error instanceof RelayError) return { error };
    throw error;
  }
  finishClaim(ledger, finish);
  return { result: undefined };
}

function resultOf(outcome: Outcome<Leased | undefined> | undefined): Leased | undefined {
  if (outcome === undefined) throw new RelayError('BUG', 'a call without an outcome');
  if ('error' in outcome) throw outcome.error;
  return outcome.result;
}
