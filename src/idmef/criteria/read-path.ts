/**
 * The values of a message at a path, from its tree.
 *
 * What RFC 4765 and Prelude's model have in different places is decided as in a message that is carried to Prelude
 * (../prelude/model-reader.ts): chains of Analyzers are lists, empty texts are absent, of a time's text and stamp the one
 * that counts. The tree is well-formed; nothing else is taken for granted. Every walk is linear in the message.
 */

import { markupOf } from '../prelude/markup.ts';
import { enums } from '../prelude/table.ts';
import { readTime, timeText } from '../prelude/times.ts';
import { isBlank, ownText, trimXml } from '../tree-edit.ts';
import type { TreeElement } from '../tree.ts';
import type { Leaf, Path, Pick, Step } from './paths.ts';

export type Slot = string | undefined;

/** One reading of one path. */
interface Reading {
  readonly root: TreeElement;
  readonly path: Path;
  readonly withDefaults: boolean;
  readonly slots: Slot[];
}

/** Never empty: see Subject.slots. */
export function readSlots(root: TreeElement, path: Path, withDefaults: boolean): Slot[] {
  const reading: Reading = { root, path, withDefaults, slots: [] };
  if (root.local === path.root) walk(reading, root, 0);
  else reading.slots.push(undefined);
  return reading.slots;
}

function walk(reading: Reading, element: TreeElement, at: number): void {
  const { path, slots } = reading;
  const step = path.steps[at];
  if (step === undefined) {
    if (path.leaf === undefined) slots.push(element.local);
    else readLeaf(reading, element, path.leaf);
    return;
  }
  if (!step.list) {
    const child = firstChild(reading.root, element, step.local);
    if (child === undefined) slots.push(undefined);
    else walk(reading, child, at + 1);
    return;
  }
  const chosen = choose(elements(reading.root, element, step), step.pick);
  for (const child of chosen) walk(reading, child, at + 1);
  if (chosen.length === 0) slots.push(undefined);
}

function firstChild(root: TreeElement, parent: TreeElement, local: string): TreeElement | undefined {
  for (const child of parent.children) {
    if (child.kind === 'element' && child.local === local && child.namespace === root.namespace) return child;
  }
  return undefined;
}

function elements(root: TreeElement, parent: TreeElement, { local, nested }: Step): TreeElement[] {
  const found: TreeElement[] = [];
  if (nested) {
    for (let next = firstChild(root, parent, local); next !== undefined;) {
      found.push(next);
      next = firstChild(root, next, local);
    }
    return found;
  }
  for (const child of parent.children) {
    if (child.kind === 'element' && child.local === local && child.namespace === root.namespace)
      found.push(child);
  }
  return found;
}

function choose(list: readonly TreeElement[], pick: Pick): readonly TreeElement[] {
  if (pick === undefined) return list;
  if (typeof pick === 'string') return list.filter((element) => attribute(element, 'meaning') === pick);
  const chosen = list.at(pick);
  return chosen === undefined ? [] : [chosen];
}

function attribute(element: TreeElement, name: string): string | undefined {
  for (const one of element.attributes) if (one.name === name) return one.value;
  return undefined;
}

function readLeaf(reading: Reading, element: TreeElement, leaf: Leaf): void {
  const { slots, withDefaults } = reading;
  if (leaf.list) {
    readTexts(reading, element, leaf);
    return;
  }
  slots.push(leafValue(reading, element, leaf) ?? (withDefaults ? leaf.fallback : undefined));
}

/** A list of texts: Process/arg, FileAccess/Permission. */
function readTexts({ root, slots }: Reading, element: TreeElement, leaf: Leaf): void {
  const { local, inside, pick } = leaf;
  const texts: string[] = [];
  for (const child of elements(root, element, { local, list: true, pick, nested: false })) {
    const text = inside === undefined ? textOf(child) : trimXml(attribute(child, inside) ?? '');
    if (text !== '') texts.push(text);
  }
  if (typeof pick === 'number') slots.push(texts.at(pick));
  else if (texts.length === 0) slots.push(undefined);
  else slots.push(...texts);
}

function leafValue({ root }: Reading, element: TreeElement, leaf: Leaf): Slot {
  const { where, local, kind } = leaf;
  if (where === 'attribute') return plain(attribute(element, local), leaf);
  if (where === 'typed') return dataOf(root, element);
  if (where === 'kind') {
    const type = typedChild(element)?.local;
    return plain(type === 'xmltext' ? 'xml' : type, leaf);
  }
  if (where === 'text') {
    const text = textOf(element);
    return isBlank(text) ? undefined : plain(text, leaf);
  }
  const child = firstChild(root, element, local);
  if (child === undefined) return undefined;
  return kind === 'time' ? timeOf(child) : plain(textOf(child), leaf);
}

function textOf(element: TreeElement): string {
  const [only] = element.children;
  if (only === undefined) return '';
  return element.children.length === 1 && only.kind === 'text' ? only.value : ownText(element);
}

/** White space of strings is their own; an unknown keyword is none. */
function plain(text: string | undefined, { kind, of }: Leaf): Slot {
  if (text === undefined || text === '') return undefined;
  if (kind === 'string') return text;
  const value = trimXml(text);
  if (of !== undefined && !Object.hasOwn(enums[of], value)) return undefined;
  return value === '' ? undefined : value;
}

/** ISO 8601 with microseconds at most. */
function timeOf(element: TreeElement): Slot {
  const { time } = readTime(trimXml(textOf(element)), trimmed(attribute(element, 'ntpstamp')));
  return time === undefined ? undefined : timeText(time);
}

function trimmed(text: string | undefined): string | undefined {
  return text === undefined ? undefined : trimXml(text);
}

function typedChild(data: TreeElement): TreeElement | undefined {
  for (const child of data.children) if (child.kind === 'element') return child;
  return undefined;
}

/** The text of an AdditionalData; of xmltext its markup. */
function dataOf(root: TreeElement, element: TreeElement): Slot {
  const typed = typedChild(element);
  if (typed === undefined) return undefined;
  const { local } = typed;
  if (local === 'xmltext') return markupOf(typed, [root, element, typed]) || undefined;
  const text = textOf(typed);
  return (local === 'string' || local === 'character' ? text : trimXml(text)) || undefined;
}
