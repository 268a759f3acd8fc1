/**
 * RFC 4765 as one table: every element the DTD declares (84), its content, attributes, keywords and data types.
 *
 * The grammar compiler, the DTD printer, the view and the document generator of the tests all work from it;
 * nothing else in the product knows an element's content. Order is the DTD's (RFC 4765 §8), so that printing
 * the table gives the RFC's declarations one by one. Where the RFC contradicts itself the DTD wins.
 */

import { RFC_NAMESPACE } from './envelope.ts';
import { coreElements } from './schema/core-classes.ts';
import { enumerations } from './schema/enumerations.ts';
import { leafElements } from './schema/leaves.ts';
import { messageElements } from './schema/message.ts';
import type { AttributeSpec, ElementSpec, ElementTable } from './schema/spec.ts';
import { supportElements } from './schema/support-classes.ts';

/** All elements by name, in the order of the DTD's declarations. */
export const elements: ElementTable = {
  ...messageElements,
  ...coreElements,
  ...supportElements,
  ...leafElements,
};

/**
 * The attributes of every element but those with `globals: 'none'` (the DTD's `attlist.global`, in its order).
 * xml:space is the one enumeration without a named entity; xml:lang is the one NMTOKEN.
 */
export const globalAttributes = {
  'xmlns:idmef': { fixed: RFC_NAMESPACE },
  xmlns: { fixed: RFC_NAMESPACE },
  'xml:space': { values: ['default', 'preserve'], default: 'default' },
  'xml:lang': { nmtoken: true },
} as const;

/** The row of an element; undefined for a name the RFC does not declare. */
export function elementSpec(name: string): ElementSpec | undefined {
  return Object.hasOwn(elements, name) ? elements[name] : undefined;
}

/** The keywords an attribute may have; undefined where it is free text. */
export function keywordsOf(attribute: AttributeSpec): readonly string[] | undefined {
  return attribute.oneOf === undefined ? undefined : enumerations[attribute.oneOf];
}
