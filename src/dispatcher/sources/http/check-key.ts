/**
 * The API key of a request, and whether it may post now. Called by every keyed handler before it reads the body (ntopng's shared
 * secret, which stands in the body, after).
 *
 * A key that is unknown, revoked, past its end, of a disabled user or without the scope is one answer. Wrong keys of a network
 * (IPv6: /64) beyond keyLimits.wrongPerMinute are 429; a right key never suffers for them.
 */

import { keyLimits } from '../../../core/limits.ts';
import type { ApiKey, KeyScope } from '../../model/records.ts';
import { notStored } from '../not-stored.ts';
import { doorFault, doorProblem, retryAfter, type Refused } from './answer.ts';
import type { Exchange, HttpContext, HttpSource } from './context.ts';

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="alert-dispatcher"' };

/** `key: KEY` as AlertGateway had it, `Authorization: Bearer KEY`, or the password of Basic; '' for none. */
export function keyOf({ request }: Pick<Exchange, 'request'>): string {
  const { key, authorization = '' } = request.headers;
  if (typeof key === 'string' && key !== '') return key;
  const [, scheme = '', text = ''] = /^(\S+) +(\S+)\s*$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return text;
  if (scheme.toLowerCase() !== 'basic') return '';
  const pair = Buffer.from(text, 'base64').toString('utf8');
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : '';
}

export function isKey(verdict: ApiKey | Refused): verdict is ApiKey {
  return 'hash' in verdict;
}

export async function checkKey(
  context: HttpContext,
  { connection }: Exchange,
  text: string,
  wish: { readonly source: HttpSource; readonly scope: KeyScope },
): Promise<ApiKey | Refused> {
  if (text === '') {
    return {
      reason: 'no-key',
      problem: {
        code: 'UNAUTHORIZED',
        message: 'an API key is needed, as Authorization: Bearer KEY or key: KEY',
        headers: CHALLENGE,
      },
    };
  }
  let key: ApiKey | undefined;
  try {
    key = await context.keyRing.check(text, wish.scope);
  } catch (error) {
    context.log.error(`${wish.source}: a key cannot be looked up: ${doorFault(error)}`, {
      event: 'key-failed',
    });
    return { reason: notStored(error) ?? 'busy', problem: doorProblem(error) };
  }
  if (key === undefined) {
    const wait = context.pace.take(`wrong ${connection.network}`, keyLimits.wrongPerMinute);
    if (wait !== undefined) return tooOften('too many wrong keys from this address', wait);
    return {
      reason: 'unknown-key',
      problem: { code: 'UNAUTHORIZED', message: 'the API key is not valid here', headers: CHALLENGE },
    };
  }
  const { sources } = context.settings;
  const perMinute = wish.source === 'idmef' ? undefined : sources[wish.source]?.ratePerMinute;
  if (perMinute === undefined) return key;
  const wait = context.pace.take(`${wish.source} ${key.id}`, perMinute);
  return wait === undefined ? key : tooOften(`this key may post ${perMinute} times a minute`, wait);
}

function tooOften(message: string, waitMs: number): Refused {
  return { reason: 'rate', problem: { code: 'TOO_MANY_REQUESTS', message, headers: retryAfter(waitMs) } };
}
