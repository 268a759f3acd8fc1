/**
 * A consistent copy of a journal, while its program runs: `idmef journal backup`.
 *
 * Called by src/app/journal-backup.ts. SQLite writes the copy from one transaction, without free pages; it is synced and
 * gets its name only when complete. The copy keeps the journal's id: what is delivered after the backup is delivered
 * again when it is restored, and recognised by receivers that remember (journal, sequence, SHA-256).
 */

import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RelayError } from '../core/errors.ts';
import type { Random } from '../core/ports.ts';
import { AS } from './driver.ts';
import { openReadOnly } from './open.ts';
import { seal } from './salvage/replace.ts';
import { syncDirectory } from './set-aside.ts';
import { explainFailure } from './sqlite-errors.ts';

const MODE = 0o640;

/** Never overwrites. */
export function backupJournal(path: string, to: string, random: Random): void {
  if (existsSync(to)) {
    throw new RelayError('USAGE', `${to} exists already`, { hint: 'give the backup another name' });
  }
  const unique = Buffer.from(random.bytes(6)).toString('hex');
  const temporary = join(dirname(to), `.${basename(to)}.${unique}.tmp`);
  const db = openReadOnly(path, true);
  try {
    // SQLite fills a file that is empty, and would make one that everybody may read.
    closeSync(openSync(temporary, 'wx', MODE));
    db.run(`VACUUM ${AS} INTO ?`, temporary);
    seal(temporary);
    renameSync(temporary, to);
    syncDirectory(dirname(to));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw explainFailure(error, to);
  } finally {
    db.close();
  }
}
