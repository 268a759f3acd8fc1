/**
 * The intake's beginnings: what the journal knows of the spool's files, and what the operator should hear.
 *
 * `recover` runs at the start and again when a corrupt journal was set aside and started anew. `sayLimits` runs once.
 */

import * as fs from 'node:fs';

import { systemCode } from '../../core/errors.ts';
import { lookAt } from './candidate.ts';
import type { IntakeContext } from './context.ts';
import { remedyFor } from './remedy.ts';

/** Whether the last run removed files itself (`consume`) or not (`leave`). */
const MODE_KEY = 'intake-mode';

/** Learn which files were taken and may still be in the spool. */
export function recover({ ledger, known, tally, disposal, dir }: IntakeContext): void {
  const mode = disposal.kind === 'leave' ? 'leave' : 'consume';
  const before = ledger.getState(MODE_KEY);
  const rows = ledger.listFiles();
  if (mode === 'leave' && before === 'consume') {
    // Removed by that run itself, which was killed before it could say so: not withdrawn by hand.
    ledger.forgetFiles(rows.filter(({ name }) => lookAt(dir, name) === undefined));
  }
  if (before !== mode) ledger.setState(MODE_KEY, mode);
  known.clear();
  for (const row of ledger.listFiles()) known.put(row, 0, false);
  tally.begin(ledger.fileCounters());
}

/** Locks we cannot see; files we shall not be able to remove. */
export function sayLimits({ locks, log, disposal, dir }: IntakeContext): void {
  if (!locks.visible) {
    log.notice(`locks of writers cannot be seen: ${locks.why}; a file is taken once it is complete`, {
      event: 'locks-hidden',
    });
  }
  if (disposal.kind === 'leave') return;
  try {
    fs.accessSync(dir, fs.constants.W_OK);
  } catch (error) {
    const code = systemCode(error);
    const remedy = remedyFor('remove', code, dir, process.geteuid?.() ?? 0);
    log.warning(
      `spool directory ${dir} cannot be written: alerts are taken, but their files stay; ${remedy}`,
      {
        event: 'spool-unwritable',
        code,
      },
    );
  }
}
