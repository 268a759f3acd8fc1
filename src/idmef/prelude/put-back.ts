/**
 * Values that carry.ts moved into AdditionalData, back where they stood: the way from Prelude's model to RFC 4765 gives
 * the message it came from.
 *
 * Called by rfc-message.ts with the tree of the message, in the order of places. What has no such place in this message,
 * because somebody else wrote the meaning or the message was changed, stays AdditionalData.
 */

import { ranksOf } from '../repair/grammar.ts';
import { elementSpec } from '../schema.ts';
import { childElements, newElement, setAttribute, textNode } from '../tree-edit.ts';
import type { TreeElement } from '../tree.ts';
import type { Moved } from './moved-data.ts';

const step = /^([A-Za-z][A-Za-z-]{0,40})(?:\[([1-9][0-9]{0,8})\])?$/;

/** The child a step names, made if it is the next of its kind; undefined if it cannot be there. */
function childAt(parent: TreeElement, written: string): TreeElement | undefined {
  const match = step.exec(written);
  const ranks = ranksOf(parent.local);
  const rank = ranks?.get(match?.[1] ?? '');
  if (match === null || ranks === undefined || rank === undefined) return undefined;
  const [, local = '', number = '1'] = match;
  const children = childElements(parent);
  const same = children.filter((child) => child.local === local);
  const present = same[Number(number) - 1];
  if (present !== undefined) return present;
  if (same.length !== Number(number) - 1) return undefined;
  const made = newElement(parent, local);
  const after = parent.children.findIndex(
    (node) => node.kind === 'element' && (ranks.get(node.local) ?? Infinity) > rank,
  );
  parent.children.splice(after < 0 ? parent.children.length : after, 0, made);
  return made;
}

/** An item that closed up when it was moved: the one now in its place, and those behind, go one on. */
function insertItem(parent: TreeElement, written: string): boolean {
  const match = step.exec(written);
  if (match === null) return false;
  const [, local = '', number = '1'] = match;
  const same = childElements(parent).filter((child) => child.local === local);
  const next = same[Number(number) - 1];
  if (next === undefined) return childAt(parent, written) !== undefined;
  parent.children.splice(parent.children.indexOf(next), 0, newElement(parent, local));
  return true;
}

/** Puts the value to its place in the message; false when there is none. */
export function putBack(message: TreeElement, { place, rule, value }: Moved): boolean {
  const steps = place.split('/');
  const last = steps.at(-1) ?? '';
  const isAttribute = last.startsWith('@');
  let element: TreeElement | undefined = message;
  for (const written of isAttribute || rule === 'empty-item' ? steps.slice(0, -1) : steps) {
    element = childAt(element, written);
    if (element === undefined) return false;
  }
  if (rule === 'empty-item') return insertItem(element, last);
  if (!isAttribute) {
    if (elementSpec(element.local)?.content === '#PCDATA') element.children = [textNode(value)];
    return true;
  }
  setAttribute(element, last.slice(1), value);
  return true;
}
