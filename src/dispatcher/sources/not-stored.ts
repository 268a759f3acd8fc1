/**
 * What to count when the door could not store a batch and its source does not ask again. Called by every source that answers.
 */

import { errorCodes, RelayError } from '../../core/errors.ts';
import type { RefusalReason } from '../model/ports.ts';

/** `full`: the disk or the store's bound. Undefined: the messages themselves are to blame, and the door has counted them. */
export function notStored(error: unknown): Extract<RefusalReason, 'full' | 'busy'> | undefined {
  if (!(error instanceof RelayError)) return 'busy';
  if (error.kind === 'peer') return undefined;
  return errorCodes[error.code].http === 507 ? 'full' : 'busy';
}
