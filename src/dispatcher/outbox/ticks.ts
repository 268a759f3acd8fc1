/**
 * What happens by the clock and not by a call: fallbacks and give-ups of people's recipients, escalations, the end of silent
 * incidents, reports of what has died meanwhile.
 *
 * Started by outbox.ts. Machines are never given up: their queue waits as long as retention holds it. A fallback takes over when
 * the recipient itself is the cause (it has failed for a minute, or is held); what only waits for its turn, its round or its digest stays. operations.md P0-3, §2.3.
 */

import { messageOf } from '../../core/errors.ts';
import { outboxLimits } from '../../core/limits.ts';
import type { Lane } from './lane.ts';
import type { LaneContext, LaneState } from './lane-state.ts';
import { noteDead, reportDead } from './note-verdict.ts';

/** Returns how to stop; resolves when the round under way, if any, is over. */
export function startTicks(lanes: ReadonlyMap<string, Lane>, context: LaneContext): () => Promise<void> {
  const { timers, log } = context.deps;
  let stopped = false;
  let silentAt = -Infinity;
  let failing = false;
  let ahead = timers.now() - timers.monotonic();
  let round: Promise<void> = Promise.resolve();
  let cancel = (): void => undefined;

  const tick = async (): Promise<void> => {
    const stepMs = timers.now() - timers.monotonic() - ahead;
    ahead += stepMs;
    if (stepMs > outboxLimits.clockStepMs) {
      log.warning(
        `the clock was set forward by ${Math.round(stepMs / 60_000)} min: what that makes old is not given up`,
      );
      for (const { state } of lanes.values()) bePatient(state, timers.monotonic());
    }
    try {
      await context.deps.store.escalate(timers.now());
      for (const lane of lanes.values()) {
        if (!stopped) await attend(lane, lanes, context);
      }
      if (timers.monotonic() - silentAt >= outboxLimits.closeSilentMs && !stopped) {
        silentAt = timers.monotonic();
        await context.deps.store.closeSilent(timers.now());
      }
      failing = false;
    } catch (error) {
      if (!failing) log.error(`fallback, give-up and escalation wait for the store: ${messageOf(error)}`);
      failing = true;
    }
    if (!stopped) again();
  };
  const again = (): void => {
    cancel = timers.after(outboxLimits.tickMs, () => {
      round = tick();
    });
  };
  again();
  return async () => {
    stopped = true;
    cancel();
    await round;
  };
}

/** For longer than a hiccup. */
function isFailing({ failingSince, recipient }: LaneState, now: number): boolean {
  const hiccup = Math.min(outboxLimits.hiccupMs, recipient.fallbackAfterMs ?? Infinity);
  return failingSince !== undefined && now - failingSince >= hiccup;
}

function bePatient(state: LaneState, now: number): void {
  state.patientUntil = Math.max(state.patientUntil, now + (state.recipient.giveUpMs ?? 0));
}

async function attend(lane: Lane, lanes: ReadonlyMap<string, Lane>, context: LaneContext): Promise<void> {
  const { state } = lane;
  const { name, audience, fallback, fallbackAfterMs } = state.recipient;
  reportDead(state, context);
  if (audience === 'machine') return;
  const { store, timers, log } = context.deps;
  const now = timers.now();
  const giveUpMs = timers.monotonic() < state.patientUntil ? undefined : state.recipient.giveUpMs;
  const ill = state.held !== undefined || isFailing(state, now);
  if (
    fallback !== undefined &&
    context.takesOver(fallback) &&
    lanes.get(fallback)?.state.held === undefined
  ) {
    const afterMs = Math.min(ill ? (fallbackAfterMs ?? Infinity) : Infinity, giveUpMs ?? Infinity);
    const moved = afterMs === Infinity ? 0 : await store.fallBack(name, fallback, now - afterMs, now);
    if (moved > 0)
      log.warning(`${name}: ${moved} go to ${fallback} instead: ${state.lastError ?? 'too late'}`);
  }
  // What is held waits for an operator: it was not the message's time that ran out.
  if (giveUpMs === undefined || state.held !== undefined) return;
  const reason = `undelivered for ${giveUpMs / 3_600_000} h${state.lastError === undefined ? '' : `: ${state.lastError}`}`;
  const dead = await store.giveUp(name, now - giveUpMs, reason, now);
  if (dead > 0) noteDead(reason, dead, state, context);
}
