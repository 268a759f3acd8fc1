/**
 * The schema table in the form the validator runs on: numbers for names, one automaton table, attribute slots.
 *
 * Made at the first use (a millisecond) and shared. An element's attributes have slots 0 to 15 in the order of
 * its row, the two xml: attributes last; a set of slots is a bit mask.
 */

import { lazy } from '../lazy.ts';
import { elements, elementSpec, globalAttributes, keywordsOf } from '../schema.ts';
import type { AttributeSpec, DataType } from '../schema/spec.ts';
import { type Automata, compileAutomata } from './automata.ts';
import { KeywordSet } from './keywords.ts';
import { NameTable } from './names-table.ts';

export const CHILDREN = 0;
const TEXT_ONLY = 1;
export const EMPTY = 2;
export const ANY = 3;

/** Slots of one element. */
export const SLOTS = 16;
/** In place of a slot. */
export const NO_SLOT = 255;

export interface CompiledAttribute {
  readonly name: string;
  readonly keywords: KeywordSet | undefined;
  readonly fixed: string | undefined;
  readonly default: string | undefined;
  readonly isNmtoken: boolean;
  readonly dataType: DataType | undefined;
  readonly range: readonly [number, number] | undefined;
  /** Nothing to check in the value. */
  readonly isFree: boolean;
}

export interface Grammar {
  readonly names: NameTable;
  readonly automata: Automata;
  /** CHILDREN, TEXT_ONLY, EMPTY or ANY, by element. */
  readonly content: Uint8Array;
  /** Type of the text, by element. */
  readonly dataTypes: readonly (DataType | undefined)[];
  /** Numbers that make sense as text, by element. */
  readonly ranges: readonly (readonly [number, number] | undefined)[];
  readonly sections: readonly string[];
  readonly attributeNames: NameTable;
  /** `space` and `lang`, the two of the XML namespace; their slots are `xmlSlots[element]` and the next. */
  readonly xmlNames: NameTable;
  readonly xmlSlots: Uint8Array;
  /** `slots[element * attributeWidth + attribute name]`: slot or NO_SLOT. */
  readonly slots: Uint8Array;
  readonly attributeWidth: number;
  /** `attributes[element * SLOTS + slot]` */
  readonly attributes: readonly (CompiledAttribute | undefined)[];
  /** Masks of the slots that must be there, by element. */
  readonly required: Int32Array;
}

/** The grammar of RFC 4765. */
export const grammar: () => Grammar = lazy(compileGrammar);

/** Number of a known element; a bug if it is none. */
export function elementNumber(name: string): number {
  const number = grammar().names.numberOf(name);
  if (number === 0) throw new Error(`no element ${name} in the schema`);
  return number;
}

/** Slot of an element's attribute; a bug if it has none of that name. */
export function slotOf(element: string, attribute: string): number {
  const { names, attributeNames, slots, attributeWidth } = grammar();
  const slot = slots[names.numberOf(element) * attributeWidth + attributeNames.numberOf(attribute)];
  if (slot === undefined || slot === NO_SLOT) throw new Error(`no attribute ${attribute} of ${element}`);
  return slot;
}

function compileGrammar(): Grammar {
  const names = new NameTable(Object.keys(elements));
  const width = names.names.length + 1;
  const attributeNames = new NameTable(allAttributeNames());
  const attributeWidth = attributeNames.names.length + 1;
  const content = new Uint8Array(width);
  const dataTypes: (DataType | undefined)[] = [undefined];
  const ranges: (readonly [number, number] | undefined)[] = [undefined];
  const sections: string[] = [''];
  const xmlSlots = new Uint8Array(width);
  const slots = new Uint8Array(width * attributeWidth).fill(NO_SLOT);
  const attributes: (CompiledAttribute | undefined)[] = Array.from({ length: width * SLOTS });
  const required = new Int32Array(width);

  for (const [index, name] of names.names.entries()) {
    const element = index + 1;
    const spec = elementSpec(name);
    if (spec === undefined) continue;
    content[element] = contentKind(spec.content);
    dataTypes.push(spec.dataType === 'string' ? undefined : spec.dataType);
    ranges.push(spec.range);
    sections.push(spec.section);
    let slot = 0;
    const add = (attribute: CompiledAttribute): void => {
      attributes[element * SLOTS + slot] = attribute;
      slot += 1;
    };
    for (const [attributeName, attribute] of Object.entries(spec.attributes ?? {})) {
      slots[element * attributeWidth + attributeNames.numberOf(attributeName)] = slot;
      if (attribute.required === true) required[element] = (required[element] ?? 0) | (1 << slot);
      add(compileAttribute(attributeName, keywordsOf(attribute), attribute));
    }
    xmlSlots[element] = slot;
    const space = globalAttributes['xml:space'];
    add(compileAttribute('xml:space', space.values, { default: space.default }));
    add(compileAttribute('xml:lang', undefined, globalAttributes['xml:lang']));
  }
  return {
    names,
    automata: compileAutomata(elements, (name) => names.numberOf(name)),
    content,
    dataTypes,
    ranges,
    sections,
    attributeNames,
    xmlNames: new NameTable(['space', 'lang']),
    xmlSlots,
    slots,
    attributeWidth,
    attributes,
    required,
  };
}

function contentKind(content: string): number {
  if (content === '#PCDATA') return TEXT_ONLY;
  if (content === 'EMPTY') return EMPTY;
  return content === 'ANY' ? ANY : CHILDREN;
}

function compileAttribute(
  name: string,
  words: readonly string[] | undefined,
  rest: AttributeSpec & { readonly nmtoken?: boolean },
): CompiledAttribute {
  const isNmtoken = rest.nmtoken === true;
  return {
    name,
    keywords: words && new KeywordSet(words),
    fixed: rest.fixed,
    default: rest.default,
    isNmtoken,
    dataType: rest.dataType,
    range: rest.range,
    isFree: words === undefined && rest.fixed === undefined && rest.dataType === undefined && !isNmtoken,
  };
}

function allAttributeNames(): readonly string[] {
  const all = new Set<string>();
  for (const spec of Object.values(elements)) {
    for (const name of Object.keys(spec.attributes ?? {})) all.add(name);
  }
  return [...all];
}
