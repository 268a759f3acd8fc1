/**
 * What is noted while a message passes into Prelude's model: what is moved and where it stood, what is changed, and why
 * it cannot pass. Owned by one reading of one message (model-reader.ts).
 */

import type { Change } from '../../core/outcome.ts';
import { childElements, isBlank, ownText, placeOf } from '../tree-edit.ts';
import type { TreeElement } from '../tree.ts';
import { quoted } from '../validate/problem-list.ts';
import { carryRules, type CarryRuleName } from './carry-rules.ts';
import type { PreludeObject } from './model.ts';
import { inPlaceOrder, type Moved, movedData } from './moved-data.ts';

/** `xmlns`, `xmlns:a`. */
export function isDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name.charCodeAt(5) === 0x3a);
}

export class Passage {
  readonly changes: Change[] = [];
  readonly reasons: Change[] = [];
  /** The element looked at and those around it, the message first. */
  readonly line: TreeElement[] = [];
  private readonly moved: Moved[] = [];

  /** The AdditionalData of all that was moved, in the order of places: it does not depend on how the message was written. */
  movedData(): readonly PreludeObject[] {
    return this.moved.length === 0 ? [] : inPlaceOrder(this.moved).map(movedData);
  }

  /** Says that a rule was used. `step` leads on from the element looked at, or from its child `below`. */
  report(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    const { effect, says } = carryRules[rule];
    const text = value === '' ? says : `${says}: ${quoted(value)}`;
    (effect === 'refused' ? this.reasons : this.changes).push({ rule, path: this.place(step, below), text });
  }

  move(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    this.report(rule, step, value, below);
    this.keep(rule, step, value, below);
  }

  /** Moves a value that was spoken of already. */
  keep(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    this.moved.push({ place: this.place(step, below), rule, value });
  }

  /** Moves all values of a child, each with its place. */
  moveWhole(rule: CarryRuleName, child: TreeElement): void {
    this.report(rule, '', '', child);
    this.keepWhole(rule, child);
  }

  private keepWhole(rule: CarryRuleName, element: TreeElement): void {
    this.line.push(element);
    for (const { name, value } of element.attributes) {
      if (name !== 'xml:space' && !isDeclaration(name)) this.keep(rule, `@${name}`, value);
    }
    const inner = childElements(element);
    const text = ownText(element);
    if (inner.length === 0) this.keep(rule, '', text);
    else if (!isBlank(text)) this.report('structure', '', text);
    for (const child of inner) this.keepWhole(rule, child);
    this.line.pop();
  }

  private place(step: string, below?: TreeElement): string {
    const { line } = this;
    const element = below ?? line.at(-1);
    if (element === undefined) return step;
    const path = placeOf(below === undefined ? line.slice(0, -1) : line, element);
    return path === '' || step === '' ? path + step : `${path}/${step}`;
  }
}
