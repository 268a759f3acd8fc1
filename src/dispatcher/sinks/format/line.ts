/**
 * One alert as one line of text for machines: stable, English, without markup. People's texts come from src/dispatcher/render.
 *
 * `[high] Brute force (succeeded): 198.51.100.7 -> 192.0.2.5:22 (analyzer nids at dmz1, id abc)`; what is missing
 * vanishes. Every control character is made visible, so that a hostile text stays one line.
 */

import { severityNames } from '../../../core/severity.ts';
import { escapeControls } from '../../../log/escape.ts';
import type { PartyView } from '../../model/alert-view.ts';
import type { Notification, SendMessage } from '../../model/sink.ts';

export function lineOf({ view, facts, verbatim }: SendMessage): string {
  if (verbatim !== undefined) return escapeControls(verbatim);
  const completion = view.completion === '' ? '' : ` (${view.completion})`;
  const title = view.heartbeat
    ? 'heartbeat'
    : `${view.title === '' ? 'unnamed alert' : view.title}${completion}`;
  const rank = view.heartbeat ? '' : `[${severityNames[view.severity] || 'unrated'}] `;
  const from = partyWords(view.sources);
  const to = partyWords(view.targets);
  const way =
    from === '' && to === '' ? '' : `: ${from}${to === '' ? '' : `${from === '' ? '' : ' '}-> ${to}`}`;
  const node = view.node === '' ? '' : ` at ${view.node}`;
  const origin = [
    ...(view.analyzer === '' ? [] : [`analyzer ${view.analyzer}${node}`]),
    ...(facts.messageid === '' ? [] : [`id ${facts.messageid}`]),
  ];
  return escapeControls(`${rank}${title}${way}${origin.length === 0 ? '' : ` (${origin.join(', ')})`}`);
}

/** What a test or a digest says, as one line. */
export function plainLine({ rendered, tag }: Pick<Notification, 'rendered' | 'tag'>): string {
  return escapeControls(`${rendered.plain.replace(/\s+/g, ' ').trim()} (${tag})`);
}

function partyWords(parties: readonly PartyView[]): string {
  const [first] = parties;
  if (first === undefined) return '';
  const host = first.address === '' ? first.name : first.address;
  const place = host.includes(':') && first.port !== '' ? `[${host}]` : host;
  const words = [
    first.port === '' ? place : `${place}:${first.port}`,
    first.user === '' ? '' : `user ${first.user}`,
  ];
  const more = parties.length > 1 ? [`and ${parties.length - 1} more`] : [];
  return [...words, ...more].filter((word) => word !== '').join(' ');
}
