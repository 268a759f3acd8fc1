/**
 * What Prelude's fields cannot hold stands in an AdditionalData that says its place in RFC 4765's words. Takes those out of a
 * report, after looking up in the original that the value at that very place is that very value: a wrong place or value
 * stays in the report, and shows as something extra.
 */

import { parseTree, type TreeElement } from '../../src/idmef/tree.ts';
import { elementsOf, isList, snake, textOf, type Fields } from './prelude-fields.ts';

export interface Accounted {
  /** Without what is proven to stand elsewhere. */
  readonly expected: Map<string, string>;
  readonly found: Fields;
  /** Why, each rule once. */
  readonly rules: readonly string[];
}

/** The field has a value all the same: what was moved is the other one of two that were given. */
const stillHeld: ReadonlySet<string> = new Set(['time-stamp', 'time-unreadable', 'data-type']);

export function accountMoved(original: Uint8Array, expected: Fields, found: Fields): Accounted {
  const root = parseTree(original);
  const kind = root.local.toLowerCase();
  const rules = new Set<string>();
  const want = new Map(expected);
  const have = new Map(found);
  const closing: string[] = [];
  for (const [path, meaning] of found) {
    const [, entry = ''] = /^(.*\.additional_data\(\d+\))\.meaning$/.exec(path) ?? [];
    const [, place = '', rule = ''] = /^idmef-relay: (\S+) \(([a-z-]+)\)$/.exec(meaning) ?? [];
    if (entry === '' || rule === '' || expected.has(entry)) continue;
    const spot = resolve(root, kind, place);
    if (spot === undefined || spot.value !== (found.get(`${entry}.data`) ?? '')) continue;
    rules.add(rule);
    for (const field of [entry, `${entry}.meaning`, `${entry}.data`, `${entry}.type`]) have.delete(field);
    const held = stillHeld.has(rule) || (rule === 'confidence' && found.has(spot.path));
    for (const gone of held ? [] : [spot.path, `${spot.path}#offset`]) want.delete(gone);
    if (/\(\d+\)$/.test(spot.path) && rule === 'empty-item') closing.push(spot.path);
    dropHollow(want, found, spot.path);
  }
  for (const path of closing.toReversed()) closeUp(want, path);
  return { expected: want, found: have, rules: [...rules] };
}

interface Spot {
  readonly path: string;
  readonly value: string;
}

/** `Target[2]/File/@fstype`: where that is in Prelude's words, and what the original has there. */
function resolve(root: TreeElement, kind: string, place: string): Spot | undefined {
  let at = root;
  let path = kind;
  for (const step of place.split('/')) {
    const [, name = '', nth = '1'] = /^(.*?)(?:\[(\d+)\])?$/.exec(step) ?? [];
    if (name.startsWith('@')) {
      const value = at.attributes.find((attribute) => attribute.name === name.slice(1))?.value;
      if (value === undefined) return undefined;
      return { path: name === '@ntpstamp' ? path : `${path}.${snake(name.slice(1))}`, value };
    }
    const next = elementsOf(at).filter(({ local }) => local === name)[Number(nth) - 1];
    if (next === undefined) return undefined;
    const inner = /^(.*\.analyzer)\((\d+)\)$/.exec(path);
    if (name === 'Analyzer' && inner !== null) path = `${inner[1]}(${Number(inner[2]) + 1})`;
    else path = `${path}.${snake(name)}${isList(path, snake(name)) ? `(${Number(nth) - 1})` : ''}`;
    at = next;
  }
  return { path, value: textOf(at) };
}

/** Objects around it that hold nothing any more. */
function dropHollow(want: Map<string, string>, found: Fields, path: string): void {
  const parent = path.slice(0, path.lastIndexOf('.'));
  const hollow = want.get(parent) === '{}' && ![...want.keys()].some((key) => key.startsWith(`${parent}.`));
  // An address keeps its place: whether it goes, and the list with it, is the manager's doing.
  if (!hollow || found.has(parent) || /\.address\(\d+\)$/.test(parent)) return;
  want.delete(parent);
  dropHollow(want, found, parent);
}

/** The list goes on without that item and all in it. */
export function closeUp(want: Map<string, string>, path: string): void {
  const [, list = '', index = ''] = /^(.*)\((\d+)\)$/.exec(path) ?? [];
  const moved = [...want].filter(([key]) => key.startsWith(`${list}(`));
  for (const [key] of moved) want.delete(key);
  for (const [key, value] of moved) {
    const [, nth = '', rest = ''] = /^\((\d+)\)(.*)$/.exec(key.slice(list.length)) ?? [];
    if (nth === index) continue;
    want.set(`${list}(${Number(nth) - (Number(nth) > Number(index) ? 1 : 0)})${rest}`, value);
  }
}
