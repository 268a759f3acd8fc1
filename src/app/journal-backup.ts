/**
 * `idmef journal backup FILE TO`, and `idmef journal free FILE --consumer NAME [--apply]`.
 *
 * Called by src/cli/journal.ts. Freeing drops what is held for a consumer that is not configured any more, counted as
 * discarded; the program must be stopped.
 */

import { statSync } from 'node:fs';
import { basename, join } from 'node:path';

import { RelayError } from '../core/errors.ts';
import { backupJournal } from '../journal/backup.ts';
import { chooseConsumers } from '../journal/backlog.ts';
import { freeConsumer as freeAll } from '../journal/deliveries.ts';
import { openToChange, openToLook } from '../journal/open-as-is.ts';
import { journalStats } from '../journal/stats.ts';
import { applyHint, howMany, mebibytes, openOptions, type JournalIo } from './journal-io.ts';

/** A directory: under the journal's own name in it. Never overwrites. */
export async function backup(path: string, to: string, io: JournalIo): Promise<number> {
  const target =
    statSync(to, { throwIfNoEntry: false })?.isDirectory() === true ? join(to, basename(path)) : to;
  backupJournal(path, target, io.random);
  await io.stdout(`${target}: ${mebibytes(statSync(target).size)}\n`);
  return 0;
}

export async function freeConsumer(
  path: string,
  name: string,
  apply: boolean,
  io: JournalIo,
): Promise<number> {
  const options = openOptions(path, io);
  const file = apply ? openToChange(options) : openToLook(options);
  try {
    const held = file.look((store) => {
      const [consumer] = chooseConsumers(store, name, true);
      if (consumer?.active === true) {
        throw new RelayError('USAGE', `journal ${path}: consumer ${name} is in use`, {
          hint: 'remove it from the configuration and start the program once',
        });
      }
      return journalStats(store).consumers.find((one) => one.name === name)?.held ?? 0;
    });
    if (!apply) {
      await io.stdout(`would drop ${howMany(held, 'message')} held for ${name} (counted as discarded)\n`);
      await io.stderr(`idmef: hint: ${applyHint}`);
      return 0;
    }
    const freed = file.alter((store) => freeAll(store, name));
    await io.stdout(`dropped ${howMany(freed, 'message')} held for ${name} (counted as discarded)\n`);
    return 0;
  } finally {
    file.close();
  }
}
