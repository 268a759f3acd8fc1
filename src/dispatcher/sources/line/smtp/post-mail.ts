/**
 * One mail, from its first byte to the commit: read, cleaned of the key, wrapped, handed to the door.
 *
 * Called by smtp-source.ts for each DATA. Resolves after the commit; rejects with an SmtpRefusal that was counted, or with whatever
 * the stream failed with when its sender went away (nothing is stored then).
 */

import type { SMTPServerDataStream } from 'smtp-server';

import { messageOf } from '../../../../core/errors.ts';
import type { Inbound } from '../../../model/message.ts';
import { wrapText } from '../../wrap-text.ts';
import type { LineDeps } from '../deps.ts';
import type { KeyRate } from '../key-rate.ts';
import { plausibleTime } from '../plausible-time.ts';
import { redact } from '../redact.ts';
import type { Sayings } from '../sayings.ts';
import { type MailText, readMail } from './mail-text.ts';
import { REPLIES, type Reply, replyToFailure, SmtpRefusal } from './reply.ts';
import type { Poster } from './transaction.ts';

export interface MailPost {
  readonly stream: SMTPServerDataStream;
  readonly poster: Poster;
  readonly channels: readonly string[];
  /** The sender's, on the network. */
  readonly address: string;
}

export interface MailPostDeps extends LineDeps {
  readonly maxBytes: number;
  readonly rate: KeyRate;
  readonly sayings: Sayings;
}

export async function postMail(post: MailPost, deps: MailPostDeps): Promise<void> {
  const { door, rate, sayings } = deps;
  const refuse = (reply: Reply): SmtpRefusal => {
    door.refused(reply.reason);
    return new SmtpRefusal(reply);
  };
  const bytes = await collect(post.stream, deps.maxBytes);
  if (bytes === undefined) throw refuse(REPLIES.tooLarge);
  const mail = await readMail(bytes);
  if (mail === undefined) throw refuse(REPLIES.malformed);
  if (mail.loop) throw refuse(REPLIES.loop);
  if (!rate.take(post.poster.key.id)) throw refuse(REPLIES.rate);
  const inbound = await wrapMail(mail, post, deps);
  try {
    await door.accept([inbound]);
  } catch (error) {
    sayings.warn('smtp-not-stored', `smtp: mail not stored, its sender keeps it: ${messageOf(error)}`);
    throw refuse(replyToFailure(error));
  }
}

async function wrapMail(mail: MailText, post: MailPost, deps: LineDeps): Promise<Inbound> {
  const { key, text: secret } = post.poster;
  const datum = (meaning: string, value: string) =>
    ({ meaning, type: 'string', value: redact(value, secret) }) as const;
  const text = redact(mail.text, secret);
  const sent = mail.date === undefined ? undefined : plausibleTime(mail.date, deps.clock.now());
  return wrapText(
    {
      text,
      title: redact(mail.subject, secret),
      analyzer: { class: 'Mail' },
      origin: { source: 'smtp', address: post.address, key: key.id, owner: key.owner },
      forced: post.channels,
      verbatim: text,
      data: [datum('from', mail.from), ...mail.attachments.map((name) => datum('attachment', name))],
      ...(sent === undefined ? {} : { detectTime: sent }),
    },
    deps,
  );
}

/** The whole of it, which is read to its end; undefined for more than `maxBytes`. */
async function collect(stream: SMTPServerDataStream, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= maxBytes ? Buffer.concat(chunks) : undefined;
}
