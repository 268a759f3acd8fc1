/** `sources list|enable|disable`. */

import { jsonLines, textTable } from './print.ts';
import { wordTables } from './word-tables.ts';
import type { VerbContext } from './verb-context.ts';
import { byWord } from './words.ts';

function switched(verb: 'sources.enable' | 'sources.disable') {
  return async ({ operands: [name = ''], withControl }: VerbContext): Promise<number> =>
    await withControl(async (control) => {
      await control.call(verb, { name });
      return 0;
    });
}

export const runSources = byWord(wordTables.sources, {
  list: async ({ withControl, json, print }) =>
    await withControl(async (control) => {
      const sources = await control.call('sources.list', {});
      const rows = sources.map(({ name, enabled, listeners, trouble }) => [
        name,
        enabled ? 'enabled' : 'disabled',
        trouble ?? (listeners.map(({ address, port }) => `${address} port ${port}`).join(', ') || '-'),
      ]);
      await print(json ? jsonLines(sources) : textTable(['SOURCE', 'STATE', 'LISTENING'], rows));
      return 0;
    }),
  enable: switched('sources.enable'),
  disable: switched('sources.disable'),
});
