/**
 * What the log says of one delivery, beside its numbers: refused messages, messages the destination cannot hold,
 * messages it got in another form than they were written.
 *
 * Called by forward.ts after each delivery, and at the end of a run (a follower's minute) for what was only counted
 * then: a sensor all of whose messages are changed must not fill the log.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Logger } from '../core/ports.ts';
import type { ChangedMessage } from './changes.ts';
import type { LeaseDelivery, UnfitMessage } from './deliver-lease.ts';
import { addTo, type RunCounts } from './run-counts.ts';

interface Speaking {
  readonly log: Logger;
  /** `dmz1: ` */
  readonly prefix: string;
  readonly profile: string;
  readonly counts: RunCounts;
}

/** Also adds to the counts. `label` is the destination's. */
export function sayDelivery(
  { poison, refused, unfit, changed, rules, failure }: LeaseDelivery,
  label: string,
  speaking: Speaking,
): void {
  const { counts, log, prefix } = speaking;
  counts.refused += refused.length;
  const [first] = refused;
  if (first !== undefined && failure === undefined) {
    const what = refused.length === 1 ? 'one message' : `${refused.length} messages`;
    log.warning(
      `${prefix}${label} ${first.reason} to ${what}; kept and tried again, ` +
        `in quarantine after ${pollerLimits.refusalsBeforePoison} refusals while it takes others`,
    );
  }
  counts.poison += poison.length;
  for (const { reason } of poison) {
    log.error(
      `${prefix}${label} keeps refusing one message while it takes others (${reason}); ` +
        `it is in quarantine: idmef quarantine list`,
    );
  }
  for (const message of unfit) sayUnfit(message, label, speaking);
  for (const [rule, count] of rules) addTo(counts.changed, rule, count);
  for (const message of changed) sayChanged(message, label, speaking);
}

/** How many were not said one by one since the counts began. */
export function sayRest({ counts, log, prefix, profile }: Speaking): void {
  const { saidMessages: limit } = pollerLimits;
  if (counts.unfit > limit) {
    log.error(
      `${prefix}and ${counts.unfit - limit} more messages that cannot be sent; ` +
        `they are in quarantine: idmef quarantine list --profile ${profile}`,
    );
  }
  if (counts.changedMessages > limit) {
    log.info(`${prefix}and ${counts.changedMessages - limit} more messages changed`);
  }
}

function sayUnfit(
  { sequence, messageid, reason }: UnfitMessage,
  label: string,
  { counts, log, prefix, profile }: Speaking,
): void {
  counts.unfit += 1;
  if (counts.unfitExample === '') counts.unfitExample = `${label}: ${reason}`;
  if (counts.unfit > pollerLimits.saidMessages) return;
  log.error(
    `${prefix}${label} cannot be sent ${named(sequence, messageid)}: ${reason}; ` +
      `it is in quarantine: idmef quarantine list --profile ${profile}`,
    { event: 'unfit', profile, destination: label, sequence, messageid, reason },
  );
}

function sayChanged(
  { sequence, messageid, changes }: ChangedMessage,
  label: string,
  { counts, log, prefix, profile }: Speaking,
): void {
  counts.changedMessages += 1;
  if (counts.changedMessages > pollerLimits.saidMessages) return;
  const { saidChanges: limit } = pollerLimits;
  const words = changes.slice(0, limit).map(({ rule, path }) => `${rule} @ ${path}`);
  if (changes.length > limit) words.push(`and ${changes.length - limit} more`);
  const what = words.join(', ');
  log.info(`${prefix}${label} got ${named(sequence, messageid)} changed: ${what}`, {
    event: 'changed',
    profile,
    destination: label,
    sequence,
    messageid,
    changes: what,
  });
}

function named(sequence: number, messageid: string | undefined): string {
  return `message ${sequence}${messageid === undefined ? '' : ` (messageid ${JSON.stringify(messageid)})`}`;
}
