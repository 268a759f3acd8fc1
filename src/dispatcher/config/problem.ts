/**
 * What is wrong with a configuration, and where: file, line, the keys that lead there, one clause. All problems of a configuration are
 * found in one go; a configuration with problems is not used, and the one in force stays.
 */

import type { z } from 'zod';

import { nearest } from '../../core/nearest.ts';

export type KeyPath = readonly (string | number)[];

export interface ConfigProblem {
  /** A file's path, or `database`; '' when the text says where. */
  readonly file: string;
  /** From 1; undefined in the database. */
  readonly line?: number;
  readonly column?: number;
  /** `recipients.soc.chat`; '' for the whole. */
  readonly path: string;
  /** One clause, lower case, no full stop. */
  readonly text: string;
}

/** A fault below some value, before anybody knows where that stands in a file. */
export interface Fault {
  readonly path: KeyPath;
  readonly text: string;
  /** The key itself is wrong, not its value. */
  readonly atKey?: true;
}

/** `/etc/x.yml:12: recipients.soc.chat: must be a number`. */
export function problemLine({ file, line, path, text }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return [place, path, text].filter((part) => part !== '').join(': ');
}

/** The first of them, and how many more there are. */
export function problemsText([first, ...more]: readonly ConfigProblem[]): string {
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return first === undefined ? '' : `${problemLine(first)}${rest}`;
}

export function pathText(path: KeyPath): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`))
    .join('');
}

/** zod's issues in our words. @param known names allowed where an unknown key was found, for the hint */
export function faultsOf(
  error: { readonly issues: readonly z.core.$ZodIssue[] },
  at: KeyPath,
  known: readonly string[] = [],
): Fault[] {
  return error.issues.flatMap((issue) => {
    const path = [...at, ...issue.path.filter((key) => typeof key !== 'symbol')];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key], known));
    }
    if (issue.code === 'invalid_union' && issue.errors.length > 0) return nearestForm(issue.errors, path);
    const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
    return [{ path, text: missing ? 'is missing' : lowered(issue.message) }];
  });
}

/** Of several forms a value may have, the one it came nearest to: whose faults lie deepest, else all of them in one clause. */
function nearestForm(forms: readonly (readonly z.core.$ZodIssue[])[], path: KeyPath): Fault[] {
  const depth = (issues: readonly z.core.$ZodIssue[]): number =>
    Math.max(0, ...issues.map((issue) => issue.path.length));
  const [best = []] = forms.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length);
  if (depth(best) > 0) {
    return best.flatMap((issue) => faultsOf({ issues: [issue] }, path));
  }
  const words = new Set(
    forms
      .flat()
      .map(({ message }) => lowered(message))
      .filter((text) => text !== 'invalid input'),
  );
  return [{ path, text: [...words].join(', or ') || 'has none of the forms allowed here' }];
}

function unknownKey(path: KeyPath, known: readonly string[]): Fault {
  const key = String(path.at(-1));
  const meant = nearest(key, known);
  return {
    path,
    atKey: true,
    text: `is no key known here${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  };
}

/** `Invalid input: expected string, received number` → `expected string, received number`. */
function lowered(message: string): string {
  const text = message.replace(/^Invalid input: /, '').replace(/\.$/, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
}
