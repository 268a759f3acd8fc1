/**
 * What the poller delivers to: one interface for a directory, our own receivers and foreign gateways.
 *
 * Called by src/poller/forward.ts, which owns leases, settling, backoff, breaker and poison; a destination
 * only says what became of each message (core/outcome.ts) as soon as it knows. It says `ok` only on definite
 * acceptance. Made by create-destination.ts.
 */

import type { Change, Outcome } from '../core/outcome.ts';
import { labelOf } from '../http/peer.ts';
import { preludeId, readPreludeUrl } from './prelude/prelude-url.ts';

/** The messages of one lease, in sequence order. Index i is the i-th message everywhere. */
export interface Parcel {
  /** Journal that numbers the sequences. */
  readonly journal: string;
  readonly sequences: readonly number[];
  /** `17-512,514`, the same numbers. */
  readonly ranges: string;
  readonly lengths: readonly number[];
  /** The messages one after the other, in pieces that end between messages. */
  readonly bodies: readonly Buffer[];
}

/** Told once for each message of the parcel. */
export type Report = (index: number, outcome: Outcome) => void;

export interface Destination {
  /** Normalised URL without secrets: its identity, and its consumer's name in the journal. */
  readonly id: string;
  /** `gateway https://gw:3128/`, for sentences. */
  readonly label: string;
  /** Resolves when all of the parcel is reported. Rejects only on a bug or when the signal aborts. */
  deliver(parcel: Parcel, report: Report, signal: AbortSignal): Promise<void>;
  /** Size of a lease, where another than the usual one pays. */
  readonly want?: { readonly messages: number; readonly bytes: number };
  /**
   * What an operator should know of this way of delivery though nothing is wrong: sentences that follow the label. To be
   * said by a long-running program at its start, by others once a day.
   */
  readonly notices?: () => readonly string[];
  /**
   * What is due without a delivery. To be called by a long-running program at its start, and by others at the end of
   * a run. Never rejects: what is wrong is said when something is to be delivered.
   */
  readonly attend?: (signal: AbortSignal) => Promise<void>;
  close(): Promise<void>;
}

/** A destination's identity: what differs in spelling only is the same; user and password are no part of it. */
export function destinationId(url: URL): string {
  if (url.protocol === 'prelude:') return preludeId(url);
  const plain = new URL(url.href);
  plain.username = '';
  plain.password = '';
  plain.hash = '';
  return plain.protocol === 'file:' ? plain.href.replace(/\/+$/, '') : plain.href;
}

/** What sentences call it, before it is opened and after. */
export function destinationLabel(url: URL): string {
  if (url.protocol === 'prelude:') return readPreludeUrl(url).label;
  return url.protocol === 'file:' ? `directory ${url.pathname}` : labelOf('gateway', url);
}

const REFUSES_ALL = 'refuses all of';

/** The outcome of what was not even sent, after so many refusals in a row and no acceptance. */
export function refusesAll(count: number, said: string): Extract<Outcome, { kind: 'broken' }> {
  return {
    kind: 'broken',
    reason: `${REFUSES_ALL} ${count} messages (${said})`,
    hint: "the destination's own log says why",
  };
}

/** Whether it is that one: a no to everything, which may be an illness of the receiver as well as a setting. */
export function isRefusesAll(outcome: Outcome): boolean {
  return outcome.kind === 'broken' && outcome.reason.startsWith(REFUSES_ALL);
}

/** The outcome of what is not sent because the receiver could not hold it: the first reason, and how many more. */
export function cannotHold(reasons: readonly Change[]): Extract<Outcome, { kind: 'refused' }> {
  const [first] = reasons;
  const words =
    first === undefined ? 'it cannot be held there' : `${first.path}: ${first.text} (${first.rule})`;
  const more = reasons.length > 1 ? `, and ${reasons.length - 1} more` : '';
  return { kind: 'refused', reason: `${words}${more}`, certain: true };
}

export function reportAll(parcel: Parcel, report: Report, outcome: Outcome): void {
  for (let index = 0; index < parcel.sequences.length; index++) report(index, outcome);
}

/** Each message's bytes, in order. */
export function messagesOf(parcel: Parcel): Buffer[] {
  const messages: Buffer[] = [];
  let piece = 0;
  let at = 0;
  for (const length of parcel.lengths) {
    while (piece < parcel.bodies.length && at >= (parcel.bodies[piece]?.length ?? 0)) {
      piece += 1;
      at = 0;
    }
    messages.push((parcel.bodies[piece] ?? Buffer.alloc(0)).subarray(at, at + length));
    at += length;
  }
  return messages;
}
