/**
 * Whether files can be made, renamed and removed in a directory: tried with one of ours, which is gone afterwards.
 * Called by check-directory.ts, check-state.ts and check-spool.ts.
 *
 * Its name begins with a dot and does not end with .xml, so it is nobody's input.
 */

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';

import { systemCode, messageOf } from '../../core/errors.ts';

/** The system's code, or its words, when it cannot be done. */
export function probeDirectory(dir: string): string | undefined {
  const made = join(dir, `.idmef-doctor.${randomBytes(6).toString('hex')}.tmp`);
  const renamed = made.replace(/\.tmp$/, '.new.tmp');
  try {
    fs.writeFileSync(made, 'written by idmef doctor; may be removed\n', { flag: 'wx', mode: 0o640 });
    fs.renameSync(made, renamed);
    fs.unlinkSync(renamed);
    return undefined;
  } catch (error) {
    for (const left of [made, renamed]) fs.rmSync(left, { force: true });
    return systemCode(error) || messageOf(error);
  }
}

/** The directory itself, or the nearest above it that exists. */
export function nearestExisting(path: string): string {
  let at = path;
  while (fs.statSync(at, { throwIfNoEntry: false }) === undefined) {
    const above = join(at, '..');
    if (above === at) break;
    at = above;
  }
  return at;
}
