/**
 * An API key's text: how one is made, and the only form in which it is kept, its SHA-256.
 *
 * Called by the key ring, `keys add|rotate` and the import of AlertGateway's users, whose keys (uuid4 hex) go on working. A hash without
 * salt is enough: a key has 256 random bits (an imported one 122), so there is nothing to guess.
 */

import { createHash } from 'node:crypto';

import { keyLimits } from '../../core/limits.ts';
import type { Random } from '../../core/ports.ts';

/** Makes a key of ours known at sight, to people and to scanners for leaked secrets. */
const KEY_MARK = 'irk_';

export interface NewKey {
  /** Shown once. */
  readonly text: string;
  readonly hash: Buffer;
  readonly prefix: string;
}

/** `irk_` and 43 characters of base64url. */
export function makeKey(random: Random): NewKey {
  const text = KEY_MARK + Buffer.from(random.bytes(keyLimits.keyBytes)).toString('base64url');
  return { text, hash: hashKey(text), prefix: prefixOf(text) };
}

/** What a key is stored and looked up by, 32 bytes. */
export function hashKey(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** Its first characters, for listings. Of a short key, less: never more than a fourth of it. */
export function prefixOf(text: string): string {
  return text.slice(0, Math.min(keyLimits.prefixChars, Math.floor(text.length / 4)));
}
