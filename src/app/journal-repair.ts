/**
 * `idmef journal repair FILE [--apply]`: say what of a damaged journal can be saved, and do it.
 *
 * Called by src/cli/journal.ts. The programs do the same by themselves when they meet damage; by hand it is for seeing
 * first, and for journals that were set aside or copied. The program must be stopped. A sound journal is left alone.
 * Exit status 0: sound, or repaired; 1: damaged, and this was the plan.
 */

import { RelayError } from '../core/errors.ts';
import { examine } from '../journal/examine.ts';
import { takeLock } from '../journal/lock.ts';
import { openToChange, stopped } from '../journal/open-as-is.ts';
import { prepareDirectory } from '../journal/open.ts';
import type { SetAside } from '../journal/options.ts';
import { layoutOf } from '../journal/salvage/layout.ts';
import { replaceFile } from '../journal/salvage/replace.ts';
import { salvageWords, type SalvageReport } from '../journal/salvage/report.ts';
import { NOWHERE, salvage } from '../journal/salvage/salvage.ts';
import { escapeText } from '../log/escape.ts';
import { applyHint, howMany, openOptions, type JournalIo } from './journal-io.ts';

export async function repairJournal(path: string, apply: boolean, io: JournalIo): Promise<number> {
  const options = openOptions(path, io);
  const { faults } = examine(options);
  if (faults.length === 0) {
    await io.stdout(`${path}: sound, nothing to repair\n`);
    return 0;
  }
  prepareDirectory(path);
  const lock = stopped(() => takeLock(path));
  try {
    const report = salvage(path, NOWHERE, { ...options, plan: true });
    if (!layoutOf(path).whole && isEmpty(report)) throw noJournal(path);
    if (!apply) {
      await io.stdout(`${path}: damaged: ${escapeText(faults[0] ?? '')}\nwould be ${sayReport(report)}`);
      await io.stderr(`idmef: hint: ${applyHint}`);
      return 1;
    }
    const events: SetAside[] = [];
    replaceFile({ ...options, onSetAside: (event) => events.push(event) }, new Error(faults[0]));
    for (const { path: kept, salvaged } of events) {
      await io.stdout(
        `${path}: ${salvaged === undefined ? '' : sayReport(salvaged)}the old file is kept as ${kept}\n`,
      );
    }
  } finally {
    lock.release();
  }
  openToChange(options).close();
  return 0;
}

function isEmpty({ messages, damaged, quarantine, files, remembered }: SalvageReport): boolean {
  return messages + damaged + quarantine + files + remembered === 0;
}

/** Whatever is named here is moved away: so it must have been a journal. */
function noJournal(path: string): RelayError {
  return new RelayError('NO_INPUT', `${path} does not look like a journal`, {
    hint: 'nothing of a journal can be found in it; it was not touched',
  });
}

function sayReport(report: SalvageReport): string {
  const { consumers, quarantine, files, remembered } = report;
  const lines = consumers.map(
    ({ name, pending, damaged }) =>
      `  consumer ${name}: ${howMany(pending, 'message')} pending, ${damaged} damaged\n`,
  );
  const rest = `  ${howMany(quarantine, 'message')} in quarantine, ${howMany(files, 'spool file')} known, ${howMany(remembered, 'message')} remembered\n`;
  return `${salvageWords(report)}\n${lines.join('')}${rest}`;
}
