/** Changes by command in the audit log, with who asked. Details never hold secrets. */

import type { ChangeNote } from '../../model/records.ts';
import type { ControlContext } from '../control-context.ts';

type Asked = Pick<ControlContext, 'store' | 'clock'>;

/** For `store.audited`, which writes it down with the change. `numbered`: the store puts the number in front of the detail. */
export function noteOf(
  { clock }: Pick<ControlContext, 'clock'>,
  by: string,
  what: string,
  detail: string,
  numbered = false,
): ChangeNote {
  return { at: clock.now(), by, what, detail, ...(numbered ? { numbered } : {}) };
}

/** What changes nothing in the store. */
export async function audited(context: Asked, by: string, what: string, detail: string): Promise<void> {
  await context.store.audit(noteOf(context, by, what, detail));
}
