/** `alert-dispatcher render RECIPIENT FILE`: what it would be sent, without sending it. */

import { jsonLine } from './print.ts';
import { readText, type VerbContext } from './verb-context.ts';

export async function runRender({
  operands: [recipient = '', file = ''],
  json,
  withControl,
  print,
}: VerbContext): Promise<number> {
  const document = await readText(file);
  return await withControl(async (control) => {
    const rendered = await control.call('render', { recipient, document });
    await print(json ? jsonLine(rendered) : `${rendered.subject}\n\n${rendered.body}\n`);
    return 0;
  });
}
