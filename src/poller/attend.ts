/**
 * What a destination that lives between deliveries needs, and what is to be said of it though nothing is wrong.
 *
 * Called by follow.ts at its start and by profile-run.ts at the end of a run. A follower's destination attends to itself
 * once it is open; a run only makes it say that we are alive when that is due, and loads nothing otherwise.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Destination } from '../destinations/destination.ts';
import type { Journal } from '../journal/journal.ts';
import type { PollerDeps, Target } from './profile-session.ts';
import { warnSeldom } from './warn-daily.ts';

/** Notices of a destination that has just been opened, once a day. */
export async function sayNoticesDaily(
  { id, label, notices }: Destination,
  state: Journal['state'],
  { log, clock }: PollerDeps,
  prefix: string,
): Promise<void> {
  const texts = (notices?.() ?? []).map((text) => `${label} ${text}`);
  const pace = { key: `noticed ${id}`, everyMs: pollerLimits.warnAgainMs };
  await warnSeldom(texts, pace, state, clock, (text) => log.notice(`${prefix}${text}`));
}

/** Opens what lives between deliveries, and keeps it so. `first`: in this process; then its notices are said. */
export async function attendForGood(
  targets: readonly Target[],
  {
    log,
    prefix,
    first,
  }: { readonly log: PollerDeps['log']; readonly prefix: string; readonly first: boolean },
  signal: AbortSignal,
): Promise<void> {
  const attending = targets.map(async (target) => {
    if (!target.resident) return;
    const { label, notices, attend } = await target.open();
    if (first) for (const text of notices?.() ?? []) log.notice(`${prefix}${label} ${text}`);
    await attend?.(signal);
  });
  await Promise.all(attending);
}

/** At the end of a run: a heartbeat, if one is due. */
export async function attendOnce(
  targets: readonly Target[],
  state: Journal['state'],
  { clock }: PollerDeps,
  signal: AbortSignal,
): Promise<void> {
  for (const target of targets) {
    if (!target.resident || signal.aborted) continue;
    const { heartbeatDue } = await import('../destinations/prelude/heartbeat-due.ts');
    if (await heartbeatDue(target.id, state, clock)) await (await target.open()).attend?.(signal);
  }
}
