/**
 * An alert in ArcSight's Common Event Format: `CEF:0|vendor|product|version|signature|name|severity|key=value …`.
 *
 * Header fields escape `\` and `|`, values `\` and `=`; controls of the alert's text are made visible before, so a value
 * never ends early or begins another. What is too long is cut before it is escaped, each value by itself, so that a long title hides
 * neither severity nor addresses. Severity: reference table of the dispatcher (info 2, low 4, medium 7, high 9). Source:
 * "Implementing ArcSight Common Event Format", version 25.
 */

import { isIP } from 'node:net';

import { escapeControls } from '../../../../log/escape.ts';
import type { PartyView } from '../../../model/alert-view.ts';
import type { SendMessage } from '../../../model/sink.ts';
import { lineOf } from '../../format/line.ts';
import { cutText } from './cut-text.ts';
import { fitLine } from './fit-line.ts';

/** By rank; unrated counts as medium. */
const severities = [7, 2, 4, 7, 9] as const;

/** Characters of one value, of the first try that fits; the first is the longest signature the format knows. */
const steps = [1023, 512, 256, 128, 64, 32, 16] as const;

/** Within so many bytes of UTF-8: values are cut, longest tries first, never the form. */
export function cefOf(message: SendMessage, maxBytes: number): string {
  let line = '';
  for (const chars of steps) {
    line = cefWith(message, chars);
    if (Buffer.byteLength(line) <= maxBytes) return line;
  }
  return fitLine(line, maxBytes);
}

function cefWith(message: SendMessage, chars: number): string {
  const { view, facts, origin } = message;
  const device = view.message.analyzers.at(-1);
  const name = view.title || (view.heartbeat ? 'heartbeat' : 'unnamed alert');
  const head = [
    'CEF:0',
    headerField(device?.manufacturer || 'idmef-relay', Math.min(chars, 63)),
    headerField(device?.model || device?.name || 'IDMEF', Math.min(chars, 63)),
    headerField(device?.version || '1.0', Math.min(chars, 31)),
    headerField(name, chars),
    headerField(name, Math.min(chars, 512)),
    String(view.heartbeat ? 0 : severities[view.severity]),
  ].join('|');
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['rt', String(view.when ?? message.at)],
    ['externalId', facts.messageid],
    ...partyFields('s', view.sources[0]),
    ...partyFields('d', view.targets[0]),
    ['fname', view.targets[0]?.file],
    ['outcome', view.completion],
    ['cat', view.message.impactType],
    ['dvchost', origin.sensor ?? view.node],
    ['deviceExternalId', facts.analyzer],
    ['request', view.references.find(({ url }) => url !== '')?.url],
    ['msg', lineOf(message)],
  ];
  const extension = fields
    .filter((field): field is readonly [string, string] => field[1] !== undefined && field[1] !== '')
    .map(([key, value]) => `${key}=${extensionValue(value, chars)}`);
  return `${head}|${extension.join(' ')}`;
}

function partyFields(side: 's' | 'd', party: PartyView | undefined): readonly (readonly [string, string])[] {
  if (party === undefined) return [];
  const { address, name, port, user, process } = party;
  const kind = isIP(address);
  const host = name === '' && kind === 0 ? address : name;
  return [
    // CEF's src and dst are IPv4; version 1 of the format takes both, and consumers do.
    [side === 's' ? 'src' : 'dst', kind === 0 ? '' : address],
    [`${side}host`, host],
    [`${side}pt`, /^\d{1,5}$/.test(port) ? port : ''],
    [`${side}user`, user],
    [`${side}proc`, process],
  ];
}

function headerField(text: string, chars: number): string {
  return escapeControls(cutText(text, chars)).replace(/[\\|]/g, '\\$&');
}

function extensionValue(text: string, chars: number): string {
  return escapeControls(cutText(text, chars)).replace(/[\\=]/g, '\\$&');
}
