/** `audit list|verify`. */

import { jsonLine, jsonLines, textTable, when } from './print.ts';
import { wordTables } from './word-tables.ts';
import { byWord } from './words.ts';

export const runAudit = byWord(wordTables.audit, {
  list: async ({ settings, withControl, json, print }) =>
    await withControl(async (control) => {
      const entries = await control.call('audit.list', { limit: settings.integer('limit') });
      const rows = entries.map(({ id, at, by, what, detail }) => [String(id), when(at), by, what, detail]);
      await print(json ? jsonLines(entries) : textTable(['ENTRY', 'TIME', 'BY', 'WHAT', 'DETAIL'], rows));
      return 0;
    }),
  verify: async ({ withControl, json, print }) =>
    await withControl(async (control) => {
      const answer = await control.call('audit.verify', {});
      const words = answer.whole
        ? 'the log is whole'
        : `entry ${answer.broken} does not follow from the one before`;
      await print(json ? jsonLine(answer) : `${words}\n`);
      return answer.whole ? 0 : 65;
    }),
});
