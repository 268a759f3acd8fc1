/**
 * What is wrong with a posted JSON alert, in words for who wrote the script: the field, and what it must be. Called by rest-alert.ts.
 *
 * The library's own words never reach a sender, nor does any value that he sent.
 */

import type { z } from 'zod';

import { nearest } from '../../../core/nearest.ts';

type Issue = z.core.$ZodIssue;

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

/** Of a field's name, so much is repeated. */
const NAME_CHARS = 100;

/** One sentence without its full stop. `known`: the fields an alert may have, for the hint. */
export function alertFault(issues: readonly Issue[], known: readonly string[]): string {
  const [issue] = issues;
  return issue === undefined ? 'is not of the form of an alert' : sentence(issue, [], known);
}

function sentence(issue: Issue, at: readonly PropertyKey[], known: readonly string[]): string {
  const path = [...at, ...issue.path];
  if (issue.code === 'invalid_union') {
    const deepest = deepestOf(issue.errors);
    return deepest === undefined
      ? `${named(path)}${mustBe(issue.errors.flat())}`
      : sentence(deepest, path, known);
  }
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const meant = path.length === 0 ? nearest(key, known) : undefined;
    return `${named([...path, key])}there is no such field${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }
  return `${named(path)}${clause(issue)}`;
}

/** Of the forms a value may have, the fault within the one it came nearest to; undefined when it is none of these kinds at all. */
function deepestOf(forms: readonly (readonly Issue[])[]): Issue | undefined {
  const faults = forms
    .flatMap(([first]) => first ?? [])
    .filter((one) => one.path.length > 0 || one.code !== 'invalid_type');
  return faults.toSorted((a, b) => b.path.length - a.path.length)[0];
}

function clause(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined') ? 'is missing' : mustBe([issue]);
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return 'must be a time such as 2026-11-30T09:59:00Z';
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? 'is empty'
        : `must be at least ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `is longer than ${issue.maximum} characters`;
      return issue.origin === 'array'
        ? `has more than ${issue.maximum} entries`
        : `must be at most ${issue.maximum}`;
    case 'invalid_key':
      return 'a name has 1 to 255 characters';
    case 'custom':
      return issue.message;
    case 'invalid_element':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    default:
      return 'is not of its form';
  }
}

function mustBe(issues: readonly Issue[]): string {
  const nouns = issues.map((one) =>
    one.code === 'invalid_type' ? (NOUNS[one.expected] ?? one.expected) : 'of its form',
  );
  return `must be ${[...new Set(nouns)].join(' or ')}`;
}

function named(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.map(String).join('.').slice(0, NAME_CHARS)}: `;
}
