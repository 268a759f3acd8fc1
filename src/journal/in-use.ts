/**
 * Whether a program has a journal open, asked from outside and without touching its lock.
 *
 * Called for `idmef status --sensor` and `idmef check --sensor`. Apart from lock.ts, which every poll loads.
 */

import { readLocks } from '../os/proc-locks.ts';
import { lockHolder } from './lock.ts';

/** Undefined where the system does not tell: then nothing is known. */
export function isInUse(journal: string): boolean | undefined {
  if (lockHolder(journal) !== undefined) return true;
  return readLocks().visible ? false : undefined;
}
