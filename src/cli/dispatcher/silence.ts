/** `silence list|add|expire`. */

import { escapeText, jsonLine, jsonLines, textTable, when } from './print.ts';
import { wordTables } from './word-tables.ts';
import type { VerbContext } from './verb-context.ts';
import { byWord, numberOf } from './words.ts';

export const runSilence = byWord(wordTables.silence, {
  list: async ({ settings, withControl, json, print }) =>
    await withControl(async (control) => {
      const silences = await control.call('silences.list', { all: settings.flag('all') });
      const rows = silences.map((one) => [
        String(one.id),
        when(one.until),
        one.author,
        one.sensor ?? 'any',
        one.recipient ?? 'all people',
        one.criteria,
        one.reason,
      ]);
      const head = ['SILENCE', 'UNTIL', 'BY', 'SENSOR', 'TOWARDS', 'CRITERIA', 'REASON'];
      await print(json ? jsonLines(silences) : textTable(head, rows));
      return 0;
    }),
  add: async (verb) => (verb.settings.flag('preview') ? await preview(verb) : await add(verb)),
  expire: async (verb) => {
    const id = numberOf(verb, verb.operands[0], 'N');
    return await verb.withControl(async (control) => {
      await control.call('silences.expire', { id });
      return 0;
    });
  },
});

async function add(verb: VerbContext): Promise<number> {
  const { operands, settings, withControl, json, print, misuse } = verb;
  const [criteria = ''] = operands;
  const reason = settings.text('reason');
  const lastsMs = settings.optionalDuration('for');
  if (reason === undefined || lastsMs === undefined) throw misuse('--reason and --for are mandatory');
  const sensor = settings.text('sensor');
  const recipient = settings.text('recipient');
  return await withControl(async (control) => {
    const silence = await control.call('silences.add', {
      criteria,
      reason,
      until: Date.now() + lastsMs,
      ...(sensor === undefined ? {} : { sensor }),
      ...(recipient === undefined ? {} : { recipient }),
    });
    await print(json ? jsonLine(silence) : `silence ${silence.id} until ${when(silence.until)}\n`);
    return 0;
  });
}

async function preview({
  operands: [criteria = ''],
  settings,
  withControl,
  json,
  print,
}: VerbContext): Promise<number> {
  const sensor = settings.text('sensor');
  return await withControl(async (control) => {
    const found = await control.call('silences.preview', {
      criteria,
      ...(sensor === undefined ? {} : { sensor }),
    });
    const { hidden, looked, all, highHidden, examples } = found;
    const which = all ? `the ${looked}` : `the newest ${looked}`;
    const lines = [
      `it would have hidden ${hidden} of ${which} messages of the last 24 hours, ${highHidden} of them high`,
      ...examples.map((one) => `  ${one}`),
    ];
    await print(json ? jsonLine(found) : lines.map((line) => `${escapeText(line)}\n`).join(''));
    return 0;
  });
}
