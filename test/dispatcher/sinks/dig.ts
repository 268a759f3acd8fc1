/** A value deep in what was received: names and positions. */

import { isObject } from '../../../src/core/json-object.ts';

export function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (Array.isArray(inner)) return (inner as readonly unknown[])[Number(step)];
    return isObject(inner) ? inner[step] : undefined;
  }, value);
}
