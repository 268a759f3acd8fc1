/** `alert-dispatcher backup FILE`: a consistent copy of the store, made by whoever has it open. */

import { resolve } from 'node:path';

import { jsonLine } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runBackup({
  operands: [file = ''],
  json,
  withControl,
  print,
}: VerbContext): Promise<number> {
  const path = resolve(file);
  return await withControl(async (control) => {
    await control.call('backup', { path });
    const words = 'restored, it may deliver again what was under way: nothing is lost';
    await print(json ? jsonLine({ path }) : `copied to ${path}; ${words}\n`);
    return 0;
  });
}
