/** What a salvage saved and what it could not, and the sentences that say so in logs and to operators. */

import { formatNumber } from '../../core/format-number.ts';

export interface SalvagedConsumer {
  readonly name: string;
  /** Owed to it in the new file. */
  readonly pending: number;
  /** Owed to it in the old one and not readable any more: counted as dropped, damaged. */
  readonly damaged: number;
}

export interface SalvageReport {
  /** In the new file. */
  readonly messages: number;
  /** Known to have been owed, and lost. */
  readonly damaged: number;
  /** False: more may have been there, of which no trace is left. */
  readonly complete: boolean;
  readonly consumers: readonly SalvagedConsumer[];
  readonly quarantine: number;
  /** Set-aside messages that were recognised and could not be read. */
  readonly quarantineDamaged: number;
  /** Spool files known to be taken. */
  readonly files: number;
  /** Remembered messages, which only prevent duplicates. */
  readonly remembered: number;
}

/** `salvaged 12,408 of 12,410 messages, 2 damaged`. */
export function salvageWords(report: SalvageReport): string {
  const { messages, damaged, complete, quarantineDamaged } = report;
  const all = formatNumber(messages + damaged);
  const words = complete
    ? `salvaged ${formatNumber(messages)} of ${all} messages, ${formatNumber(damaged)} damaged`
    : `salvaged ${formatNumber(messages)} messages, ${formatNumber(damaged)} of those known are damaged, how many more is unknown`;
  return quarantineDamaged === 0
    ? words
    : `${words}, ${formatNumber(quarantineDamaged)} in quarantine damaged`;
}

/** For the log of the program that met the damage. */
export function setAsideWords({
  path,
  reason,
  salvaged,
}: {
  readonly path: string;
  readonly reason: string;
  readonly salvaged: SalvageReport | undefined;
}): string {
  const words = salvaged === undefined ? 'its salvage was completed' : salvageWords(salvaged);
  return `journal was damaged (${reason}): ${words}; the old file is kept as ${path}`;
}
