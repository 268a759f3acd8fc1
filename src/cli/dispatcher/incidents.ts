/** `incidents list|show|ack|close|note`. */

import { severityNames } from '../../core/severity.ts';
import type { VerbResult } from '../../dispatcher/control/call.ts';
import { escapeText, jsonLine, jsonLines, many, textTable, when } from './print.ts';
import { wordTables } from './word-tables.ts';
import type { VerbContext } from './verb-context.ts';
import { byWord, numberOf } from './words.ts';

type Incident = VerbResult<'incidents.ack'>;

function summary({ id, state, count, title }: Incident): string {
  return `incident ${id} is ${state}: ${many(count, 'message')}: ${title}`;
}

function settled(name: 'incidents.ack' | 'incidents.close') {
  return async (verb: VerbContext): Promise<number> => {
    const { operands, settings, withControl, json, print } = verb;
    const id = numberOf(verb, operands[0], 'N');
    const note = settings.text('note');
    return await withControl(async (control) => {
      const incident = await control.call(name, { id, ...(note === undefined ? {} : { note }) });
      await print(json ? jsonLine(incident) : `${escapeText(summary(incident))}\n`);
      return 0;
    });
  };
}

export const runIncidents = byWord(wordTables.incidents, {
  list: async ({ settings, withControl, json, print }) => {
    const state = settings.has('incident-state')
      ? settings.choice('incident-state', ['open', 'acked', 'closed'])
      : undefined;
    return await withControl(async (control) => {
      const incidents = await control.call('incidents.list', {
        limit: settings.integer('limit'),
        ...(state === undefined ? {} : { state }),
      });
      const rows = incidents.map((one) => [
        String(one.id),
        one.state,
        severityNames[one.severity] || '-',
        String(one.count),
        when(one.firstAt),
        when(one.lastAt),
        one.title,
      ]);
      const head = ['INCIDENT', 'STATE', 'SEVERITY', 'COUNT', 'FIRST', 'LAST', 'TITLE'];
      await print(json ? jsonLines(incidents) : textTable(head, rows));
      return 0;
    });
  },
  show: async (verb) => {
    const { operands, withControl, json, print } = verb;
    const id = numberOf(verb, operands[0], 'N');
    return await withControl(async (control) => {
      const shown = await control.call('incidents.show', { id });
      if (json) {
        await print(jsonLine(shown));
        return 0;
      }
      const { incident, messages } = shown;
      const notes = incident.notes.map(({ at, by, text }) => `  note of ${by}, ${when(at)}: ${text}`);
      await print([summary(incident), ...notes].map((line) => `${escapeText(line)}\n`).join(''));
      const rows = messages.map(({ seq, at, facts }) => [
        String(seq),
        when(at),
        severityNames[facts.severity] || '-',
        facts.source || '-',
        facts.target || '-',
        facts.classification,
      ]);
      await print(textTable(['MESSAGE', 'TIME', 'SEVERITY', 'SOURCE', 'TARGET', 'CLASSIFICATION'], rows));
      return 0;
    });
  },
  ack: settled('incidents.ack'),
  close: settled('incidents.close'),
  note: async (verb) => {
    const { operands, withControl, json, print } = verb;
    const id = numberOf(verb, operands[0], 'N');
    const note = operands.slice(1).join(' ');
    return await withControl(async (control) => {
      const incident = await control.call('incidents.note', { id, note });
      await print(json ? jsonLine(incident) : `${escapeText(summary(incident))}\n`);
      return 0;
    });
  },
});
