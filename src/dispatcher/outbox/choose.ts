/**
 * What a recipient's next call carries: its oldest messages for a machine; for people the most urgent ones, or in a storm what breaks
 * out alone, or a digest of everything. Claimed in the store before it is returned.
 *
 * Called by lane.ts, with a token in hand. Storms begin and end here, in the store first.
 */

import { outboxLimits } from '../../core/limits.ts';
import { isChannel } from '../model/recipient.ts';
import type { SinkType } from '../model/sink.ts';
import type { ClaimWish, RecipientQueue } from '../model/store.ts';
import { noteHold, type LaneContext, type LaneState } from './lane-state.ts';
import type { Load } from './notify.ts';
import { beginStorm, looked, nextInterval, nextMove, type Move, type Scene, type Storm } from './storm.ts';

const MINUTE_MS = 60_000;

/** Or for how long there is nothing to send. */
export type Choice = { readonly load: Load } | { readonly restMs: number };

export async function choose(lane: LaneState, type: SinkType, context: LaneContext): Promise<Choice> {
  const { recipient } = lane;
  if (recipient.audience === 'people' && !isChannel(recipient)) return forPeople(lane, type, context);
  if (lane.storm !== undefined) await leaveStorm(lane, context);
  return oneByOne(lane, type, context);
}

async function oneByOne(lane: LaneState, type: SinkType, context: LaneContext): Promise<Choice> {
  const load = await claimMessages(lane, type, context);
  if (load !== undefined) return { load };
  return rest(await lookAtQueue(lane, context), lane, context);
}

async function forPeople(lane: LaneState, type: SinkType, context: LaneContext): Promise<Choice> {
  for (;;) {
    const queue = await lookAtQueue(lane, context);
    if (lane.held !== undefined) return rest(queue, lane, context);
    const scene = sceneOf(lane, type, queue, context);
    const choice = await make(
      nextMove(lane.storm, scene, context.rules),
      lane,
      { type, queue, scene },
      context,
    );
    if (choice !== undefined) return choice;
  }
}

interface Sight {
  readonly type: SinkType;
  readonly queue: RecipientQueue;
  readonly scene: Scene;
}

/** Undefined: the storm has changed, look again. */
async function make(
  move: Move,
  lane: LaneState,
  { type, queue, scene }: Sight,
  context: LaneContext,
): Promise<Choice | undefined> {
  const { rules, deps } = context;
  const { storm } = lane;
  const { name } = lane.recipient;
  switch (move) {
    case 'messages': {
      const load = await claimMessages(lane, type, context);
      return load === undefined ? rest(queue, lane, context) : { load };
    }
    case 'begin':
      await enterStorm(lane, beginStorm(name, scene, rules), context);
      deps.log.notice(`${name}: more is due than can be told one by one, it comes as digests`);
      return undefined;
    case 'breakout': {
      const load = await claimMessages(lane, type, context, true);
      lane.storm &&= looked(lane.storm, scene.now, load !== undefined, rules);
      return load && { load };
    }
    case 'digest':
    case 'last-digest': {
      const claim = await deps.store.claimDigest(name, scene.now);
      if (claim === undefined) return leaveStorm(lane, context);
      const repeated = claim.uncertain === true || lane.digestDoubt;
      const last = move === 'last-digest';
      const { planned } = scene;
      return { load: { kind: 'digest', claim, plain: lane.plainDigest, repeated, last, planned } };
    }
    case 'end':
      deps.log.notice(`${name}: the flood is over, messages come one by one again`);
      return leaveStorm(lane, context);
    case 'extend':
      if (storm !== undefined) await enterStorm(lane, nextInterval(storm, scene, rules, false), context);
      return undefined;
    case 'nothing':
      break;
  }
  return { restMs: 0 };
}

export async function enterStorm(lane: LaneState, storm: Storm, { deps }: LaneContext): Promise<void> {
  await deps.store.setStorm(storm.state);
  lane.storm = storm;
}

export async function leaveStorm(lane: LaneState, { deps }: LaneContext): Promise<undefined> {
  await deps.store.endStorm(lane.recipient.name);
  lane.storm = undefined;
  lane.behindSince = undefined;
}

/** What is set apart comes by itself, by turns with the rest. */
async function claimMessages(
  lane: LaneState,
  type: SinkType,
  context: LaneContext,
  breakout = false,
): Promise<Load | undefined> {
  const pairs = Math.min(batchOf(lane, type), lane.batch ?? Infinity);
  if (breakout) return claimOf({ pairs, breakout }, lane, context);
  const { suspects, probing } = lane;
  const tried = probing?.tried ?? [];
  const others = (most: number, but: readonly number[]): Promise<Load | undefined> =>
    claimOf({ pairs: most, except: [...but, ...tried] }, lane, context);
  if (probing !== undefined) {
    // What has not failed alone tells most: bad messages gather at the front of a queue. One, because it overtakes others.
    const probe = await others(1, suspects.alone);
    if (probe !== undefined) return probe;
  }
  const first = lane.othersNext ? await others(pairs, suspects.apart) : undefined;
  lane.othersNext = false;
  return first ?? (await claimSuspect(lane, context)) ?? others(pairs, suspects.apart);
}

async function claimSuspect(lane: LaneState, context: LaneContext): Promise<Load | undefined> {
  const next = lane.suspects.next(lane.failures > 0);
  if (next === undefined || next.dueAt > context.deps.timers.now()) return undefined;
  const load = await claimOf({ pairs: 1, only: next.seq }, lane, context);
  if (load === undefined) lane.suspects.forget(next.seq);
  // While it fails every call but the oldest message's is a probe.
  lane.othersNext = lane.failures === 0;
  return load;
}

async function claimOf(
  wish: Omit<ClaimWish, 'now' | 'bytes'>,
  lane: LaneState,
  { deps }: LaneContext,
): Promise<Load | undefined> {
  const bytes = outboxLimits.claimBytes;
  const claim = await deps.store.claim(lane.recipient.name, { now: deps.timers.now(), bytes, ...wish });
  return claim && { kind: 'messages', claim };
}

/** Also notices that an operator, or another part, has held or resumed it. */
async function lookAtQueue(lane: LaneState, { deps }: LaneContext): Promise<RecipientQueue> {
  const queue = await deps.store.queue(lane.recipient.name, deps.timers.now());
  noteHold(lane, queue.heldReason, deps.timers.monotonic());
  return queue;
}

function sceneOf(
  lane: LaneState,
  type: SinkType,
  queue: RecipientQueue,
  { deps, rules }: LaneContext,
): Scene {
  const batch = batchOf(lane, type);
  const monotonic = deps.timers.monotonic();
  const behind = queue.due > batch && lane.failures === 0;
  lane.behindSince = behind ? (lane.behindSince ?? monotonic) : undefined;
  return {
    now: deps.timers.now(),
    due: queue.due,
    planned: queue.planned,
    batch,
    behindMs: monotonic - (lane.behindSince ?? monotonic),
    ticket: type.ticket === true,
    busy: lane.told.filter((at) => monotonic - at < MINUTE_MS).length >= rules.callsPerMinute,
  };
}

export function batchOf({ recipient }: LaneState, type: SinkType): number {
  return Math.max(1, recipient.batch ?? (isChannel(recipient) ? 1 : type.batch));
}

/** Until the next pair is due. What is due but could not be claimed came in between: it has rung; or it is set apart and has to wait. */
function rest(
  { due, nextAt }: RecipientQueue,
  { suspects, failures }: LaneState,
  { deps }: LaneContext,
): Choice {
  const until = (at: number): number => Math.max(1, at - deps.timers.now());
  if (due === 0) return { restMs: nextAt === undefined ? Infinity : until(nextAt) };
  const apart = suspects.next(failures > 0);
  return { restMs: apart === undefined ? outboxLimits.storeRetryMinMs : until(apart.dueAt) };
}
