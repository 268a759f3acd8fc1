/**
 * Breaks generated documents in the ways producers do: something dropped, doubled, swapped, renamed, misspelt or
 * put where it does not belong. Often the result is still valid; a second judge has to say.
 */

import * as fc from 'fast-check';

import { elements, elementSpec, keywordsOf } from '../../src/idmef/schema.ts';
import { validDocument } from './generator.ts';
import type { GeneratedElement } from './generator.ts';

type Change = (element: GeneratedElement, pick: number) => GeneratedElement;

const names = Object.keys(elements);

function replaced<T>(list: readonly T[], at: number, ...next: readonly T[]): T[] {
  return [...list.slice(0, at), ...next, ...list.slice(at + 1)];
}

function onChild(change: (child: GeneratedElement, pick: number) => readonly GeneratedElement[]): Change {
  return (element, pick) => {
    const at = pick % Math.max(element.children.length, 1);
    const child = element.children[at];
    return child === undefined
      ? element
      : { ...element, children: replaced(element.children, at, ...change(child, pick)) };
  };
}

function onAttribute(
  change: (name: string, value: string, element: GeneratedElement) => Readonly<Record<string, string>>,
): Change {
  return (element, pick) => {
    const entries = Object.entries(element.attributes);
    const at = pick % Math.max(entries.length, 1);
    const [name, value] = entries[at] ?? [undefined, ''];
    return name === undefined
      ? element
      : {
          ...element,
          attributes: { ...Object.fromEntries(replaced(entries, at)), ...change(name, value, element) },
        };
  };
}

export const changes = {
  dropChild: onChild(() => []),
  doubleChild: onChild((child) => [child, child]),
  swapChildren: (element, pick) => {
    const at = pick % Math.max(element.children.length - 1, 1);
    const [a, b] = [element.children[at], element.children[at + 1]];
    return a === undefined || b === undefined
      ? element
      : { ...element, children: replaced(replaced(element.children, at, b), at + 1, a) };
  },
  renameChild: onChild((child, pick) => [{ ...child, name: names[pick % names.length]! }]),
  misspellChild: onChild((child) => [{ ...child, name: `${child.name}x` }]),
  insertChild: (element, pick) => ({
    ...element,
    children: replaced(element.children, element.children.length, {
      name: names[pick % names.length]!,
      attributes: {},
      children: [],
      text: '',
    }),
  }),
  addText: (element) => ({ ...element, text: element.text === '' ? 'stray' : element.text }),
  dropAttribute: onAttribute(() => ({})),
  renameAttribute: onAttribute((name, value) => ({ [`${name}x`]: value })),
  badKeyword: onAttribute((name, value, element) => {
    const spec = elementSpec(element.name)?.attributes?.[name];
    return { [name]: spec !== undefined && keywordsOf(spec) !== undefined ? `${value}x` : value };
  }),
} as const satisfies Record<string, Change>;

/** Every element of a document, as the path of child indexes that leads to it. */
function paths(element: GeneratedElement, at: readonly number[] = []): (readonly number[])[] {
  return [at, ...element.children.flatMap((child, index) => paths(child, [...at, index]))];
}

function changeAt(
  element: GeneratedElement,
  [step, ...rest]: readonly number[],
  change: (element: GeneratedElement) => GeneratedElement,
): GeneratedElement {
  const child = step === undefined ? undefined : element.children[step];
  return step === undefined || child === undefined
    ? change(element)
    : { ...element, children: replaced(element.children, step, changeAt(child, rest, change)) };
}

/** A document that was valid before up to three changes. */
export function brokenDocument(): fc.Arbitrary<GeneratedElement> {
  const step = fc.tuple(fc.constantFrom(...Object.values(changes)), fc.nat(), fc.nat());
  return fc.tuple(validDocument(), fc.array(step, { minLength: 1, maxLength: 3 })).map(([root, list]) =>
    list.reduce((document, [change, where, pick]) => {
      const all = paths(document);
      return changeAt(document, all[where % all.length]!, (element) => change(element, pick));
    }, root),
  );
}
