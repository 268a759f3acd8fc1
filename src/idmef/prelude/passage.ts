/**
 * What is noted while a message passes into Prelude's model: what is moved and where it stood, what is changed, and why
 * it cannot pass. Owned by one reading of one message (model-reader.ts).
 */

import { xmlLimits } from '../../core/limits.ts';
import type { Change } from '../../core/outcome.ts';
import { childElements, isBlank, ownText } from '../tree-edit.ts';
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
  private readonly steps = new Map<TreeElement, string>();
  /** Elements whose children are in `steps`. */
  private readonly numbered = new Set<TreeElement>();

  /** The AdditionalData of all that was moved, in the order of places: it does not depend on how the message was written. */
  movedData(): readonly PreludeObject[] {
    return this.moved.length === 0 ? [] : inPlaceOrder(this.moved).map(movedData);
  }

  /** Says that a rule was used. `step` leads on from the element looked at, or from its child `below`. */
  report(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    const { effect, says } = carryRules[rule];
    const list = effect === 'refused' ? this.reasons : this.changes;
    const room = xmlLimits.problemsPerMessage - list.length;
    if (room > 1) {
      const text = value === '' ? says : `${says}: ${quoted(value)}`;
      list.push({ rule, path: this.place(step, below), text });
    } else if (room === 1) {
      list.push({ rule: 'more-changes', path: '', text: carryRules['more-changes'].says });
    }
  }

  move(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    this.report(rule, step, value, below);
    this.keep(rule, step, value, below);
  }

  /** Moves a value that was spoken of already. */
  keep(rule: CarryRuleName, step: string, value: string, below?: TreeElement): void {
    if (this.moved.length === xmlLimits.movedValues) this.report('size', step, '', below);
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

  /** Where something stands: a step from the element looked at, or from its child `below`. */
  private place(step: string, below?: TreeElement): string {
    const { line } = this;
    let path = '';
    for (let at = 1; at < line.length; at += 1) path = joined(path, this.stepTo(line[at - 1]!, line[at]!));
    const parent = line.at(-1);
    if (below !== undefined && parent !== undefined) path = joined(path, this.stepTo(parent, below));
    return joined(path, step);
  }

  /** `name`, or `name[2]` among siblings of that name. All of a parent at once: a message may have 100,000 siblings. */
  private stepTo(parent: TreeElement, child: TreeElement): string {
    if (!this.numbered.has(parent)) {
      this.numbered.add(parent);
      const children = childElements(parent);
      const counts = new Map<string, number>();
      for (const { local } of children) counts.set(local, (counts.get(local) ?? 0) + 1);
      const positions = new Map<string, number>();
      for (const each of children) {
        const { local } = each;
        const position = (positions.get(local) ?? 0) + 1;
        positions.set(local, position);
        this.steps.set(each, counts.get(local) === 1 ? local : `${local}[${position}]`);
      }
    }
    return this.steps.get(child) ?? child.local;
  }
}

function joined(path: string, step: string): string {
  return path === '' || step === '' ? path + step : `${path}/${step}`;
}
