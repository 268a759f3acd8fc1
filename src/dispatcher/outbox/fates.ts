/**
 * The fate of each pair of a call, once judge.ts knows whose fault it was. Pure; called by judge.ts alone.
 *
 * `refused` is tried once more in the plain rendering, then dead; a machine's only if others are taken meanwhile, because one that refuses
 * everything is ill. A machine's pairs stay the first of its queue, so that none overtakes them, unless others were taken before them
 * anyway.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { ClaimedPair, Fate } from '../model/delivery.ts';
import { fullJitter } from './full-jitter.ts';
import type { Case } from './judge.ts';

/**
 * Whose fault it is that something was not taken: `recipient`, or the way to it; `message`, this one alone; `either`, which another
 * message sent now will tell; `some` of the call's pairs or receivers, while others were taken; `nobody`: nothing failed, or the program itself
 * is the cause.
 */
export type Blame = 'nobody' | 'recipient' | 'message' | 'either' | 'some';

/** Something that was judged: one pair, or (without one) a batch or a digest as a whole. */
export interface Judged {
  readonly pair: ClaimedPair | undefined;
  /** The provider's word for this pair alone. */
  readonly own: Outcome | undefined;
  readonly outcome: Outcome;
}

export interface FateTerms extends Case {
  /** Something of the call was. */
  readonly taken: boolean;
  readonly blame: Blame;
  readonly pauseMs: number;
  /** How long the provider asks us to wait. */
  readonly serverMs: number | undefined;
}

/** Begins the reason of a hold that the outbox made: such a one ends with a new configuration or a restart, an operator's does not. */
export const BROKEN = 'broken: ';

export function fateOf(one: Judged, terms: FateTerms): Fate {
  const { outcome } = one;
  switch (outcome.kind) {
    case 'ok':
      return { kind: 'sent' };
    case 'again':
      return againFate(one, outcome.reason, terms);
    case 'broken':
      return { kind: 'held', reason: heldReason(outcome) };
    case 'refused':
      break;
  }
  return refusedFate(one, outcome, terms);
}

/** With the remedy, where there is one. */
export function heldReason({ reason, hint }: Extract<Outcome, { kind: 'broken' }>): string {
  return `${BROKEN}${shorten(reason)}${hint === undefined ? '' : `; ${shorten(hint)}`}`;
}

function againFate(one: Judged, words: string, terms: FateTerms): Fate {
  const { now, blame, audience } = terms;
  const isOwn = blame === 'message' && one.pair !== undefined;
  if (isOwn) {
    const { alone, parts, proves, proofs } = terms.doubt(one.pair.seq);
    if (proves && proofs + 1 >= outboxLimits.proofsOfPoison) {
      return dead(`failed ${alone + parts + 1} times while others were taken: ${words}`, terms);
    }
  }
  return {
    kind: 'again',
    notBefore: now + waitOf(one, terms),
    reason: shorten(words),
    // Perhaps it is the form.
    ...(isOwn && audience === 'people' ? { plain: true } : {}),
    ...doubtOf(one, terms),
  };
}

/** How long it waits for itself; what holds the recipient holds it too. */
function waitOf(
  one: Judged,
  { pairs, audience, blame, doubt, probing, pauseMs, serverMs, random }: FateTerms,
): number {
  const range = { minMs: outboxLimits.backoffMinMs, maxMs: outboxLimits.backoffMaxMs };
  const { alone, parts } = one.pair === undefined ? { alone: 0, parts: 0 } : doubt(one.pair.seq);
  switch (blame) {
    case 'nobody':
      return 0;
    case 'message':
      return fullJitter(alone + parts + 1, range, random);
    case 'recipient':
      return audience === 'machine' ? 0 : pauseMs;
    case 'either':
      // Who has let others go comes after the pause. Those come before it, if they are a machine's.
      return audience === 'machine' && probing !== undefined && probing.by !== one.pair?.seq ? 0 : pauseMs;
    case 'some':
      break;
  }
  if (isLeftOver(one)) return 0;
  if (audience === 'machine') {
    return parts + 1 >= outboxLimits.partsBeforeWaiting ? fullJitter(parts + 1, range, random) : 0;
  }
  const attempts = Math.max(...(one.pair === undefined ? pairs : [one.pair]).map((pair) => pair.attempts));
  return Math.max(serverMs ?? 0, fullJitter(attempts + 1, range, random));
}

/** Whether it may have had its effect all the same, or had it for some of the receivers. */
function doubtOf(one: Judged, { result }: FateTerms): { readonly uncertain?: true } {
  const doubtful =
    result.kind === 'answer'
      ? !isLeftOver(one) && (result.answer.uncertain === true || result.answer.partly === true)
      : result.kind !== 'unready' && result.kind !== 'barred';
  return doubtful ? { uncertain: true } : {};
}

function refusedFate(
  one: Judged,
  { reason, certain }: Extract<Outcome, { kind: 'refused' }>,
  terms: FateTerms,
): Fate {
  const { now, audience, pairs, plainDigest, taken } = terms;
  if (pairs.length === 0) {
    return plainDigest
      ? { kind: 'held', reason: `${BROKEN}${shorten(`refuses even a plain digest: ${reason}`)}` }
      : { kind: 'again', notBefore: now, reason: shorten(reason), ...doubtOf(one, terms) };
  }
  const unproven = isUnproven(one, taken, terms);
  const isLast = one.pair !== undefined && one.pair.plain && !unproven;
  if (isLast || (one.pair !== undefined && certain === true && audience === 'machine')) {
    return dead(`refused: ${reason}`, terms);
  }
  const notBefore = now + (unproven ? waitOf(one, terms) : 0);
  return { kind: 'again', notBefore, reason: shorten(reason), plain: true };
}

function dead(reason: string, { fallback, audience }: FateTerms): Fate {
  const goesOn = fallback !== undefined && audience === 'people';
  return { kind: 'dead', reason: shorten(reason), ...(goesOn ? { fallback } : {}) };
}

/** Refused in every form by a machine of which it is not proven that it takes others: it may refuse everything. */
export function isUnproven({ pair, outcome }: Judged, taken: boolean, { audience, doubt }: Case): boolean {
  if (audience !== 'machine' || outcome.kind !== 'refused' || outcome.certain === true) return false;
  if (pair === undefined || !pair.plain || taken) return false;
  const { proves, proofs } = doubt(pair.seq);
  return !proves || proofs + 1 < outboxLimits.proofsOfRefusal;
}

/** The call was judged, and this has only not been part of it: it goes with the next one. */
export function isLeftOver({ own }: Pick<Judged, 'own'>): boolean {
  return own?.kind === 'again' && own.retryAfterMs === 0;
}

/** Without line breaks, at most so many characters, and none of them half. */
export function shorten(words: string): string {
  const line = words.replaceAll(/\p{Cc}+/gu, ' ').trim();
  if (line.length <= outboxLimits.reasonChars) return line;
  return `${line.slice(0, outboxLimits.reasonChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
