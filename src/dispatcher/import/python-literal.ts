/**
 * Reads a dict as Python prints it (`{'chat-id': '1,2', "who": "o'neil", 'on': True}`), or as JSON: the form in which AlertGateway keeps the
 * parameters of a channel. Its own reader replaced apostrophes by quotes and broke on every text that had one.
 *
 * Pure; called by alertgateway.ts. Reads dicts, lists, tuples, texts, numbers, True, False, None; nothing is evaluated.
 */

export type PythonValue =
  string | number | boolean | null | readonly PythonValue[] | { readonly [key: string]: PythonValue };

export type ReadLiteral =
  | { readonly ok: true; readonly value: PythonValue }
  /** `at` counts from 1. */
  | { readonly ok: false; readonly at: number; readonly text: string };

/** Deeper or longer texts are none that AlertGateway could have kept (1,000 characters). */
const DEPTH = 20;

class Fault extends Error {
  readonly at: number;

  constructor(at: number, text: string) {
    super(text);
    this.at = at;
  }
}

export function readPythonLiteral(text: string): ReadLiteral {
  const reader = new Reader(text);
  try {
    const value = reader.value(0);
    reader.end();
    return { ok: true, value };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, at: error.at + 1, text: error.message };
    throw error;
  }
}

const words: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
  ['None', null],
  ['null', null],
]);

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['a', '\u0007'],
  ['v', '\v'],
  ['\n', ''],
]);

const closing = { '{': '}', '[': ']', '(': ')' } as const;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): PythonValue {
    if (depth > DEPTH) throw new Fault(this.#at, 'is nested too deeply');
    this.#blanks();
    const character = this.#text[this.#at];
    if (character === '{') return this.#dict(depth);
    if (character === '[' || character === '(') return this.#list(closing[character], depth);
    if (character === "'" || character === '"') return this.#string(character);
    return this.#word();
  }

  end(): void {
    this.#blanks();
    if (this.#at < this.#text.length) throw new Fault(this.#at, 'nothing is expected here any more');
  }

  #dict(depth: number): PythonValue {
    const entries: [string, PythonValue][] = [];
    this.#items('}', () => {
      const key = this.value(depth + 1);
      if (typeof key === 'object') throw new Fault(this.#at, 'a key must be a text');
      this.#expect(':');
      entries.push([String(key), this.value(depth + 1)]);
    });
    return Object.fromEntries(entries);
  }

  #list(close: ']' | ')', depth: number): PythonValue {
    const items: PythonValue[] = [];
    this.#items(close, () => items.push(this.value(depth + 1)));
    return items;
  }

  /** From the opening bracket to behind the closing one; a comma may stand before it. */
  #items(close: string, item: () => void): void {
    this.#at += 1;
    for (;;) {
      this.#blanks();
      if (this.#text[this.#at] === close) break;
      item();
      this.#blanks();
      if (this.#text[this.#at] === ',') this.#at += 1;
      else if (this.#text[this.#at] !== close) throw new Fault(this.#at, `',' or '${close}' is expected`);
    }
    this.#at += 1;
  }

  #string(quote: string): string {
    let result = '';
    for (this.#at += 1; ; this.#at += 1) {
      const character = this.#text[this.#at];
      if (character === undefined) throw new Fault(this.#at, 'the text does not end');
      if (character === quote) break;
      result += character === '\\' ? this.#escape() : character;
    }
    this.#at += 1;
    return result;
  }

  #escape(): string {
    this.#at += 1;
    const character = this.#text[this.#at] ?? '';
    const digits = { x: 2, u: 4, U: 8 }[character];
    if (digits === undefined) {
      const known = escapes.get(character);
      // As Python: an escape that is none keeps its backslash, but for quotes and the backslash itself.
      return known ?? (/['"\\/]/.test(character) ? character : `\\${character}`);
    }
    const hex = this.#text.slice(this.#at + 1, this.#at + 1 + digits);
    const code = /^[0-9a-f]+$/i.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : Infinity;
    if (code > 0x10_ff_ff) throw new Fault(this.#at, 'the escape names no character');
    this.#at += digits;
    return digits === 4 ? String.fromCharCode(code) : String.fromCodePoint(code);
  }

  #word(): PythonValue {
    const word = /^[-+\w.]+/.exec(this.#text.slice(this.#at, this.#at + 100))?.[0] ?? '';
    const known = words.get(word);
    const number = /^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(word) ? Number(word) : undefined;
    const value = known === undefined ? number : known;
    if (value === undefined) throw new Fault(this.#at, 'a value is expected');
    this.#at += word.length;
    // A chat's number is a name: what a number cannot hold stays as it was written.
    return typeof value === 'number' && String(value) !== word ? word : value;
  }

  #expect(character: string): void {
    this.#blanks();
    if (this.#text[this.#at] !== character) throw new Fault(this.#at, `'${character}' is expected`);
    this.#at += 1;
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }
}
