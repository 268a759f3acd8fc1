/**
 * What differs between the credentials in force and those just read, in words for one log line. Pure; called by
 * tls-watch.ts, which does nothing when the words are none.
 */

import type { Credentials } from './credentials.ts';
import { dayOf } from './end-dates.ts';

/** `certificate (ends 2027-01-31), revocation list (12 revoked, next due 2026-12-01T00:00:00Z)`; '' when nothing does. */
export function describeChange(before: Credentials, after: Credentials): string {
  const words: string[] = [];
  if (before.cert !== after.cert) {
    words.push(`certificate (ends ${dayOf(Date.parse(after.certificate.validTo))})`);
  }
  if (before.key !== after.key) {
    words.push('key');
  }
  const old = new Set(before.ca);
  const fresh = new Set(after.ca);
  const gone = before.ca.filter((pem) => !fresh.has(pem)).length;
  const come = after.ca.filter((pem) => !old.has(pem)).length;
  if (gone + come > 0) {
    words.push(`authorities (${come} new, ${gone} gone, ${fresh.size} in all)`);
  }
  if (idsOf(before) !== idsOf(after)) {
    const revoked = after.lists.reduce((sum, list) => sum + list.revoked.size, 0);
    const ends = after.lists.flatMap(({ nextUpdate }) => nextUpdate ?? []);
    const due = ends.length === 0 ? '' : `, next due ${new Date(Math.min(...ends)).toISOString()}`;
    words.push(`revocation list (${revoked} revoked${due})`);
  }
  return words.join(', ');
}

function idsOf({ lists }: Credentials): string {
  return lists.map(({ id }) => id).join(' ');
}
