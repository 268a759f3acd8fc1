/**
 * Open a journal by hand: as its program left it, with the consumers that program has named.
 *
 * Used by src/app/journal-*.ts. Naming no consumers would take their claims away, so they are asked for first, without
 * the lock. A running program holds the lock: looking goes on beside it, changing is refused with the words to stop it.
 */

import { RelayError } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports.ts';
import { JournalFile } from './journal-file.ts';
import type { JournalEvents } from './options.ts';

export interface AsIsOptions extends JournalEvents {
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
}

export const stopHint =
  'stop the program that uses it: systemctl stop reverse-server, or systemctl stop http-proxy@PROFILE.timer http-proxy@PROFILE';

export function openToLook(options: AsIsOptions): JournalFile {
  return new JournalFile({ ...options, readOnly: true, steady: true }, () => undefined);
}

/** Under the lock. Refuses a damaged file: repairing is a verb of its own. */
export function openToChange(options: AsIsOptions): JournalFile {
  const look = openToLook(options);
  let consumers: string[];
  try {
    consumers = look.look((store) => store.consumers.active.map(({ name }) => name));
  } finally {
    look.close();
  }
  return stopped(() => new JournalFile({ ...options, consumers }, () => undefined));
}

/** Say how to stop the program when it holds the lock. */
export function stopped<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'JOURNAL_BUSY') throw error;
    throw new RelayError('JOURNAL_BUSY', error.message, { hint: stopHint, cause: error });
  }
}
