/**
 * What is said of ends of certificates and revocation lists (end-dates.ts), in log lines and alerts. Pure; called by
 * src/app/tls-care.ts and src/poller/expiry-report.ts when something is due. What was said is remembered by id, so each step of each certificate is said
 * once.
 */

import { jsonObject, numberOf } from '../core/json-object.ts';
import type { Credentials } from './credentials.ts';
import { dayOf, expiryStep, freshest, isStale } from './end-dates.ts';
import type { EndDate, ExpiryStep } from './end-dates.ts';

const DAY_MS = 86_400_000;
/** Certificates not seen now whose steps are still remembered. */
const KEPT = 50;

/** One sentence for each authority whose newest list is past its end. */
export function staleLists({ lists, at }: Pick<Credentials, 'lists' | 'at'>, now: number): readonly string[] {
  return freshest(lists)
    .filter((list) => isStale(list, now))
    .map(
      ({ issuer, nextUpdate }) =>
        `${at.crl}: the revocation list of ${issuer.text} should have been renewed by ` +
        `${new Date(nextUpdate ?? 0).toISOString()}; it stays in force, but later revocations are unknown here`,
    );
}

export interface ExpiryNews {
  readonly date: EndDate;
  readonly step: ExpiryStep;
  readonly severity: 'low' | 'medium' | 'high';
  /** Classification of an alert. */
  readonly title: string;
  /** One sentence for log and alert. */
  readonly sentence: string;
}

/**
 * Steps reached and not yet said. `said` is what the last call returned as `remembered`, kept by the caller; undefined
 * as `remembered` says that it need not be written.
 */
export function expiryNews(
  dates: readonly EndDate[],
  said: string | undefined,
  now: number,
): { readonly news: readonly ExpiryNews[]; readonly remembered: string | undefined } {
  const before = jsonObject(said) ?? {};
  const after: Record<string, number> = {};
  const news: ExpiryNews[] = [];
  const current = new Set(dates.map(({ id }) => id));
  for (const date of dates) {
    const step = expiryStep(date, now);
    if (step === undefined || after[date.id] !== undefined) {
      continue;
    }
    after[date.id] = step;
    if (step < (numberOf(before[date.id]) ?? Number.POSITIVE_INFINITY)) {
      news.push(newsOf(date, step, now));
    }
  }
  // Of others (a sensor that cannot be reached now) a few are kept, or they would be said again.
  for (const [id, step] of Object.entries(before).slice(-KEPT)) {
    if (!current.has(id) && numberOf(step) !== undefined) {
      after[id] = Number(step);
    }
  }
  return { news, remembered: sameSteps(before, after) ? undefined : JSON.stringify(after) };
}

function sameSteps(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, number>>,
): boolean {
  const ids = Object.keys(after);
  return ids.length === Object.keys(before).length && ids.every((id) => before[id] === after[id]);
}

const NOUNS = {
  certificate: 'our certificate',
  authority: 'the certificate of the authority',
  crl: 'the revocation list of',
  peer: 'the certificate of the sensor',
} as const;

function newsOf(date: EndDate, step: ExpiryStep, now: number): ExpiryNews {
  const { kind, name, at, until } = date;
  const what = `${NOUNS[kind]} ${name} (${at})`;
  const title = kind === 'crl' ? 'revocation list' : 'certificate';
  if (step === 0) {
    const list = ': it stays in force, but later revocations are unknown; fetch the current one';
    return {
      date,
      step,
      severity: 'high',
      title: `TLS ${title} has expired`,
      sentence: `${what} ended on ${dayOf(until)}${kind === 'crl' ? list : ': issue a new one'}`,
    };
  }
  const left = Math.ceil((until - now) / DAY_MS);
  return {
    date,
    step,
    severity: step === 14 ? 'low' : step === 7 ? 'medium' : 'high',
    title: `TLS ${title} is about to expire`,
    sentence: `${what} ends in ${left} ${left === 1 ? 'day' : 'days'}, on ${dayOf(until)}`,
  };
}
