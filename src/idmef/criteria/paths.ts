/**
 * libprelude's paths into a message: `alert.source(0).node.address(*).address`, compiled to where RFC 4765 has the value.
 *
 * Called by the parser of criteria, by the router for group_by and thresholds, by templates. Names are those of Prelude's model
 * (../prelude/table.ts), in any case of letters. Lists take `(0)`, `(-1)` for the last, `(*)` or nothing for all;
 * `additional_data("meaning")` is the data of that meaning. Where a name is none, the nearest one is named.
 */

import { criteriaLimits } from '../../core/limits.ts';
import { nearest } from '../../core/nearest.ts';
import { rfcPlans } from '../prelude/plan.ts';
import {
  classes,
  type ClassName,
  type ClassSpec,
  type EnumName,
  type FieldKind,
  type FieldSpec,
} from '../prelude/table.ts';

/** Which elements of a list: all, the n-th (negative: from the end), or those of that meaning. */
export type Pick = number | string | undefined;

/** A step to an element: a class of the model. */
export interface Step {
  readonly local: string;
  readonly list: boolean;
  readonly pick: Pick;
  /** Analyzer: each stands in the one before; the outermost is the first. */
  readonly nested: boolean;
}

/** The value at the end, relative to the element reached. */
export interface Leaf {
  /** `kind`: which typed child an AdditionalData has. */
  readonly where: 'attribute' | 'child' | 'text' | 'typed' | 'kind';
  /** Name of the attribute or child. */
  readonly local: string;
  /** The value stands in this attribute of the child. */
  readonly inside: string | undefined;
  readonly list: boolean;
  readonly pick: Pick;
  readonly kind: FieldKind | 'enum';
  readonly of: EnumName | undefined;
  /** Keyword that libprelude sets where there is none. */
  readonly fallback: string | undefined;
}

export interface Path {
  /** As written, in lower case but for keys. */
  readonly text: string;
  readonly root: 'Alert' | 'Heartbeat';
  readonly steps: readonly Step[];
  /** Undefined: the path ends at a class, whose presence alone can be asked. */
  readonly leaf: Leaf | undefined;
}

export type ParsedPath =
  | { readonly ok: true; readonly path: Path }
  /** `offset` counts from 0. */
  | { readonly ok: false; readonly offset: number; readonly text: string };

/** What a path may look like, before its names are known. */
export const PATH_SHAPE =
  /[A-Za-z0-9_-]+(?:\((?:[-0-9*]+|"[^"]+"|'[^']+')\))?(?:\.(?:[A-Za-z0-9_-]+(?:\((?:[-0-9*]+|"[^"]+"|'[^']+')\))?)?)*/y;
const SEGMENT = /([A-Za-z0-9_-]*)(?:\((?:([-0-9*]+)|"([^"]+)"|'([^']+)')\))?(?:\.|$)/y;

const roots = { alert: 'Alert', heartbeat: 'Heartbeat' } as const;

interface Segment {
  readonly name: string;
  readonly offset: number;
  readonly index: string | undefined;
  readonly key: string | undefined;
}

class PathFault {
  readonly offset: number;
  readonly text: string;

  constructor(offset: number, text: string) {
    this.offset = offset;
    this.text = text;
  }
}

function segmentsOf(text: string): readonly Segment[] | PathFault {
  const segments: Segment[] = [];
  let offset = 0;
  while (offset < text.length || segments.length === 0 || text.endsWith('.')) {
    SEGMENT.lastIndex = offset;
    const match = SEGMENT.exec(text);
    if (match === null) return new PathFault(offset, 'no path can be read here');
    const [whole, name = '', index, double, single] = match;
    if (name === '') return new PathFault(offset, 'a name is missing in the path');
    segments.push({ name: name.toLowerCase(), offset, index, key: double ?? single });
    offset += whole.length;
    if (offset === text.length && !whole.endsWith('.')) break;
  }
  return segments;
}

/** `did you mean "x"?`, else what there is. */
function instead(name: string, known: readonly string[]): string {
  const near = nearest(name.replaceAll('-', '_'), known);
  return near === undefined ? `it has ${known.join(', ')}` : `did you mean "${near}"?`;
}

function pickOf(segment: Segment, isList: boolean, isKeyed: boolean): { readonly pick: Pick } | PathFault {
  const { name, offset, index, key } = segment;
  const at = offset + name.length;
  if (index === undefined && key === undefined) return { pick: undefined };
  if (!isList) return new PathFault(at, `there is one "${name}" only, so it takes no index`);
  if (key !== undefined) {
    return isKeyed ? { pick: key } : new PathFault(at, `"${name}" takes a number as index, not a name`);
  }
  if (index === '*') return { pick: undefined };
  if (!/^-?(?:0|[1-9]\d{0,5})$/.test(index ?? '')) {
    return new PathFault(at, `"${index}" is no index: 0 is the first, -1 the last, * all`);
  }
  return { pick: Number(index) };
}

function leafOf(of: ClassName, name: string, spec: FieldSpec, pick: Pick): Leaf {
  if (spec.kind === 'object') throw new TypeError(`${of}.${name} is a class`);
  const [child = '', inside] = spec.rfc.split('/@');
  const isType = of === 'additional_data' && name === 'type';
  const leaf = {
    inside,
    list: spec.kind !== 'enum' && spec.list === true,
    pick,
    kind: spec.kind,
    of: spec.kind === 'enum' ? spec.of : undefined,
    fallback: rfcPlans().of(of).defaults[name],
  };
  if (isType) return { ...leaf, where: 'kind', local: '' };
  if (spec.rfc === '*') return { ...leaf, where: 'typed', local: '' };
  if (spec.rfc === 'text()') return { ...leaf, where: 'text', local: '' };
  if (spec.rfc.startsWith('@')) return { ...leaf, where: 'attribute', local: spec.rfc.slice(1) };
  return { ...leaf, where: 'child', local: child };
}

function compile(text: string): Path | PathFault {
  const segments = segmentsOf(text);
  if (segments instanceof PathFault) return segments;
  const [first, ...rest] = segments;
  if (first === undefined) return new PathFault(0, 'the path is empty');
  if (rest.length >= criteriaLimits.pathSteps) return new PathFault(0, 'the path has too many steps');
  const { name: message } = first;
  if (message !== 'alert' && message !== 'heartbeat') {
    return new PathFault(0, `a path begins with alert or heartbeat, not "${message}"`);
  }
  const rootPick = pickOf(first, false, false);
  if (rootPick instanceof PathFault) return rootPick;
  const steps: Step[] = [];
  let of: ClassName = message;
  let leaf: Leaf | undefined;
  let last = first;
  for (const segment of rest) {
    const { name, offset } = segment;
    if (leaf !== undefined) return new PathFault(offset, `"${last.name}" has nothing below it`);
    const fields: ClassSpec['fields'] = classes[of].fields;
    const spec: FieldSpec | undefined = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (spec === undefined) {
      return new PathFault(offset, `${of} has no "${name}": ${instead(name, Object.keys(fields))}`);
    }
    const isList = 'list' in spec && spec.list;
    const picked = pickOf(segment, isList, spec.kind === 'object' && spec.of === 'additional_data');
    if (picked instanceof PathFault) return picked;
    if (spec.kind === 'object') {
      const { element: local } = classes[spec.of];
      steps.push({ local, list: isList, pick: picked.pick, nested: spec.of === 'analyzer' });
      of = spec.of;
    } else {
      leaf = leafOf(of, name, spec, picked.pick);
    }
    last = segment;
  }
  return { text: canonical(segments), root: roots[message], steps, leaf };
}

function canonical(segments: readonly Segment[]): string {
  return segments
    .map(({ name, index, key }) => {
      if (key !== undefined) return `${name}(${key.includes("'") ? `"${key}"` : `'${key}'`})`;
      return index === undefined ? name : `${name}(${index})`;
    })
    .join('.');
}

/** Reads a path. Never throws. */
export function parsePath(text: string): ParsedPath {
  if (text.length > criteriaLimits.pathChars) {
    return { ok: false, offset: criteriaLimits.pathChars, text: 'the path is too long' };
  }
  const path = compile(text);
  return path instanceof PathFault ? { ok: false, offset: path.offset, text: path.text } : { ok: true, path };
}
