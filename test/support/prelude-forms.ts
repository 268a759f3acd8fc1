/**
 * What becomes of a message that is encoded and read again: by our decoder (`settled`), after libprelude wrote it in
 * between (`rewritten`), and in libprelude's own view as JSON (`view`, from prelude-read.py).
 */

import type {
  PreludeObject,
  PreludeScalar,
  PreludeTime,
  PreludeValue,
} from '../../src/idmef/prelude/model.ts';
import { classes, enums, type FieldSpec } from '../../src/idmef/prelude/table.ts';

/** Not set and empty are one, enumerations and floats have a value; empty items of lists stay. */
export function settled(message: PreludeObject): PreludeObject {
  return mapped(message, (items) => items);
}

/** libprelude does not write empty items of lists. */
export function rewritten(message: PreludeObject): PreludeObject {
  return mapped(message, (items) => items.filter((item) => item !== ''));
}

type Items = readonly string[];

function mapped({ class: name, fields }: PreludeObject, itemsOf: (items: Items) => Items): PreludeObject {
  const result: Record<string, PreludeValue> = {};
  for (const [field, spec] of Object.entries(classes[name].fields)) {
    const value = fields[field] ?? unset(spec);
    if (value === undefined || value === '') continue;
    if (isTexts(value)) {
      const items = itemsOf(value);
      if (items.length > 0) result[field] = items;
    } else if (isObjects(value)) {
      result[field] = value.map((item) => mapped(item, itemsOf));
    } else {
      result[field] = isObject(value) ? mapped(value, itemsOf) : value;
    }
  }
  return { class: name, fields: result };
}

/** What libprelude has in an enumeration or a float that nobody set. */
function unset(spec: FieldSpec): PreludeScalar | undefined {
  if (spec.kind === 'float') return 0;
  if (spec.kind !== 'enum' || spec.optional === true) return undefined;
  return Object.entries(enums[spec.of]).find(([, number]) => number === 0)?.[0];
}

export type View = string | readonly View[] | { readonly [name: string]: View };

/** The message as libprelude shows it. */
export function view(message: PreludeObject): View {
  return viewOf(settled(message));
}

function viewOf({ class: name, fields }: PreludeObject): View {
  const result: Record<string, View> = {};
  for (const [field, value] of Object.entries(fields)) {
    // Its view leaves out a float of 0, which is what an unset one is.
    const kind = classes[name].fields[field]?.kind;
    if (value !== undefined && !(kind === 'float' && value === 0)) result[field] = shown(value, kind);
  }
  return result;
}

function shown(value: PreludeValue, kind: FieldSpec['kind'] | undefined): View {
  if (isTexts(value)) return value;
  if (isObjects(value)) return value.map(viewOf);
  if (isObject(value)) return viewOf(value);
  if (typeof value === 'object') return timeText(value);
  if (kind === 'float') return Number(value).toFixed(6);
  return kind === 'data' && typeof value === 'bigint' ? String(BigInt.asIntN(64, value)) : String(value);
}

/** Its local time is 32 bits wide, and each part of a negative offset has a sign of its own. */
function timeText({ seconds, microseconds, offsetSeconds }: PreludeTime): string {
  const local = new Date(((seconds + offsetSeconds) >>> 0) * 1000).toISOString().slice(0, 19);
  const hours = Math.trunc(offsetSeconds / 3600);
  const minutes = Math.trunc((offsetSeconds % 3600) / 60);
  return `${local}.${String(microseconds).padStart(6, '0')}${hours < 0 ? '-' : '+'}${two(hours)}:${two(minutes, '-')}`;
}

function two(part: number, minus = ''): string {
  return `${part < 0 ? minus : ''}${String(Math.abs(part)).padStart(2, '0')}`;
}

/** libprelude's view without what it adds: class names, and empty texts where nothing was set. */
export function trimmed(shownThere: View): View {
  if (typeof shownThere === 'string') return shownThere;
  if (isViews(shownThere)) return shownThere.map(trimmed);
  const entries = Object.entries(shownThere).filter(([name, value]) => name !== '_self' && value !== '');
  return Object.fromEntries(entries.map(([name, value]) => [name, trimmed(value)]));
}

/** The objects in a field, be it a list or not. */
export function objectsIn(value: PreludeValue | undefined): readonly PreludeObject[] {
  if (value === undefined || typeof value === 'string') return [];
  if (isObjects(value)) return value;
  return isObject(value) ? [value] : [];
}

function isViews(value: View): value is readonly View[] {
  return Array.isArray(value);
}

function isObject(value: PreludeValue): value is PreludeObject {
  return typeof value === 'object' && 'class' in value;
}

function isTexts(value: PreludeValue): value is readonly string[] {
  return Array.isArray(value) && typeof value[0] === 'string';
}

function isObjects(value: PreludeValue): value is readonly PreludeObject[] {
  return Array.isArray(value) && typeof value[0] !== 'string';
}
