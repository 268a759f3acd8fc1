/**
 * What is known of one message, a line each: when, sensor, sources, targets, impact, references, correlation, details, actions.
 *
 * Called by messages-text.ts below a title. Missing parts have no line. Long lists and values are cut to renderLimits and say so.
 */

import { renderLimits } from '../../../core/limits.ts';
import type { AlertView, PartyView } from '../../model/alert-view.ts';
import type { CatalogueKey } from '../catalogue.ts';
import { cutUnits } from '../clean.ts';
import type { Phrases } from '../phrases.ts';
import { bold, code, label, lines, link, newline, prose, type Doc, type Piece } from '../pieces.ts';
import { hostPort } from './title.ts';

/** Facts a source keeps for machines: each is in another line too, in words. */
const MACHINE_FACT = /^(?:ntopng|alertresponder)\./;

export function rowsOf(view: AlertView, phrases: Phrases): Doc[] {
  const { message } = view;
  const rows: (Doc | undefined)[] = [
    view.when === undefined ? undefined : row('text.when', [label(phrases.instant(view.when))], phrases),
    sensorRow(view, phrases),
    ...partyRows('text.source', view.sources, phrases),
    ...partyRows('text.target', view.targets, phrases),
    impactRow(view, phrases),
    ...limited(view.references, renderLimits.references, phrases, ({ name, url }) =>
      name === '' && url === ''
        ? undefined
        : row('text.reference', link(name, url, renderLimits.nameChars), phrases),
    ),
    view.correlation === undefined
      ? undefined
      : row('text.correlation', correlation(view.correlation, phrases), phrases),
    ...limited(
      view.details.filter(({ name, value }) => value !== '' && !MACHINE_FACT.test(name)),
      renderLimits.details,
      phrases,
      ({ name, value }) => detailRow(name, value, phrases),
    ),
    ...limited(message.actions, renderLimits.actions, phrases, ({ category, text }) =>
      text === '' ? undefined : titled(category, [prose(text, renderLimits.detailChars)]),
    ),
  ];
  return rows.filter((each) => each !== undefined);
}

function row(key: CatalogueKey, doc: Doc, phrases: Phrases): Doc {
  return titled(phrases.word(key), doc);
}

function titled(name: string, doc: Doc): Doc {
  return name === '' ? doc : [heading(name), label(' '), ...doc];
}

function heading(name: string): Piece {
  return bold(`${cutUnits(name, renderLimits.nameChars)}:`);
}

/** An address, a name, a path. */
function named(text: string): Piece {
  return code(text, renderLimits.nameChars);
}

/** The first `max` of the list, then how many there are besides. */
function limited<T>(
  list: readonly T[],
  max: number,
  phrases: Phrases,
  make: (item: T) => Doc | undefined,
): (Doc | undefined)[] {
  const more = list.length - max;
  return [
    ...list.slice(0, max).map(make),
    more > 0 ? phrases.phrase('text.andMore', { count: more }) : undefined,
  ];
}

function sensorRow({ analyzer, node }: AlertView, phrases: Phrases): Doc | undefined {
  const parts = [analyzer, node].filter((each, index, all) => each !== '' && all.indexOf(each) === index);
  if (parts.length === 0) return undefined;
  const doc = parts.flatMap((each, index): Doc => [...(index === 0 ? [] : [label(' @ ')]), named(each)]);
  return row('text.sensor', doc, phrases);
}

function partyRows(
  key: 'text.source' | 'text.target',
  parties: readonly PartyView[],
  phrases: Phrases,
): (Doc | undefined)[] {
  return limited(parties, renderLimits.parties, phrases, (party) => {
    const doc = partyDoc(party, phrases);
    return doc.length === 0 ? undefined : row(key, doc, phrases);
  });
}

function partyDoc(party: PartyView, phrases: Phrases): Doc {
  const { name, user, process, file } = party;
  const where = hostPort(party);
  const host: Doc = [
    ...(where === '' ? [] : [named(where)]),
    ...(name === '' || name === party.address ? [] : [label(' ('), named(name), label(')')]),
  ];
  const parts: Doc[] = [
    host,
    user === '' ? [] : phrases.phrase('text.user', { user: [named(user)] }),
    process === '' ? [] : phrases.phrase('text.process', { process: [named(process)] }),
    file === '' ? [] : phrases.phrase('text.file', { file: [named(file)] }),
  ];
  return joined(parts, ', ');
}

function impactRow({ message, completion }: AlertView, phrases: Phrases): Doc | undefined {
  const known = completion === 'succeeded' || completion === 'failed';
  const parts: Doc[] = [
    message.impact === '' ? [] : [prose(message.impact, renderLimits.detailChars)],
    known ? [label(phrases.word(`completion.${completion}`))] : [],
  ];
  const doc = joined(parts, ', ');
  return doc.length === 0 ? undefined : row('text.impact', doc, phrases);
}

function correlation({ name, messageids }: NonNullable<AlertView['correlation']>, phrases: Phrases): Doc {
  const count = messageids.length === 0 ? [] : phrases.plural('text.alerts', messageids.length);
  return joined([name === '' ? [] : [prose(name, renderLimits.nameChars)], count], ', ');
}

/** A value of several lines begins on a line of its own. */
function detailRow(name: string, value: string, phrases: Phrases): Doc {
  const all = value.split(/\r\n?|\n/);
  const some = all.slice(0, renderLimits.detailLines).join('\n');
  const shown = all.length > renderLimits.detailLines ? `${some}\n…` : some;
  const doc = lines(cutUnits(shown, renderLimits.detailChars));
  const title = heading(name || phrases.word('text.details'));
  return [title, doc.some(({ kind }) => kind === 'newline') ? newline : label(' '), ...doc];
}

/** The parts that are not empty. */
export function joined(parts: readonly Doc[], separator: string): Doc {
  return parts
    .filter(({ length }) => length > 0)
    .flatMap((part, index): Doc => (index === 0 ? part : [label(separator), ...part]));
}
