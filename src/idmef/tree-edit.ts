/**
 * Reading and changing a message tree (tree.ts). Every change drops the verbatim text of just the tag it
 * touches. Called by the repairs, whose one way to alter a message is this file.
 */

import { escapeText } from './tree.ts';
import type { TreeElement, TreeNode, TreeText } from './tree.ts';

export function attributeOf(element: TreeElement, name: string): string | undefined {
  return element.attributes.find((attribute) => attribute.name === name)?.value;
}

/** Sets or adds an attribute without a namespace. */
export function setAttribute(element: TreeElement, name: string, value: string): void {
  const present = element.attributes.find((attribute) => attribute.name === name);
  if (present === undefined) {
    element.attributes.push({ name, value });
  } else {
    present.value = value;
  }
  element.start = undefined;
}

export function removeAttribute(element: TreeElement, name: string): void {
  element.attributes = element.attributes.filter((attribute) => attribute.name !== name);
  element.start = undefined;
}

/** Another local name, same namespace and prefix. */
export function renameElement(element: TreeElement, local: string): void {
  element.local = local;
  element.start = undefined;
  if (element.end !== '') {
    element.end = undefined;
  }
}

export function childElements(element: TreeElement): TreeElement[] {
  return element.children.filter((child) => child.kind === 'element');
}

/** The element's own character data, decoded; that of its children is not in it. */
export function ownText(element: TreeElement): string {
  return element.children.map((child) => (child.kind === 'text' ? child.value : '')).join('');
}

/** The element itself and all below it. */
export function countElements(element: TreeElement): number {
  return childElements(element).reduce((count, child) => count + countElements(child), 1);
}

function isSpace(text: string, at: number): boolean {
  const c = text.charCodeAt(at);
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}

/**
 * Start and end of what stands between the white space at both ends; start = end when there is nothing else. A
 * loop, because a pattern that looks for trailing blanks takes quadratic time on a long run of blanks elsewhere.
 */
function core(text: string): readonly [start: number, end: number] {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text, start)) start += 1;
  while (end > start && isSpace(text, end - 1)) end -= 1;
  return [start, end];
}

export function isBlank(text: string): boolean {
  const [start, end] = core(text);
  return start === end;
}

/** Without the four white-space characters of XML at both ends; other blanks are content. */
export function trimXml(text: string): string {
  return text.slice(...core(text));
}

export function textNode(value: string): TreeText {
  return { kind: 'text', raw: escapeText(value), value };
}

/** Replaces the element's character data; keeps the white space around it, and comments. */
export function setText(element: TreeElement, value: string): void {
  const old = ownText(element);
  const [start, end] = core(old);
  const rest = element.children.filter((child) => child.kind !== 'text');
  element.children = [textNode(old.slice(0, start) + value + old.slice(end)), ...rest];
}

/** A new element in the namespace of `like`, with the prefix that is in force there. */
export function newElement(
  like: TreeElement,
  local: string,
  attributes: Readonly<Record<string, string>> = {},
  children: TreeNode[] = [],
): TreeElement {
  return {
    kind: 'element',
    prefix: like.prefix,
    local,
    namespace: like.namespace,
    attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
    children,
    start: undefined,
    end: undefined,
  };
}

/** Appends an element on a line of its own when the siblings stand on lines of their own. */
export function appendChild(parent: TreeElement, child: TreeElement): void {
  const last = parent.children.findLastIndex((node) => node.kind === 'element');
  const lead = parent.children[last - 1];
  const indent = lead?.kind === 'text' && isBlank(lead.value) ? [lead] : [];
  parent.children.splice(last + 1, 0, ...indent, child);
}

/** Takes a child out, with the white space that stood before it. */
export function removeChild(parent: TreeElement, child: TreeElement): void {
  const at = parent.children.indexOf(child);
  const before = parent.children[at - 1];
  if (before?.kind === 'text' && isBlank(before.value)) {
    parent.children.splice(at - 1, 2);
  } else {
    parent.children.splice(at, 1);
  }
}

/** Puts `next` where `child` stands. */
export function replaceChild(parent: TreeElement, child: TreeElement, ...next: TreeNode[]): void {
  parent.children.splice(parent.children.indexOf(child), 1, ...next);
}

/** `name`, or `name[2]` among siblings of that name. */
function step(parent: TreeElement, element: TreeElement): string {
  let position = 0;
  let count = 0;
  for (const node of parent.children) {
    if (node.kind === 'element' && node.local === element.local && node.namespace === element.namespace) {
      count += 1;
      position = node === element ? count : position;
    }
  }
  return count > 1 ? `${element.local}[${position}]` : element.local;
}

/** `Target[2]/File/FileAccess`: where an element stands below the message, for people. */
export function placeOf(ancestors: readonly TreeElement[], element: TreeElement): string {
  const line = [...ancestors, element];
  return line
    .slice(1)
    .map((self, above) => step(line[above]!, self))
    .join('/');
}
