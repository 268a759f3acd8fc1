/**
 * Values that carry.ts moved into AdditionalData, back where they stood: the way from Prelude's model to RFC 4765 gives
 * the message it came from.
 *
 * Used by rfc-message.ts on the tree of one message, in the order of places. What has no such place in this message,
 * because somebody else wrote the meaning or the message was changed, stays AdditionalData.
 */

import { ranksOf } from '../repair/grammar.ts';
import { elementSpec } from '../schema.ts';
import { attributeOf, newElement, setAttribute, textNode } from '../tree-edit.ts';
import type { TreeElement } from '../tree.ts';
import type { Moved } from './moved-data.ts';

/** One step of a place: the name of a child and its number. */
const form = /^([A-Za-z][A-Za-z-]{0,40})(?:\[([1-9][0-9]{0,8})\])?$/;

/** By these rules the field holds something all the same: the nearest number, the other time. */
const replaced: ReadonlySet<string> = new Set(['confidence', 'time-stamp', 'time-unreadable', 'data-type']);

interface Step {
  readonly local: string;
  readonly index: number;
}

function stepOf(written: string): Step | undefined {
  const match = form.exec(written);
  return match === null ? undefined : { local: match[1]!, index: Number(match[2] ?? '1') - 1 };
}

export class PutBack {
  private readonly message: TreeElement;
  /** The children of an element by name, in their order: counted once, however many values go back. */
  private readonly known = new Map<TreeElement, Map<string, TreeElement[]>>();

  constructor(message: TreeElement) {
    this.message = message;
  }

  /** Puts the value to its place in the message; false when there is none, and then nothing has changed. */
  put({ place, rule, value }: Moved): boolean {
    const written = place.split('/');
    const attribute = written.at(-1)?.startsWith('@') === true ? written.pop()!.slice(1) : undefined;
    const steps = written.map(stepOf).filter((step) => step !== undefined);
    const isItem = rule === 'empty-item' && attribute === undefined;
    if (steps.length < written.length || !this.hasRoom(steps, attribute, isItem || replaced.has(rule)))
      return false;
    let element = this.message;
    for (const [at, step] of steps.entries()) {
      element = this.child(element, step, isItem && at === steps.length - 1);
    }
    if (attribute !== undefined) setAttribute(element, attribute, value);
    else if (elementSpec(element.local)?.content === '#PCDATA') element.children = [textNode(value)];
    return true;
  }

  /** The RFC knows the place, and it is vacant, or may be taken; what is missing on the way can be made. */
  private hasRoom(steps: readonly Step[], attribute: string | undefined, mayBeTaken: boolean): boolean {
    let { local } = this.message;
    let element: TreeElement | undefined = this.message;
    for (const step of steps) {
      if (ranksOf(local)?.has(step.local) !== true) return false;
      const same: readonly TreeElement[] = element === undefined ? [] : this.childrenOf(element, step.local);
      if (step.index > same.length) return false;
      element = same[step.index];
      ({ local } = step);
    }
    if (attribute === undefined) return element === undefined || (mayBeTaken && steps.length > 0);
    const isKnown =
      attribute === 'xml:lang' || Object.hasOwn(elementSpec(local)?.attributes ?? {}, attribute);
    return isKnown && (mayBeTaken || element === undefined || attributeOf(element, attribute) === undefined);
  }

  /** The child a step names, made if it is the next of its kind, or in the place of it if it `isNew`. */
  private child(parent: TreeElement, { local, index }: Step, isNew: boolean): TreeElement {
    const same = this.childrenOf(parent, local);
    const present = same[index];
    if (present !== undefined && !isNew) return present;
    const made = newElement(parent, local);
    const ranks = ranksOf(parent.local);
    const rank = ranks?.get(local) ?? 0;
    const at =
      present === undefined
        ? 1 +
          parent.children.findLastIndex(
            (node) => node.kind === 'element' && (ranks?.get(node.local) ?? 0) <= rank,
          )
        : parent.children.indexOf(present);
    parent.children.splice(at, 0, made);
    same.splice(index, 0, made);
    return made;
  }

  private childrenOf(parent: TreeElement, local: string): TreeElement[] {
    let byName = this.known.get(parent);
    if (byName === undefined) {
      byName = new Map();
      for (const child of parent.children) {
        if (child.kind !== 'element') continue;
        const same = byName.get(child.local);
        if (same === undefined) byName.set(child.local, [child]);
        else same.push(child);
      }
      this.known.set(parent, byName);
    }
    const same = byName.get(local) ?? [];
    byName.set(local, same);
    return same;
  }
}
