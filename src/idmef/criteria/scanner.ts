/**
 * Criteria as tokens, asked for one by one: what a value is depends on what stands before it, as in libprelude's own lexer.
 *
 * Used by parse-criteria.ts alone. A fault names the column and one clause; the parser throws it and catches it again.
 */

import { PATH_SHAPE } from './paths.ts';
import type { Operator, Relation } from './relation.ts';

export class CriteriaFault extends Error {
  /** From 0. */
  readonly offset: number;

  constructor(offset: number, text: string) {
    super(text);
    this.offset = offset;
  }
}

export interface Located {
  readonly text: string;
  readonly offset: number;
}

const BLANKS = /[ \t\r\n]*/y;
const RELATION = /!?(?:<>|substr(?![\w.-])|~|=)\*?|!?in(?![\w.-])|[<>]=?/y;
const BARE = /[^ \t\r\n()&|]+/y;
const NETWORKS = /[\da-fA-F.:/]+|\{[^{}]*\}/y;
const QUOTED = /'((?:[^\\']|\\[^])*)'|"((?:[^\\"]|\\[^])*)"/y;

const operators: ReadonlyMap<string, Operator> = new Map([
  ['=', '='],
  ['==', '='],
  ['<>', 'glob'],
  ['substr', 'glob'],
  ['~', '~'],
  ['in', 'in'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

const letters: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const ESCAPE = /\\(?:x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|([^]))/g;

/**
 * `\n`, `\x41`, `\u0041`, and the character itself for quotes and backslashes; any other backslash stays. Regular expressions have
 * all these themselves, and patterns of `<>` have a backslash for what follows.
 */
function unescaped(text: string, operator: Operator): string {
  if (operator === '~') return text;
  return text.replace(ESCAPE, (whole, x: string | undefined, u: string | undefined, char: string = '') => {
    const code = x ?? u;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return letters[char] ?? (operator !== 'glob' && /[\\'"]/.test(char) ? char : whole);
  });
}

export class Scanner {
  readonly text: string;
  /** From 0. */
  at = 0;

  constructor(text: string) {
    this.text = text;
    this.#match(BLANKS);
  }

  get atEnd(): boolean {
    return this.at === this.text.length;
  }

  /** Takes the first of these that stands here. */
  take(...tokens: readonly string[]): boolean {
    const found = tokens.find((token) => this.text.startsWith(token, this.at));
    if (found === undefined) return false;
    this.at += found.length;
    this.#match(BLANKS);
    return true;
  }

  path(): Located | undefined {
    const offset = this.at;
    const text = this.#match(PATH_SHAPE);
    if (text === undefined) return undefined;
    this.#match(BLANKS);
    return { text, offset };
  }

  relation(): Relation | undefined {
    let text = this.#match(RELATION);
    if (text === undefined) return undefined;
    // `==` is `=`; `=*` may not follow it.
    if (text === '=' && this.text[this.at] === '=') {
      text = '==';
      this.at += 1;
    }
    const negated = text.startsWith('!');
    const nocase = text.endsWith('*');
    const operator = operators.get(text.slice(negated ? 1 : 0, nocase ? -1 : undefined));
    this.#match(BLANKS);
    return operator === undefined ? undefined : { operator, negated, nocase, text };
  }

  value({ operator, text }: Relation): Located {
    const offset = this.at;
    const value = this.#quoted() ?? (operator === 'in' ? this.#networks() : this.#bare());
    if (value === undefined) throw new CriteriaFault(offset, `a value is missing behind "${text}"`);
    if (value === '') {
      throw new CriteriaFault(offset, 'an empty value matches nothing: ask for the path alone, or !path');
    }
    this.#match(BLANKS);
    return { text: unescaped(value, operator), offset };
  }

  #quoted(): string | undefined {
    const quote = this.text[this.at];
    if (quote !== "'" && quote !== '"') return undefined;
    const whole = this.#match(QUOTED);
    if (whole === undefined) throw new CriteriaFault(this.at, `the quote ${quote} is not closed`);
    const next = this.text[this.at];
    if (next !== undefined && !/[ \t\r\n()&|]/.test(next)) {
      throw new CriteriaFault(this.at, 'a blank or an operator is missing behind the quote');
    }
    return whole.slice(1, -1);
  }

  #bare(): string | undefined {
    const offset = this.at;
    const value = this.#match(BARE);
    if (value === undefined) return undefined;
    if (/^[=<>~!]/.test(value)) {
      throw new CriteriaFault(offset, `put quotes round a value that begins with "${value.charAt(0)}"`);
    }
    const quote = value.search(/['"]/);
    if (quote >= 0) throw new CriteriaFault(offset + quote, 'put quotes round a value that has one in it');
    return value;
  }

  #networks(): string | undefined {
    return this.#match(NETWORKS)?.replace(/^\{|\}$/g, '');
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}
