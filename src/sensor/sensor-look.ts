/**
 * The sensor's own journal from outside: for `idmef status --sensor` and `idmef check --sensor` on its host, beside
 * the running service or without it. Called by src/app/sensor-report.ts.
 */

import { join } from 'node:path';

import type { Clock, Random } from '../core/ports.ts';
import type { JournalStats } from '../journal/journal.ts';
import { brokenLaws } from '../journal/law.ts';
import { lookAtJournal, type Look } from '../journal/look-at-journal.ts';
import { INTAKE_STATE, parseStatus, type RememberedStatus } from './intake/remembered-status.ts';

export interface SensorJournalFacts {
  /** When these facts were gathered: wall time, ms. */
  readonly at: number;
  readonly stats: JournalStats;
  /** Undefined: no intake has said anything yet. */
  readonly intake: RememberedStatus | undefined;
  /** Equations of the law that do not hold; empty when all is well. */
  readonly brokenLaws: readonly string[];
}

export async function lookAtSensor(
  stateDir: string,
  deps: { readonly clock: Clock; readonly random: Random },
): Promise<Look<SensorJournalFacts>> {
  return await lookAtJournal(sensorJournalPath(stateDir), deps, async (journal, now) => {
    const stats = await journal.stats();
    const intake = parseStatus(await journal.state.get(INTAKE_STATE));
    return { at: now, stats, intake, brokenLaws: brokenLaws(stats) };
  });
}

export function sensorJournalPath(stateDir: string): string {
  return join(stateDir, 'journal.db');
}
