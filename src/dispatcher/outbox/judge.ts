/**
 * What a call's result means for its pairs and for the recipient: fates, pause, hold. Pure; the four outcomes of core/outcome.ts
 * are translated here and nowhere else.
 *
 * Called by deliver.ts after each call. `again` keeps the pairs and pauses the recipient, by full jitter or for the time the server
 * named. `broken` keeps all and holds the recipient. `refused` is tried once more in the plain rendering, then dead; a refused batch
 * is halved first, so that one bad message does not take others with it. dispatch.md E.6.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { ClaimedPair, Fate } from '../model/delivery.ts';
import type { Audience } from '../model/recipient.ts';
import type { SinkAnswer } from '../model/sink.ts';
import type { CallResult } from './call.ts';
import { fullJitter } from './full-jitter.ts';

/**
 * Nothing was called: `unready`, because the message could not be made; `barred`, because the provider has meanwhile told somebody
 * else that it wants no calls.
 */
export type Result =
  CallResult | { readonly kind: 'unready'; readonly reason: string } | { readonly kind: 'barred' };

export interface Case {
  readonly result: Result;
  /** Empty for a digest. */
  readonly pairs: readonly ClaimedPair[];
  readonly audience: Audience;
  readonly fallback: string | undefined;
  /** The digest was in the plain rendering already. */
  readonly plainDigest: boolean;
  /** Calls in a row that failed before this one. */
  readonly failures: number;
  /** The answer moved the recipient to where it had not been known to be. */
  readonly moved: boolean;
  /** Wall ms. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
  readonly timeoutMs: number;
}

export interface Verdict {
  /** Of the call as a whole. */
  readonly outcome: Outcome['kind'];
  /** The first words that were not good; '' for none. */
  readonly reason: string;
  readonly fate: Fate;
  readonly except: readonly { readonly seq: number; readonly fate: Fate }[];
  /** Nothing was taken though something was to be: counts as a failure in a row. */
  readonly failed: boolean;
  /** Nothing to this recipient for so long. */
  readonly pauseMs: number;
  /** The server named a time, but no key: nothing to any key of the call for so long. */
  readonly banMs: number | undefined;
  readonly hold: string | undefined;
  /** How many messages the next call carries: the same again after a failure, half after a refusal or many timeouts. Undefined: as many as it may. */
  readonly nextBatch: number | undefined;
}

/** Begins the reason of a hold that the outbox made: such a one ends with a new configuration or a restart, an operator's does not. */
export const BROKEN = 'broken: ';

export function judge(facts: Case): Verdict {
  const { result, pairs } = facts;
  const answer = result.kind === 'answer' ? result.answer : undefined;
  const outcome = outcomeOf(result, facts.timeoutMs);
  const judged = (pairs.length === 0 ? [undefined] : pairs).map((pair) => ({
    pair,
    own: pair && answer?.each?.get(pair.seq),
  }));
  const outcomes = judged.map(({ own }) => own ?? outcome);
  const again = outcomes.find((one) => one.kind === 'again');
  const broken = outcomes.find((one) => one.kind === 'broken');
  const banMs = clamp(answer && again?.retryAfterMs);
  const limitedMs = answer && again && clamp(limitedFor(answer, facts.now));
  const serverMs = banMs ?? limitedMs;
  const pauseMs = again === undefined || leftOver(outcome, outcomes) ? 0 : pauseOf(facts, serverMs);
  const doubt = mayHaveArrived(facts, outcome);
  const [only] = pairs.length === 1 ? pairs : [];
  const fate = fateOf(outcome, only, { facts, pauseMs, doubt });
  const [bad] = [outcome, ...outcomes].flatMap((one) => (one.kind === 'ok' ? [] : [one.reason]));
  return {
    outcome: outcome.kind,
    reason: shorten(bad ?? ''),
    fate,
    except: judged.flatMap(({ pair, own }) =>
      pair === undefined || own === undefined
        ? []
        : [{ seq: pair.seq, fate: fateOf(own, pair, { facts, pauseMs, doubt: false }) }],
    ),
    failed: !isBlameless(facts) && outcomes.every((one) => one.kind === 'again'),
    pauseMs,
    banMs: limitedMs === undefined ? banMs : undefined,
    hold: broken !== undefined ? heldReason(broken) : fate.kind === 'held' ? fate.reason : undefined,
    nextBatch: nextBatch(outcome, again, facts),
  };
}

function outcomeOf(result: Result, timeoutMs: number): Outcome {
  switch (result.kind) {
    case 'answer':
      return result.answer.outcome;
    case 'timeout':
      return { kind: 'again', reason: `no answer within ${timeoutMs / 1000} s` };
    case 'threw':
      return { kind: 'again', reason: `the sink failed (${result.what})` };
    case 'unready':
      return { kind: 'again', reason: result.reason };
    case 'stopped':
      return { kind: 'again', reason: 'the program ended before the answer' };
    case 'barred':
      break;
  }
  // Its keys say until when.
  return { kind: 'again', reason: 'the provider allows no call at present' };
}

/** Whether a failed call may have had its effect all the same. */
function mayHaveArrived({ result }: Case, outcome: Outcome): boolean {
  if (outcome.kind !== 'again') return false;
  if (result.kind === 'answer') return result.answer.uncertain === true;
  return result.kind !== 'unready' && result.kind !== 'barred';
}

/** It came to nothing, but the recipient is not to blame: no pause, no failure. */
function isBlameless({ result, moved }: Case): boolean {
  return moved || result.kind === 'barred' || result.kind === 'stopped';
}

/** The call was judged, and what is to come again has only not been part of it: it goes with the next one. */
function leftOver(outcome: Outcome, outcomes: readonly Outcome[]): boolean {
  return outcome.kind !== 'again' && outcomes.every((one) => one.kind !== 'again' || one.retryAfterMs === 0);
}

/** The longest ban the answer names, ms from now; undefined for none. */
function limitedFor({ limits = [] }: SinkAnswer, now: number): number | undefined {
  const bans = limits.flatMap(({ notBefore = 0 }) => (notBefore > now ? [notBefore - now] : []));
  return bans.length === 0 ? undefined : Math.max(...bans);
}

function pauseOf(facts: Case, serverMs: number | undefined): number {
  if (isBlameless(facts)) return 0;
  if (serverMs !== undefined) return Math.max(serverMs, outboxLimits.backoffMinMs);
  const range = { minMs: outboxLimits.backoffMinMs, maxMs: outboxLimits.backoffMaxMs };
  return fullJitter(facts.failures + 1, range, facts.random);
}

interface Terms {
  readonly facts: Case;
  readonly pauseMs: number;
  /** It may have arrived. */
  readonly doubt: boolean;
}

/** `pair`: judged alone. Undefined: one of a batch, or a digest. */
function fateOf(outcome: Outcome, pair: ClaimedPair | undefined, { facts, pauseMs, doubt }: Terms): Fate {
  switch (outcome.kind) {
    case 'ok':
      return { kind: 'sent' };
    case 'again':
      return {
        kind: 'again',
        // The recipient's pause holds a machine's queue; its pairs stay the first of it, so that none overtakes them.
        notBefore: facts.audience === 'machine' ? facts.now : facts.now + pauseMs,
        reason: shorten(outcome.reason),
        ...(doubt ? { uncertain: true } : {}),
      };
    case 'broken':
      return { kind: 'held', reason: heldReason(outcome) };
    case 'refused':
      break;
  }
  return refusedFate(outcome, pair, facts);
}

function refusedFate(
  { reason, certain }: Extract<Outcome, { kind: 'refused' }>,
  pair: ClaimedPair | undefined,
  { now, audience, fallback, pairs, plainDigest }: Case,
): Fate {
  if (pairs.length === 0) {
    return plainDigest
      ? { kind: 'held', reason: `${BROKEN}${shorten(`refuses even a plain digest: ${reason}`)}` }
      : { kind: 'again', notBefore: now, reason: shorten(reason) };
  }
  const hopeless = pair !== undefined && (pair.plain || (certain === true && audience === 'machine'));
  if (!hopeless) return { kind: 'again', notBefore: now, reason: shorten(reason), plain: true };
  return {
    kind: 'dead',
    reason: shorten(`refused: ${reason}`),
    ...(fallback === undefined || audience === 'machine' ? {} : { fallback }),
  };
}

function nextBatch(
  outcome: Outcome,
  again: Outcome | undefined,
  { result, pairs, failures }: Case,
): number | undefined {
  const half = Math.floor(pairs.length / 2);
  if (half === 0) return pairs.length === 0 || again === undefined ? undefined : 1;
  // What is never answered in time may simply be too much at once.
  const isTooMuch = result.kind === 'timeout' && failures + 1 >= outboxLimits.timeoutsBeforeHalving;
  if (outcome.kind === 'refused' || isTooMuch) return half;
  return again === undefined ? undefined : pairs.length;
}

/** With the remedy: who sees the hold is who has to act. */
function heldReason(outcome: Outcome): string {
  const remedy = outcome.kind === 'broken' && outcome.hint !== undefined ? `; ${shorten(outcome.hint)}` : '';
  return `${BROKEN}${shorten(outcome.kind === 'ok' ? '' : outcome.reason)}${remedy}`;
}

function clamp(retryAfterMs: number | undefined): number | undefined {
  if (retryAfterMs === undefined) return undefined;
  return Math.min(Math.max(retryAfterMs, 0), outboxLimits.retryAfterMaxMs);
}

/** Without line breaks, at most so many characters, and none of them half. */
export function shorten(words: string): string {
  const line = words.replaceAll(/\p{Cc}+/gu, ' ').trim();
  if (line.length <= outboxLimits.reasonChars) return line;
  return `${line.slice(0, outboxLimits.reasonChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
