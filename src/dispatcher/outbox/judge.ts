/**
 * What a call's result means for its pairs and for the recipient: fates, pause, hold. Pure; the four outcomes of core/outcome.ts
 * are translated here and in fates.ts, and nowhere else.
 *
 * Called by deliver.ts after each call. First whose fault it is: if nothing was taken the recipient pauses, by full jitter or for the
 * time the server named; where others were taken only the pairs that were not wait. A message that fails alone again and again lets
 * others go right after it; if they are taken the fault is its own (suspects.ts). dispatch.md E.6.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { ClaimedPair, Fate } from '../model/delivery.ts';
import type { Audience } from '../model/recipient.ts';
import type { SinkAnswer } from '../model/sink.ts';
import type { CallResult } from './call.ts';
import { fateOf, heldReason, isLeftOver, isUnproven, shorten, type Blame, type Judged } from './fates.ts';
import { fullJitter } from './full-jitter.ts';
import type { Charge, Doubt } from './suspects.ts';

/**
 * Nothing was called: `unready`, because the message could not be made; `barred`, because the provider has meanwhile told somebody
 * else that it wants no calls.
 */
export type Result =
  CallResult | { readonly kind: 'unready'; readonly reason: string } | { readonly kind: 'barred' };

/** A message that failed alone has let others go, so many at most: what becomes of them tells whose fault that was. */
export interface Probing {
  readonly by: number;
  readonly left: number;
  /** Have failed too: they come after the others and before all else. */
  readonly tried: readonly number[];
}

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
  /** What is known against a message. */
  readonly doubt: (seq: number) => Doubt;
  readonly probing: Probing | undefined;
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
  readonly blame: Blame;
  /** Nothing was taken though something was to be, and no message alone is known to be the cause: counts as a failure in a row. */
  readonly failed: boolean;
  /** Something was taken. */
  readonly taken: boolean;
  /** The provider is there: it has taken something, or judged what a person was to get. */
  readonly well: boolean;
  /** Nothing to this recipient for so long; with blame `either` but for other messages. */
  readonly pauseMs: number;
  readonly probing: Probing | undefined;
  /** The server named a time, but no key: nothing to any key of the call for so long. */
  readonly banMs: number | undefined;
  readonly hold: string | undefined;
  readonly charges: readonly Charge[];
  /** How many messages the next call carries. Undefined: as many as it may. */
  readonly nextBatch: number | undefined;
}

export function judge(facts: Case): Verdict {
  const { result, pairs, audience } = facts;
  const answer = result.kind === 'answer' ? result.answer : undefined;
  const outcome = outcomeOf(result, facts.timeoutMs);
  const judged = (pairs.length === 0 ? [undefined] : pairs).map((pair): Judged => {
    const own = pair && answer?.each?.get(pair.seq);
    return { pair: own === undefined && pairs.length > 1 ? undefined : pair, own, outcome: own ?? outcome };
  });
  const taken = judged.some((one) => one.outcome.kind === 'ok');
  const { banMs, limitedMs } = waitsOf(judged, answer, facts.now);
  const serverMs = banMs ?? limitedMs;
  const blame = blameFor(judged, { taken, serverMs }, facts);
  const pauseMs = pauseFor(blame, serverMs, facts);
  const terms = { ...facts, taken, blame, pauseMs, serverMs };
  const fate = fateOf({ pair: pairs.length === 1 ? pairs[0] : undefined, own: undefined, outcome }, terms);
  const bad = [outcome, ...judged.map((one) => one.outcome)].flatMap((one) =>
    one.kind === 'ok' ? [] : [one.reason],
  );
  const [broken] = judged.flatMap((one) => (one.outcome.kind === 'broken' ? [one.outcome] : []));
  const failed = blame === 'recipient' || blame === 'either';
  return {
    outcome: outcome.kind,
    reason: shorten(bad[0] ?? ''),
    fate,
    except: judged.flatMap((one) =>
      one.pair === undefined || one.own === undefined
        ? []
        : [{ seq: one.pair.seq, fate: fateOf(one, terms) }],
    ),
    blame,
    failed,
    taken,
    well: !failed && (audience === 'people' || taken),
    pauseMs,
    probing: probingAfter(blame, taken, facts),
    banMs: limitedMs === undefined ? banMs : undefined,
    hold: broken !== undefined ? heldReason(broken) : fate.kind === 'held' ? fate.reason : undefined,
    charges: chargesOf(judged, { taken, serverMs, blame }, facts),
    nextBatch: nextBatch(outcome, { failed, serverMs }, facts),
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

interface Words {
  readonly taken: boolean;
  /** How long the provider asks us to wait. */
  readonly serverMs: number | undefined;
}

function blameFor(judged: readonly Judged[], { taken, serverMs }: Words, facts: Case): Blame {
  const { result, moved, pairs } = facts;
  // It came to nothing, but nobody is to blame.
  if (moved || result.kind === 'barred' || result.kind === 'stopped') return 'nobody';
  const part = judged.filter((one) => !isLeftOver(one));
  const failing = part.filter((one) => isFailing(one, taken, facts));
  if (failing.length === 0) return 'nobody';
  const isPartly = result.kind === 'answer' && result.answer.partly === true;
  if (isPartly && facts.audience === 'people' && pairs.length > 0) return 'some';
  if (failing.length < part.length) return 'some';
  const [only] = pairs.length === 1 ? pairs : [];
  if (only === undefined || serverMs !== undefined || result.kind === 'unready') return 'recipient';
  if (facts.failures === 0 && facts.doubt(only.seq).apart) return 'message';
  return nextProbing(only, facts) === undefined ? 'recipient' : 'either';
}

/** Which others are sent at once after this one has failed alone. Those do not let further ones go. */
function nextProbing({ seq }: ClaimedPair, { doubt, probing }: Case): Probing | undefined {
  if (probing !== undefined && probing.by !== seq) {
    const { by, left, tried } = probing;
    return left > 1 ? { by, left: left - 1, tried: [...tried, seq] } : undefined;
  }
  const beyond = doubt(seq).alone + 1 - outboxLimits.failuresBeforeApart;
  return beyond < 0 ? undefined : { by: seq, left: Math.min(2 ** beyond, outboxLimits.probes), tried: [] };
}

/** What told nothing, a first refusal say, is no probe yet. */
function probingAfter(blame: Blame, taken: boolean, facts: Case): Probing | undefined {
  const [only] = facts.pairs;
  if (blame === 'either' && only !== undefined) return nextProbing(only, facts);
  return blame === 'nobody' && !taken ? facts.probing : undefined;
}

function isFailing(one: Judged, taken: boolean, facts: Case): boolean {
  return one.outcome.kind === 'again' || isUnproven(one, taken, facts);
}

function waitsOf(
  judged: readonly Judged[],
  answer: SinkAnswer | undefined,
  now: number,
): { readonly banMs: number | undefined; readonly limitedMs: number | undefined } {
  const again = judged.flatMap(({ outcome }) => (outcome.kind === 'again' ? [outcome] : []));
  if (answer === undefined || again.length === 0) return { banMs: undefined, limitedMs: undefined };
  const named = again.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
  return {
    banMs: clamp(named.length === 0 ? undefined : Math.max(...named)),
    limitedMs: clamp(limitedFor(answer, now)),
  };
}

/** The longest ban the answer names, ms from now; undefined for none. */
function limitedFor({ limits = [] }: SinkAnswer, now: number): number | undefined {
  const bans = limits.flatMap(({ notBefore = 0 }) => (notBefore > now ? [notBefore - now] : []));
  return bans.length === 0 ? undefined : Math.max(...bans);
}

function pauseFor(blame: Blame, serverMs: number | undefined, { failures, random, audience }: Case): number {
  if (blame === 'nobody') return 0;
  if (serverMs !== undefined) return Math.max(serverMs, outboxLimits.backoffMinMs);
  // People's pairs wait by themselves. A machine's come first again, in their order, after a moment.
  const pauses = blame === 'recipient' || blame === 'either' || (blame === 'some' && audience === 'machine');
  return pauses ? backoffOf(failures + 1, random) : 0;
}

function backoffOf(failures: number, random: number): number {
  const range = { minMs: outboxLimits.backoffMinMs, maxMs: outboxLimits.backoffMaxMs };
  return fullJitter(failures, range, random);
}

/** What the call says against single messages. */
function chargesOf(
  judged: readonly Judged[],
  { taken, serverMs, blame }: Words & { readonly blame: Blame },
  facts: Case,
): Charge[] {
  const { pairs, result } = facts;
  if (blame === 'recipient' && (serverMs !== undefined || result.kind === 'unready')) return [];
  return pairs.flatMap(({ seq }, index): Charge[] => {
    const one = judged[index];
    if (one === undefined || isLeftOver(one)) return [];
    if (!isFailing(one, taken, facts)) return [];
    if (blame === 'some') return one.own === undefined ? [] : [{ seq, kind: 'part' }];
    if (pairs.length > 1 || blame === 'nobody') return [];
    return [{ seq, kind: 'alone', proof: blame === 'message' && facts.doubt(seq).proves }];
  });
}

/** The same again after a failure; less when it may be too much, or may be one message's doing; a probe while a recipient is away. */
function nextBatch(
  outcome: Outcome,
  { failed, serverMs }: { readonly failed: boolean; readonly serverMs: number | undefined },
  { result, pairs, failures }: Case,
): number | undefined {
  const half = Math.floor(pairs.length / 2);
  if (outcome.kind === 'refused' && half > 0) return half;
  if (!failed || pairs.length === 0) return undefined;
  const isLasting = failures + 1 >= outboxLimits.failuresBeforeCutting && serverMs === undefined;
  if (!isLasting) return pairs.length;
  return result.kind === 'timeout' ? Math.max(1, half) : 1;
}

/** With the remedy: who sees the hold is who has to act. */
function clamp(retryAfterMs: number | undefined): number | undefined {
  if (retryAfterMs === undefined) return undefined;
  return Math.min(Math.max(retryAfterMs, 0), outboxLimits.retryAfterMaxMs);
}
