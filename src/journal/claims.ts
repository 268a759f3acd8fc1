/**
 * Open leases and peeks: memory only, so a restart voids them all and their messages are due again.
 *
 * A lease lists its messages and what became of each. A peek is only a bound: everything owed up to `upTo` when
 * it began; walking the rows must find exactly `count`, because rows retired later stay as long as a claim with
 * a smaller `tick` is open. Ids are never used twice within a process, so a late caller cannot hit another's claim.
 */

import { RelayError } from '../core/errors.ts';
import type { Consumer } from './consumers.ts';
import type { Claim } from './journal.ts';
import { formatRanges, type Range } from './ranges.ts';

/** What became of a leased message. `gone`: withdrawn or damaged meanwhile, the holder does not know yet. */
export const leased = { open: 0, gone: 1, settled: 2, released: 3 } as const;

interface ClaimBase {
  readonly id: number;
  readonly consumer: Consumer;
  /** When it began, on the journal's count of events. */
  readonly tick: number;
  readonly count: number;
  readonly bytes: number;
  /** Why it cannot be read to its end; every further read says so again. */
  broken: string | undefined;
}

export interface LeaseClaim extends ClaimBase {
  readonly kind: 'lease';
  readonly sequences: readonly number[];
  readonly lengths: readonly number[];
  readonly fates: Uint8Array;
  /** Messages still owed to the consumer. */
  open: number;
  /** Messages the holder has not decided; the claim ends with the last. */
  undecided: number;
  /** Index of the next to read. */
  position: number;
  /** Taken for the consumer before it asked (reserving.ts): still pending to whoever counts. */
  reserved: boolean;
}

export interface PeekClaim extends ClaimBase {
  readonly kind: 'peek';
  readonly upTo: number;
  /** Last sequence read, and how many. */
  position: number;
  read: number;
}

export type OpenClaim = LeaseClaim | PeekClaim;

export class Claims {
  readonly #open = new Map<number, OpenClaim>();
  readonly #nextId: () => number;
  #tick: number;

  /** @param tick the largest tick stored in the file */
  constructor(tick: number, nextId: () => number) {
    this.#nextId = nextId;
    this.#tick = tick;
  }

  nextTick(): number {
    return ++this.#tick;
  }

  addLease(consumer: Consumer, sequences: number[], lengths: number[], bytes: number): LeaseClaim {
    const count = sequences.length;
    const base = { id: this.#nextId(), kind: 'lease', consumer, tick: this.nextTick() } as const;
    const fates = new Uint8Array(count);
    const rest = { open: count, undecided: count, position: 0, broken: undefined, reserved: false };
    const claim: LeaseClaim = { ...base, count, bytes, sequences, lengths, fates, ...rest };
    this.#open.set(claim.id, claim);
    return claim;
  }

  addPeek(consumer: Consumer, upTo: number, count: number, bytes: number): PeekClaim {
    const base = { id: this.#nextId(), kind: 'peek', consumer, tick: this.nextTick() } as const;
    const claim: PeekClaim = { ...base, upTo, count, bytes, position: 0, read: 0, broken: undefined };
    this.#open.set(claim.id, claim);
    return claim;
  }

  get(id: number): OpenClaim {
    const claim = this.#open.get(id);
    if (claim === undefined) {
      throw new RelayError('LEASE_EXPIRED', `claim ${id} is not open`, {
        hint: 'its messages are due again or settled; take a new lease',
      });
    }
    return claim;
  }

  lease(id: number): LeaseClaim {
    const claim = this.get(id);
    if (claim.kind !== 'lease') throw new RelayError('BUG', `claim ${id} is a peek and decides nothing`);
    return claim;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  close(claim: OpenClaim): void {
    this.#open.delete(claim.id);
  }

  /** Messages of a consumer under lease and undecided; not what is only reserved. */
  leased(consumer: Consumer): number {
    let count = 0;
    for (const claim of this.#open.values()) {
      if (claim.kind === 'lease' && claim.consumer === consumer && !claim.reserved) count += claim.open;
    }
    return count;
  }

  /** What is reserved for a consumer. */
  reserved(consumer: Consumer): LeaseClaim[] {
    return [...this.#open.values()].filter(
      (claim): claim is LeaseClaim => claim.kind === 'lease' && claim.reserved && claim.consumer === consumer,
    );
  }

  /** Another claim in the place of the one of the same number. */
  replace(claim: LeaseClaim): void {
    this.#open.set(claim.id, claim);
  }

  /** Sequence numbers of a consumer under lease and undecided. */
  held(consumer: Consumer): ReadonlySet<number> {
    const held = new Set<number>();
    for (const claim of this.#open.values()) {
      if (claim.kind !== 'lease' || claim.consumer !== consumer) continue;
      for (const [index, sequence] of claim.sequences.entries()) {
        if (isUndecided(claim, index)) held.add(sequence);
      }
    }
    return held;
  }

  /** Whether an answer is open over all a consumer is owed. */
  peeked(consumer: Consumer): boolean {
    for (const claim of this.#open.values()) {
      if (claim.kind === 'peek' && claim.consumer === consumer) return true;
    }
    return false;
  }

  /** Whether an open claim, other than the one acting, may still read rows of the range. */
  pins(consumer: Consumer, { first, last }: Range, acting: OpenClaim | undefined): boolean {
    for (const claim of this.#open.values()) {
      if (claim.consumer !== consumer || claim === acting) continue;
      if (
        claim.kind === 'peek' ? first <= claim.upTo : indexFrom(claim, first) < indexFrom(claim, last + 1)
      ) {
        return true;
      }
    }
    return false;
  }

  /** The rows of the range are no longer owed: leases that hold them must not count them. */
  markGone(consumer: Consumer, { first, last }: Range): void {
    for (const claim of this.#open.values()) {
      if (claim.kind !== 'lease' || claim.consumer !== consumer) continue;
      for (let index = indexFrom(claim, first); (claim.sequences[index] ?? Infinity) <= last; index++) {
        if (claim.fates[index] !== leased.open) continue;
        claim.fates[index] = leased.gone;
        claim.open--;
      }
    }
  }

  /** Rows retired at or before this tick are read by nobody any more. */
  oldestTick(consumer: Consumer): number {
    let oldest = Infinity;
    for (const claim of this.#open.values()) {
      if (claim.consumer === consumer) oldest = Math.min(oldest, claim.tick);
    }
    return oldest;
  }
}

/** The claim as callers see it. */
export function describeClaim(claim: OpenClaim): Claim {
  const { id, kind, consumer, count, bytes } = claim;
  const sequences = claim.kind === 'lease' ? formatRanges(claim.sequences) : '';
  return { id, kind, consumer: consumer.name, count, bytes, sequences };
}

/** The holder decides about a message it has not decided about before. */
export function decide(
  claim: LeaseClaim,
  index: number,
  fate: typeof leased.settled | typeof leased.released,
): void {
  if (claim.fates[index] === leased.open) claim.open--;
  claim.fates[index] = fate;
  claim.undecided--;
}

/** Indexes of undecided messages: of all, or of those named. A number not in the claim is a bug. */
export function undecidedIndexes(claim: LeaseClaim, sequences: readonly number[] | undefined): number[] {
  const indexes =
    sequences === undefined
      ? Array.from(claim.sequences.keys())
      : [...new Set(sequences)].toSorted((a, b) => a - b).map((sequence) => indexOf(claim, sequence));
  return indexes.filter((index) => isUndecided(claim, index));
}

export function isUndecided(claim: LeaseClaim, index: number): boolean {
  return (claim.fates[index] ?? leased.settled) <= leased.gone;
}

export function indexOf(claim: LeaseClaim, sequence: number): number {
  const index = indexFrom(claim, sequence);
  if (claim.sequences[index] !== sequence) {
    throw new RelayError('BUG', `message ${sequence} is not in claim ${claim.id}`);
  }
  return index;
}

/** Index of the first message numbered `sequence` or above. */
function indexFrom(claim: LeaseClaim, sequence: number): number {
  let low = 0;
  let high = claim.sequences.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((claim.sequences[middle] ?? 0) < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
