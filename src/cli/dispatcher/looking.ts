/** `status`, `why`, `messages`, `incidents`, `route explain`, `render`, `audit`: verbs that show. */

import type { Control, VerbResult } from '../../dispatcher/control/call.ts';
import type { PairRecord } from '../../dispatcher/model/store.ts';
import { severityNames } from '../../core/severity.ts';
import { age, escapeText, jsonLine, jsonLines, textTable, when } from './print.ts';
import { readText, type VerbContext } from './verb-context.ts';

export async function runWhy({
  operands,
  settings,
  json,
  withControl,
  print,
  misuse,
}: VerbContext): Promise<number> {
  const [id, ...rest] = operands;
  if (id === undefined || rest.length > 0) throw misuse('one ID is wanted');
  const recipient = settings.text('recipient');
  return withControl(async (control) => {
    const why = await control.call('why', { id, ...(recipient === undefined ? {} : { recipient }) });
    await print(json ? jsonLine(why) : whyText(why));
    return 0;
  });
}

function whyText({ message, incident, pairs, messages }: VerbResult<'why'>): string {
  const lines: string[] = [];
  if (message !== undefined) {
    const { facts, origin } = message;
    const from = Object.entries(origin).map(([key, value]) => `${key}=${String(value)}`);
    lines.push(
      `message ${message.seq} (${message.id}), ${when(message.at)}${message.conflict ? ', CONFLICT: same id, other content' : ''}`,
      `  ${severityNames[facts.severity] || 'unrated'}: ${facts.classification || '(no classification)'}, from ${facts.source || '-'} to ${facts.target || '-'}`,
      `  received from: ${from.join(', ')}`,
      `  routed under configuration ${message.config.slice(0, 12)}, loaded ${when(message.configAt)}`,
      ...message.incidents.map((id) => `  incident ${id}`),
    );
  }
  if (incident !== undefined) {
    lines.push(
      `incident ${incident.id} (${incident.state}): ${incident.title}`,
      `  ${incident.count} messages (${messages} shown), ${when(incident.firstAt)} to ${when(incident.lastAt)}`,
      ...(incident.ackedBy === undefined
        ? []
        : [`  acknowledged by ${incident.ackedBy}, ${when(incident.ackedAt)}`]),
      ...(incident.closedBy === undefined
        ? []
        : [`  closed by ${incident.closedBy}, ${when(incident.closedAt)}`]),
      ...incident.notes.map(({ at, by, text }) => `  note of ${by}, ${when(at)}: ${text}`),
    );
  }
  if (pairs.length === 0) lines.push('  no recipient: no route has led to one');
  return `${[...lines, ...pairs.flatMap(pairLines)].map(escapeText).join('\n')}\n`;
}

function pairLines(pair: PairRecord): string[] {
  const due = pair.state === 'due' ? ` (not before ${when(pair.notBefore)})` : '';
  return [
    `  → ${pair.recipient}: ${pair.state}${pair.reason === '' ? '' : `: ${pair.reason}`}${due}`,
    `      message ${pair.seq} by ${pair.route}, ${pair.attempts} failed attempts`,
    ...pair.notifications.map(
      ({ id, form, startedAt, endedAt, outcome, reason, providerRef, pairs }) =>
        `      ${when(startedAt)} notification ${id} (${form}, ${pairs} messages, ${age(endedAt - startedAt)}): ${outcome}` +
        `${reason === '' ? '' : `: ${reason}`}${providerRef === undefined ? '' : ` [${providerRef}]`}`,
    ),
  ];
}

export async function runMessages(verb: VerbContext): Promise<number> {
  const { operands, settings, json, withControl, print, misuse } = verb;
  const [word, text, ...rest] = operands;
  if (rest.length > 0) throw misuse(`unexpected argument '${rest[0]}'`);
  if (word === 'show') {
    if (text === undefined) throw misuse('missing ID');
    return withControl(async (control) => {
      const message = await control.call('messages.show', { id: text });
      await print(json ? jsonLine(message) : `${message.xml ?? ''}\n`);
      return 0;
    });
  }
  if (word !== 'search')
    throw misuse(word === undefined ? 'missing search or show' : `unknown word '${word}'`);
  const contains = settings.text('text');
  const severity = settings.has('severity')
    ? settings.choice('severity', ['info', 'low', 'medium', 'high'])
    : undefined;
  return withControl(async (control) => {
    const { messages, looked } = await control.call('messages.search', {
      since: Date.now() - settings.duration('since'),
      limit: settings.integer('limit'),
      ...(text === undefined ? {} : { criteria: text }),
      ...(contains === undefined ? {} : { text: contains }),
      ...(severity === undefined ? {} : { severity }),
    });
    if (json) await print(jsonLines(messages));
    else {
      const rows = messages.map(({ seq, at, facts, origin }) => [
        String(seq),
        when(at),
        severityNames[facts.severity] || '-',
        origin.sensor ?? origin.peer ?? origin.source,
        facts.source || '-',
        facts.target || '-',
        facts.classification,
      ]);
      await print(
        textTable(['MESSAGE', 'TIME', 'SEVERITY', 'FROM', 'SOURCE', 'TARGET', 'CLASSIFICATION'], rows),
      );
      if (text !== undefined) await print(`${messages.length} of ${looked} that were looked at\n`);
    }
    return 0;
  });
}

export async function runIncidents(verb: VerbContext): Promise<number> {
  const { operands, settings, json, withControl, print, misuse } = verb;
  const [word, number, ...words] = operands;
  if (word === 'list') {
    const state = settings.has('incident-state')
      ? settings.choice('incident-state', ['open', 'acked', 'closed'])
      : undefined;
    return withControl(async (control) => {
      const incidents = await control.call('incidents.list', {
        limit: settings.integer('limit'),
        ...(state === undefined ? {} : { state }),
      });
      if (json) await print(jsonLines(incidents));
      else {
        const rows = incidents.map((one) => [
          String(one.id),
          one.state,
          severityNames[one.severity] || '-',
          String(one.count),
          when(one.firstAt),
          when(one.lastAt),
          one.title,
        ]);
        await print(textTable(['INCIDENT', 'STATE', 'SEVERITY', 'COUNT', 'FIRST', 'LAST', 'TITLE'], rows));
      }
      return 0;
    });
  }
  const id = Number(number);
  if (!Number.isSafeInteger(id) || id < 1)
    throw misuse(
      word === undefined ? 'missing list, show, ack, close or note' : 'missing the number of an incident',
    );
  return withControl(async (control) => {
    const result = await incidentCall(
      control,
      word ?? '',
      id,
      words.join(' '),
      settings.text('note'),
      misuse,
    );
    await print(json ? jsonLine(result) : `${escapeText(summaryOf(result))}\n`);
    return 0;
  });
}

type IncidentAnswer = VerbResult<'incidents.show'> | VerbResult<'incidents.ack'>;

async function incidentCall(
  control: Control,
  word: string,
  id: number,
  text: string,
  note: string | undefined,
  misuse: VerbContext['misuse'],
): Promise<IncidentAnswer> {
  const noted = note === undefined ? {} : { note };
  switch (word) {
    case 'show':
      return control.call('incidents.show', { id });
    case 'ack':
      return control.call('incidents.ack', { id, ...noted });
    case 'close':
      return control.call('incidents.close', { id, ...noted });
    case 'note':
      if (text === '') throw misuse('missing TEXT');
      return control.call('incidents.note', { id, note: text });
    default:
      throw misuse(`unknown word '${word}'`);
  }
}

function summaryOf(answer: IncidentAnswer): string {
  const { id, state, count, title } = 'incident' in answer ? answer.incident : answer;
  return `incident ${id} is ${state}: ${count} messages: ${title}`;
}

export async function runRoute({
  operands,
  settings,
  json,
  withControl,
  print,
  misuse,
}: VerbContext): Promise<number> {
  const [word, file, ...rest] = operands;
  if (word !== 'explain' || file === undefined || rest.length > 0)
    throw misuse('explain and one FILE are wanted');
  const document = await readText(file);
  const sensor = settings.text('sensor');
  const profile = settings.text('profile');
  return withControl(async (control) => {
    const { text, data } = await control.call('route.explain', {
      document,
      ...(sensor === undefined ? {} : { sensor }),
      ...(profile === undefined ? {} : { profile }),
    });
    await print(json ? jsonLine(data) : text);
    return 0;
  });
}

export async function runRender({
  operands,
  json,
  withControl,
  print,
  misuse,
}: VerbContext): Promise<number> {
  const [recipient, file, ...rest] = operands;
  if (recipient === undefined || file === undefined || rest.length > 0)
    throw misuse('RECIPIENT and FILE are wanted');
  const document = await readText(file);
  return withControl(async (control) => {
    const rendered = await control.call('render', { recipient, document });
    await print(json ? jsonLine(rendered) : `${rendered.subject}\n\n${rendered.body}\n`);
    return 0;
  });
}

export async function runAudit({
  operands,
  settings,
  json,
  withControl,
  print,
  misuse,
}: VerbContext): Promise<number> {
  const [word, ...rest] = operands;
  if (rest.length > 0 || (word !== 'list' && word !== 'verify')) throw misuse('list or verify is wanted');
  return withControl(async (control) => {
    if (word === 'verify') {
      const answer = await control.call('audit.verify', {});
      await print(
        json
          ? jsonLine(answer)
          : answer.whole
            ? 'the log is whole\n'
            : `entry ${answer.broken} does not follow from the one before\n`,
      );
      return answer.whole ? 0 : 65;
    }
    const entries = await control.call('audit.list', { limit: settings.integer('limit') });
    const rows = entries.map(({ id, at, by, what, detail }) => [String(id), when(at), by, what, detail]);
    await print(json ? jsonLines(entries) : textTable(['ENTRY', 'TIME', 'BY', 'WHAT', 'DETAIL'], rows));
    return 0;
  });
}
