/**
 * A notification as a mail: text and HTML, headers that say who made it.
 *
 * The subject is one line whatever the alert says. `Auto-Submitted` (RFC 3834) keeps vacation programs quiet; `X-Idmef-Relay` is the mark by
 * which a source recognises our own delivery coming back and refuses it. The Message-ID is the same at every repetition.
 */

import type { SendMailOptions } from 'nodemailer';

import { ownSinkLimits } from '../../../../core/limits.ts';
import { escapeControls } from '../../../../log/escape.ts';
import type { Notification } from '../../../model/sink.ts';
import { cutText } from '../format/cut-text.ts';

/** Header of the delivery mark: `<host>; notification=<tag>; id=<idempotency key>`. */
const MARK_HEADER = 'X-Idmef-Relay';

interface MailParts {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly prefix: string | undefined;
  readonly hostname: string;
  readonly notification: Notification;
}

export type Mail = SendMailOptions & { readonly from: string };

export function composeMail(parts: MailParts): Mail {
  const { from, to, cc, prefix, hostname, notification } = parts;
  const { rendered, form, tag, idempotencyKey, at } = notification;
  const id = idempotencyKey.replace(/[^0-9A-Za-z._-]/g, '');
  const host = hostname.replace(/[^0-9A-Za-z.-]/g, '') || 'localhost';
  return {
    from,
    to: [...to],
    ...(cc.length === 0 ? {} : { cc: [...cc] }),
    subject: subjectOf(prefix, rendered.subject),
    text: rendered.plain,
    ...(form === 'plain' ? {} : { html: rendered.body }),
    messageId: `<${id}${to.length === 1 && cc.length === 0 ? `.${shortHash(to[0] ?? '')}` : ''}@${host}>`,
    date: new Date(at),
    headers: {
      'Auto-Submitted': 'auto-generated',
      [MARK_HEADER]: `${host}; notification=${tag.replace(/[^0-9A-Za-z]/g, '')}; id=${id}`,
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** One line, controls made visible, no longer than a subject may be. */
function subjectOf(prefix: string | undefined, subject: string): string {
  const line = `${prefix === undefined ? '' : `${prefix} `}${subject}`.replace(/\s+/g, ' ').trim();
  return cutText(escapeControls(line), ownSinkLimits.subjectChars);
}

/** `SOC <soc@example.org>` → `soc@example.org`. */
export function envelopeAddress(from: string): string {
  return /<([^<>]*)>\s*$/.exec(from)?.[1]?.trim() ?? from.trim();
}

/** Two mails of one notification need two ids; FNV-1a. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(36);
}
