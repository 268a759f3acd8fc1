/** `alert-dispatcher reload`: as SIGHUP, with the answer. */

import { escapeText, jsonLine } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runReload({ json, withControl, print }: VerbContext): Promise<number> {
  return await withControl(async (control) => {
    const { problems } = await control.call('config.reload', {});
    const taken = problems.length === 0;
    const lines = taken ? ['taken up'] : [...problems, 'the old configuration stays'];
    await print(json ? jsonLine({ problems }) : lines.map((line) => `${escapeText(line)}\n`).join(''));
    return taken ? 0 : 78;
  });
}
