/**
 * One mail, from its first byte to the commit: read, cleaned of the key, wrapped, handed to the door.
 *
 * Called by smtp-source.ts for each DATA. Resolves after the commit; rejects with an SmtpRefusal that was counted, or with whatever
 * the stream failed with when its sender went away (nothing is stored then).
 */

import type { SMTPServerDataStream } from 'smtp-server';

import { messageOf } from '../../../../core/errors.ts';
import { lineLimits } from '../../../../core/limits.ts';
import type { Pace } from '../../../keys/pace.ts';
import type { Inbound } from '../../../model/message.ts';
import type { BodyBudget } from '../../body-budget.ts';
import { wrapText } from '../../wrap-text.ts';
import type { LineDeps } from '../deps.ts';
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
  readonly pace: Pace;
  /** Of all mails together. */
  readonly budget: BodyBudget;
  readonly sayings: Sayings;
}

/** Whether so many bytes more may be held. */
type Take = (bytes: number) => boolean;

export async function postMail(post: MailPost, deps: MailPostDeps): Promise<void> {
  const { budget } = deps;
  let held = 0;
  const take = (bytes: number): boolean => {
    const fits = budget.take(bytes);
    if (fits) held += bytes;
    return fits;
  };
  try {
    const refused = await store(post, deps, take);
    if (refused === undefined) return;
    deps.door.refused(refused.reason);
    throw new SmtpRefusal(refused);
  } finally {
    budget.give(held);
  }
}

/** What is refused is an answer, undefined is a yes. */
async function store(post: MailPost, deps: MailPostDeps, take: Take): Promise<Reply | undefined> {
  const bytes = await collect(post.stream, deps.maxBytes, take);
  if (!Buffer.isBuffer(bytes)) return bytes;
  const mail = await readMail(bytes);
  if (mail === undefined) return REPLIES.malformed;
  if (mail.loop) return REPLIES.loop;
  const wait = deps.pace.take(String(post.poster.key.id), lineLimits.keyRatePerMinute);
  if (wait !== undefined) return REPLIES.rate;
  const inbound = await wrapMail(mail, post, deps);
  try {
    await deps.door.accept([inbound]);
    return undefined;
  } catch (error) {
    deps.sayings.warn('smtp-not-stored', `smtp: mail not stored, its sender keeps it: ${messageOf(error)}`);
    return replyToFailure(error);
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

/** The whole of it, which is read to its end in any case: until then nobody would hear the answer. */
async function collect(stream: SMTPServerDataStream, maxBytes: number, take: Take): Promise<Buffer | Reply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let refused: Reply | undefined;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk) || refused !== undefined) continue;
    bytes += chunk.length;
    if (bytes > maxBytes) refused = REPLIES.tooLarge;
    else if (!take(chunk.length)) refused = REPLIES.busy;
    if (refused === undefined) chunks.push(chunk);
    else chunks.length = 0;
  }
  return refused ?? Buffer.concat(chunks, bytes);
}
