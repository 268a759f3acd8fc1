/** Relations of text: `=`, `<>` (a pattern of fnmatch) and `~` (a regular expression), each with `*` for any case. No order. */

import { compileGlob } from './glob.ts';
import { compilePattern } from './pattern.ts';
import { hasOrder, refused, type Relation, type ValueTest } from './relation.ts';

export function textTest({ operator, nocase, text }: Relation, value: string): ValueTest {
  if (hasOrder(operator)) return refused(`text has no order, so "${text}" cannot be asked of it`);
  if (operator === '~') return compilePattern(value, nocase);
  if (operator === 'glob') return compileGlob(value, nocase);
  if (!nocase) return { ok: true, test: (given) => given === value };
  const folded = value.toLowerCase();
  return { ok: true, test: (given) => given.toLowerCase() === folded };
}
