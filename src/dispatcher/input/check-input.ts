/**
 * Data from outside (settings, arguments of commands, posted JSON) against its zod schema: the value, or all that is wrong with it.
 *
 * Called by config, control and sources. The words are ours alone: zod speaks of its own types, and to nobody who wrote a file. What
 * a schema says itself (`error:`) goes before. No text holds a value, which may be a secret, but those that a schema puts there.
 */

import { z } from 'zod';

import { nearest } from '../../core/nearest.ts';

export type KeyPath = readonly (string | number)[];

export interface Fault {
  readonly path: KeyPath;
  /** One clause, lower case, no full stop. */
  readonly text: string;
  /** The key itself is wrong, not its value. */
  readonly atKey?: true;
}

export type CheckedInput<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly Fault[] };

type Issue = z.core.$ZodIssue;

/** @param alsoKnown keys that may stand beside those of the schema: for `did you mean` */
export function checkInput<S extends z.ZodType>(
  schema: S,
  value: unknown,
  alsoKnown: readonly string[] = [],
): CheckedInput<z.output<S>> {
  const parsed = schema.safeParse(value, { error: (issue) => wordsOf(issue, alsoKnown) });
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, faults: faultsOf(parsed.error.issues, []) };
}

const NO_FORM = 'has none of the forms allowed here';
const MISSING = 'is missing';
const MUST = 'must be ';

/** What zod expects, as people call it. */
const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** Of several unknown keys a line each. */
function wordsOf(issue: z.core.$ZodRawIssue, alsoKnown: readonly string[]): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? MISSING : `${MUST}${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.input === undefined ? MISSING : `${MUST}${either(issue.values.map(String))}`;
    case 'too_small':
      return boundWords(issue, 'least', Number(issue.minimum));
    case 'too_big':
      return boundWords(issue, 'most', Number(issue.maximum));
    case 'unrecognized_keys': {
      const own = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      return issue.keys.map((key) => unknownWords(key, [...own, ...alsoKnown])).join('\n');
    }
    case 'invalid_format':
      return issue.format === 'datetime'
        ? 'must be a time with its zone, such as 2026-03-04T05:06:07Z'
        : 'is not of the form allowed here';
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
    default:
      return NO_FORM;
  }
}

function boundWords(
  { origin, inclusive }: { readonly origin: string; readonly inclusive?: boolean },
  side: 'least' | 'most',
  bound: number,
): string {
  const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
    string: ['character', 'characters'],
    array: ['entry', 'entries'],
  };
  const unit = units[origin];
  if (unit === undefined) {
    if (inclusive === false) return `${MUST}${side === 'least' ? 'more' : 'less'} than ${bound}`;
    return `${MUST}at ${side} ${bound}`;
  }
  if (side === 'least' && bound === 1) return 'must not be empty';
  return `must have at ${side} ${bound} ${unit[bound === 1 ? 0 : 1]}`;
}

function unknownWords(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return `is no key known here${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

function faultsOf(issues: readonly Issue[], at: KeyPath): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = [...at, ...issue.path.filter((key) => typeof key !== 'symbol')];
    if (issue.code === 'unrecognized_keys') {
      const lines = issue.message.split('\n');
      return issue.keys.map((key, index) => ({
        path: [...path, key],
        atKey: true,
        text: lines[index] ?? '',
      }));
    }
    if (issue.code === 'invalid_key') {
      return faultsOf(issue.issues, path).map((fault) => ({ ...fault, path, atKey: true }));
    }
    if (issue.code === 'invalid_union') return formFaults(issue, path);
    return [{ path, text: issue.message }];
  });
}

/** Of several forms a value may have: what is wrong with the one that was meant, else what it may be at all. */
function formFaults({ errors, message }: Union, path: KeyPath): Fault[] {
  const meant = errors.filter((issues) => !issues.some(isOtherKind)).map((issues) => faultsOf(issues, path));
  const [deepest] = meant.toSorted((a, b) => depth(b) - depth(a));
  if (deepest !== undefined) return deepest;
  const words = [...new Set(errors.flat().flatMap(kindWords))];
  if (words.includes(MISSING)) return [{ path, text: MISSING }];
  if (message !== NO_FORM) return [{ path, text: message }];
  return [{ path, text: `${MUST}${either(words.map((text) => text.replace(MUST, '')))}` }];
}

type Union = Extract<Issue, { code: 'invalid_union' }>;

/** Another kind of value altogether: not a mistake within that form. */
function isOtherKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((issues) => issues.some(isOtherKind));
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function kindWords(issue: Issue): string[] {
  if (issue.code === 'invalid_union' && issue.message === NO_FORM)
    return issue.errors.flat().flatMap(kindWords);
  return [issue.message];
}

function depth(faults: readonly Fault[]): number {
  return Math.max(0, ...faults.map(({ path }) => path.length));
}

/** Of a value that stands at `at`. */
export function below(at: KeyPath, faults: readonly Fault[]): Fault[] {
  return faults.map((fault) => ({ ...fault, path: [...at, ...fault.path] }));
}

/** `parties[2].address`. */
export function pathText(path: KeyPath): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`))
    .join('');
}

/** `a, b or c`. */
function either(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
