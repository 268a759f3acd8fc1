/**
 * What a mail server's words mean for the mail (RFC 5321 §4.2, RFC 3463, RFC 4954).
 *
 * | what | outcome |
 * |---|---|
 * | no connection, connection lost, silence, 4yz (greylisting 450 too), 421 | again |
 * | 535 and other failed authentication, 530, TLS that cannot be had or trusted, 5yz to greeting, EHLO or sender | broken |
 * | a mailbox that is full (552, x.2.2) | again |
 * | 5yz to the content | refused: another form may pass |
 * | 5yz to one address of several | refused for that address, for good |
 */

import type { Outcome } from '../../../../core/outcome.ts';
import { said } from '../say.ts';

/** The parts of nodemailer's errors that are looked at. */
export interface MailFault {
  readonly message: string;
  readonly code?: string | undefined;
  readonly originalCode?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly command?: string | undefined;
}

/** Of the whole mail. `server`: its name in the reason. */
export function mailVerdict(fault: MailFault, server: string): Outcome {
  const { code = '', responseCode, command = '' } = fault;
  const reason = said(`${server} ${wordsOf(fault)}`);
  // 421: it closes; 454: no TLS, or no authentication, for now (RFC 3207 §4, RFC 4954 §6).
  if (responseCode === 421 || responseCode === 454) return { kind: 'again', reason };
  if (isAuthentication(fault)) {
    if (responseCode !== undefined && responseCode < 500) return { kind: 'again', reason };
    return { kind: 'broken', reason, hint: 'check user, password and tls of the endpoint' };
  }
  if (isTrust(fault)) {
    return {
      kind: 'broken',
      reason,
      hint: 'check ca_file, the name in its certificate, and tls of the endpoint',
    };
  }
  if (responseCode === undefined || responseCode < 500) return { kind: 'again', reason };
  // What the server says to its content concerns one mail; what it says before concerns all.
  if (code === 'EMESSAGE' || command === 'DATA' || responseCode === 552) return { kind: 'refused', reason };
  return { kind: 'broken', reason, hint: 'the log of that server says why' };
}

/** Of one address; the reason is a clause after the server's name. */
export function addressVerdict(fault: MailFault): Outcome {
  const { responseCode = 0, response = '' } = fault;
  const reason = wordsOf(fault);
  if (isAuthentication(fault)) return { kind: responseCode < 500 ? 'again' : 'broken', reason };
  const full = responseCode === 552 || /^\d{3}[ -][45]\.2\.2\b/.test(response);
  if (responseCode < 500 || full) return { kind: 'again', reason };
  return { kind: 'refused', reason, certain: true };
}

/** RFC 4954 §6: 530 wants authentication (or STARTTLS), 534 a stronger one, 535 failed, 538 wants encryption, 454 for now. */
function isAuthentication({ code, responseCode }: MailFault): boolean {
  return code === 'EAUTH' || code === 'ENOAUTH' || [530, 534, 535, 538].includes(responseCode ?? 0);
}

/** TLS that cannot be had or trusted; not a connection that broke on the way to it. */
function isTrust({ code, originalCode = '', message }: MailFault): boolean {
  if (/CERT|SELF_SIGNED|UNABLE_TO_|KEY_TOO_SMALL|^ERR_SSL|^ERR_TLS/.test(originalCode)) return true;
  return (
    code === 'ETLS' && !/closed unexpectedly|ECONNRESET|EPIPE|hang up/i.test(`${message} ${originalCode}`)
  );
}

function wordsOf({ message, response, responseCode, originalCode, command }: MailFault): string {
  if (response !== undefined && responseCode !== undefined) {
    return said(command === 'STARTTLS' ? `does not do STARTTLS, it said ${response}` : `said ${response}`);
  }
  // There are none: so the pool speaks of a connection that ended without an error.
  if (message.includes('number of retries')) return 'closed the connection without a word';
  const known = originalCode === undefined || message.includes(originalCode);
  return said(`failed: ${message}${known ? '' : ` (${originalCode})`}`);
}
