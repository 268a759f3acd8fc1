/**
 * Regular expressions of criteria, in time linear in the text: RE2's syntax, for libprelude's POSIX extended one.
 *
 * The only importer of re2js. What stands in IDMEF is chosen by attackers, and criteria run in the thread that takes alerts in:
 * a pattern that needs backtracking (back-references, looking ahead or behind) is refused when it is read. As in libprelude a
 * dot stands for a line break too, and ^ and $ for the ends of the value; unlike in it, \d is a digit and \b the end of a word.
 */

import { RE2JS } from 're2js';

import { criteriaLimits } from '../../core/limits.ts';
import { messageOf } from '../../core/errors.ts';

export type CompiledPattern =
  | { readonly ok: true; readonly test: (text: string) => boolean }
  /** One clause, lower case. */
  | { readonly ok: false; readonly text: string };

/** In RE2 each is an error of syntax; these are the words for who knows them from elsewhere. */
const impossible: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[^\\])(?:\\\\)*\\[1-9]/, 'back-references cannot be matched in linear time'],
  [/\(\?<?[=!]/, 'looking ahead or behind cannot be matched in linear time'],
  [/\(\?>|[*+?}]\+/, 'atomic groups and possessive repetitions cannot be matched in linear time'],
];

/** Ends of words for libprelude, a letter for RE2. */
const wordEnd = /(?:^|[^\\])(?:\\\\)*\\[<>]/;

function reasonOf(source: string, error: unknown): string {
  const known = impossible.find(([shape]) => shape.test(source));
  if (known !== undefined) return known[1];
  // The flags are ours.
  const message = messageOf(error)
    .replace(/^error parsing regexp: /, '')
    .replace('`(?s)', '`')
    .replace('`(?is)', '`');
  return `the regular expression cannot be read: ${message}`;
}

/** `whole`: the pattern must cover the value, not stand somewhere in it. Never throws. */
export function compilePattern(source: string, nocase: boolean, whole = false): CompiledPattern {
  if (source.length > criteriaLimits.patternChars) {
    return { ok: false, text: `the pattern has more than ${criteriaLimits.patternChars} characters` };
  }
  if (!whole && wordEnd.test(source)) {
    return { ok: false, text: 'the ends of words are written \\b, and < without a backslash' };
  }
  try {
    const pattern = RE2JS.compile(source, RE2JS.DOTALL | (nocase ? RE2JS.CASE_INSENSITIVE : 0));
    if (pattern.programSize() > criteriaLimits.patternSteps) {
      return { ok: false, text: 'the pattern is too large when its repetitions are written out' };
    }
    return { ok: true, test: whole ? (text) => pattern.testExact(text) : (text) => pattern.test(text) };
  } catch (error) {
    return { ok: false, text: reasonOf(source, error) };
  }
}
