/**
 * The name of a notification: a short one for people (`#k3f9`) and a long one for providers (idempotency keys).
 *
 * Called by notify.ts. Both come from what is carried, not from the claim: the recipient and the numbers of the messages, or for a
 * digest the time of its oldest pair and their count. So whatever is sent again with the same content has the same name, even after a
 * restart, and anything else has another. Keyed with a secret of this store: nobody can guess a key to suppress an alert at a provider.
 */

import { createHmac } from 'node:crypto';

/** Without i, l, o and u: read aloud over the telephone. 32 of them. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TAG_CHARS = 4;

export interface Names {
  readonly tag: string;
  /** 32 hex digits. */
  readonly idempotencyKey: string;
}

export type Carried =
  | { readonly seqs: readonly number[] }
  | { readonly digest: { readonly firstAt: number; readonly count: number } }
  | { readonly test: string };

export function nameOf(secret: string, recipient: string, carried: Carried): Names {
  const digest = createHmac('sha256', secret)
    .update(JSON.stringify([recipient, carried]))
    .digest();
  let tag = '#';
  for (const byte of digest.subarray(16, 16 + TAG_CHARS)) tag += ALPHABET[byte % ALPHABET.length] ?? '';
  return { tag, idempotencyKey: digest.toString('hex', 0, 16) };
}
