/**
 * YAML text → plain values with the place each stands at, so that every complaint about a setting names file, line and column.
 *
 * Called by src/dispatcher/config for `dispatcher.yml` and by src/dispatcher/render for catalogues. YAML 1.2's core schema and
 * nothing else: no tags, no merge keys, no second document, one meaning a key, few aliases; whole numbers that a
 * number cannot hold are refused instead of rounded. What yaml only warns of is an error here. Its complaints quote no source:
 * a setting may be a secret. The package takes 20 ms to load; who imports this file needs it.
 */

import { isAlias, isCollection, isMap, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Pair, Scalar } from 'yaml';

import { messageOf } from '../core/errors.ts';
import { configLimits } from '../core/limits.ts';

/** Counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `['recipients', 'soc', 'chat']`, `['route', 'routes', 0]`. */
export type YamlPath = readonly PropertyKey[];

export interface YamlText {
  readonly ok: true;
  /** Strings, numbers, booleans, null, arrays and objects; null for an empty file. */
  readonly value: unknown;
  /** Where the value stands; where there is none (a key is missing), the nearest that should hold it. */
  locate(path: YamlPath): Place;
  /** Where the key stands whose value that is; of an array's element the element itself. */
  locateKey(path: YamlPath): Place;
}

export interface YamlFault extends Place {
  readonly ok: false;
  /** One clause, lower case. */
  readonly text: string;
}

type Parsed = Document.Parsed;

/** `file` is only repeated in what is returned. Never throws for what stands in the text. */
export function parseYaml(text: string, file: string): YamlText | YamlFault {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const fault = (offset: number, clause: string): YamlFault => ({
    ok: false,
    ...place(offset),
    text: clause,
  });
  if (text.length > configLimits.fileBytes) {
    return fault(0, `the text is longer than ${configLimits.fileBytes} characters`);
  }
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      resolveKnownTags: false,
      merge: false,
      uniqueKeys: true,
      strict: true,
      stringKeys: false,
      prettyErrors: false,
      logLevel: 'error',
      lineCounter: lines,
    });
    const [complaint] = [...document.errors, ...document.warnings];
    if (complaint !== undefined) return fault(complaint.pos[0], clauseOf(complaint.message));
    const found = firstFault(document);
    if (found !== undefined) return fault(found.offset, found.text);
    const value: unknown = document.toJS({ maxAliasCount: configLimits.yamlAliases });
    return {
      ok: true,
      value,
      locate: (path) => place(offsetOf(document, path, 'value')),
      locateKey: (path) => place(offsetOf(document, path, 'key')),
    };
  } catch (error) {
    if (error instanceof ReferenceError) return fault(0, 'too many aliases');
    if (error instanceof RangeError) return fault(0, 'nested too deeply');
    return fault(0, clauseOf(messageOf(error)));
  }
}

/** What is sound YAML and yet no setting. */
function firstFault(document: Parsed): { readonly offset: number; readonly text: string } | undefined {
  let found: { offset: number; text: string } | undefined;
  const stop = (node: unknown, text: string): symbol => {
    found = { offset: startOf(node), text };
    return visit.BREAK;
  };
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && typeof key.value === 'string') return undefined;
      if (isScalar(key) && typeof key.value === 'number') return undefined;
      return stop(key, 'a key must be a word');
    },
    Scalar: (_, scalar) =>
      isRounded(scalar)
        ? stop(scalar, 'the number is too large to be kept exactly: put it in quotes')
        : undefined,
    Alias: (_, alias) =>
      alias.resolve(document) === undefined ? stop(alias, 'unresolved alias') : undefined,
  });
  return found;
}

function isRounded({ value }: Scalar): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** Follows the path as far as it leads. */
function offsetOf(document: Parsed, path: YamlPath, wanted: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const [index, step] of path.entries()) {
    const inner = isAlias(node) ? node.resolve(document) : node;
    if (!isCollection(inner)) return offset;
    const item: unknown = isMap(inner)
      ? inner.items.find(({ key }) => keyOf(key) === String(step))
      : inner.items[Number(step)];
    if (item === undefined) return offset;
    const key = isPair(item) ? item.key : item;
    node = isPair(item) ? item.value : item;
    const last = index === path.length - 1;
    // `chat:` with nothing after it: the key says it better than the end of the line.
    offset = (last && wanted === 'key') || isEmpty(node) ? startOf(key) : startOf(node);
  }
  return offset;
}

function keyOf(key: Pair['key']): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
}

function startOf(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node)) return 0;
  return Array.isArray(node.range) ? Number(node.range[0]) : 0;
}

/** The package's sentence as a clause: `Map keys must be unique` → `map keys must be unique`. */
function clauseOf(message: string): string {
  const [first = ''] = message.split('\n');
  const clause = first.replace(/[.:]$/, '');
  return /^[A-Z][a-z]/.test(clause) ? clause.charAt(0).toLowerCase() + clause.slice(1) : clause;
}
