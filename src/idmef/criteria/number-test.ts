/** Relations of numbers, by their size. libprelude compares the bytes of order, lowest first, so that 256 is less than 1. */

import { floatOf, integerFor } from '../prelude/numbers.ts';
import type { FieldKind } from '../prelude/table.ts';
import { holds, refused, type Relation, type ValueTest } from './relation.ts';

const kinds: Readonly<Partial<Record<FieldKind, string>>> = {
  uint8: 'a number from 0 to 255',
  uint16: 'a number from 0 to 65535',
  uint32: 'a number from 0 to 4294967295',
  int32: 'a number from -2147483648 to 2147483647',
  uint64: 'a number from 0 to 18446744073709551615',
  float: 'a number',
};

function numberOf(kind: FieldKind, text: string): number | bigint | undefined {
  return kind === 'float' ? floatOf(text)?.value : integerFor(kind, text);
}

export function numberTest(kind: FieldKind, { operator, nocase, text }: Relation, value: string): ValueTest {
  if (nocase || operator === '~' || operator === 'glob') {
    return refused(`it is a number, of which "${text}" cannot be asked`);
  }
  if (/^[+-]?0\d/.test(value) && kind !== 'float') {
    return refused(`"${value}" is octal for libprelude and decimal for others: leave its zeros out`);
  }
  const wanted = numberOf(kind, value);
  if (wanted === undefined) return refused(`"${value}" is not ${kinds[kind] ?? 'a number'}`);
  return {
    ok: true,
    test: (given) => {
      const number = numberOf(kind, given);
      if (number === undefined) return false;
      return holds(operator, number < wanted ? -1 : number > wanted ? 1 : 0);
    },
  };
}
