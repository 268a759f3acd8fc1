/**
 * The words of one recipient: a phrase by key with its placeholders filled by pieces, plural forms, numbers and dates in the
 * recipient's language and zone.
 *
 * Made by renderer.ts for each rendering, from catalogues and formatters that it keeps. A key is looked for in the recipient's
 * language (`zh-Hant-TW`, `zh-Hant`, then `zh`), then in English; of a plural the language's own `other` comes before English.
 * Formatters are costly to make; a bounded number is kept.
 */

import { renderLimits } from '../../core/limits.ts';
import { en } from './catalogue/en.ts';
import { es } from './catalogue/es.ts';
import type { Catalogue, CatalogueKey, PluralKey } from './catalogue.ts';
import { cleanLine } from './clean.ts';
import { label, type Doc } from './pieces.ts';

export type Fill = Readonly<Record<string, Doc | string | number>>;

export interface Phrases {
  readonly locale: string;
  /** Text without placeholders. */
  word(key: CatalogueKey): string;
  phrase(key: CatalogueKey, fill: Fill): Doc;
  /** With the form the language has for `count`. */
  plural(key: PluralKey, count: number, fill?: Fill): Doc;
  number(value: number): string;
  /** `14 Mar 2026, 09:26:53 CET`. */
  instant(at: number): string;
}

/** Kept by the renderer: what all recipients share. */
export class Vocabulary {
  readonly #words = new Map<string, Map<string, string>>();
  readonly #made = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.PluralRules>();

  /** Later ones win, key by key. */
  constructor(catalogues: readonly Catalogue[]) {
    const builtIn = [
      { locale: 'en', words: new Map(Object.entries(en)) },
      { locale: 'es', words: new Map(Object.entries(es)) },
    ];
    for (const { locale, words } of [...builtIn, ...catalogues]) {
      const known = this.#words.get(locale) ?? new Map<string, string>();
      for (const [key, text] of words) known.set(key, text);
      this.#words.set(locale, known);
    }
  }

  phrases(locale: string, timeZone: string): Phrases {
    const chain = this.#chain(locale);
    const tag = chain[0]?.tag ?? 'en';
    const find = (key: string): string | undefined =>
      chain.map(({ words }) => words.get(key)).find((text) => text !== undefined);
    const number = (value: number): string =>
      this.#keep(`n ${tag}`, () => new Intl.NumberFormat(tag)).format(value);
    const filled = (text: string, fill: Fill): Doc =>
      text.split(/%\{([^}]*)\}/).flatMap((part, index): Doc => {
        if (index % 2 === 0) return part === '' ? [] : [label(part)];
        const value = fill[part] ?? '';
        if (typeof value === 'number') return [label(number(value))];
        return typeof value === 'string' ? [label(value)] : value;
      });
    return {
      locale: tag,
      word: (key) => find(key) ?? en[key],
      phrase: (key, fill) => filled(find(key) ?? en[key], fill),
      plural: (key, count, fill = {}) => {
        const form = this.#keep(`p ${tag}`, () => new Intl.PluralRules(tag)).select(count);
        const text =
          chain
            .map(({ words }) => words.get(`${key}.${form}`) ?? words.get(`${key}.other`))
            .find((found) => found !== undefined) ?? '%{count}';
        return filled(text, { ...fill, count });
      },
      number,
      instant: (at) => {
        const format = this.#keep(`d ${tag} ${timeZone}`, () => dateFormat(tag, timeZone));
        return cleanLine(format.format(at));
      },
    };
  }

  /** Languages a key is looked for in; the first says how numbers and dates are written. */
  #chain(locale: string): { readonly tag: string; readonly words: ReadonlyMap<string, string> }[] {
    const parts = locale.split('-');
    const tags = parts.map((_, index) => parts.slice(0, parts.length - index).join('-'));
    return [...new Set([...tags, 'en'])].flatMap((tag) => {
      const words = this.#words.get(tag);
      return words === undefined ? [] : [{ tag, words }];
    });
  }

  #keep<T extends Intl.DateTimeFormat | Intl.NumberFormat | Intl.PluralRules>(key: string, make: () => T): T {
    const found = this.#made.get(key);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the first letter of the key says which
    if (found !== undefined) return found as T;
    const made = make();
    if (this.#made.size >= renderLimits.formatters) this.#made.clear();
    this.#made.set(key, made);
    return made;
  }
}

/** English alone means that of Europe: it has names for European zones. A zone unknown to Node is UTC: `check` has said so. */
function dateFormat(language: string, timeZone: string): Intl.DateTimeFormat {
  const locale = language === 'en' ? 'en-GB' : language;
  const options: Intl.DateTimeFormatOptions = {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  };
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
  }
}
