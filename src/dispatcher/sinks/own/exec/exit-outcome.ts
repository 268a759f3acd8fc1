/**
 * What the end of a script means for its alert (sysexits.h).
 *
 * | exit | outcome |
 * |---|---|
 * | 0 | ok |
 * | 65 DATAERR, 66 NOINPUT, 76 PROTOCOL | refused: the script cannot make anything of this alert |
 * | 64 USAGE, 77 NOPERM, 78 CONFIG, 126, 127, cannot be started | broken: somebody must mend the script |
 * | 75 TEMPFAIL, 69, 71, 74, every other status, a signal, out of time, no process to be had at present | again |
 */

import { OK, type Outcome } from '../../../../core/outcome.ts';
import { said } from '../say.ts';
import type { ScriptEnd } from './run-script.ts';

/** Too many processes or files, no memory, a script that is just being written. */
const passing = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETXTBSY']);

export function exitOutcome(end: ScriptEnd): Outcome {
  const words = end.output === '' ? '' : `: ${end.output}`;
  if (end.kind === 'exit') return statusOutcome(end.status, said(`ended with ${end.status}${words}`));
  if (end.kind === 'timeout')
    return { kind: 'again', reason: said(`did not end in time and was killed${words}`) };
  if (end.kind === 'signal') return { kind: 'again', reason: said(`was ended by ${end.signal}${words}`) };
  const reason = said(`cannot be started${words}`);
  if (passing.has(end.code)) return { kind: 'again', reason };
  return {
    kind: 'broken',
    reason,
    hint: 'chmod +x, and a #! line that leads somewhere',
  };
}

function statusOutcome(status: number, reason: string): Outcome {
  if (status === 0) return OK;
  if ([65, 66, 76].includes(status)) return { kind: 'refused', reason };
  if ([64, 77, 78, 126, 127].includes(status))
    return { kind: 'broken', reason, hint: 'run the script by hand' };
  return { kind: 'again', reason };
}
