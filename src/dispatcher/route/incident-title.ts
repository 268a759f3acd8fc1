/**
 * The line an incident goes by: `[HIGH] Brute force — 198.51.100.7 → 192.0.2.10`. Parts that a message lacks are left out, never
 * named "unknown". Its texts are attackers': what could move a cursor or turn a line round is a blank.
 */

import { routeLimits } from '../../core/limits.ts';
import { severityNames } from '../../core/severity.ts';
import type { MessageFacts } from '../model/message.ts';

/** Controls, line and paragraph separators, and what is invisible or turns the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu;

/** Nothing but what is printed of ASCII, single blanks between: most texts, and quicker asked than replaced. */
const HARMLESS = /^[!-~]+(?: [!-~]+)*$/;

function plain(text: string): string {
  return HARMLESS.test(text) ? text : text.replace(UNSAFE, ' ').trim();
}

export function incidentTitle(
  facts: Pick<MessageFacts, 'severity' | 'classification' | 'source' | 'target'>,
): string {
  const severity = severityNames[facts.severity];
  const source = plain(facts.source);
  const target = plain(facts.target);
  const parties = [source, target === '' ? '' : `→ ${target}`].filter((part) => part !== '').join(' ');
  const title = [
    severity === '' ? '' : `[${severity.toUpperCase()}] `,
    plain(facts.classification) || 'unnamed alert',
    parties === '' ? '' : ` — ${parties}`,
  ].join('');
  if (title.length <= routeLimits.titleChars) return title;
  const characters = Array.from(title);
  return characters.length <= routeLimits.titleChars
    ? title
    : `${characters.slice(0, routeLimits.titleChars - 1).join('')}…`;
}
