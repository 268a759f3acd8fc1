/**
 * When certificates and revocation lists end, and which step before the end is reached: 14, 7 and 1 days before, and after it.
 * Pure; asked by reverse-server each hour, by each run of a profile, for status and for metrics. What is said is expiry.ts's.
 *
 * A step counts only if it is less than half of the lifetime: a list issued each week must not warn all week, nor a
 * certificate for a day.
 */

import type { X509Certificate } from 'node:crypto';
import type { RevocationList } from './crl.ts';
import type { PlainCredentials } from './plain-credentials.ts';

const DAY_MS = 86_400_000;

/** Days before the end; 0 is after it. */
export const EXPIRY_STEPS = [0, 1, 7, 14] as const;

export type ExpiryStep = (typeof EXPIRY_STEPS)[number];

export interface EndDate {
  /** `certificate`: ours. `peer`: of the other side. */
  readonly kind: 'certificate' | 'authority' | 'crl' | 'peer';
  /** Subject, or the issuer of a list. */
  readonly name: string;
  /** Where it comes from: `--cert /etc/…`. */
  readonly at: string;
  /** Changes with each renewal. */
  readonly id: string;
  /** Wall times, milliseconds. */
  readonly from: number;
  readonly until: number;
}

/** Of our certificate, the authorities, and the revocation lists that have an end. */
export function certificateDates(
  credentials: Pick<PlainCredentials, 'certificate' | 'authorities' | 'at'> & {
    readonly lists?: readonly RevocationList[];
  },
): readonly EndDate[] {
  const { certificate, authorities, lists = [], at } = credentials;
  return [
    endDate(certificate, 'certificate', at.cert),
    ...authorities.map((authority) => endDate(authority, 'authority', at.ca)),
    ...freshest(lists).flatMap(({ issuer, id, thisUpdate, nextUpdate }) =>
      nextUpdate === undefined
        ? []
        : [{ kind: 'crl' as const, name: issuer.text, at: at.crl, id, from: thisUpdate, until: nextUpdate }],
    ),
  ];
}

export function endDate(certificate: X509Certificate, kind: EndDate['kind'], at: string): EndDate {
  return {
    kind,
    name: certificate.subject.replaceAll('\n', ', '),
    at,
    id: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    from: Date.parse(certificate.validFrom),
    until: Date.parse(certificate.validTo),
  };
}

/** Whole days; negative once it has ended. */
export function daysLeft({ until }: Pick<EndDate, 'until'>, now: number): number {
  return Math.floor((until - now) / DAY_MS);
}

/** The list of each authority that is due last. */
export function freshest(lists: readonly RevocationList[]): readonly RevocationList[] {
  const end = (list: RevocationList): number => list.nextUpdate ?? Number.POSITIVE_INFINITY;
  const best = new Map<string, RevocationList>();
  for (const list of lists) {
    const other = best.get(list.issuer.key);
    if (other === undefined || end(list) > end(other)) {
      best.set(list.issuer.key, list);
    }
  }
  return [...best.values()];
}

/** The step a date has reached, if any. */
export function expiryStep(
  { from, until }: Pick<EndDate, 'from' | 'until'>,
  now: number,
): ExpiryStep | undefined {
  if (until <= now) {
    return 0;
  }
  const reached = EXPIRY_STEPS.find((days) => days > 0 && until - now <= days * DAY_MS);
  return reached !== undefined && reached * DAY_MS * 2 < until - from ? reached : undefined;
}

/** Past its end. A list without one never is. */
export function isStale({ nextUpdate }: Pick<RevocationList, 'nextUpdate'>, now: number): boolean {
  return nextUpdate !== undefined && nextUpdate <= now;
}

/** `2026-11-19`; UTC, as certificates say it. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
