/**
 * One object of a native message, with all that is in it, from the bytes. Called by decode.ts.
 *
 * Stricter than libprelude in two things: nothing may come twice that is not a list, and an object's tag has no value.
 * The number of a keyword that we do not know is left out, as reports leave it out.
 */

import { preludeLimits } from '../../core/limits.ts';
import { lazy } from '../lazy.ts';
import { NOTHING, readData, settleData } from './decode-data.ts';
import type { PreludeObject, PreludeScalar, PreludeValue } from './model.ts';
import { classes, END_OF_OBJECT, enums, type ClassName, type FieldSpec } from './table.ts';
import type { TlvCursor } from './tlv-cursor.ts';

interface Place {
  readonly name: string;
  readonly kind: FieldSpec['kind'];
  readonly list: boolean;
  /** Of a field that is an object: its class. */
  readonly of: ClassName | undefined;
  /** Of an enumeration: number to keyword. */
  readonly keywords: ReadonlyMap<number, string> | undefined;
}

/** Of each class, its fields by tag. */
const places = lazy(() => {
  const made = new Map<string, ReadonlyMap<number, Place>>();
  for (const [name, { fields }] of Object.entries(classes)) {
    const entries = Object.entries(fields).map(([field, spec]) => [spec.tag, placeOf(field, spec)] as const);
    made.set(name, new Map(entries));
  }
  return made;
});

function placeOf(name: string, spec: FieldSpec): Place {
  const { kind } = spec;
  return {
    name,
    kind,
    list: 'list' in spec,
    of: kind === 'object' ? spec.of : undefined,
    keywords: kind === 'enum' ? keywordsOf(enums[spec.of]) : undefined,
  };
}

function keywordsOf(numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(numbers).map(([keyword, number]) => [number, keyword]));
}

export class ObjectDecoder {
  readonly #cursor: TlvCursor;
  #parts = 0;

  constructor(cursor: TlvCursor) {
    this.#cursor = cursor;
  }

  /** The object whose opening tag the cursor stands on. */
  object(name: ClassName, depth: number): PreludeObject | undefined {
    const cursor = this.#cursor;
    this.#parts += 1;
    if (cursor.length > 0 || depth > preludeLimits.depth) return undefined;
    const known = places().get(name);
    const fields: Record<string, PreludeValue> = {};
    const texts: Record<string, string[]> = {};
    const objects: Record<string, PreludeObject[]> = {};
    while (cursor.next() && this.#parts <= preludeLimits.parts) {
      const place = known?.get(cursor.tag);
      if (place === undefined) {
        if (cursor.tag !== END_OF_OBJECT || cursor.length > 0) return undefined;
        settleData(fields);
        return { class: name, fields: Object.assign(fields, texts, objects) };
      }
      if (place.list && place.of === undefined) {
        const item = cursor.text();
        if (item === undefined) return undefined;
        this.#parts += 1;
        (texts[place.name] ??= []).push(item);
      } else if (place.of !== undefined) {
        const item = this.object(place.of, depth + 1);
        if (item === undefined) return undefined;
        if (place.list) (objects[place.name] ??= []).push(item);
        else if (!set(fields, place.name, item)) return undefined;
      } else {
        const value = scalar(cursor, place);
        if (value === undefined || !set(fields, place.name, value)) return undefined;
      }
    }
    return undefined;
  }
}

/** False if the field is there already. */
function set(
  fields: Record<string, PreludeValue>,
  name: string,
  value: PreludeValue | typeof NOTHING,
): boolean {
  if (value === NOTHING) return true;
  if (fields[name] !== undefined) return false;
  fields[name] = value;
  return true;
}

function scalar(cursor: TlvCursor, { kind, keywords }: Place): PreludeScalar | typeof NOTHING | undefined {
  switch (kind) {
    case 'string': {
      const text = cursor.text();
      return text === '' ? NOTHING : text;
    }
    case 'enum': {
      const number = cursor.uint(4);
      return number === undefined ? undefined : (keywords?.get(number) ?? NOTHING);
    }
    case 'data':
      return readData(cursor);
    case 'time':
      return cursor.time();
    case 'float':
      return cursor.float();
    case 'uint8':
      return cursor.uint(1);
    case 'uint16':
      return cursor.uint(2);
    case 'uint32':
      return cursor.uint(4);
    case 'int32':
      return cursor.int32();
    case 'uint64':
      return cursor.uint64();
    case 'object':
      break;
  }
  return undefined;
}
