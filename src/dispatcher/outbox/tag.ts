/**
 * The name of a notification: a short one for people (`#k3f9`) and a long one for providers (idempotency keys).
 *
 * Called by notify.ts; read back by `why` (src/dispatcher/control/verbs/why.ts). Both come from what is carried, not from the claim: the recipient and the numbers of the messages, or for a
 * digest the time of its oldest pair and their count. So whatever is sent again with the same content has the same name, even after a
 * restart, and anything else has another. Keyed with a secret of this store: nobody can guess a key to suppress an alert at a provider.
 */

import { createHmac } from 'node:crypto';

/** Without i, l, o and u: read aloud over the telephone. 32 of them. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** The last one: a tag is never taken for the number of a message. */
const LETTERS = ALPHABET.slice(10);
const TAG_CHARS = 4;

/** As people write it: with or without the #. */
export function tagOf(text: string): string | undefined {
  const [, word] = /^#?([0-9a-hjkmnp-tv-z]{3}[a-hjkmnp-tv-z])$/.exec(text.toLowerCase()) ?? [];
  return word === undefined ? undefined : `#${word}`;
}

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
  for (const [index, byte] of digest.subarray(16, 16 + TAG_CHARS).entries()) {
    const from = index === TAG_CHARS - 1 ? LETTERS : ALPHABET;
    tag += from[byte % from.length] ?? '';
  }
  return { tag, idempotencyKey: digest.toString('hex', 0, 16) };
}
