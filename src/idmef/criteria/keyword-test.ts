/**
 * Relations of keywords (`high`, `ipv4-addr`): `=` and order by their numbers in Prelude's model (`severity >= medium`), or as
 * text with `<>` and `~`. Keywords are read in any case, and numbers taken for them, as in libprelude.
 */

import { nearest } from '../../core/nearest.ts';
import { type EnumName, enums } from '../prelude/table.ts';
import { holds, refused, type Relation, type ValueTest } from './relation.ts';
import { textTest } from './text-test.ts';

export function keywordTest(of: EnumName | undefined, relation: Relation, value: string): ValueTest {
  const { operator } = relation;
  if (operator === 'glob' || operator === '~') return textTest(relation, value);
  const numbers = new Map<string, number>(of === undefined ? [] : Object.entries(enums[of]));
  // RFC 4765's name of what Prelude calls xml.
  const asked = value.toLowerCase() === 'xmltext' ? 'xml' : value;
  const known = [...numbers].find(
    ([keyword, number]) => keyword.toLowerCase() === asked.toLowerCase() || String(number) === asked,
  );
  if (known === undefined) {
    const keywords = [...numbers.keys()];
    const near = nearest(value, keywords);
    const instead = near === undefined ? `it is one of ${keywords.join(', ')}` : `did you mean "${near}"?`;
    return refused(`"${value}" is no keyword of it: ${instead}`);
  }
  const [, wanted] = known;
  return { ok: true, test: (given) => holds(operator, (numbers.get(given) ?? -1) - wanted) };
}
