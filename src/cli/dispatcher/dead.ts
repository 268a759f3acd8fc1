/** `dead list|redrive|dismiss`. */

import { jsonLine, jsonLines, textTable } from './print.ts';
import type { VerbContext } from './verb-context.ts';
import { wordTables } from './word-tables.ts';
import { byWord, numberOf } from './words.ts';

export const runDead = byWord(wordTables.dead, {
  list: async ({ settings, withControl, json, print }) =>
    await withControl(async (control) => {
      const recipient = settings.text('recipient');
      const dead = await control.call('dead.list', {
        limit: settings.integer('limit'),
        ...(recipient === undefined ? {} : { recipient }),
      });
      const rows = dead.map((one) => [String(one.seq), one.recipient, String(one.attempts), one.reason]);
      await print(json ? jsonLines(dead) : textTable(['MESSAGE', 'RECIPIENT', 'ATTEMPTS', 'REASON'], rows));
      return 0;
    }),
  redrive: async (verb) => {
    const which = whichOf(verb);
    return await verb.withControl(async (control) => {
      const { redriven } = await control.call('dead.redrive', which);
      await say(verb, { redriven }, `${redriven} deliveries are due again`);
      return 0;
    });
  },
  dismiss: async (verb) => {
    const which = whichOf(verb);
    return await verb.withControl(async (control) => {
      const { dismissed } = await control.call('dead.dismiss', which);
      await say(verb, { dismissed }, `${dismissed} deliveries are dismissed`);
      return 0;
    });
  },
});

/** Never all at once without a word. */
function whichOf(verb: VerbContext): { readonly seq?: number; readonly recipient?: string } {
  const { operands, settings, misuse } = verb;
  const recipient = settings.text('recipient');
  if (operands.length === 0 && recipient === undefined) throw misuse('missing MESSAGE or --recipient');
  return {
    ...(operands.length === 0 ? {} : { seq: numberOf(verb, operands[0], 'MESSAGE') }),
    ...(recipient === undefined ? {} : { recipient }),
  };
}

async function say({ json, print }: VerbContext, counts: object, words: string): Promise<void> {
  await print(json ? jsonLine(counts) : `${words}\n`);
}
