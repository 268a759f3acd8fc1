/**
 * The directories of the spool, checked before the service starts: a missing one is an error that names the
 * command to run, not something to be guessed. Called by the sensor's worker.
 *
 * A spool this process may not write is only said (intake.ts): alerts flow all the same, their files are stuck.
 */

import * as fs from 'node:fs';
import { resolve } from 'node:path';

import { RelayError, messageOf } from '../../core/errors.ts';

export interface SpoolSettings {
  readonly spoolDir: string;
  readonly moveDir?: string;
  readonly delete: boolean;
  /** Files may hold several documents, one after another. */
  readonly streams?: boolean;
}

/** Throws RelayError CONFIG. */
export function checkSpoolSettings({ spoolDir, moveDir }: SpoolSettings): void {
  checkDirectory('--spooldir', spoolDir, fs.constants.R_OK | fs.constants.X_OK, 'read');
  if (moveDir === undefined) return;
  checkDirectory('--movedir', moveDir, fs.constants.W_OK | fs.constants.X_OK, 'write in');
  const [spool, move] = [spoolDir, moveDir].map((dir) => fs.realpathSync(dir));
  if (spool === move || move === resolve(spool ?? '', 'corrupt')) {
    throw new RelayError('CONFIG', `--movedir ${moveDir}: it is where the intake itself looks for files`, {
      hint: 'give taken files a directory of their own',
    });
  }
}

function checkDirectory(option: string, dir: string, mode: number, verb: string): void {
  let stat: fs.Stats | undefined;
  try {
    stat = fs.statSync(dir, { throwIfNoEntry: false });
  } catch (error) {
    throw new RelayError('CONFIG', `${option} ${dir}: ${messageOf(error)}`, { cause: error });
  }
  if (stat === undefined) {
    throw new RelayError('CONFIG', `${option} ${dir}: no such directory`, { hint: `mkdir -p ${dir}` });
  }
  if (!stat.isDirectory()) throw new RelayError('CONFIG', `${option} ${dir}: not a directory`);
  try {
    fs.accessSync(dir, mode);
  } catch (error) {
    throw new RelayError(
      'CONFIG',
      `${option} ${dir}: user id ${process.geteuid?.() ?? '?'} may not ${verb} it`,
      {
        hint: `chgrp idmef-spool ${dir} && chmod 2770 ${dir}, and put the user into that group`,
        cause: error,
      },
    );
  }
}
