/** `route explain FILE`: which way a message would go now. */

import { jsonLine } from './print.ts';
import { wordTables } from './word-tables.ts';
import { readText } from './verb-context.ts';
import { byWord } from './words.ts';

export const runRoute = byWord(wordTables.route, {
  explain: async ({ operands: [file = ''], settings, withControl, json, print }) => {
    const document = await readText(file);
    const sensor = settings.text('sensor');
    const profile = settings.text('profile');
    return await withControl(async (control) => {
      const { text, data } = await control.call('route.explain', {
        document,
        ...(sensor === undefined ? {} : { sensor }),
        ...(profile === undefined ? {} : { profile }),
      });
      await print(json ? jsonLine(data) : text);
      return 0;
    });
  },
});
