/**
 * The leniency about optional parts that lack something mandatory: a Reference without url, a File without path,
 * a FileAccess without Permission, a Node without name and address (RFC 4765 §8).
 *
 * Nothing is invented, so the part leaves the model and is kept, as the XML it was, in one AdditionalData. It goes
 * as small as possible: the innermost incomplete element whose absence leaves its parent complete. What the
 * message itself must have (Analyzer, CreateTime, Classification) can never go, and a part with an element or
 * attribute that is unknown, or with too many, is not understood and stays as it is.
 */

import { elementSpec } from '../schema.ts';
import { attributeOf, childElements, removeChild } from '../tree-edit.ts';
import { writeTree } from '../tree.ts';
import type { TreeElement } from '../tree.ts';
import { fits, fitsInPart } from './grammar.ts';
import { idmefChildren, isExtension, isIdmef, keepAsAdditionalData, placeOfLocated } from './leniency.ts';
import type { Leniency, Located } from './leniency.ts';

const NAME = 'incomplete-part';

function lacksAttribute(element: TreeElement): boolean {
  return Object.entries(elementSpec(element.local)?.attributes ?? {}).some(
    ([name, spec]) => spec.required === true && attributeOf(element, name) === undefined,
  );
}

/** Only names the RFC knows, here and below. */
function isUnderstood(element: TreeElement): boolean {
  if (isExtension(element)) {
    return true;
  }
  const spec = elementSpec(element.local);
  return (
    spec !== undefined &&
    isIdmef(element) &&
    element.attributes.every(
      ({ name }) => /^xml(?:ns)?(?::|$)/.test(name) || Object.hasOwn(spec.attributes ?? {}, name),
    ) &&
    element.children.every((child) => child.kind !== 'element' || isUnderstood(child))
  );
}

interface Finding {
  /** The element lacks something and is understood; whoever holds it must do without it. */
  readonly incomplete: boolean;
  /** What goes out of the element, so that it is complete. */
  readonly parts: readonly Located[];
}

/** A part that its parent cannot spare makes the parent incomplete: then that one goes, whole. */
function examine(element: TreeElement, ancestors: readonly TreeElement[]): Finding {
  const inner = [...ancestors, element];
  const leaving = new Set<TreeElement>();
  const parts: Located[] = [];
  for (const child of isExtension(element) ? [] : idmefChildren(element)) {
    const finding = examine(child, inner);
    parts.push(...finding.parts);
    if (finding.incomplete) {
      leaving.add(child);
      parts.push({ element: child, ancestors: inner });
    }
  }
  const children = childElements(element);
  const staying = children.filter((child) => !leaving.has(child)).map(({ local }) => local);
  if (fits(element.local, staying) && !lacksAttribute(element)) {
    return { incomplete: false, parts };
  }
  const names = children.map(({ local }) => local);
  // Whole or, when it is not understood, not at all: taking something out of it would not make it right.
  return { incomplete: isUnderstood(element) && fitsInPart(element.local, names), parts: [] };
}

export const incompletePart: Leniency = {
  name: NAME,
  section: '8',
  accepts: 'an optional part that lacks a mandatory child or attribute',
  writes: 'the message without it; its XML is kept as AdditionalData',
  repair(message) {
    const { parts } = examine(message, []);
    const places = parts.map((part) => placeOfLocated(part));
    for (const [index, { element, ancestors }] of parts.entries()) {
      removeChild(ancestors.at(-1)!, element);
      keepAsAdditionalData(message, NAME, places[index]!, writeTree(element));
    }
    return parts.length > 0;
  },
};
