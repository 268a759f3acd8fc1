/**
 * The relations of criteria, and what is asked of one value.
 *
 * Shared by the parser, compile-relation.ts and the tests of each kind of value (text-test.ts, number-test.ts, …).
 */

/** `glob`: `<>` and `substr`. */
export type Operator = '=' | '<' | '<=' | '>' | '>=' | 'glob' | '~' | 'in';

export interface Relation {
  readonly operator: Operator;
  readonly negated: boolean;
  /** Case does not count. */
  readonly nocase: boolean;
  /** As written. */
  readonly text: string;
}

/** What is asked of one value. A clause when the relation or the value does not fit the kind. */
export type ValueTest = { readonly ok: true; readonly test: (value: string) => boolean } | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly text: string;
}

export function refused(text: string): Refusal {
  return { ok: false, text };
}

/** Of the three ways two values can stand to each other, whether this is the one asked for. */
export function holds(operator: Operator, difference: number): boolean {
  if (operator === '<') return difference < 0;
  if (operator === '<=') return difference <= 0;
  if (operator === '>') return difference > 0;
  if (operator === '>=') return difference >= 0;
  return difference === 0;
}

export function hasOrder(operator: Operator): boolean {
  return operator === '<' || operator === '<=' || operator === '>' || operator === '>=';
}
