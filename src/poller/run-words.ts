/**
 * The lines a run may say at its end: its summary, a destination that fails, claims without a destination.
 *
 * Called by profile-run.ts and follow.ts. Texts stand alone and begin with the profile's name (ARCHITECTURE.md: Poller,
 * "Logs").
 */

import type { RelayError } from '../core/errors.ts';
import type { LogFields } from '../core/ports.ts';
import { age } from '../core/quantities.ts';
import type { ConsumerStats } from '../journal/journal.ts';
import type { Illness } from './destination-health.ts';
import { grouped, streakText, type FaultStreak } from './fault-streak.ts';
import { listCounts, setAside, type RunCounts } from './run-counts.ts';

/** `12 fetched, 12 forwarded, 0 quarantined, 0 pending, 0.21 s` */
export function summaryText(counts: RunCounts, consumers: readonly ConsumerStats[], ms: number): string {
  const pending = consumers
    .filter(({ active }) => active)
    .reduce((sum, consumer) => sum + consumer.pending + consumer.leased, 0);
  const parts = [
    `${grouped(counts.fetched)} fetched`,
    `${grouped(counts.forwarded)} forwarded`,
    `${grouped(setAside(counts))} quarantined`,
    `${grouped(pending)} pending`,
  ];
  if (counts.duplicate > 0) parts.push(`${grouped(counts.duplicate)} known already`);
  if (counts.letThrough.size > 0) parts.push(`invalid but let through: ${listCounts(counts.letThrough)}`);
  if (counts.leniencies.size > 0) parts.push(`repaired: ${listCounts(counts.leniencies)}`);
  if (counts.changed.size > 0) parts.push(`changed on the way out: ${listCounts(counts.changed)}`);
  return `${parts.join(', ')}, ${(ms / 1000).toFixed(2)} s`;
}

export function summaryFields(profile: string, counts: RunCounts, ms: number): LogFields {
  const { fetched, forwarded, quarantined, poison, unfit, duplicate, conflict, refused, brokenOff } = counts;
  return {
    event: 'run',
    profile,
    fetched,
    forwarded,
    changed: counts.changedMessages,
    quarantined,
    poison,
    unfit,
    duplicate,
    conflict,
    refused,
    brokenOff,
    ms: Math.round(ms),
  };
}

/** `gateway https://gw:3128/ answers 503, since 2026-11-19 18:02, run 12; 12,408 alerts kept (38.1 MiB, oldest 62 h)` */
export function illnessText(
  label: string,
  illness: Illness,
  consumer: ConsumerStats | undefined,
  now: number,
): string {
  const streak = streakText({ since: illness.since, runs: illness.runs });
  const count = consumer === undefined ? 0 : consumer.pending + consumer.leased;
  const oldest = consumer?.oldestAt === undefined ? '' : `, oldest ${age(now - consumer.oldestAt)}`;
  const alerts = count === 1 ? '1 alert' : `${grouped(count)} alerts`;
  const kept = `; ${alerts} kept (${mebibytes(consumer?.pendingBytes ?? 0)} MiB${oldest})`;
  const next = illness.notBefore > now ? `, next attempt ${nextText(illness, now)}` : '';
  return `${label} ${illness.reason}${streak}${kept}${next}${hintText(illness.hint)}`;
}

/** A new run does not wait for our own pause, only for the time the destination asked for. */
function nextText({ notBefore, askedUntil }: Illness, now: number): string {
  // Never "in 0 s": what is left of a pause counts as a whole second.
  const wait = `in ${age(Math.ceil((notBefore - now) / 1000) * 1000)}`;
  return askedUntil > now ? `${wait} (Retry-After)` : `${wait} or with the next run`;
}

export function faultText(error: RelayError, streak?: FaultStreak): string {
  return `${error.message}${streak === undefined ? '' : streakText(streak)}${hintText(error.hint)}`;
}

/** A destination that is not configured any more but is still owed messages. */
export function heldText({ name, held }: ConsumerStats): string {
  return `${name} is not configured any more and is still owed ${grouped(held)} messages: configure it again, or give them up by hand`;
}

function hintText(hint: string | undefined): string {
  return hint === undefined ? '' : `; ${hint}`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
