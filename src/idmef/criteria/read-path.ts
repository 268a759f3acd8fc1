/**
 * The values of a message at a path, from its elements.
 *
 * What RFC 4765 and Prelude's model have in different places is decided as in a message that is carried to Prelude
 * (../prelude/model-reader.ts): chains of Analyzers are lists, empty texts are absent, of a time's text and stamp the one
 * that counts. The message is well-formed; nothing else is taken for granted. Every walk is linear in the message.
 */

import { enums } from '../prelude/table.ts';
import { readTime, timeText } from '../prelude/times.ts';
import { isBlank, trimXml } from '../tree-edit.ts';
import type { Leaf, Path, Pick, Step } from './paths.ts';
import type { ReadElement } from './read-element.ts';

export type Slot = string | undefined;

/** One reading of one path. */
interface Reading {
  readonly path: Path;
  readonly withDefaults: boolean;
  readonly slots: Slot[];
}

/** Never empty: see Subject.slots. */
export function readSlots(root: ReadElement, path: Path, withDefaults: boolean): Slot[] {
  const reading: Reading = { path, withDefaults, slots: [] };
  if (root.local === path.root) walk(reading, root, 0);
  else reading.slots.push(undefined);
  return reading.slots;
}

function walk(reading: Reading, element: ReadElement, at: number): void {
  const { path, slots } = reading;
  const step = path.steps[at];
  if (step === undefined) {
    if (path.leaf === undefined) slots.push(element.local);
    else readLeaf(reading, element, path.leaf);
    return;
  }
  if (!step.list) {
    const child = firstChild(element, step.local);
    if (child === undefined) slots.push(undefined);
    else walk(reading, child, at + 1);
    return;
  }
  const chosen = choose(elements(element, step), step.pick);
  for (const child of chosen) walk(reading, child, at + 1);
  if (chosen.length === 0) slots.push(undefined);
}

function firstChild(parent: ReadElement, local: string): ReadElement | undefined {
  for (const child of parent.children) if (child.local === local && child.isOurs) return child;
  return undefined;
}

function elements(parent: ReadElement, { local, nested }: Step): readonly ReadElement[] {
  if (!nested) return parent.children.filter((child) => child.local === local && child.isOurs);
  const chain: ReadElement[] = [];
  for (let next = firstChild(parent, local); next !== undefined; next = firstChild(next, local)) {
    chain.push(next);
  }
  return chain;
}

function choose(list: readonly ReadElement[], pick: Pick): readonly ReadElement[] {
  if (pick === undefined) return list;
  if (typeof pick === 'string') return list.filter((element) => element.attribute('meaning') === pick);
  const chosen = list.at(pick);
  return chosen === undefined ? [] : [chosen];
}

function readLeaf(reading: Reading, element: ReadElement, leaf: Leaf): void {
  const { slots, withDefaults } = reading;
  if (leaf.list) {
    readTexts(reading, element, leaf);
    return;
  }
  slots.push(leafValue(element, leaf) ?? (withDefaults ? leaf.fallback : undefined));
}

/** A list of texts: Process/arg, FileAccess/Permission. */
function readTexts({ slots }: Reading, element: ReadElement, leaf: Leaf): void {
  const { local, inside, pick } = leaf;
  const texts: string[] = [];
  for (const child of elements(element, { local, list: true, pick, nested: false })) {
    const text = inside === undefined ? child.text() : trimXml(child.attribute(inside) ?? '');
    if (text !== '') texts.push(text);
  }
  if (typeof pick === 'number') slots.push(texts.at(pick));
  else if (texts.length === 0) slots.push(undefined);
  else slots.push(...texts);
}

function leafValue(element: ReadElement, leaf: Leaf): Slot {
  const { where, local, kind } = leaf;
  if (where === 'attribute') return plain(element.attribute(local), leaf);
  if (where === 'typed') return dataOf(element);
  if (where === 'kind') {
    const type = element.children[0]?.local;
    return plain(type === 'xmltext' ? 'xml' : type, leaf);
  }
  if (where === 'text') {
    const text = element.text();
    return isBlank(text) ? undefined : plain(text, leaf);
  }
  const child = firstChild(element, local);
  if (child === undefined) return undefined;
  return kind === 'time' ? timeOf(child) : plain(child.text(), leaf);
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
function timeOf(element: ReadElement): Slot {
  const { time } = readTime(trimXml(element.text()), trimmed(element.attribute('ntpstamp')));
  return time === undefined ? undefined : timeText(time);
}

function trimmed(text: string | undefined): string | undefined {
  return text === undefined ? undefined : trimXml(text);
}

/** The text of an AdditionalData; of xmltext its markup. */
function dataOf(element: ReadElement): Slot {
  const [typed] = element.children;
  if (typed === undefined) return undefined;
  const { local } = typed;
  if (local === 'xmltext') return typed.markup() || undefined;
  const text = typed.text();
  return (local === 'string' || local === 'character' ? text : trimXml(text)) || undefined;
}
