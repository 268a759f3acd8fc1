/**
 * The title of a message: `[HIGH] Brute force attack — 198.51.100.7 → 10.0.0.5:22 ×37`.
 *
 * First line of every text, subject of mails, title of tickets. What a message lacks is not there; a part that is too long is cut, so that
 * nobody pushes the others out of sight with it.
 */

import { renderLimits } from '../../../core/limits.ts';
import { severityNames, type Severity } from '../../../core/severity.ts';
import type { AlertView, PartyView } from '../../model/alert-view.ts';
import type { Phrases } from '../phrases.ts';
import { bold, code, label, type Doc } from '../pieces.ts';

export function titleDoc(view: AlertView, phrases: Phrases, count: number): Doc {
  const name = view.title || phrases.word(view.heartbeat ? 'text.heartbeat' : 'text.unnamed');
  const rank = view.severity === 0 ? '' : `[${severityWord(view.severity, phrases)}] `;
  const source = partyName(view.sources, false);
  const target = partyName(view.targets, true);
  const sensor = view.heartbeat ? view.analyzer : '';
  return [
    bold(`${rank}${name}`, renderLimits.nameChars),
    ...(source === '' && target === '' && sensor === '' ? [] : [label(' — ')]),
    ...named(sensor),
    ...named(source),
    ...(target === '' ? [] : [label(source === '' ? '→ ' : ' → '), code(target, renderLimits.nameChars)]),
    ...(count > 1 ? [label(` ×${phrases.number(count)}`)] : []),
  ];
}

export function severityWord(severity: Severity, phrases: Phrases): string {
  return phrases.word(severity === 0 ? 'severity.none' : `severity.${severityNames[severity]}`);
}

/** `10.0.0.5:22`, `[2001:db8::1]:22`, `:22`. */
export function hostPort({ address, port }: Pick<PartyView, 'address' | 'port'>): string {
  if (port === '') return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The first one that has a name; how many more there are. */
function partyName(parties: readonly PartyView[], withPort: boolean): string {
  const first = parties.find(({ address }) => address !== '');
  if (first === undefined) return '';
  const more = parties.length > 1 ? ` (+${parties.length - 1})` : '';
  return (withPort ? hostPort(first) : first.address) + more;
}

function named(text: string): Doc {
  return text === '' ? [] : [code(text, renderLimits.nameChars)];
}
