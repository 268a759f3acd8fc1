/**
 * What is taken from a mail: subject, readable text, names of attachments; and whether it is an answer to one of ours.
 *
 * Called by smtp-source.ts. The seed forwarded the raw DATA with all headers, the key among them (reference: A.1.3, G); here the
 * text is the subject, an empty line, and the decoded text part (HTML only where there is no other), and then one line for each
 * attachment, which is named but not kept. No other header is kept but From and Date. Never throws for what a mail holds.
 */

import type PostalMime from 'postal-mime';

import { smtpLimits } from '../../../../core/limits.ts';
import { lazy } from '../../../../idmef/lazy.ts';
import { htmlText } from '../html-text.ts';

export interface MailText {
  readonly subject: string;
  /** Subject, text and attachments; what a recipient gets who wants the mail as it was posted. */
  readonly text: string;
  /** `Ana <ana@example.org>`; '' for none. */
  readonly from: string;
  /** Wall ms of the Date header. */
  readonly date: number | undefined;
  readonly attachments: readonly string[];
  /** One of our own notifications come back, or an automatic answer to one (RFC 3834). */
  readonly loop: boolean;
}

type Email = Awaited<ReturnType<typeof PostalMime.parse>>;

const library = lazy(() => import('postal-mime'));

/** In every mail that the dispatcher sends. */
export const RELAY_MARK = 'x-idmef-relay';

const MAIL_HEADERS = new Set(
  'bcc cc content-transfer-encoding content-type date from message-id mime-version received return-path reply-to sender to'.split(
    ' ',
  ),
);

/** A header's name is looked for so far. */
const HEADER_NAME_BYTES = 128;

/** Undefined for what cannot be read as a mail: nested too deep, headers too long. */
export async function readMail(bytes: Uint8Array): Promise<MailText | undefined> {
  const { default: Parser } = await library();
  let email: Email;
  try {
    email = await Parser.parse(bytes, {
      maxNestingDepth: smtpLimits.mimeDepth,
      maxHeadersSize: smtpLimits.mailHeaderBytes,
      maxRfc822NestingDepth: 1,
    });
  } catch {
    return undefined;
  }
  const loop = email.headers.some(isLoop);
  if (isBare(bytes, email)) return { ...bareText(bytes), loop };
  const { subject = '', from } = email;
  const attachments = email.attachments.slice(0, smtpLimits.attachments).map(describe);
  return {
    subject,
    text: [subject, readable(email), attachments.map((name) => `[attachment: ${name}]`).join('\n')]
      .filter((part) => part !== '')
      .join('\n\n'),
    from: from === undefined ? '' : `${from.name} <${from.address ?? ''}>`.trim(),
    date: email.date === undefined ? undefined : time(email.date),
    attachments,
    loop,
  };
}

/** Scripts put their message right behind DATA: there is no header that a mail program would have written. */
function isBare(bytes: Uint8Array, { headers, subject, text, html }: Email): boolean {
  const content = subject ?? text ?? html ?? '';
  return (
    !startsWithHeader(bytes) || (content.trim() === '' && !headers.some(({ key }) => MAIL_HEADERS.has(key)))
  );
}

function startsWithHeader(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, HEADER_NAME_BYTES)).toString('latin1');
  return /^(?:[!-9;-~]+[ \t]*:|\r?\n|From )/.test(start);
}

function bareText(bytes: Uint8Array): Omit<MailText, 'loop'> {
  const text = Buffer.from(bytes).toString('utf8').replace(/\r\n?/g, '\n').trim();
  return { subject: '', text, from: '', date: undefined, attachments: [] };
}

function readable({ text, html }: Email): string {
  const plain = (text ?? '').replace(/\r\n?/g, '\n').trim();
  return plain === '' && html !== undefined ? htmlText(html) : plain;
}

function describe({ filename, mimeType, content }: Email['attachments'][number]): string {
  const size = typeof content === 'string' ? content.length : content.byteLength;
  return `${filename ?? 'unnamed'} (${mimeType}, ${size} bytes)`;
}

function time(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** `auto-generated` alone is no loop: cron and monitoring systems say it of the very mails that are wanted here. */
function isLoop({ key, value }: Email['headers'][number]): boolean {
  return key === RELAY_MARK || (key === 'auto-submitted' && /^\s*auto-(?:replied|notified)\b/i.test(value));
}
