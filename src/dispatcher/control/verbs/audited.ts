/** Changes by command: written to the audit log with who asked. Details never hold secrets. */

import type { ControlContext } from '../control-context.ts';

export async function audited(
  { store, clock }: Pick<ControlContext, 'store' | 'clock'>,
  by: string,
  what: string,
  detail: string,
): Promise<void> {
  await store.audit({ at: clock.now(), by, what, detail });
}
