/**
 * `--dry-run`: look at what the sensor has (`Prefer: peek`), validate it, say what a run would do, change nothing.
 *
 * Called by profile-run.ts. Opens no journal for writing and takes no lock, so it may run beside a real one.
 */

import { openJournal } from '../journal/in-process.ts';
import { readBatch } from './intake.ts';
import type { ProfileConfig } from './profile.ts';
import { dial, journalPath, type PollerDeps } from './profile-session.ts';
import { openProfileTls } from './profile-tls.ts';
import { addTo, listCounts } from './run-counts.ts';
import { firstRule } from './to-messages.ts';
import { RelayError } from '../core/errors.ts';
import { pollerLimits } from '../core/limits.ts';
import { destinationId } from '../destinations/destination.ts';

export async function dryRun(profile: ProfileConfig, deps: PollerDeps, signal: AbortSignal): Promise<number> {
  const say = (text: string): void => deps.log.notice(`${profile.name}: dry run: ${text}`);
  const limited = AbortSignal.any([signal, AbortSignal.timeout(profile.deadlineSeconds * 1000)]);
  const tls = await openProfileTls(profile, deps, false);
  const sensor = dial(profile, tls.sensor, limited);
  try {
    const body = await sensor.peek();
    if (body === undefined) {
      say(`${sensor.peer.label} has nothing`);
    } else {
      const verdict = await readBatch(body, profile.validate, pollerLimits.oldServerBytes);
      if (!verdict.readable) {
        throw new RelayError(
          'INVALID_INPUT',
          `${sensor.peer.label} shows what cannot be read: ${verdict.problem.text}`,
        );
      }
      const invalid = new Map<string, number>();
      for (const { valid, problems } of verdict.messages) if (!valid) addTo(invalid, firstRule(problems));
      const bad = [...invalid.values()].reduce((sum, n) => sum + n, 0);
      const fate = profile.onInvalid === 'forward' ? 'be forwarded all the same' : 'go to quarantine';
      say(
        `${verdict.messages.length} messages would be fetched` +
          (bad === 0
            ? ', all valid'
            : `; ${bad} of them are invalid and would ${fate}: ${listCounts(invalid)}`),
      );
    }
    await sayPending(profile, deps, say);
    return 0;
  } finally {
    sensor.close();
  }
}

async function sayPending(
  profile: ProfileConfig,
  { clock, random }: PollerDeps,
  say: (text: string) => void,
): Promise<void> {
  const pending = new Map<string, number>();
  try {
    const journal = await openJournal({ path: journalPath(profile.stateDir), readOnly: true, clock, random });
    try {
      for (const consumer of (await journal.stats()).consumers) {
        pending.set(consumer.name, consumer.pending + consumer.leased);
      }
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (!(error instanceof RelayError && error.code === 'NO_INPUT')) throw error;
  }
  for (const id of profile.managers.map(destinationId)) {
    say(`${id} would be sent what is fetched and the ${pending.get(id) ?? 0} messages kept for it`);
  }
}
