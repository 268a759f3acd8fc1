/**
 * What makes a message the same message again: its sender as far as proven, the chain of analyzers, its messageid.
 *
 * Called by the door for each message. Without a messageid (or with `0`, which RFC 4765 §4.2.2 takes for unknown) the bytes
 * decide. Whatever stands in the text, nobody can make a message that is taken for one of another sender.
 */

import { hash } from 'node:crypto';

import type { MessageId, MessageOrigin } from '../model/message.ts';
import { senderOf } from '../model/sender.ts';

/** Hex digits of a MessageId. */
const DIGITS = 32;

export interface Identity {
  readonly id: MessageId;
  /** SHA-256 of the bytes. */
  readonly hash: Buffer;
}

export function identify(
  body: Buffer,
  origin: MessageOrigin,
  read: { readonly messageid: string; readonly analyzerChain: readonly string[] },
): Identity {
  const { messageid, analyzerChain } = read;
  const bytes = hash('sha256', body, 'buffer');
  const own =
    messageid === '' || messageid === '0'
      ? ['bytes', bytes.toString('hex')]
      : ['messageid', messageid, ...analyzerChain];
  const id = hash('sha256', JSON.stringify([senderOf(origin), ...own])).slice(0, DIGITS);
  return { id, hash: bytes };
}
