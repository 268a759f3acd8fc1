/**
 * What a named leniency is, and what it works on.
 *
 * A leniency accepts one deviation seen in the field and writes what RFC 4765 wants instead. It is deterministic
 * and idempotent, invents nothing and loses nothing: what has no place in the RFC's model is kept as
 * AdditionalData of the same message, with a meaning that says where it stood and by which leniency it moved.
 * The families of repairs (files beside this one) are run in order by ../repair.ts; the result is validated again.
 */

import { RFC_NAMESPACE } from '../envelope.ts';
import { appendChild, childElements, newElement, placeOf, textNode } from '../tree-edit.ts';
import type { TreeElement } from '../tree.ts';

export interface Leniency {
  /** Stable id, shown to operators and counted. */
  readonly name: string;
  /** Section of RFC 4765 the message departs from. */
  readonly section: string;
  /** What is accepted. */
  readonly accepts: string;
  /** What is written instead. */
  readonly writes: string;
  /** Changes the message; says whether it did. */
  readonly repair: (message: TreeElement, find: Find) => boolean;
}

/** An IDMEF element and the elements above it, the message first. */
export interface Located {
  readonly element: TreeElement;
  readonly ancestors: readonly TreeElement[];
}

export function isIdmef(element: TreeElement): boolean {
  return element.namespace === RFC_NAMESPACE;
}

/** Extension content (§5.2) is the sensor's own and never touched; `xml` is the older name of `xmltext`. */
export function isExtension(element: TreeElement): boolean {
  return element.local === 'xmltext' || element.local === 'xml';
}

/** The IDMEF elements of certain names, or all; the message itself is one of them. In document order by name. */
export type Find = (...names: readonly string[]) => readonly Located[];

/** Finds among the elements as they are at the first question; the insides of extensions are left out. */
export function finderOf(message: TreeElement): Find {
  const all: Located[] = [];
  const byName = new Map<string, Located[]>();
  const visit = (element: TreeElement, ancestors: readonly TreeElement[]): void => {
    const located = { element, ancestors };
    all.push(located);
    const same = byName.get(element.local);
    if (same === undefined) {
      byName.set(element.local, [located]);
    } else {
      same.push(located);
    }
    if (isExtension(element)) {
      return;
    }
    let inner: readonly TreeElement[] | undefined;
    for (const child of element.children) {
      if (child.kind === 'element' && isIdmef(child)) {
        inner ??= [...ancestors, element];
        visit(child, inner);
      }
    }
  };
  return (...names) => {
    if (all.length === 0) {
      visit(message, []);
    }
    return names.length === 0 ? all : names.flatMap((name) => byName.get(name) ?? []);
  };
}

/** IDMEF children, optionally of certain names. */
export function idmefChildren(element: TreeElement, ...names: readonly string[]): TreeElement[] {
  return childElements(element).filter(
    (child) => isIdmef(child) && (names.length === 0 || names.includes(child.local)),
  );
}

export function parentOf(located: Located): TreeElement | undefined {
  return located.ancestors.at(-1);
}

/** Says at the end of the message what had no place in the model. */
export function keepAsAdditionalData(
  message: TreeElement,
  leniency: string,
  place: string,
  value: string,
  type: 'string' | 'portlist' | 'ntpstamp' = 'string',
): void {
  const meaning = `idmef-relay: ${place} (${leniency})`;
  appendChild(
    message,
    newElement(message, 'AdditionalData', { type, meaning }, [
      newElement(message, type, {}, [textNode(value)]),
    ]),
  );
}

export function placeOfLocated({ element, ancestors }: Located): string {
  return placeOf(ancestors, element);
}
