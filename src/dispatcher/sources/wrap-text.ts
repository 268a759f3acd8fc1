/**
 * Text that is no IDMEF, wrapped into an alert: Analyzer = the source, Classification = the first line, AdditionalData = the
 * text (reference: E.2 of the dispatcher's model).
 *
 * Called by every source but IDMEF itself. The result is strictly valid whatever the text holds: control and direction
 * characters go from the title, XML's forbidden ones become U+FFFD in the body. Who sent it stands in `origin` alone; a caller
 * takes keys and passwords out of the text before it comes here. A body longer than wrapLimits.bodyChars is cut, and says so.
 */

import { wrapLimits } from '../../core/limits.ts';
import type { Clock, Random } from '../../core/ports.ts';
import { type AlertParts, composeAlert, type DatumParts } from '../../idmef/compose.ts';
import type { Inbound } from '../model/message.ts';

export interface WrapWorld {
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
  /** Of this host; part of the analyzerid. */
  readonly hostname: string;
}

/** What an alert made from text may say besides; everything but `text` and `origin` has a default. */
export interface TextParts
  extends
    Pick<Inbound, 'origin' | 'forced' | 'verbatim' | 'lifecycle'>,
    Partial<
      Pick<AlertParts, 'severity' | 'completion' | 'sources' | 'targets' | 'references' | 'detectTime'>
    > {
  /** The whole text; its first line that is not blank is the title, unless `title` is given. */
  readonly text: string;
  readonly title?: string;
  /** Of the analyzer, as the text has it: display only. Default: the source's name, on no node. */
  readonly analyzer?: { readonly name?: string; readonly class?: string; readonly node?: string };
  /** Facts beside the body. Empty values are left out. */
  readonly data?: readonly DatumParts[];
  /** Of something that has an identity of its own, so that a repeat is a duplicate; default random. */
  readonly messageid?: string;
  /** Wall ms; default now. Give it together with `messageid`: a repeat must have the same bytes. */
  readonly createTime?: number;
}

/** Controls, direction marks and overrides, line and paragraph separators, byte order marks: what could disguise a title. */
const DISGUISES =
  // oxlint-disable-next-line no-control-regex -- they are what it is about
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g;

/** Half characters become U+FFFD. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** One line for people: no controls, single spaces, at most so many code points (an ellipsis counts). */
export function oneLine(text: string, maxChars: number = wrapLimits.titleChars): string {
  // A look at the beginning is enough, however long the text is.
  const head = wellFormed(text.slice(0, maxChars * 16));
  const clean = head.replace(DISGUISES, ' ').replace(/\s+/g, ' ').trim();
  return cut(clean, maxChars);
}

/** At most so many code points, the last an ellipsis if some are missing. */
function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const points = Array.from(text.slice(0, maxChars * 2 + 2));
  return points.length <= maxChars ? text : `${points.slice(0, maxChars - 1).join('')}…`;
}

/** The first line that has something to read; '' for none. */
export function firstLine(text: string): string {
  const head = text.slice(0, wrapLimits.titleSearchChars);
  for (const line of head.split(/[\r\n\u2028\u2029]+/)) {
    const clean = oneLine(line);
    if (clean !== '') return clean;
  }
  return '';
}

function body(text: string): readonly DatumParts[] {
  if (text === '') return [];
  const shown = wellFormed(cut(text, wrapLimits.bodyChars));
  const datum: DatumParts = { meaning: 'body', type: 'string', value: shown };
  if (shown.length === text.length) return [datum];
  return [
    datum,
    { meaning: 'body cut, characters of the whole', type: 'integer', value: String(text.length) },
  ];
}

function bounded({ meaning, type, value }: DatumParts): DatumParts {
  return { meaning: oneLine(meaning), type, value: wellFormed(cut(value, wrapLimits.datumChars)) };
}

/** A valid alert from text. Never rejects for what the text holds. */
export async function wrapText(parts: TextParts, world: WrapWorld): Promise<Inbound> {
  const { text, title = '', analyzer = {}, data = [], origin } = parts;
  const facts = data.filter(({ value }) => value !== '').slice(0, wrapLimits.data);
  const alert: AlertParts = {
    messageid: parts.messageid ?? Buffer.from(world.random.bytes(16)).toString('hex'),
    analyzer: {
      analyzerid: `${origin.source}@${world.hostname}`,
      name: oneLine(analyzer.name ?? '') || origin.source,
      model: 'alert-dispatcher',
      class: analyzer.class ?? 'Text',
      node: oneLine(analyzer.node ?? ''),
    },
    createTime: parts.createTime ?? world.clock.now(),
    classification: oneLine(title) || firstLine(text) || `${origin.source} message`,
    data: [...facts.map(bounded), ...body(text)],
    ...optional(parts),
  };
  const { forced, verbatim, lifecycle } = parts;
  return {
    body: await composeAlert(alert),
    origin,
    ...(forced === undefined ? {} : { forced }),
    ...(verbatim === undefined ? {} : { verbatim }),
    ...(lifecycle === undefined ? {} : { lifecycle }),
  };
}

function optional({
  severity,
  completion,
  sources,
  targets,
  references,
  detectTime,
}: TextParts): Partial<AlertParts> {
  return {
    ...(severity === undefined ? {} : { severity }),
    ...(completion === undefined ? {} : { completion }),
    ...(sources === undefined ? {} : { sources }),
    ...(targets === undefined ? {} : { targets }),
    ...(references === undefined ? {} : { references }),
    ...(detectTime === undefined ? {} : { detectTime }),
  };
}
