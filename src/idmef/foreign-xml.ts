/**
 * XML that is no IDMEF (feeds) as plain elements, read leniently: it comes from outside and need not be well-formed.
 *
 * Called by src/dispatcher/sources. Unlike the view's parser this one keeps prefixes (`media:title` is no `title`), takes text, not
 * bytes, and is given what nobody has validated: no entity but the five and numbers is decoded, whatever a DOCTYPE
 * declares; depth and the number of tags are bounded (xmlLimits). Nothing is fetched. Elements' names keep their case.
 */

import { xmlLimits } from '../core/limits.ts';
import { lazy } from './lazy.ts';
import { ATTRIBUTE, decoderOf, MARK, type PlainElement, TEXT, toPlain } from './view-parse.ts';

const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const MAX_CODE_POINT = 0x10ffff;

const library = lazy(() => import('fast-xml-parser'));

/** What is no reference, or to nothing we know, stays. */
function decode(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi, (all, hex, decimal, name) => {
    if (typeof name === 'string') return PREDEFINED[name] ?? all;
    const point = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return point > 0 && point <= MAX_CODE_POINT ? String.fromCodePoint(point) : '\uFFFD';
  });
}

function countTags(text: string): number {
  let count = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) count += 1;
  return count;
}

/** The first element of a document; undefined for what cannot be read, or has too much of something. */
export async function parseForeign(
  text: string,
): Promise<{ readonly name: string; readonly element: PlainElement } | undefined> {
  if (countTags(text) > xmlLimits.foreignTags) return undefined;
  const { XMLParser } = await library();
  const parser = new XMLParser({
    attributeNamePrefix: ATTRIBUTE,
    textNodeName: TEXT,
    ignoreAttributes: false,
    // Called twice for an empty-element tag.
    transformTagName: (name) => (name.startsWith(MARK) ? name : MARK + name),
    isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    entityDecoder: decoderOf(decode),
    maxNestedTags: xmlLimits.depth,
  });
  try {
    for (const [name, [element]] of toPlain(parser.parse(text)).children) {
      if (element !== undefined) return { name, element };
    }
  } catch {
    return undefined;
  }
  return undefined;
}
