/**
 * When a backlog towards people becomes a storm, and what is done in one: digests whose interval doubles, new high classifications
 * alone and at once, an end when an interval was quiet. Pure.
 *
 * Called by choose.ts before each call. A storm is a matter of volume and pacing: more due than one call carries (and more than 20),
 * or behind for two minutes though the provider answers; and of pace: twenty calls within a minute, and more to come. While it does not answer nothing is decided by age; but what
 * has piled up meanwhile is more than 20 and so arrives as a digest when it answers again. operations.md P1-17, dispatch.md E.6.
 */

import type { stormLimits } from '../../core/limits.ts';
import type { StormState } from '../model/delivery.ts';

export type StormRules = { readonly [K in keyof typeof stormLimits]: number };

/** A storm under way. Beside its state in the store, what need not survive a restart. */
export interface Storm {
  readonly state: StormState;
  /** A digest is due whatever the time: the first one, or one whose call failed. */
  readonly owed: boolean;
  /** Something has arrived since breakouts were last looked for, and when they may be looked for again. */
  readonly look: boolean;
  readonly lookAt: number;
  readonly breakoutsLeft: number;
  /** Time of the last digest, and how many pairs had been planned when the interval began. */
  readonly foldedAt: number;
  readonly plannedBefore: number;
}

/** The recipient as it is now. */
export interface Scene {
  /** Wall ms. */
  readonly now: number;
  readonly due: number;
  /** Pairs ever planned for it. */
  readonly planned: number;
  /** Messages of one call. */
  readonly batch: number;
  /** For how long it has been behind while the provider answered. */
  readonly behindMs: number;
  readonly ticket: boolean;
  /** Whether it has been called as often within the last minute as somebody can bear. */
  readonly busy: boolean;
}

export type Move =
  | 'messages'
  | 'begin'
  | 'breakout'
  | 'digest'
  /** The last of a storm: one ticket for all that waited for its end. */
  | 'last-digest'
  /** A quiet interval: back to single messages. */
  | 'end'
  /** A ticket sink's storm goes on without another ticket. */
  | 'extend'
  | 'nothing';

export function nextMove(storm: Storm | undefined, scene: Scene, rules: StormRules): Move {
  const { now, due, ticket } = scene;
  if (storm === undefined) return isPilingUp(scene, rules) || (scene.busy && due > 0) ? 'begin' : 'messages';
  if (mayBreakOut(storm, now)) return 'breakout';
  if (storm.owed) return 'digest';
  if (now < digestAt(storm, rules, now)) return 'nothing';
  const flood = floodOf(scene, rules);
  // With a ticket sink what is due is of earlier intervals too.
  const arrived = ticket ? Math.min(due, scene.planned - storm.plannedBefore) : due;
  if (arrived < flood) return due > flood ? 'last-digest' : 'end';
  return ticket && now - storm.foldedAt < rules.ticketMs ? 'extend' : 'digest';
}

/** Until when (wall ms) there is nothing to do in a storm. */
export function quietUntil(storm: Storm, rules: StormRules, now: number): number {
  if (storm.owed) return now;
  const look = storm.look && storm.breakoutsLeft > 0 ? storm.lookAt : Infinity;
  return Math.min(digestAt(storm, rules, now), look);
}

/** What has piled up is told at once; where only the pace is too much, after an interval. */
export function beginStorm(recipient: string, scene: Scene, rules: StormRules): Storm {
  const owed = isPilingUp(scene, rules);
  const { firstIntervalMs } = rules;
  const state = {
    recipient,
    since: scene.now,
    intervalMs: owed ? firstIntervalMs : 2 * firstIntervalMs,
    nextDigestAt: scene.now + firstIntervalMs,
  };
  return { ...loadStorm(state, rules), owed, foldedAt: -Infinity };
}

/** As a restart finds it. */
export function loadStorm(state: StormState, { breakouts }: StormRules): Storm {
  return {
    state,
    owed: false,
    look: true,
    lookAt: 0,
    breakoutsLeft: breakouts,
    foldedAt: state.since,
    plannedBefore: 0,
  };
}

/** After a digest has arrived, or a ticket sink's interval has passed: the next one comes after the interval, which doubles. */
export function nextInterval(
  storm: Storm,
  { now, planned }: Pick<Scene, 'now' | 'planned'>,
  rules: StormRules,
  folded: boolean,
): Storm {
  const { state } = storm;
  return {
    ...storm,
    state: {
      ...state,
      intervalMs: Math.min(state.intervalMs * 2, rules.maxIntervalMs),
      nextDigestAt: now + state.intervalMs,
    },
    owed: false,
    breakoutsLeft: rules.breakouts,
    foldedAt: folded ? now : storm.foldedAt,
    plannedBefore: planned,
  };
}

/** After a look for what breaks out alone. */
export function looked(storm: Storm, now: number, found: boolean, rules: StormRules): Storm {
  return {
    ...storm,
    look: found,
    lookAt: now + rules.breakoutLookMs,
    breakoutsLeft: storm.breakoutsLeft - (found ? 1 : 0),
  };
}

function floodOf({ batch }: Scene, { backlog }: StormRules): number {
  return Math.max(backlog, batch);
}

function isPilingUp(scene: Scene, rules: StormRules): boolean {
  const behind = scene.behindMs >= rules.behindMs && scene.due >= rules.behindPairs;
  return scene.due > floodOf(scene, rules) || behind;
}

function mayBreakOut({ look, lookAt, breakoutsLeft }: Storm, now: number): boolean {
  return look && breakoutsLeft > 0 && now >= lookAt;
}

/** A clock that was set back does not postpone it. */
function digestAt({ state }: Storm, { maxIntervalMs }: StormRules, now: number): number {
  return state.nextDigestAt - now > maxIntervalMs ? now : state.nextDigestAt;
}
