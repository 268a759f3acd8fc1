/**
 * The law of conservation, checked on the store's numbers (model/delivery.ts): nothing disappears without a fate.
 *
 * Pure. Asserted in tests after every step; status commands may print what it says.
 */

import type { StoreStats } from '../model/store.ts';

/** The equations that do not hold, in words; empty when all do. */
export function brokenLaws(stats: StoreStats): string[] {
  const broken: string[] = [];
  const check = (where: string, whole: number, parts: Readonly<Record<string, number>>): void => {
    const entries = Object.entries(parts);
    const words = entries.map(([name, value]) => `${name} ${value}`).join(' + ');
    if (total(parts) !== whole) broken.push(`${where} ${whole} is not ${words}`);
    for (const [name, value] of entries) if (value < 0) broken.push(`${where}: ${name} is ${value}`);
  };
  const { offered, stored, duplicate, conflict, retained } = stats;
  check('messages offered', offered, { stored, duplicate });
  if (conflict > stored) broken.push(`messages: ${conflict} conflicts among ${stored} stored`);
  if (retained > stored) broken.push(`messages: ${retained} retained of ${stored} stored`);
  for (const one of stats.queues) {
    const { pending, leased, held, sent, dead } = one;
    const parts = {
      pending,
      leased,
      held,
      sent,
      dead,
      ...named('suppressed', one.suppressed),
      ...named('dropped', one.dropped),
    };
    check(`recipient ${one.recipient}: planned`, one.planned, parts);
    if (one.due > pending) broken.push(`recipient ${one.recipient}: ${one.due} due of ${pending} pending`);
  }
  return broken;
}

function named(kind: string, reasons: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(reasons).map(([reason, count]) => [`${kind} (${reason})`, count]));
}

function total(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((sum, value) => sum + value, 0);
}
