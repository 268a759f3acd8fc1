/**
 * A posted JSON document. Called by the handlers that take JSON, whatever Content-Type says: ntopng and scripts with curl
 * do not always say it.
 *
 * `__proto__` in it is a field like any other: nothing here is merged into objects of ours.
 */

import type { Refused } from './answer.ts';

export function parseJson(body: Buffer): { readonly value: unknown } | Refused {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    return {
      reason: 'malformed',
      problem: { code: 'BAD_REQUEST', message: 'the body is not JSON in UTF-8' },
    };
  }
}

export function notValid(message: string): Refused {
  return { reason: 'invalid', problem: { code: 'INVALID_INPUT', message } };
}
