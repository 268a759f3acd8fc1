/** `alert-dispatcher why ID|TAG|incident:N`: the recorded path of a message, a notification or an incident. */

import { age } from '../../core/quantities.ts';
import { severityNames } from '../../core/severity.ts';
import type { VerbResult } from '../../dispatcher/control/call.ts';
import type { PairRecord } from '../../dispatcher/model/store.ts';
import { escapeText, jsonLine, many, when } from './print.ts';
import type { VerbContext } from './verb-context.ts';

type Why = VerbResult<'why'>;

export async function runWhy({
  operands: [id = ''],
  settings,
  json,
  withControl,
  print,
}: VerbContext): Promise<number> {
  const recipient = settings.text('recipient');
  return await withControl(async (control) => {
    const why = await control.call('why', { id, ...(recipient === undefined ? {} : { recipient }) });
    const lines = [
      ...notificationLines(why),
      ...messageLines(why),
      ...incidentLines(why),
      ...why.pairs.flatMap(pairLines),
    ];
    if (why.pairs.length === 0) lines.push('  no recipient: no route has led to one');
    await print(json ? jsonLine(why) : lines.map((line) => `${escapeText(line)}\n`).join(''));
    return 0;
  });
}

function notificationLines({ notifications = [] }: Why): string[] {
  const [first] = notifications;
  if (first === undefined) return [];
  const head =
    notifications.length === 1
      ? []
      : [`${notifications.length} notifications bear the tag ${first.tag}, the newest first:`];
  return [
    ...head,
    ...notifications.flatMap(({ tag, recipient, pairs, seqs, calls }) => [
      `notification ${tag} to ${recipient}: ${many(pairs, 'message')}`,
      ...calls.map((call) => `  ${callText(call)}`),
      `  message ${seqs.join(', ')}${seqs.length < pairs ? ` and ${pairs - seqs.length} more` : ''}`,
    ]),
  ];
}

function messageLines({ message }: Why): string[] {
  if (message === undefined) return [];
  const { seq, id, at, conflict, damaged, facts, origin, config, configAt, incidents } = message;
  const from = Object.entries(origin).map(([key, value]) => `${key}=${String(value)}`);
  const severity = severityNames[facts.severity] || 'unrated';
  return [
    `message ${seq} (${id}), ${when(at)}${conflict ? ', CONFLICT: same id, other content' : ''}`,
    `  ${severity}: ${facts.classification || '(no classification)'}, from ${facts.source || '-'} to ${facts.target || '-'}`,
    `  received from: ${from.join(', ')}`,
    `  routed under configuration ${config.slice(0, 12)}, loaded ${when(configAt)}`,
    ...incidents.map((incident) => `  incident ${incident}`),
    ...(damaged === undefined ? [] : [`  its bytes are damaged: ${damaged}`]),
  ];
}

function incidentLines({ incident, messages }: Why): string[] {
  if (incident === undefined) return [];
  const { id, state, title, count, firstAt, lastAt, ackedBy, ackedAt, closedBy, closedAt, notes } = incident;
  return [
    `incident ${id} (${state}): ${title}`,
    `  ${many(count, 'message')} (${messages} shown), ${when(firstAt)} to ${when(lastAt)}`,
    ...(ackedBy === undefined ? [] : [`  acknowledged by ${ackedBy}, ${when(ackedAt)}`]),
    ...(closedBy === undefined ? [] : [`  closed by ${closedBy}, ${when(closedAt)}`]),
    ...notes.map(({ at, by, text }) => `  note of ${by}, ${when(at)}: ${text}`),
  ];
}

function pairLines(pair: PairRecord): string[] {
  const { seq, recipient, route, state, reason, attempts, notBefore, notifications } = pair;
  const due = state === 'due' ? ` (not before ${when(notBefore)})` : '';
  return [
    `  → ${recipient}: ${state}${reason === '' ? '' : `: ${reason}`}${due}`,
    `      message ${seq} by ${route}, ${many(attempts, 'failed attempt')}`,
    ...notifications.map((call) => `      ${callText(call)}`),
  ];
}

type Call = PairRecord['notifications'][number];

/** `2026-11-30 11:26:56Z #k3f9 (3 messages, 0 s): ok` */
function callText({ form, tag, startedAt, endedAt, outcome, reason, providerRef, pairs }: Call): string {
  const what = form === 'messages' ? many(pairs, 'message') : `${form} of ${many(pairs, 'message')}`;
  const ref = providerRef === undefined ? '' : ` [${providerRef}]`;
  const took = age(endedAt - startedAt);
  return `${when(startedAt)} ${tag ?? 'no text'} (${what}, ${took}): ${outcome}${reason === '' ? '' : `: ${reason}`}${ref}`;
}
