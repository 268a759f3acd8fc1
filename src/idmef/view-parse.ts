/**
 * One message as plain elements, parsed by fast-xml-parser: what the view is made from.
 *
 * The parser's options are chosen against its traps: values stay strings (no `007` → 7), every element is a
 * list, element names get a `-` in front so that `__proto__` and `toString` are names like any other, references
 * are decoded by us (its own decoder leaves `&#10;` alone and counts), xmltext stays the XML it is. Prefixes are
 * dropped; attributes with a prefix (xml:lang, xsi:*) are not part of the view.
 */

import type { EntityDecoderOptions } from 'fast-xml-parser';

import { lazy } from './lazy.ts';
import { xmlLimits } from '../core/limits.ts';
import { decodeReferences } from './tree.ts';

export interface PlainElement {
  readonly attributes: ReadonlyMap<string, string>;
  /** By local name, in document order. */
  readonly children: ReadonlyMap<string, readonly PlainElement[]>;
  /** Character data, not trimmed; of xmltext the inner XML. */
  readonly text: string;
}

export const MARK = '-';
export const ATTRIBUTE = '@';
export const TEXT = '#text';

/** The library's hook for entity decoders: what a DOCTYPE declares feeds nothing. */
export function decoderOf(decode: (text: string) => string): EntityDecoderOptions {
  return {
    setExternalEntities: () => undefined,
    addInputEntities: () => undefined,
    reset: () => undefined,
    setXmlVersion: () => undefined,
    decode,
  };
}

export function toPlain(value: unknown): PlainElement {
  const attributes = new Map<string, string>();
  const children = new Map<string, readonly PlainElement[]>();
  let text = '';
  if (typeof value === 'string') {
    text = value;
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
      if (key === TEXT) {
        text = String(inner);
      } else if (key.startsWith(ATTRIBUTE)) {
        attributes.set(key.slice(1), String(inner));
      } else {
        children.set(key.slice(1), (Array.isArray(inner) ? inner : [inner]).map(toPlain));
      }
    }
  }
  return { attributes, children, text };
}

const library = lazy(() => import('fast-xml-parser'));

/** The message's element; `name` is its local name. The bytes must be well-formed UTF-8 (read-document.ts). */
export async function parsePlain(
  bytes: Uint8Array,
): Promise<{ readonly name: string; readonly element: PlainElement }> {
  const { XMLParser } = await library();
  const parser = new XMLParser({
    attributeNamePrefix: ATTRIBUTE,
    textNodeName: TEXT,
    ignoreAttributes: (name) => name.includes(':') || name === 'xmlns',
    // Called twice for an empty-element tag. The library's own way would drop the prefixes of attributes too.
    transformTagName: (name) => (name.startsWith(MARK) ? name : MARK + name.slice(name.indexOf(':') + 1)),
    isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
    stopNodes: [`..${MARK}xmltext`, `..${MARK}xml`],
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    entityDecoder: decoderOf(decodeReferences),
    maxNestedTags: xmlLimits.depth + 1,
  });
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  for (const [name, [element]] of toPlain(parser.parse(text)).children) {
    if (element !== undefined) {
      return { name, element };
    }
  }
  throw new TypeError('no element in the bytes given');
}
