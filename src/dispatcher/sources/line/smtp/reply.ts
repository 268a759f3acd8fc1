/**
 * The answers of the SMTP source to what it refuses, and what is counted for each.
 *
 * Used by smtp-source.ts and transaction.ts. A permanent 5xx sends the mail back to its author at once; a 4xx keeps it at the sender,
 * which is what a full disk asks for. A key that is wrong and a key that is known but may not post are one answer, and so are
 * a channel that does not exist and one of somebody else: only the owner of a key learns that one of his channels is disabled.
 */

import type { RefusalReason } from '../../../model/ports.ts';
import { notStored } from '../../not-stored.ts';

export interface Reply {
  readonly code: number;
  readonly text: string;
  readonly reason: RefusalReason;
}

export const REPLIES = {
  badKey: { code: 535, text: 'key not accepted', reason: 'unknown-key' },
  badSender: { code: 550, text: 'sender not accepted: its local part is no key', reason: 'unknown-key' },
  bounce: { code: 550, text: 'bounces are not accepted', reason: 'loop' },
  clear: { code: 530, text: 'must issue STARTTLS first', reason: 'not-allowed' },
  noChannel: { code: 550, text: 'no such channel for this key', reason: 'unknown-channel' },
  forbidden: { code: 550, text: 'no such channel for this key', reason: 'forbidden' },
  disabled: { code: 550, text: 'channel disabled', reason: 'disabled-channel' },
  loop: { code: 554, text: 'loop: an answer to a notification, or one of ours come back', reason: 'loop' },
  tooLarge: { code: 552, text: 'message exceeds the maximum size', reason: 'too-large' },
  malformed: { code: 554, text: 'the message cannot be read', reason: 'malformed' },
  rate: { code: 450, text: 'too many messages with this key, try again later', reason: 'rate' },
  full: { code: 452, text: 'no room at present, try again later', reason: 'full' },
  busy: { code: 451, text: 'not stored, try again later', reason: 'busy' },
} as const satisfies Record<string, Reply>;

/** What smtp-server turns into an answer. */
export class SmtpRefusal extends Error {
  readonly responseCode: number;

  constructor(reply: Reply) {
    super(reply.text);
    this.responseCode = reply.code;
  }
}

/** Whatever the door failed with, the mail stays at its sender. */
export function replyToFailure(error: unknown): Reply {
  return notStored(error) === 'full' ? REPLIES.full : REPLIES.busy;
}
