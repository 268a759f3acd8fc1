/**
 * The durable journal as its users see it: asynchronous, small, the same for every stage (ARCHITECTURE.md: Invariants).
 *
 * Two makers: in-process.ts (oneshot poller; everything happens on the calling thread) and remote.ts (a
 * service; the journal lives in a worker thread and this is its stub). SQLite is behind both.
 *
 * Law (conservation of alerts), true at every commit:
 *   messages:      offered = accepted + duplicate + quarantined
 *   per consumer:  accepted = settled + pending + leased + held + dead + dropped
 * `accepted` of a consumer counts what it was owed: what was pending when it was named, and all since.
 */

import type { Severity } from '../core/severity.ts';

/** One message offered to the journal. */
export interface NewMessage {
  /** The element, self-contained, at most xmlLimits.messageBytes. */
  readonly body: Uint8Array;
  readonly severity: Severity;
  /** Set when the message must not be delivered: it is kept aside with the reason, and counted. */
  readonly quarantine?: QuarantineReason;
}

export interface QuarantineReason {
  /** First rule that failed, e.g. `E12`, `not-well-formed`. The counter is per reason. */
  readonly reason: string;
  /** Everything an operator needs to judge it, as JSON text (problems with path, line, rule). */
  readonly detail: string;
}

/** Where pulled messages come from; makes redelivery recognisable. */
export type Origin =
  | {
      readonly kind: 'sequenced';
      /** The sending journal's id. */
      readonly journal: string;
      /** One sequence number per message, in the order of the messages. */
      readonly sequences: readonly number[];
    }
  | {
      /** A server without sequences: what stood in its previous answer (multiset of hashes) is not new. */
      readonly kind: 'unsequenced';
    };

export interface AppendResult {
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  /** Same journal and sequence as a remembered message, other bytes (a restored snapshot): accepted. */
  readonly conflict: number;
  /** Sequences given; 0 and 0 when nothing was accepted. Contiguous. */
  readonly first: number;
  readonly last: number;
}

export interface Want {
  /** At most so many messages; at least 1. */
  readonly messages: number;
  /** At most so many bytes of bodies, but always one message. */
  readonly bytes: number;
  /** Only messages at least so severe, the oldest of them first. A lease only. */
  readonly minSeverity?: Severity;
  /** Also what was put off and is not due yet. A lease only. */
  readonly early?: boolean;
  /** Not even one message beyond `bytes`: the rest of a batch that has begun. A lease only. */
  readonly strict?: boolean;
}

export interface PeekWant extends Partial<Want> {
  /** Somebody else looks at what the consumer is owed: the consumer itself has not been heard of. */
  readonly byOther?: boolean;
}

/**
 * A handle on a fixed set of messages, in sequence order. While it is open its bodies cannot disappear.
 * A lease hides them from other leases until settled or released; a peek hides nothing.
 */
export interface Claim {
  readonly id: number;
  readonly kind: 'lease' | 'peek';
  readonly consumer: string;
  readonly count: number;
  /** Sum of the bodies' lengths. */
  readonly bytes: number;
  /** Lease only: `17-512,514`. Empty for a peek. */
  readonly sequences: string;
}

/** Consecutive messages of a claim. `bodies` is their concatenation. */
export interface Chunk {
  readonly bodies: Uint8Array;
  readonly sequences: readonly number[];
  readonly lengths: readonly number[];
  /** Failed deliveries of each so far. */
  readonly attempts: readonly number[];
  /** Nothing follows. */
  readonly done: boolean;
}

/** Taken for a consumer before it asks, with its bytes, so that the answer need not wait for the journal. */
export interface Reservation {
  /** Id of the journal. */
  readonly journal: string;
  /** Undefined when nothing is due, or nothing was wanted. */
  readonly claim: Claim | undefined;
  /** Of the whole claim. */
  readonly bodies: Uint8Array;
  /** The consumer's numbers now. What is reserved is pending. */
  readonly stats: ConsumerStats;
  /** What was said to be held is reserved still, and all of it is owed. */
  readonly intact: boolean;
}

export interface ReleaseOptions {
  /** Only these; default all of the claim that are still unsettled. The claim ends when none is left. */
  readonly sequences?: readonly number[];
  /** Count a failed attempt. */
  readonly failed?: boolean;
  /** Not due again before this wall time (ms). */
  readonly notBefore?: number;
}

export interface ConsumerStats {
  readonly name: string;
  readonly accepted: number;
  readonly settled: number;
  readonly pending: number;
  readonly pendingBytes: number;
  readonly leased: number;
  readonly held: number;
  readonly dead: number;
  /** By reason: retention, lapsed, withdrawn, damaged, suppressed, discarded. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Wall time (ms) at which the oldest undelivered message was accepted; undefined when none. */
  readonly oldestAt: number | undefined;
  /** Whether the configuration still names it; `held` counts its claim when it does not. */
  readonly active: boolean;
  /** Wall time (ms) at which it last leased, looked or settled, after a restart to the minute; undefined when never. */
  readonly lastSeenAt?: number;
}

export interface JournalStats {
  readonly id: string;
  readonly offered: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly conflict: number;
  readonly quarantined: Readonly<Record<string, number>>;
  /** Spool files: found = taken + known + waiting + refused. */
  readonly files: Readonly<Record<string, number>>;
  readonly consumers: readonly ConsumerStats[];
  /** Bodies in quarantine. */
  readonly quarantineBytes?: number;
  /** Entries of quarantine given up, by hand or by retention. */
  readonly quarantineDropped?: number;
  /** Pages in use, not the size of the file: the file does not shrink. */
  readonly usedBytes: number;
  readonly maxBytes: number | undefined;
}

/** A message set aside: refused at the door (`invalid`), or by a destination, with proof or because it cannot hold it (`poison`). */
export interface QuarantineEntry {
  readonly id: number;
  readonly at: number;
  readonly kind: 'invalid' | 'poison';
  /** Poison: the destination that refused it. */
  readonly consumer: string | undefined;
  readonly reason: string;
  readonly detail: string;
  readonly bytes: number;
}

export interface Journal {
  readonly id: string;
  /** Durable before it resolves. All or nothing. Throws RelayError JOURNAL_FULL, JOURNAL_IO. */
  append(messages: readonly NewMessage[], origin?: Origin): Promise<AppendResult>;
  /** The oldest due messages of a consumer, or undefined when none is due. Ends what is reserved for it. */
  lease(consumer: string, want: Want): Promise<Claim | undefined>;
  /**
   * A lease that counts as pending until it is granted, read at once; without a wish only the numbers.
   *
   * @param held claims reserved before, of which it is asked whether they are as they were
   */
  reserve(consumer: string, want: Want | undefined, held: readonly number[]): Promise<Reservation>;
  /** The consumer came: its reserved claims, in ascending order, are one lease from now on, under the first number. */
  grant(consumer: string, claims: readonly number[]): Promise<void>;
  /** Everything unacknowledged, leased messages too, or undefined when there is nothing. */
  peek(consumer: string, want?: PeekWant): Promise<Claim | undefined>;
  /** The next chunk of a claim, at most journalLimits.readRows or readBytes. CRC-checked. */
  read(claim: number): Promise<Chunk>;
  /** Start reading the claim from its first message again. */
  rewind(claim: number): Promise<void>;
  /** The messages (default: all of the claim) are delivered. Durable before it resolves. */
  settle(claim: number, sequences?: readonly number[]): Promise<void>;
  /** Give back: due again. Closes a peek. */
  release(claim: number, options?: ReleaseOptions): Promise<void>;
  /** A destination refuses this one, with proof, or cannot hold it: fate `dead`, listed in quarantine. */
  bury(claim: number, sequence: number, why: QuarantineReason): Promise<void>;
  /** Called after each commit that made something due, until the returned function is called. */
  onDue(listener: () => void): () => void;
  stats(): Promise<JournalStats>;
  quarantine: {
    list(): Promise<readonly QuarantineEntry[]>;
    /** How many entries there are. */
    count(): Promise<number>;
    show(id: number): Promise<{ readonly entry: QuarantineEntry; readonly body: Uint8Array } | undefined>;
    /** Accept the (possibly mended) body: `invalid` becomes an accepted message, `poison` pending again. */
    accept(id: number, body?: Uint8Array): Promise<boolean>;
    /** Give it up: it stays counted. */
    drop(id: number): Promise<boolean>;
  };
  /** Small facts that must survive the process (last success, failure streaks, OPTIONS verdicts). */
  state: {
    get(key: string): Promise<string | undefined>;
    set(key: string, value: string): Promise<void>;
  };
  /** Give up what a consumer the configuration no longer names is still owed (`held`); dropped.discarded. How many. */
  freeConsumer(name: string): Promise<number>;
  /** Do what is due by time: retention, consumer bounds, the reserve. Owners call it at journalLimits.tidyMs. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}
