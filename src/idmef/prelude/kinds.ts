/** What a value of the model is: one object, one time, or a list. */

import type { PreludeObject, PreludeTime, PreludeValue } from './model.ts';

export function isObject(value: PreludeValue | undefined): value is PreludeObject {
  return typeof value === 'object' && 'class' in value;
}

export function isTime(value: PreludeValue | undefined): value is PreludeTime {
  return typeof value === 'object' && 'offsetSeconds' in value;
}

export function isList(
  value: PreludeValue | undefined,
): value is readonly string[] | readonly PreludeObject[] {
  return Array.isArray(value);
}

/** The objects of a list; none for anything else. */
export function objectsOf(value: PreludeValue | undefined): readonly PreludeObject[] {
  const objects: PreludeObject[] = [];
  if (isList(value)) for (const item of value) if (typeof item === 'object') objects.push(item);
  return objects;
}
