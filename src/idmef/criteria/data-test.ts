/**
 * Relations of additional data, which may be anything: `=` compares text, `<>` looks for a part of it (libprelude's rule
 * for data, unlike that for text), `~` a regular expression, and order is that of numbers, where both are some.
 */

import { hasOrder, holds, refused, type Relation, type ValueTest } from './relation.ts';
import { textTest } from './text-test.ts';

const NUMBER = /^[+-]?(?:\d{1,30}(?:\.\d{1,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?$/;

function numberOf(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

export function dataTest(relation: Relation, value: string): ValueTest {
  const { operator, nocase } = relation;
  if (operator === 'glob') {
    if (!nocase) return { ok: true, test: (given) => given.includes(value) };
    const folded = value.toLowerCase();
    return { ok: true, test: (given) => given.toLowerCase().includes(folded) };
  }
  if (!hasOrder(operator)) return textTest(relation, value);
  const limit = numberOf(value);
  if (limit === undefined)
    return refused(`additional data has an order as numbers only, and "${value}" is none`);
  return {
    ok: true,
    test: (given) => {
      const number = numberOf(given);
      return number !== undefined && holds(operator, number - limit);
    },
  };
}
