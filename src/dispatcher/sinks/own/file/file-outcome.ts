/** What a failed write means: a full disk passes; what an operator has done must be undone by one. Called by file.ts. */

import { RelayError, systemCode } from '../../../../core/errors.ts';
import type { Outcome } from '../../../../core/outcome.ts';
import { saidBy } from '../say.ts';

/** Rethrows what is no error of the system. */
export function fileOutcome(error: unknown, dir: string): Outcome {
  const cause = error instanceof RelayError && error.cause !== undefined ? error.cause : error;
  const code = systemCode(cause);
  if (error instanceof RelayError && error.code === 'CONFIG') {
    return {
      kind: 'broken',
      reason: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
  if (code === '') throw error;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { kind: 'broken', reason: `${dir} is not there`, hint: `mkdir -p ${dir}` };
    case 'ELOOP':
      return { kind: 'broken', reason: `a symbolic link in ${dir} is not followed`, hint: 'remove it' };
    case 'EACCES':
    case 'EPERM':
    case 'EISDIR':
      return {
        kind: 'broken',
        reason: saidBy(cause),
        hint: `chown ${dir} and its files to the user of the service`,
      };
    case 'EROFS':
      return { kind: 'broken', reason: saidBy(cause), hint: `under systemd: ReadWritePaths=${dir}` };
    default:
      return { kind: 'again', reason: saidBy(cause) };
  }
}
