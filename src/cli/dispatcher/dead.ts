/** `dead list|redrive`. */

import { jsonLine, jsonLines, textTable } from './print.ts';
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
    const { operands, settings, withControl, json, print, misuse } = verb;
    const recipient = settings.text('recipient');
    if (operands.length === 0 && recipient === undefined) throw misuse('missing MESSAGE or --recipient');
    const seq = operands.length === 0 ? {} : { seq: numberOf(verb, operands[0], 'MESSAGE') };
    return await withControl(async (control) => {
      const { redriven } = await control.call('dead.redrive', {
        ...seq,
        ...(recipient === undefined ? {} : { recipient }),
      });
      await print(json ? jsonLine({ redriven }) : `${redriven} deliveries are due again\n`);
      return 0;
    });
  },
});
