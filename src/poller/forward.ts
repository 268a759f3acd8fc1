/**
 * The forward loop of one destination: lease, deliver, settle, until nothing is due or the destination fails.
 *
 * Called by profile-run.ts and follow.ts, one loop per destination, beside the pull loop and independent of
 * it and of each other. A oneshot gives up at the first failure (the next run goes on), a follower waits. Says
 * when an illness begins and ends; lasting ones are said once a run by profile-run.ts.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { Journal, Want } from '../journal/journal.ts';
import type { LeaseDelivery } from './deliver-lease.ts';
import { localTime } from './fault-streak.ts';
import type { Target } from './profile-session.ts';
import type { RunCounts } from './run-counts.ts';

export interface ForwardOptions {
  readonly journal: Journal;
  readonly target: Target;
  readonly want: Want;
  readonly counts: RunCounts;
  readonly prefix: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Resolves when a message may be due, the source has ended, the time is up or the signal aborts. */
  readonly wait: (ms: number) => Promise<void>;
  /** Nothing more will be appended: end when nothing is due. */
  readonly ending: () => boolean;
  /** Wait out a destination's pause (follower) instead of ending (oneshot). */
  readonly patient: boolean;
}

export async function forward(options: ForwardOptions): Promise<void> {
  const { journal, target, want, signal, wait } = options;
  while (!signal.aborted) {
    const pause = target.health.pauseMs();
    if (pause > 0) {
      if (!options.patient) return;
      await wait(pause);
      continue;
    }
    const ending = options.ending();
    const claim = await journal.lease(target.id, want);
    if (claim === undefined) {
      if (ending) return;
      await wait(pollerLimits.dueCheckMs);
      continue;
    }
    const deps = { ...options, more: claim.count >= want.messages };
    const { deliverLease } = await import('./deliver-lease.ts');
    const delivery = await deliverLease(claim, await target.open(), deps, signal);
    options.counts.forwarded += delivery.accepted;
    options.counts.poison += delivery.poison.length;
    await judgeHealth(delivery, options);
    sayRefusals(delivery, options);
  }
}

function sayRefusals(
  { poison, refused, failure }: LeaseDelivery,
  { counts, log, prefix, target }: ForwardOptions,
): void {
  counts.refused += refused.length;
  const [first] = refused;
  if (first !== undefined && failure === undefined) {
    const what = refused.length === 1 ? 'one message' : `${refused.length} messages`;
    log.warning(
      `${prefix}${target.label} ${first.reason} to ${what}; kept and tried again, ` +
        `in quarantine after ${pollerLimits.refusalsBeforePoison} refusals while it takes others`,
    );
  }
  for (const { reason } of poison) {
    log.error(
      `${prefix}${target.label} keeps refusing one message while it takes others (${reason}); ` +
        `it is in quarantine: idmef quarantine list`,
    );
  }
}

async function judgeHealth(
  { accepted, failure }: LeaseDelivery,
  { target, prefix, log }: ForwardOptions,
): Promise<void> {
  if (accepted > 0) {
    const before = await target.health.recover();
    if (before !== undefined) {
      log.notice(`${prefix}${target.label} takes messages again, it failed since ${localTime(before.since)}`);
    }
  }
  if (failure !== undefined) await target.health.fail(failure);
}
