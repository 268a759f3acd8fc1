/**
 * A delivery: one message owed to one recipient, and what became of it. Every such pair has exactly one state, and
 * every one that is not `sent` has a reason. Law, true at every commit, per recipient:
 *   planned = due + leased + held + sent + dead + suppressed(by reason) + dropped(by reason)
 *
 * `due` may lie in the future (`notBefore`). `leased` means that a call may be under way: after a crash such pairs are due
 * again and marked `uncertain`, because the provider may have taken them.
 */

import type { Severity } from '../../core/severity.ts';
import type { MessageFacts, MessageOrigin } from './message.ts';

export type DeliveryState = 'due' | 'leased' | 'held' | 'sent' | 'dead' | 'suppressed';

/** A pair as the outbox gets it to send. */
export interface ClaimedPair {
  readonly seq: number;
  readonly body: Buffer;
  readonly facts: MessageFacts;
  readonly origin: MessageOrigin;
  readonly verbatim?: string;
  /** Wall time (ms) at which it was stored. */
  readonly at: number;
  /** Failed attempts so far. */
  readonly attempts: number;
  /** An earlier attempt may have reached the provider. */
  readonly uncertain: boolean;
  /** A provider refused it as it was: this time plain. */
  readonly plain: boolean;
  readonly route: string;
  readonly incident?: { readonly id: number; readonly count: number; readonly state: string };
}

/** Pairs a call is about to carry. Leased in the store, durably, before anything is sent. */
export interface Claim {
  /** Number of the notification: unique, shown to people in short form. */
  readonly id: number;
  readonly recipient: string;
  readonly pairs: readonly ClaimedPair[];
}

/** Many pairs folded into one notification: counts instead of messages. */
export interface DigestClaim {
  readonly id: number;
  readonly recipient: string;
  readonly digest: DigestFacts;
  /** An earlier attempt with one of its pairs may have reached the provider. */
  readonly uncertain?: boolean;
}

export interface DigestFacts {
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** By rank. */
  readonly severities: Readonly<Partial<Record<Severity, number>>>;
  /** The five most frequent, most frequent first. */
  readonly classifications: readonly Tally[];
  readonly sources: readonly Tally[];
  readonly targets: readonly Tally[];
  /** Distinct values of each. */
  readonly distinct: { readonly classifications: number; readonly sources: number; readonly targets: number };
}

export interface Tally {
  readonly value: string;
  readonly count: number;
}

/** What becomes of the pairs of a claim. */
export type Fate =
  | { readonly kind: 'sent' }
  /** Due again at `notBefore` (wall ms). `plain`: next time in the plain rendering. `uncertain`: it may have arrived. */
  | {
      readonly kind: 'again';
      readonly notBefore: number;
      readonly reason: string;
      readonly plain?: true;
      readonly uncertain?: true;
    }
  /** Kept until the recipient is resumed. */
  | { readonly kind: 'held'; readonly reason: string }
  /** `fallback`: owed to that recipient from now on, as if it had been planned for it. */
  | { readonly kind: 'dead'; readonly reason: string; readonly fallback?: string };

/** One external call, as `why` shows it. */
export interface AttemptRecord {
  readonly form: 'messages' | 'digest' | 'plain';
  /** As people saw it: `#k3f9`. Absent when it never came to a text. */
  readonly tag?: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: 'ok' | 'again' | 'broken' | 'refused';
  /** The provider's words, shortened, without secrets; '' for ok. */
  readonly reason: string;
  /** The provider's own id of what it made, where it tells: message id, issue number. */
  readonly providerRef?: string;
}

/** Token bucket of one provider key, persisted so that a restart does not forget a ban. */
export interface LimitState {
  readonly key: string;
  readonly tokens: number;
  /** Wall ms at which `tokens` was true. */
  readonly updatedAt: number;
  /** Nothing of this key before. */
  readonly notBefore: number;
}

/** A flood towards one recipient: digests whose interval doubles, and which classifications were seen in it. */
export interface StormState {
  readonly recipient: string;
  readonly since: number;
  readonly intervalMs: number;
  readonly nextDigestAt: number;
}
