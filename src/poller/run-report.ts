/**
 * Reports what a run set aside, as one IDMEF alert to the destinations: whoever watches Prelude must learn
 * that an alert did not get there.
 *
 * Called by profile-run.ts and follow.ts, at most once a run or minute, never for its own alert (that one is
 * appended here, past validation). Loads the builder only then.
 */

import type { Journal } from '../journal/journal.ts';
import type { PollerDeps } from './profile-session.ts';
import { listCounts, type RunCounts } from './run-counts.ts';

export async function reportQuarantine(
  profile: string,
  counts: RunCounts,
  journal: Journal,
  { clock, random, hostname }: PollerDeps,
): Promise<void> {
  if (counts.quarantined === 0) return;
  const { buildReport } = await import('../idmef/build.ts');
  const alert = await buildReport({
    now: clock.now(),
    hostname,
    random,
    text: 'IDMEF messages of a sensor were quarantined',
    severity: 'medium',
    sensor: profile,
    rules: [...counts.invalid.keys()].slice(0, 20),
    count: counts.quarantined,
    detail: quarantineText(profile, counts),
  });
  await journal.append([{ body: alert.message, severity: 3 }]);
}

/** `2 messages quarantined: E12, child-order (/IDMEF-Message/Alert: …); idmef quarantine list` */
export function quarantineText(profile: string, counts: RunCounts): string {
  const { quarantined, invalid, example } = counts;
  const what = quarantined === 1 ? '1 message' : `${quarantined} messages`;
  const first = example === '' ? '' : ` (first: ${example})`;
  return `${what} quarantined: ${listCounts(invalid)}${first}; see idmef quarantine list --profile ${profile}`;
}
