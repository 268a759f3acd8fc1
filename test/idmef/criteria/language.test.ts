/** Criteria against a reference: random expressions mean what they were made from, and no text at all makes the parser throw. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { compileGlob } from '../../../src/idmef/criteria/glob.ts';
import { parseCriteria } from '../../../src/idmef/criteria/parse-criteria.ts';
import { messages } from './messages.ts';

const subjects = Object.values(messages).map((body) => createSubject(body));

/** An expression, and how it is meant. */
type Meant =
  | {
      readonly kind: 'is';
      readonly path: string;
      readonly values: readonly string[];
      readonly negated: boolean;
    }
  | { readonly kind: 'has'; readonly path: string }
  | { readonly kind: 'not'; readonly of: Meant }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Meant[] };

const path = fc.constantFrom(
  'alert.messageid',
  'alert.analyzer.name',
  'alert.analyzer(-1).analyzerid',
  'alert.source.node.address.address',
  'alert.target(0).node.address(0).address',
  'alert.source.process.arg',
);
const value = fc.constantFrom(
  'm1',
  'bare',
  'Suricata',
  'probe-7',
  '10.0.0.1',
  '2001:db8::5',
  '-p 1-100',
  'no\'"\\such',
);

const { meant } = fc.letrec<{ meant: Meant }>((tie) => ({
  meant: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({
      kind: fc.constant('is' as const),
      path,
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
      negated: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('has' as const), path }),
    fc.record({ kind: fc.constant('not' as const), of: tie('meant') }),
    fc.record({
      kind: fc.constantFrom('all' as const, 'any' as const),
      of: fc.array(tie('meant'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}));

function isTrue(expression: Meant, of: (path: string) => readonly string[]): boolean {
  switch (expression.kind) {
    case 'is': {
      const found = of(expression.path);
      const { values, negated } = expression;
      // `!=` is asked of each value in turn, and any of those will do.
      return negated ? values.some((one) => !found.includes(one)) : values.some((one) => found.includes(one));
    }
    case 'has':
      return of(expression.path).length > 0;
    case 'not':
      return !isTrue(expression.of, of);
    case 'all':
      return expression.of.every((one) => isTrue(one, of));
    case 'any':
      return expression.of.some((one) => isTrue(one, of));
    default:
      throw new TypeError('no such expression');
  }
}

/** Written with as few parentheses as its meaning needs. `tight`: it stands beside `&&` or behind `!`. */
function write(expression: Meant, blank: string, tight: 'none' | 'all' | 'not' = 'none'): string {
  switch (expression.kind) {
    case 'has':
      return expression.path;
    case 'is': {
      const relation = expression.negated ? '!=' : '=';
      const values = expression.values.map((one) => `"${one.replaceAll(/["\\]/g, '\\$&')}"`);
      const written = values.length === 1 ? values.join('') : `(${values.join(`${blank}||${blank}`)})`;
      return `${expression.path}${blank}${relation}${blank}${written}`;
    }
    case 'not':
      return `!${blank}${write(expression.of, blank, 'not')}`;
    case 'all':
    case 'any': {
      const [only] = expression.of;
      if (expression.of.length === 1 && only !== undefined) return write(only, blank, tight);
      const isAll = expression.kind === 'all';
      const inner = expression.of
        .map((one) => write(one, blank, isAll ? 'all' : 'none'))
        .join(isAll ? `${blank}&&${blank}` : `${blank}||${blank}`);
      return tight === 'not' || (tight === 'all' && !isAll) ? `(${blank}${inner}${blank})` : inner;
    }
    default:
      throw new TypeError('no such expression');
  }
}

test('what is written is what was meant', () => {
  fc.assert(
    fc.property(meant, fc.constantFrom('', ' ', '\n  ', '\t'), (expression, blank) => {
      const text = write(expression, blank);
      const parsed = parseCriteria(text);
      assert.ok(parsed.ok, `${text} ${JSON.stringify(parsed)}`);
      for (const subject of subjects) {
        assert.equal(
          parsed.criteria.matches(subject),
          isTrue(expression, (one) => subject.values(one)),
          text,
        );
      }
    }),
    { numRuns: 300 },
  );
});

describe('no text makes the parser throw', () => {
  const check = (text: string): void => {
    const parsed = parseCriteria(text);
    if (parsed.ok) {
      for (const subject of subjects) parsed.criteria.explain?.(subject);
    } else {
      assert.ok(parsed.column >= 1 && parsed.column <= text.length + 1, `${text}: column ${parsed.column}`);
      assert.match(parsed.text, /^[^A-Z\n][^\n]*[^.\n]$/, text);
    }
  };

  test('any text', () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    fc.assert(fc.property(fc.string({ unit, maxLength: 80 }), check), { numRuns: 500 });
  });

  test('the language’s own words in any order', () => {
    const word = fc.constantFrom(
      ..."alert heartbeat alert.source alert.source(0) alert.create_time alert.messageid alert.additional_data('a').data".split(
        ' ',
      ),
      ...'! ( ) && || & | = == =* != <> <>* !<> ~ ~* !~ < <= > >= in !in substr { } , " \''.split(' '),
      ...'m1 10.0.0.0/8 2024-01-02 hour:3 high 5 (a|b)* [a \\ x\\'.split(' '),
    );
    const words = fc
      .tuple(fc.array(word, { maxLength: 12 }), fc.constantFrom('', ' '))
      .map(([all, blank]) => all.join(blank));
    fc.assert(fc.property(words, check), { numRuns: 1000 });
  });
});

/** fnmatch(3) without flags, for patterns without brackets: the textbook's recursion. */
function fnmatch(glob: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return text.length === 0;
  if (first === '*') return fnmatch(rest, text) || (text.length > 0 && fnmatch(glob, text.slice(1)));
  return text.length > 0 && (first === '?' || first === text[0]) && fnmatch(rest, text.slice(1));
}

test('patterns match as the textbook says', () => {
  const letter = fc.constantFrom('a', 'b', '.', '😀');
  fc.assert(
    fc.property(
      fc.array(fc.oneof(letter, fc.constantFrom('*', '?')), { maxLength: 8 }),
      fc.array(letter, { maxLength: 8 }),
      (glob, text) => {
        const compiled = compileGlob(glob.join(''), false);
        assert.ok(compiled.ok);
        assert.equal(compiled.test(text.join('')), fnmatch(glob, text), `${glob.join('')} ${text.join('')}`);
      },
    ),
    { numRuns: 800 },
  );
});
