/**
 * Reads the parameters of an AlertGateway channel as its database keeps them: the text of a Python dictionary, or JSON.
 *
 * Called by the importer. AlertGateway itself exchanged every `'` for `"` and read the result as JSON, so that any apostrophe broke a channel;
 * here both kinds of quotes are read as Python does. Values may be strings, numbers, True, False, None, and lists of these.
 */

export type LiteralValue = string | number | boolean | null | readonly LiteralValue[];

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/** Undefined when it is no dictionary of that form. */
export function parseParameters(text: string): Readonly<Record<string, LiteralValue>> | undefined {
  const reader = createReader(text);
  try {
    const result = reader.dictionary();
    return reader.atEnd() ? result : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Reader {
  dictionary(): Record<string, LiteralValue>;
  atEnd(): boolean;
}

function createReader(text: string): Reader {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = at;
    const match = sticky.exec(text);
    if (match === null) return undefined;
    at = sticky.lastIndex;
    return match;
  };
  const space = (): void => void take(/\s*/);
  const sign = (mark: string): boolean => {
    space();
    if (text[at] !== mark) return false;
    at += 1;
    return true;
  };
  const expect = (mark: string): void => {
    if (!sign(mark)) throw new SyntaxError(`expected ${mark} at ${at}`);
  };
  const quoted = (): string | undefined => {
    space();
    const match = take(/u?"((?:[^"\\]|\\[^])*)"/) ?? take(/u?'((?:[^'\\]|\\[^])*)'/);
    return match?.[1]?.replace(
      /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([^]))/g,
      (_all, wide: string | undefined, narrow: string | undefined, one: string | undefined) =>
        one === undefined
          ? String.fromCharCode(Number.parseInt(wide ?? narrow ?? '0', 16))
          : (escapes[one] ?? one),
    );
  };
  const list = (): LiteralValue[] => {
    const items: LiteralValue[] = [];
    while (!sign(']')) {
      items.push(value());
      if (!sign(',')) {
        expect(']');
        break;
      }
    }
    return items;
  };
  const value = (): LiteralValue => {
    const string = quoted();
    if (string !== undefined) return string;
    if (sign('[')) return list();
    const word = take(/true|false|null|-?\d+(?:\.\d+)?|True|False|None/)?.[0];
    if (word === undefined) throw new SyntaxError(`no value at ${at}`);
    if (/^[Tt]rue$/.test(word)) return true;
    if (/^[Ff]alse$/.test(word)) return false;
    return /^(?:null|None)$/.test(word) ? null : Number(word);
  };
  return {
    dictionary: () => {
      const entries: [string, LiteralValue][] = [];
      expect('{');
      while (!sign('}')) {
        const name = quoted();
        if (name === undefined) throw new SyntaxError(`no name at ${at}`);
        expect(':');
        entries.push([name, value()]);
        if (!sign(',')) {
          expect('}');
          break;
        }
      }
      return Object.fromEntries(entries);
    },
    atEnd: () => {
      space();
      return at === text.length;
    },
  };
}
