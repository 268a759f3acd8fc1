/**
 * A message's elements for reading alone: what the walk along a path needs of them (read-path.ts).
 *
 * Two makers: the usual message goes through outline.ts, which leaves all it can undone until it is asked for; one with
 * markup of its own (xmltext, comments, CDATA, more namespaces) is read from its tree here.
 */

import { markupOf } from '../prelude/markup.ts';
import { ownText } from '../tree-edit.ts';
import type { TreeElement } from '../tree.ts';

export interface ReadElement {
  readonly local: string;
  /** In the namespace of the message. */
  readonly isOurs: boolean;
  readonly children: readonly ReadElement[];
  attribute(name: string): string | undefined;
  /** The element's own character data, decoded; that of its children is not in it. */
  text(): string;
  /** Of an xmltext: its content as text of its own. Undefined when that is too long. */
  markup(): string | undefined;
}

class TreeReader implements ReadElement {
  readonly local: string;
  readonly isOurs: boolean;
  readonly #element: TreeElement;
  /** The elements around it, the message first. */
  readonly #line: readonly TreeElement[];
  #children: readonly ReadElement[] | undefined;

  constructor(element: TreeElement, above: readonly TreeElement[]) {
    this.local = element.local;
    this.isOurs = element.namespace === (above[0] ?? element).namespace;
    this.#element = element;
    this.#line = [...above, element];
  }

  get children(): readonly ReadElement[] {
    this.#children ??= this.#element.children
      .filter((child) => child.kind === 'element')
      .map((child) => new TreeReader(child, this.#line));
    return this.#children;
  }

  attribute(name: string): string | undefined {
    return this.#element.attributes.find((one) => one.name === name)?.value;
  }

  text(): string {
    return ownText(this.#element);
  }

  markup(): string | undefined {
    return markupOf(this.#element, this.#line);
  }
}

/** `root`: the message. */
export function readTree(root: TreeElement): ReadElement {
  return new TreeReader(root, []);
}
