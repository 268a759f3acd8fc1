/** `alert-dispatcher export`: what commands have made, as a file that `apply` takes. */

import { writeYaml } from '../../config/write-yaml.ts';
import { jsonLine } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runExport({ withControl, json, print }: VerbContext): Promise<number> {
  return await withControl(async (control) => {
    const settings = await control.call('export', {});
    await print(json ? jsonLine(settings) : writeYaml(settings));
    return 0;
  });
}
