/**
 * One call from claim to fate: notification, call, judgement, then everything into the store. What the provider said of its limits goes
 * there in the same transaction as the fates, so that a restart neither repeats the one nor forgets the other.
 *
 * Called by lane.ts; rejects for bugs only. A recipient that is to be held is held first: pairs whose fate was not written down then
 * wait with the others, and no restart sends them to a provider that refuses everything.
 */

import { isDeepStrictEqual } from 'node:util';

import { unitInterval } from '../../core/backoff.ts';
import { messageOf } from '../../core/errors.ts';
import type { AttemptRecord } from '../model/delivery.ts';
import type { LimitSpec, SinkAnswer } from '../model/sink.ts';
import { call } from './call.ts';
import { batchOf, enterStorm, leaveStorm } from './choose.ts';
import type { EndpointSink } from './deps.ts';
import { insist } from './insist.ts';
import { shorten } from './fates.ts';
import { judge, type Result, type Verdict } from './judge.ts';
import type { LaneContext, LaneState } from './lane-state.ts';
import { noteVerdict } from './note-verdict.ts';
import { notify, type Load } from './notify.ts';
import { nextInterval } from './storm.ts';
import type { Turn } from './turns.ts';

export interface Way {
  readonly endpoint: EndpointSink;
  /** Keys whose tokens the call draws. */
  readonly specs: readonly LimitSpec[];
  readonly turn: Turn;
}

export async function deliver(load: Load, lane: LaneState, way: Way, context: LaneContext): Promise<void> {
  const { timers } = context.deps;
  const startedAt = timers.now();
  const { form, tag, result } = await carry(load, lane, way, context);
  const verdict = verdictOn(result, load, lane, way.endpoint, context);
  const { outcome, reason } = verdict;
  const ref = result.kind === 'answer' ? result.answer.providerRef : undefined;
  const attempt: AttemptRecord = {
    form,
    ...(tag === undefined ? {} : { tag }),
    startedAt,
    endedAt: timers.now(),
    outcome,
    reason,
    ...(ref === undefined ? {} : { providerRef: ref }),
  };
  const told = result.kind === 'answer' ? (result.answer.limits ?? []) : [];
  await settle({ load, attempt, verdict, told }, lane, way, context);
  noteVerdict(verdict, { load, attempt, result, endpoint: way.endpoint }, lane, context);
}

interface Carried {
  readonly form: AttemptRecord['form'];
  readonly tag?: string;
  readonly result: Result;
}

async function carry(
  load: Load,
  lane: LaneState,
  { endpoint: { type, sink }, turn }: Way,
  { deps, secret, abort }: LaneContext,
): Promise<Carried> {
  const { timers, renderer } = deps;
  const terms = { recipient: lane.recipient, type, secret, renderer, at: timers.now() };
  try {
    const notification = await notify(load, terms);
    const { tag } = notification;
    const form = notification.form === 'test' ? 'messages' : notification.form;
    if (turn.barred) return { form, result: { kind: 'barred' } };
    turn.spend();
    return {
      form,
      tag,
      result: await call(sink, notification, { timers, timeoutMs: type.timeoutMs, stop: abort }),
    };
  } catch (error) {
    // The renderer never fails for what stands in a message: it cannot work at present.
    return {
      form: load.kind,
      result: { kind: 'unready', reason: `no text can be made: ${messageOf(error)}` },
    };
  }
}

function verdictOn(
  result: Result,
  load: Load,
  lane: LaneState,
  { type }: EndpointSink,
  context: LaneContext,
): Verdict {
  const { recipient, plainDigest, failures } = lane;
  const { fallback } = recipient;
  const { timers, random } = context.deps;
  return judge({
    result,
    plainDigest,
    failures,
    doubt: (seq) => lane.suspects.doubt(seq),
    probing: lane.probing,
    timeoutMs: type.timeoutMs,
    pairs: load.kind === 'messages' ? load.claim.pairs : [],
    audience: recipient.audience,
    fallback: fallback !== undefined && context.takesOver(fallback) ? fallback : undefined,
    moved: result.kind === 'answer' && move(lane, result.answer, context),
    now: timers.now(),
    random: unitInterval(random.bytes(4)),
  });
}

/** Whether the provider has moved the recipient to where it was not known to be. */
function move(lane: LaneState, { moved }: SinkAnswer, { deps }: LaneContext): boolean {
  if (moved === undefined) return false;
  const params = { ...lane.recipient.params, ...moved };
  if (isDeepStrictEqual(params, lane.recipient.params)) return false;
  lane.recipient = { ...lane.recipient, params };
  deps.log.notice(
    `${lane.recipient.name}: the provider has moved it, its new parameters are used from now on`,
  );
  deps.onMoved?.(lane.recipient.name, moved);
  return true;
}

interface Ending {
  readonly load: Load;
  readonly attempt: AttemptRecord;
  readonly verdict: Verdict;
  /** Limits as the provider told them. */
  readonly told: NonNullable<SinkAnswer['limits']>;
}

async function settle(ending: Ending, lane: LaneState, way: Way, context: LaneContext): Promise<void> {
  const { load, attempt, verdict, told } = ending;
  const { buckets, deps } = context;
  const { store } = deps;
  const keys = way.specs.map(({ key }) => key);
  buckets.hear(told);
  if (verdict.banMs !== undefined) buckets.ban(keys, verdict.banMs);
  rest(verdict, lane, deps.timers.monotonic());
  const { fate, except, hold } = verdict;
  if (load.kind === 'messages') {
    resize(verdict, load.claim.pairs.length, lane, batchOf(lane, way.endpoint.type));
    const fates = new Map(except.map((one) => [one.seq, one.fate]));
    lane.suspects.note(load.claim.pairs, (seq) => fates.get(seq) ?? fate, verdict);
  } else if (fate.kind === 'sent') lane.suspects.folded();
  if (hold !== undefined) {
    lane.held = hold;
    await keep(
      'that it is held',
      () => store.hold(lane.recipient.name, hold, attempt.endedAt),
      lane,
      context,
    );
  }
  const limits = [
    ...buckets.states([...new Set([...keys, ...told.map(({ key }) => key)])]),
    lane.pace.state(),
  ];
  const finish = { claim: load.claim.id, attempt, fate, except, limits };
  const kept = await keep('the end of a call', () => store.finish(finish), lane, context);
  if (kept && load.kind === 'digest') {
    await keep('its storm', () => afterDigest(load, lane, verdict, context), lane, context);
  }
}

/** The pause after a call; others that tell whose fault a failure was come before it. */
function rest({ blame, pauseMs, probing }: Verdict, lane: LaneState, now: number): void {
  lane.probing = probing;
  if (blame === 'either') {
    lane.asideUntil = Math.max(lane.asideUntil, now + pauseMs);
    return;
  }
  // Those that have stepped aside are the first again after it.
  if (pauseMs > 0) lane.pace.pause(Math.max(pauseMs, lane.asideUntil - now));
  lane.asideUntil = -Infinity;
}

/**
 * Of the next call. After a success calls grow step by step; but after an outage a person gets what has waited together, not in many
 * pieces, unless that was cut before and so may be one message's doing.
 */
function resize({ nextBatch, taken }: Verdict, carried: number, lane: LaneState, most: number): void {
  const { batch, recipient } = lane;
  if (nextBatch !== undefined) {
    if (nextBatch < carried) lane.cuts += 1;
    lane.batch = nextBatch;
    return;
  }
  if (!taken) return;
  if (batch === undefined) lane.cuts = 0;
  const atOnce = batch === undefined || (recipient.audience === 'people' && batch === 1 && lane.cuts === 1);
  lane.batch = atOnce || batch * 2 >= most ? undefined : batch * 2;
}

async function afterDigest(
  { last, planned }: Load & { kind: 'digest' },
  lane: LaneState,
  { outcome, fate }: Verdict,
  context: LaneContext,
): Promise<void> {
  const { storm } = lane;
  if (outcome !== 'ok') {
    lane.plainDigest ||= outcome === 'refused';
    lane.digestDoubt ||= fate.kind === 'again' && fate.uncertain === true;
    if (storm !== undefined) lane.storm = { ...storm, owed: true };
    return;
  }
  lane.plainDigest = false;
  lane.digestDoubt = false;
  if (last) await leaveStorm(lane, context);
  else if (storm !== undefined) {
    const scene = { now: context.deps.timers.now(), planned };
    await enterStorm(lane, nextInterval(storm, scene, context.rules, true), context);
  }
}

/** Offered to the store until it is taken. False only at the end of the program. */
function keep(
  what: string,
  work: () => Promise<unknown>,
  { recipient }: LaneState,
  { deps, abort }: LaneContext,
): Promise<boolean> {
  return insist(`${recipient.name}: ${shorten(what)}`, work, deps, abort);
}
