/**
 * Days until certificates and revocation lists in force end, as a metric family. Pure. Called by src/app/reverse-server.ts,
 * which knows the files, through ProgramFacts#gauges. Fractions, so that the last day can be seen going by.
 */

import type { MetricFamily } from '../log/exposition.ts';
import type { EndDate } from '../tls/end-dates.ts';
import { gauge } from './metric-family.ts';

const DAY_MS = 86_400_000;

/** Two files may hold the same name: of each kind and name the one that ends first. */
export function certificateFamilies(dates: readonly EndDate[], now: number): MetricFamily[] {
  const days = new Map<string, { readonly labels: Record<string, string>; readonly value: number }>();
  for (const { kind, name, until } of dates) {
    const key = `${kind}\n${name}`;
    const value = (until - now) / DAY_MS;
    if (value < (days.get(key)?.value ?? Infinity)) days.set(key, { labels: { kind, name }, value });
  }
  const help = 'Days until our certificate, an authority or a revocation list ends; negative when it has.';
  return [gauge('certificate_days_left', help, [...days.values()])];
}
