/**
 * The AdditionalData in which a value stands that Prelude's field cannot hold: `idmef-relay: PLACE (RULE)`.
 *
 * PLACE is the path below the message in RFC 4765's names, with a number where several elements of that name are
 * siblings: `Target[2]/File/@fstype`, `Source/Process/arg[3]`. The form is that of what repairs keep
 * (../repair/leniency.ts); the rule tells the two apart, and only ours goes back (put-back.ts).
 */

import { carryRules } from './carry-rules.ts';
import type { PreludeObject } from './model.ts';

export interface Moved {
  readonly place: string;
  /** One of carryRules. */
  readonly rule: string;
  /** '' for an empty one. */
  readonly value: string;
}

const moving: ReadonlySet<string> = new Set(
  Object.entries(carryRules).flatMap(([name, { effect }]) => (effect === 'moved' ? [name] : [])),
);

/** How the meaning begins, for a quick look. */
export const MOVED_BY = 'idmef-relay: ';

/** Beyond this a meaning is somebody else's: what a place may be long at most. */
const form = /^idmef-relay: (\S{1,2000}) \(([a-z-]{1,30})\)$/;

export function movedData({ place, rule, value }: Moved): PreludeObject {
  const meaning = `${MOVED_BY}${place} (${rule})`;
  return {
    class: 'additional_data',
    fields: { meaning, type: 'string', ...(value === '' ? {} : { data: value }) },
  };
}

/** What was moved, if a meaning is one of ours. */
export function movedFrom(meaning: string, value: string): Moved | undefined {
  const match = form.exec(meaning);
  if (match === null) return undefined;
  const [, place = '', rule = ''] = match;
  return moving.has(rule) ? { place, rule, value } : undefined;
}

/** What was moved, if the AdditionalData is one of ours. */
export function movedOf({ fields }: PreludeObject): Moved | undefined {
  const { meaning, type, data = '' } = fields;
  const isString = type === 'string' && typeof meaning === 'string' && typeof data === 'string';
  return isString ? movedFrom(meaning, data) : undefined;
}

/** In the order of places, numbers by value: so an item goes back before those after it. */
export function inPlaceOrder<T extends { readonly place: string }>(moved: readonly T[]): readonly T[] {
  const keys = new Map(moved.map((each) => [each, each.place.replace(/\d+/g, (n) => n.padStart(9, '0'))]));
  return moved.toSorted((a, b) => {
    const [left, right] = [keys.get(a)!, keys.get(b)!];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}
