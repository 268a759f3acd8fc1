/**
 * Who may post with a key: the KeyRing every keyed source asks (https, mail, syslog). Made by src/app with the store.
 *
 * A key is looked up by its SHA-256, so that neither time nor logs say anything of it. Answers are remembered for
 * keyLimits.cacheMs, the right ones only; whoever changes keys or users calls `forget`, and the change counts for the next
 * request. A key works as long as it is neither revoked nor past its end, and its owner is a user who is not disabled. Why one
 * does not work is told to nobody.
 */

import { keyLimits } from '../../core/limits.ts';
import type { Clock } from '../../core/ports.ts';
import type { KeyRing } from '../model/ports.ts';
import type { ApiKey } from '../model/records.ts';
import type { Store } from '../model/store.ts';
import { hashKey } from './api-key.ts';

export interface StoredKeyRing extends KeyRing {
  /** Keys or users have changed: ask the store anew. */
  forget(): void;
}

interface KeyRingDeps {
  readonly store: Pick<Store, 'findKey' | 'users'>;
  readonly clock: Clock;
}

export function createKeyRing({ store, clock }: KeyRingDeps): StoredKeyRing {
  /** By hash, longest known first. */
  const known = new Map<string, { readonly key: ApiKey; readonly until: number }>();
  let generation = 0;

  const find = async (hash: Buffer): Promise<ApiKey | undefined> => {
    const name = hash.toString('hex');
    const cached = known.get(name);
    if (cached !== undefined && clock.monotonic() < cached.until) return cached.key;
    const asked = generation;
    const until = clock.monotonic() + keyLimits.cacheMs;
    const key = await store.findKey(hash, clock.now());
    const owner = key === undefined ? undefined : await ownerOf(key, store);
    known.delete(name);
    if (key === undefined || owner === undefined || owner.disabled === true) return undefined;
    if (asked !== generation) return key;
    known.set(name, { key, until });
    for (const oldest of known.keys()) {
      if (known.size <= keyLimits.cachedKeys) break;
      known.delete(oldest);
    }
    return key;
  };

  return {
    async check(text, scope) {
      if (text === '' || text.length > keyLimits.keyChars) return undefined;
      const key = await find(hashKey(text));
      if (key === undefined || !works(key, clock.now())) return undefined;
      return key.scopes.includes(scope) ? key : undefined;
    },
    forget() {
      generation += 1;
      known.clear();
    },
  };
}

/** Neither past its end nor revoked; `keys rotate --grace` revokes for later. */
export function works(
  { revokedAt, expiresAt }: Pick<ApiKey, 'revokedAt' | 'expiresAt'>,
  now: number,
): boolean {
  return (revokedAt === undefined || revokedAt > now) && (expiresAt === undefined || expiresAt > now);
}

async function ownerOf(
  { owner }: ApiKey,
  store: KeyRingDeps['store'],
): Promise<{ readonly disabled?: true } | undefined> {
  return (await store.users()).find(({ name }) => name === owner);
}
