/**
 * What a relation asks of the values at a path of some kind.
 *
 * Called by parse-criteria.ts with the value as written. A condition holds when it holds for any value, a negated one (`!=`)
 * when it holds for every value. Where there is no value a condition does not hold, and its negation does — but for `!~` and
 * `!in`, which want a value they can look at (libprelude's own rules; only `!in` is ours).
 */

import { dataTest } from './data-test.ts';
import { keywordTest } from './keyword-test.ts';
import { networkTest } from './network-test.ts';
import { numberTest } from './number-test.ts';
import type { Leaf, Path } from './paths.ts';
import { type Refusal, refused, type Relation, type ValueTest } from './relation.ts';
import { textTest } from './text-test.ts';
import { timeTest } from './time-test.ts';

function testOf(leaf: Leaf, relation: Relation, value: string): ValueTest {
  if (relation.operator === 'in') {
    return leaf.kind === 'string' || leaf.kind === 'data'
      ? networkTest(value)
      : refused('networks are asked of addresses, which are text');
  }
  if (leaf.kind === 'string') return textTest(relation, value);
  if (leaf.kind === 'enum') return keywordTest(leaf.of, relation, value);
  if (leaf.kind === 'time') return timeTest(relation, value);
  if (leaf.kind === 'data') return dataTest(relation, value);
  return numberTest(leaf.kind, relation, value);
}

export type SlotsTest =
  { readonly ok: true; readonly test: (slots: readonly (string | undefined)[]) => boolean } | Refusal;

/** The question of a path, a relation and a value (for `in`: its networks, comma between) to the slots of a message. */
export function compileRelation(path: Path, relation: Relation, value: string): SlotsTest {
  const { leaf } = path;
  if (leaf === undefined) {
    return refused(
      `"${path.text}" is a class, of which only the presence can be asked: leave "${relation.text}" out`,
    );
  }
  const compiled = testOf(leaf, relation, value);
  if (!compiled.ok) return compiled;
  const { test } = compiled;
  if (!relation.negated) {
    return { ok: true, test: (slots) => slots.some((slot) => slot !== undefined && test(slot)) };
  }
  const ifMissing = relation.operator !== '~' && relation.operator !== 'in';
  return {
    ok: true,
    test: (slots) => slots.every((slot) => (slot === undefined ? ifMissing : !test(slot))),
  };
}
