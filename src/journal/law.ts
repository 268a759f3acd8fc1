/**
 * The law of conservation, checked on the journal's numbers (ARCHITECTURE.md: Invariants): nothing disappears without a fate.
 *
 * Pure. Asserted in tests after every step; status commands may print what it says.
 */

import type { JournalStats } from './journal.ts';

/** The equations that do not hold, in words; empty when all do. */
export function brokenLaws(stats: JournalStats): string[] {
  const broken: string[] = [];
  const check = (where: string, whole: number, parts: Readonly<Record<string, number>>): void => {
    const entries = Object.entries(parts);
    const sum = total(parts);
    const words = entries.map(([name, value]) => `${name} ${value}`).join(' + ');
    if (sum !== whole) broken.push(`${where} ${whole} is not ${words}`);
    for (const [name, value] of entries) {
      if (value < 0) broken.push(`${where}: ${name} is ${value}`);
    }
  };
  const { offered, accepted, duplicate, quarantined, consumers } = stats;
  check('messages offered', offered, { accepted, duplicate, quarantined: total(quarantined) });
  for (const one of consumers) {
    const { settled, pending, leased, held, dead, dropped } = one;
    const parts = { settled, pending, leased, held, dead, dropped: total(dropped) };
    check(`consumer ${one.name}: accepted`, one.accepted, parts);
    const owed = pending + leased + held;
    if (owed === 0 && one.pendingBytes !== 0)
      broken.push(`consumer ${one.name}: ${one.pendingBytes} bytes of nothing`);
  }
  const { found, ...files } = stats.files;
  if (found !== undefined) check('files found', found, files);
  return broken;
}

function total(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((sum, value) => sum + value, 0);
}
