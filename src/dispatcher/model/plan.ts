/**
 * What routing says of one message before it is stored: which incidents it belongs to, and for each recipient how it is to be
 * treated. Made by src/dispatcher/route from the message and the configuration alone (pure); carried out by
 * the store in the transaction that stores the message, which adds what only the store knows (repeats, thresholds).
 */

import type { Audience } from './recipient.ts';

/** A fate that is decided before anything is sent, with the reason `why` shows. */
export interface Suppression {
  readonly reason: SuppressReason;
  /** One clause: which silence by whom until when, which window, which threshold. */
  readonly detail: string;
}

export type SuppressReason =
  | 'silence'
  | 'window'
  | 'threshold'
  | 'repeat'
  | 'acked'
  | 'severity'
  | 'heartbeat'
  | 'lifecycle'
  | 'disabled'
  | 'loop'
  | 'fallback'
  | 'dismissed'
  | 'expired'
  | 'duplicate';

/** Prelude's thresholding: at most `limit` of a key in `seconds` pass, or nothing passes before `count` of them. */
export interface Threshold {
  /** Values of the route's threshold path, joined; part of the counter's name. */
  readonly key: string;
  readonly seconds: number;
  /** Pass the first so many of each period. */
  readonly limit?: number;
  /** Pass only every so many-th. */
  readonly count?: number;
}

export interface Escalation {
  readonly afterMs: number;
  readonly to: string;
  /** The only condition there is: nobody has acknowledged the incident. */
  readonly unless: 'acked';
}

/** An incident a message belongs to: opened if none with this key has been heard of within the window. */
export interface PlannedIncident {
  /** SHA-256 hex (32 digits) of the route's group and the values of its group_by paths. */
  readonly key: string;
  readonly title: string;
  /** The incident goes on while the next message comes within so long (sliding). */
  readonly windowMs: number;
  readonly escalate: readonly Escalation[];
  /** A `release` closes it instead. */
  readonly closes?: true;
}

export interface PlannedPair {
  readonly recipient: string;
  readonly audience: Audience;
  /** Where the route stands in the tree: `route`, `route.routes[0]`; `forced` for a post to a channel. */
  readonly route: string;
  /** Which of `incidents`; undefined for a pair outside every incident (forced, machine, heartbeat). */
  readonly incident?: number;
  /** Higher goes first: rank of severity × 1000 + the recipient's priority. Age is added when queues are read. */
  readonly priority: number;
  /** Not due before so long after acceptance: group_wait. */
  readonly waitMs: number;
  /**
   * People only: after a notification of the same incident to the same recipient nothing more for `firstMs`, then twice that, up
   * to `maxMs`; a higher severity breaks through.
   */
  readonly repeat?: { readonly firstMs: number; readonly maxMs: number };
  readonly threshold?: Threshold;
  readonly suppress?: Suppression;
}

export interface Plan {
  readonly incidents: readonly PlannedIncident[];
  readonly pairs: readonly PlannedPair[];
}
