/**
 * The intake's beginnings: what the journal knows of the spool's files, and what the operator should hear.
 *
 * `recover` runs at the start and again when a corrupt journal was set aside and started anew. `sayLimits` runs once.
 */

import * as fs from 'node:fs';

import { systemCode } from '../../core/errors.ts';
import { compareNow } from './compare-now.ts';
import type { IntakeContext } from './context.ts';
import { remedyFor } from './remedy.ts';
import { settle } from './take.ts';

/** Whether the last run removed files itself (`consume`) or not (`leave`). */
const MODE_KEY = 'intake-mode';
/** Its --movedir. */
const MOVE_KEY = 'intake-movedir';

/** Learn which files were taken and may still be in the spool. */
export function recover(context: IntakeContext): void {
  const { ledger, known, tally, disposer, dir } = context;
  const mode = disposer.disposal.kind === 'leave' ? 'leave' : 'consume';
  const before = ledger.getState(MODE_KEY);
  finishOld(context);
  const rows = ledger.listFiles().filter(({ name }) => !disposer.holds(name));
  if (mode === 'leave' && before === 'consume') {
    // Removed by that run itself, which was killed before it could say so, or replaced by a file that run would
    // have taken as new: not withdrawn by hand.
    ledger.forgetFiles(rows.filter((row) => ['gone', 'changed'].includes(compareNow(dir, row).kind)));
  }
  if (before !== mode) ledger.setState(MODE_KEY, mode);
  known.clear();
  for (const row of ledger.listFiles()) known.put(row, 0, false);
  tally.begin(ledger.fileCounters());
}

/** What a killed process left on its way out of the spool, and the places where that would be. */
export function finishOld(context: IntakeContext): void {
  const { ledger, disposer } = context;
  const { disposal } = disposer;
  const earlier = ledger.getState(MOVE_KEY) ?? '';
  disposer.begin(ledger.listFiles(), earlier === '' ? undefined : earlier);
  context.dirty = true;
  if (!settle(context)) return;
  const moveDir = disposal.kind === 'move' ? disposal.dir : '';
  if (moveDir !== earlier) ledger.setState(MOVE_KEY, moveDir);
}

/** Locks we cannot see; files we shall not be able to remove. */
export function sayLimits({ locks, log, disposer, dir }: IntakeContext): void {
  if (!locks.visible) {
    log.notice(`locks of writers cannot be seen: ${locks.why}; a file is taken once it is complete`, {
      event: 'locks-hidden',
    });
  }
  if (disposer.disposal.kind === 'leave') return;
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
