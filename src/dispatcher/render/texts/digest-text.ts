/**
 * A storm in one short message: how many, how grave, what, from where, to where, since when, and how to find each of them.
 *
 * Called by renderer.ts. Values are from the messages, so they are cut short: a digest is read on a telephone.
 */

import type { Severity } from '../../../core/severity.ts';
import type { DigestFacts, Tally } from '../../model/delivery.ts';
import type { CatalogueKey } from '../catalogue.ts';
import type { Phrases } from '../phrases.ts';
import { bold, code, label, newline, prose, type Doc } from '../pieces.ts';
import { severitiesDoc } from './messages-text.ts';
import { plainText } from './plain-text.ts';
import { joined } from './rows.ts';

/** Characters of one value: a digest is read on a telephone. */
const SHORT = 60;

/** Name of the command that explains a notification (control socket). */
const COMMAND = 'alert-dispatcher why';

export function digestDoc(digest: DigestFacts, tag: string, phrases: Phrases): Doc {
  const { count, distinct } = digest;
  const rows: Doc[] = [
    [bold(plainText(phrases.plural('digest.title', count)))],
    severitiesDoc(severitiesOf(digest), phrases),
    phrases.phrase('digest.period', {
      from: phrases.instant(digest.firstAt),
      to: phrases.instant(digest.lastAt),
    }),
    topRow('digest.classifications', digest.classifications, distinct.classifications, false, phrases),
    topRow('digest.sources', digest.sources, distinct.sources, true, phrases),
    topRow('digest.targets', digest.targets, distinct.targets, true, phrases),
    // In a shell `#k3f9` would be a comment.
    tag === ''
      ? []
      : phrases.phrase('digest.ask', { command: [code(`${COMMAND} ${tag.replace(/^#/, '')}`)] }),
  ];
  return rows
    .filter(({ length }) => length > 0)
    .flatMap((row, index) => (index === 0 ? row : [newline, ...row]));
}

function severitiesOf({ severities }: DigestFacts): { severity: Severity; count: number }[] {
  const ranks: readonly Severity[] = [4, 3, 2, 1, 0];
  return ranks.map((severity) => ({ severity, count: severities[severity] ?? 0 }));
}

function topRow(
  key: CatalogueKey,
  tallies: readonly Tally[],
  distinct: number,
  addresses: boolean,
  phrases: Phrases,
): Doc {
  const named = tallies.filter(({ value }) => (addresses ? value !== '' : true));
  if (named.length === 0) return [];
  const parts = named.map(({ value, count }): Doc => {
    const name = value === '' ? phrases.word('text.unnamed') : value;
    return [(addresses ? code : prose)(name, SHORT), label(` ×${phrases.number(count)}`)];
  });
  const more = distinct - tallies.length;
  const rest = more > 0 ? [phrases.phrase('text.andMore', { count: more })] : [];
  return [bold(`${phrases.word(key)}:`), label(' '), ...joined([...parts, ...rest], ', ')];
}
