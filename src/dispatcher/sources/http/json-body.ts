/**
 * A posted JSON document. Called by the handlers that take JSON, whatever Content-Type says: ntopng and scripts with curl
 * do not always say it.
 *
 * `__proto__` in it is a field like any other: nothing here is merged into objects of ours. What is nested deeper than any alert is
 * refused: it could be read, and could not be written again.
 */

import { httpsLimits } from '../../../core/limits.ts';
import type { Refused } from './answer.ts';

export function parseJson(body: Buffer): { readonly value: unknown } | Refused {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return malformed('the body is not JSON in UTF-8');
  }
  return isTooDeep(value) ? malformed('the body is nested too deep') : { value };
}

/** Whether objects and lists stand in each other more than `left` times. */
export function isTooDeep(value: unknown, left: number = httpsLimits.jsonDepth): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => isTooDeep(inner, left - 1));
}

function malformed(message: string): Refused {
  return { reason: 'malformed', problem: { code: 'BAD_REQUEST', message } };
}

export function notValid(message: string): Refused {
  return { reason: 'invalid', problem: { code: 'INVALID_INPUT', message } };
}
