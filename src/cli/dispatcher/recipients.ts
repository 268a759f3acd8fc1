/** `recipients list|add|set|enable|disable|remove|test|hold|resume|move`. */

import { readKeyValues } from './key-values.ts';
import { escapeText, jsonLine, jsonLines, textTable } from './print.ts';
import { wordTables } from './word-tables.ts';
import type { VerbContext } from './verb-context.ts';
import { byWord } from './words.ts';

/** What is done to one by name, and says nothing. */
function quietly(verb: 'recipients.enable' | 'recipients.disable' | 'recipients.remove') {
  return async ({ operands: [name = ''], withControl }: VerbContext): Promise<number> =>
    await withControl(async (control) => {
      await control.call(verb, { name });
      return 0;
    });
}

function kept(verb: 'recipients.add' | 'recipients.set') {
  return async ({ operands: [name = '', ...words], withControl }: VerbContext): Promise<number> => {
    const value = await readKeyValues(words);
    return await withControl(async (control) => {
      await control.call(verb, { name, value });
      return 0;
    });
  };
}

export const runRecipients = byWord(wordTables.recipients, {
  list: async ({ withControl, json, print }) =>
    await withControl(async (control) => {
      const recipients = await control.call('recipients.list', {});
      const rows = recipients.map(({ queue, ...one }) => [
        one.name,
        one.endpoint,
        one.audience,
        one.provenance,
        one.owner ?? '-',
        one.enabled ? 'yes' : 'no',
        String((queue?.pending ?? 0) + (queue?.leased ?? 0)),
        queue?.heldReason ?? queue?.lastError ?? '',
      ]);
      const head = ['RECIPIENT', 'ENDPOINT', 'AUDIENCE', 'FROM', 'OWNER', 'ENABLED', 'PENDING', 'TROUBLE'];
      await print(json ? jsonLines(recipients) : textTable(head, rows));
      return 0;
    }),
  add: kept('recipients.add'),
  set: kept('recipients.set'),
  enable: quietly('recipients.enable'),
  disable: quietly('recipients.disable'),
  remove: quietly('recipients.remove'),
  test: async ({ operands: [name = ''], withControl, json, print }) =>
    await withControl(async (control) => {
      const answer = await control.call('recipients.test', { name });
      const { outcome, providerRef } = answer;
      const hint = 'hint' in outcome && outcome.hint !== undefined ? `; ${outcome.hint}` : '';
      const reason = outcome.kind === 'ok' ? '' : `: ${outcome.reason}${hint}`;
      const ref = providerRef === undefined ? '' : ` [${providerRef}]`;
      await print(json ? jsonLine(answer) : `${escapeText(`${name}: ${outcome.kind}${reason}${ref}`)}\n`);
      return outcome.kind === 'ok' ? 0 : 75;
    }),
  hold: async ({ operands: [name = ''], settings, withControl }) =>
    await withControl(async (control) => {
      const reason = settings.text('reason');
      await control.call('recipients.hold', { name, ...(reason === undefined ? {} : { reason }) });
      return 0;
    }),
  resume: async ({ operands: [name = ''], withControl, json, print }) =>
    await withControl(async (control) => {
      const { resumed } = await control.call('recipients.resume', { name });
      await print(json ? jsonLine({ resumed }) : `${resumed} deliveries are due again\n`);
      return 0;
    }),
  move: async ({ operands: [name = '', to = ''], withControl, json, print }) =>
    await withControl(async (control) => {
      const { moved } = await control.call('recipients.move', { name, to });
      await print(json ? jsonLine({ moved }) : `${moved} deliveries are owed to ${to} now\n`);
      return 0;
    }),
});
