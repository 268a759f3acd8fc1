/**
 * The forward loop of one destination: lease, deliver, settle, until nothing is due or the destination fails.
 *
 * Called by profile-run.ts and follow.ts, one loop per destination, beside the pull loop and independent of
 * it and of each other. A oneshot gives up at the first failure (the next run goes on), a follower waits. Says
 * when an illness begins and ends; lasting ones are said once a run by profile-run.ts.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { Severity } from '../core/severity.ts';
import type { Claim, Journal, Want } from '../journal/journal.ts';
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
  /** Its name. */
  readonly profile: string;
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
  /** Messages of severity high are leased before the others. */
  readonly highFirst: boolean;
  /** At the end, try once what was put off and is not due yet: a run by hand shows whether a repair has helped. */
  readonly tryPutOff: boolean;
}

export async function forward(options: ForwardOptions): Promise<void> {
  const held: (() => Promise<void>)[] = [];
  // A run refuses a message once: what was refused is given back at its end.
  const hold = options.patient ? undefined : (release: () => Promise<void>) => void held.push(release);
  try {
    await forwardDue({ ...options, ...(hold === undefined ? {} : { hold }) });
  } finally {
    for (const release of held) await release();
  }
}

interface Forwarding extends ForwardOptions {
  /** Takes over the giving back of refused messages. */
  readonly hold?: (release: () => Promise<void>) => void;
}

async function forwardDue(options: Forwarding): Promise<void> {
  const { target, signal, wait } = options;
  while (!signal.aborted) {
    const pause = target.health.pauseMs();
    if (pause > 0) {
      if (!options.patient) return;
      await wait(pause);
      continue;
    }
    const ending = options.ending();
    const want = wantOf(options);
    const claim = await leaseNext(want, options);
    if (claim !== undefined) await deliver(claim, claim.count >= want.messages, options);
    else if (ending) break;
    else await wait(pollerLimits.dueCheckMs);
  }
  if (options.tryPutOff && !signal.aborted) await deliverPutOff(wantOf(options), options);
}

/** The size of a lease: as the destination says once it is open. */
function wantOf({ target, want, highFirst }: ForwardOptions): Want {
  const usual = target.opened()?.want ?? want;
  return highFirst ? { ...usual, messages: pollerLimits.highFirstMessages } : usual;
}

async function leaseNext(
  want: Want,
  { journal, target, highFirst }: ForwardOptions,
): Promise<Claim | undefined> {
  const high = highFirst ? await journal.lease(target.id, { ...want, minSeverity: HIGH }) : undefined;
  return high ?? (await journal.lease(target.id, want));
}

const HIGH: Severity = 4;

/**
 * What the destination refused in earlier runs stands back so that others get their turn. When these have had it,
 * it is tried too: a few first, and no more when all of those are refused.
 */
async function deliverPutOff(want: Want, options: Forwarding): Promise<void> {
  const { journal, target, signal } = options;
  let messages: number = pollerLimits.connections;
  while (!signal.aborted && target.health.pauseMs() === 0) {
    const claim = await journal.lease(target.id, { ...want, messages, early: true });
    if (claim === undefined) return;
    if ((await deliver(claim, claim.count >= messages, options)) === 0) return;
    ({ messages } = want);
  }
}

/** Returns how many are done with: accepted, or nothing the destination could hold. */
async function deliver(claim: Claim, more: boolean, options: Forwarding): Promise<number> {
  const { target, counts, signal } = options;
  const { deliverLease } = await import('./deliver-lease.ts');
  const { sayDelivery } = await import('./say-delivery.ts');
  const delivery = await deliverLease(claim, await target.open(), { ...options, more }, signal);
  counts.forwarded += delivery.accepted;
  await judgeHealth(delivery, options);
  sayDelivery(delivery, target.label, options);
  return delivery.accepted + delivery.unfit.length;
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
