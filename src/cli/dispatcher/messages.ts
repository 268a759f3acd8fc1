/** `messages search|show`. */

import { severityNames } from '../../core/severity.ts';
import { envelopeHead, envelopeTail } from '../../idmef/envelope.ts';
import { jsonLine, jsonLines, textTable, when } from './print.ts';
import { wordTables } from './word-tables.ts';
import { byWord } from './words.ts';

export const runMessages = byWord(wordTables.messages, {
  search: async ({ operands: [criteria], settings, withControl, json, print }) => {
    const text = settings.text('text');
    const severity = settings.has('severity')
      ? settings.choice('severity', ['info', 'low', 'medium', 'high'])
      : undefined;
    return await withControl(async (control) => {
      const { messages, looked, all } = await control.call('messages.search', {
        since: Date.now() - settings.duration('since'),
        limit: settings.integer('limit'),
        ...(criteria === undefined ? {} : { criteria }),
        ...(text === undefined ? {} : { text }),
        ...(severity === undefined ? {} : { severity }),
      });
      if (json) {
        await print(jsonLines(messages));
        return 0;
      }
      const rows = messages.map(({ seq, at, facts, origin }) => [
        String(seq),
        when(at),
        severityNames[facts.severity] || '-',
        origin.sensor ?? origin.peer ?? origin.source,
        facts.source || '-',
        facts.target || '-',
        facts.classification,
      ]);
      const head = ['MESSAGE', 'TIME', 'SEVERITY', 'FROM', 'SOURCE', 'TARGET', 'CLASSIFICATION'];
      await print(textTable(head, rows));
      if (criteria !== undefined) {
        const rest = all ? '' : '; there may be more: narrow --since, or raise --limit';
        await print(`${messages.length} of ${looked} that were looked at${rest}\n`);
      }
      return 0;
    });
  },
  show: async ({ operands: [id = ''], withControl, json, print }) =>
    await withControl(async (control) => {
      const message = await control.call('messages.show', { id });
      await print(json ? jsonLine(message) : documentOf(message.xml ?? ''));
      return 0;
    }),
});

/** As `route explain`, `render` and idmef take it. */
function documentOf(message: string): string {
  return Buffer.concat([envelopeHead, Buffer.from(message), envelopeTail]).toString('utf8');
}
