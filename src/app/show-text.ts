/**
 * The view of one message as text for a terminal: at most 80 columns, one fact a line.
 *
 * Labels stand in a column of their own; values that are longer are wrapped under themselves. Everything from the
 * message goes through escapeText, so that nothing in it can repaint the terminal. Called by show.ts.
 */

import type { EndpointView, MessageView, NodeView, TimeView } from '../idmef/message-view.ts';
import { escapeText } from '../log/escape.ts';

const WIDTH = 80;
const LABEL = 18;

/** Breaks at blanks where there are any; a word longer than the column is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width);
    const cut = blank > 0 ? blank : width;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

function row(label: string, value: string): string[] {
  if (value === '') {
    return [];
  }
  const lines = wrap(escapeText(value), WIDTH - LABEL);
  const head = wrap(escapeText(label), LABEL - 2);
  const last = (head.pop() ?? '').padEnd(LABEL);
  return [...head, last + (lines[0] ?? ''), ...lines.slice(1).map((line) => ' '.repeat(LABEL) + line)];
}

function join(parts: readonly (string | undefined)[], separator = ', '): string {
  return parts.filter((part) => part !== undefined && part !== '').join(separator);
}

function nodeText(node: NodeView | undefined): string {
  if (node === undefined) {
    return '';
  }
  const addresses = node.addresses.map(({ address, netmask }) => join([address, netmask], '/'));
  const name = join([node.name, node.location === '' ? '' : `(${node.location})`], ' ');
  return join([name, ...addresses]);
}

function timeText(time: TimeView | undefined): string {
  if (time === undefined) {
    return '';
  }
  const written = time.text === time.iso ? '' : `(${time.text})`;
  return join([time.iso, written], ' ');
}

function endpointRows(label: string, endpoint: EndpointView): string[] {
  const { service, process } = endpoint;
  const users = endpoint.users.map(({ name, number, type }) =>
    join([name, number === '' ? '' : `#${number}`, type === '' ? '' : `(${type})`], ' '),
  );
  const serviceText =
    service === undefined
      ? ''
      : join(
          [join([service.name, service.port || service.portlist], ':'), service.protocol, service.url],
          ' ',
        );
  return [
    ...row(label, nodeText(endpoint.node) || '-'),
    ...row('  service', serviceText),
    ...row('  process', process === undefined ? '' : join([process.name, process.pid, process.path], ' ')),
    ...row('  user', users.join('; ')),
    ...endpoint.files.flatMap((file) =>
      row('  file', join([file.path || file.name, `(${file.category})`], ' ')),
    ),
  ];
}

/** Lines of one message, each ended. `place` says where it comes from. */
export function showText(view: MessageView, place: string): string {
  const assessment = join([view.severity, view.completion, view.impactType, view.impact]);
  const lines = [
    ...wrap(escapeText(`${view.kind} ${view.messageid || '(no messageid)'}  ${place}`), WIDTH),
    ...row('classification', view.classification),
    ...row('severity', assessment),
    ...row('confidence', view.confidence),
    ...row('created', timeText(view.createTime)),
    ...row('detected', timeText(view.detectTime)),
    ...row('sent', timeText(view.analyzerTime)),
    ...row('interval', view.heartbeatInterval === '' ? '' : `${view.heartbeatInterval} s`),
    ...view.analyzers.flatMap((analyzer, level) =>
      row(
        level === 0 ? 'analyzer' : '  on behalf of',
        join([
          join(
            [analyzer.name || analyzer.model, analyzer.analyzerid === '' ? '' : `[${analyzer.analyzerid}]`],
            ' ',
          ),
          nodeText(analyzer.node),
        ]),
      ),
    ),
    ...view.sources.flatMap((source) => endpointRows('source', source)),
    ...view.targets.flatMap((target) => endpointRows('target', target)),
    ...view.references.flatMap(({ origin, name, url }) =>
      row('reference', join([join([origin, name], ': '), url], ' ')),
    ),
    ...view.actions.flatMap(({ category, text }) => row('action', join([category, text], ': '))),
    ...row(view.special, view.specialName),
    ...view.alertidents.flatMap(({ messageid, analyzerid }) =>
      row('  alert', join([messageid, analyzerid === '' ? '' : `of ${analyzerid}`], ' ')),
    ),
    ...view.additionalData.flatMap(({ meaning, value }) => row(meaning || '(data)', String(value) || '-')),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
