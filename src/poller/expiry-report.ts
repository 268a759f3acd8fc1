/**
 * Says that a certificate or a revocation list of a profile ends soon, or has ended: a log line and an alert to the destinations at
 * each step (14, 7, 1 days, ended), and an hourly line for a list that should have been renewed.
 *
 * Called by profile-run.ts and follow.ts only while something is due; what was said is in the journal's state.
 */

import type { NewMessage } from '../journal/journal.ts';
import { severityRank } from '../core/severity.ts';
import { tlsLimits } from '../core/limits.ts';
import type { EndDate } from '../tls/end-dates.ts';
import { expiryNews, staleLists } from '../tls/expiry.ts';
import type { PollerDeps, ProfileSession } from './profile-session.ts';
import { warnSeldom } from './warn-daily.ts';

const KEY = 'expiry';

export async function reportExpiry(
  { profile, prefix, journal, tls }: ProfileSession,
  dates: readonly EndDate[],
  { log, clock, random, hostname }: PollerDeps,
): Promise<void> {
  const now = clock.now();
  await warnSeldom(
    tls.lists().flatMap((side) => staleLists(side, now)),
    { key: 'warned stale', everyMs: tlsLimits.repeatMs },
    journal.state,
    clock,
    (text) => log.warning(`${prefix}${text}`),
  );
  const { news, remembered } = expiryNews(dates, await journal.state.get(KEY), now);
  if (news.length > 0) {
    const { buildReport } = await import('../idmef/build.ts');
    const messages: NewMessage[] = [];
    for (const { title, severity, sentence } of news) {
      log.warning(`${prefix}${sentence}`, { event: 'certificate-ends' });
      const report = await buildReport({
        now,
        hostname,
        random,
        text: title,
        severity,
        sensor: profile.name,
        detail: sentence,
      });
      messages.push({ body: report.message, severity: severityRank(severity) });
    }
    await journal.append(messages);
  }
  if (remembered !== undefined) await journal.state.set(KEY, remembered);
}
