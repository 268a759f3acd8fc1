/**
 * Catalogues: words of a language by key, in SecARC's form (`bot.<iso639-1>.yml`: one root, nested keys, `%{name}`
 * placeholders that may be moved, not renamed).
 *
 * `readCatalogue` reads and judges one file; load-catalogues.ts reads a directory; phrases.ts chooses and fills in. A key that
 * nobody asks for is no fault (sites have modules of their own) but is listed, because it may be a typing error.
 */

import { parseYaml, type Place } from '../../config/yaml-text.ts';
import { isObject } from '../../core/json-object.ts';
import { en } from './catalogue/en.ts';
import { cleanLine } from './clean.ts';

export type CatalogueKey = keyof typeof en;

/** Keys without the plural's form: `text.alerts` of `text.alerts.other`. */
export type PluralKey = Extract<CatalogueKey, `${string}.other`> extends `${infer Base}.other` ? Base : never;

export interface Catalogue {
  /** `es`, `pt-BR`. */
  readonly locale: string;
  /** By key as in `en`, plural forms included. */
  readonly words: ReadonlyMap<string, string>;
}

export type ReadCatalogue =
  | {
      readonly ok: true;
      readonly catalogue: Catalogue;
      readonly unknown: readonly (Place & { readonly key: string })[];
    }
  | (Place & { readonly ok: false; readonly text: string });

const pluralForms = new Set(['zero', 'one', 'two', 'few', 'many', 'other']);
const localeShape = /^[a-z]{2,3}(?:-[A-Z][A-Za-z]{3})?(?:-[A-Z]{2})?$/;

/** The locale a file is of: `bot.es.yml` → `es`; undefined for another name. */
export function localeOfFile(name: string): string | undefined {
  const locale = /^bot\.([^.]+)\.ya?ml$/.exec(name)?.[1];
  return locale !== undefined && localeShape.test(locale) ? locale : undefined;
}

/** `file` is its path; its last part must be named `bot.<locale>.yml`. */
export function readCatalogue(text: string, file: string): ReadCatalogue {
  const locale = localeOfFile(file.slice(file.lastIndexOf('/') + 1));
  if (locale === undefined) {
    return { ok: false, file, line: 1, column: 1, text: 'a catalogue is named bot.<language>.yml' };
  }
  const yaml = parseYaml(text, file);
  if (!yaml.ok) return yaml;
  const root: unknown = isObject(yaml.value) ? yaml.value[locale] : undefined;
  if (!isObject(root)) {
    return { ok: false, ...yaml.locate([]), text: `the words must stand below \`${locale}:\`` };
  }
  const words = new Map<string, string>();
  const unknown: (Place & { readonly key: string })[] = [];
  for (const { path, value } of leaves(root, [locale])) {
    const key = path.slice(1).join('.');
    if (typeof value !== 'string') return { ok: false, ...yaml.locate(path), text: `${key} must be a text` };
    const model = modelOf(key);
    if (model === undefined) {
      unknown.push({ ...yaml.locateKey(path), key });
      continue;
    }
    const fault = placeholderFault(key, value, model);
    if (fault !== undefined) return { ok: false, ...yaml.locate(path), text: fault };
    words.set(key, cleanLine(value));
  }
  return { ok: true, catalogue: { locale, words }, unknown };
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

function leaves(value: Readonly<Record<string, unknown>>, path: readonly string[]): Leaf[] {
  return Object.entries(value).flatMap(([key, inner]): Leaf[] =>
    isObject(inner) ? leaves(inner, [...path, key]) : [{ path: [...path, key], value: inner }],
  );
}

/** The English text that has the placeholders a key must have. */
function modelOf(key: string): string | undefined {
  const all: Readonly<Record<string, string>> = en;
  if (Object.hasOwn(all, key)) return all[key];
  const dot = key.lastIndexOf('.');
  const other = `${key.slice(0, Math.max(0, dot))}.other`;
  return pluralForms.has(key.slice(dot + 1)) && Object.hasOwn(all, other) ? all[other] : undefined;
}

/** A plural's form may say the number in words. */
function placeholderFault(key: string, text: string, model: string): string | undefined {
  const needed = placeholders(model);
  const given = placeholders(text);
  const renamed = given.find((name) => !needed.includes(name));
  if (renamed !== undefined) return `${key} has no placeholder %{${renamed}}`;
  const mayLack = pluralForms.has(key.slice(key.lastIndexOf('.') + 1)) ? 'count' : '';
  const missing = needed.find((name) => name !== mayLack && !given.includes(name));
  return missing === undefined ? undefined : `${key} lacks the placeholder %{${missing}}`;
}

export function placeholders(text: string): string[] {
  return [...text.matchAll(/%\{([^}]*)\}/g)].map(([, name]) => name ?? '');
}
