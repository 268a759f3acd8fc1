/**
 * Whether any certificate or revocation list of a profile, the sensor's own certificate among them, is near its end: asked by
 * each run (profile-run.ts) and each minute of a follower (follow.ts). Saying it is expiry-report.ts's, loaded only then.
 */

import { expiryStep, type EndDate } from '../tls/end-dates.ts';
import type { PollerDeps, ProfileSession } from './profile-session.ts';
import { readSensorFacts } from './sensor-facts.ts';

export async function lookAtDates(session: ProfileSession, deps: PollerDeps): Promise<void> {
  const now = deps.clock.now();
  const dates = await profileDates(session);
  if (dates.every((date) => expiryStep(date, now) === undefined)) return;
  const { reportExpiry } = await import('./expiry-report.ts');
  await reportExpiry(session, dates, deps);
}

/** Ours, the authorities', the lists', and the sensor's as last seen. */
async function profileDates({ tls, journal }: ProfileSession): Promise<readonly EndDate[]> {
  const { certificate } = await readSensorFacts(journal.state);
  return [...tls.dates(), ...(certificate === undefined ? [] : [certificate])];
}
