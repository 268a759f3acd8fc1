/**
 * What a lane knows of its recipient between two calls. One mutable value per recipient, owned by lane.ts and handed to choose.ts and
 * deliver.ts; whatever must survive a restart is in the store as well (pace and bans with `Finish.limits`, storms, holds).
 */

import type { Outcome } from '../../core/outcome.ts';
import type { Recipient } from '../model/recipient.ts';
import type { OutboxDeps } from './deps.ts';
import type { Buckets } from './buckets.ts';
import type { Probing } from './judge.ts';
import type { Pace, Rhythm } from './pace.ts';
import type { Storm, StormRules } from './storm.ts';
import { Suspects } from './suspects.ts';
import type { Turns } from './turns.ts';

/** What all lanes share. */
export interface LaneContext {
  readonly deps: OutboxDeps;
  readonly buckets: Buckets;
  readonly turns: Turns;
  readonly rules: StormRules;
  /** Keys the names of notifications (tag.ts). */
  readonly secret: string;
  /** Whether a recipient of that name is configured and enabled: only such a one can take over. */
  readonly takesOver: (recipient: string) => boolean;
  /** Aborts when the program waits no longer: calls end, and what the store still refuses is left to the next start. */
  readonly abort: AbortSignal;
}

export interface LaneState {
  /** As configured, with the parameters the provider moved it to. */
  recipient: Recipient;
  readonly pace: Pace;
  rhythm: Rhythm;
  held: string | undefined;
  /** Nothing is given up before (monotonic ms): it has had no chance for so long. */
  patientUntil: number;
  storm: Storm | undefined;
  /** The storm's digest was refused as it was. */
  plainDigest: boolean;
  /** The last digest may have arrived though its call failed. */
  digestDoubt: boolean;
  /** Messages of the next call at most; undefined: a whole batch. */
  batch: number | undefined;
  /** How often it was cut since a whole one was taken. */
  cuts: number;
  readonly suspects: Suspects;
  /** The last call carried one of them. */
  othersNext: boolean;
  probing: Probing | undefined;
  /** When (monotonic ms) the messages that have let others go are due again. */
  asideUntil: number;
  /** Since when (monotonic ms) more has been due than one call carries, while the provider answered. */
  behindSince: number | undefined;
  /** When the last calls with single messages were made (monotonic ms), the oldest first. */
  told: readonly number[];
  calling: boolean;
  failures: number;
  /** Wall ms. */
  failingSince: number | undefined;
  failingReported: boolean;
  lastError: string | undefined;
  lastOkAt: number | undefined;
  readonly attempts: Record<Outcome['kind'], number>;
  thrown: number;
  digests: number;
  /** Dead pairs that have not been reported yet, and when (wall ms) some were. */
  deadUnreported: number;
  deadReportedAt: number;
}

export function newLaneState(recipient: Recipient, pace: Pace): LaneState {
  return {
    recipient,
    pace,
    rhythm: { everyMs: recipient.everyMs, budget: recipient.budget },
    held: undefined,
    patientUntil: -Infinity,
    storm: undefined,
    plainDigest: false,
    digestDoubt: false,
    batch: undefined,
    cuts: 0,
    suspects: new Suspects(),
    othersNext: false,
    probing: undefined,
    asideUntil: -Infinity,
    behindSince: undefined,
    told: [],
    calling: false,
    failures: 0,
    failingSince: undefined,
    failingReported: false,
    lastError: undefined,
    lastOkAt: undefined,
    attempts: { ok: 0, again: 0, broken: 0, refused: 0 },
    thrown: 0,
    digests: 0,
    deadUnreported: 0,
    deadReportedAt: -Infinity,
  };
}

/** As the store has it. What is no longer held gets its whole time: while it was, no message's time ran out. */
export function noteHold(lane: LaneState, reason: string | undefined, monotonic: number): void {
  if (lane.held !== undefined && reason === undefined) {
    lane.patientUntil = Math.max(lane.patientUntil, monotonic + (lane.recipient.giveUpMs ?? 0));
  }
  lane.held = reason;
}
