/**
 * What an HTTP answer to a POST means for the message it carried: the table of ARCHITECTURE.md: Poller.
 *
 * Called by gateway.ts. A yes is only 2xx without a web page; a redirect is never followed, because the
 * request would become a GET and its "200" a lie. 500 is what a SECEF gateway says to a message it cannot
 * parse and also to anything else that failed, so it is a refusal, and forward.ts asks for proof.
 */

import { OK, type Outcome } from '../core/outcome.ts';
import type { PoolAnswer } from '../http/gateway-pool.ts';

/** `now` is wall time (ms), for a Retry-After that is a date. */
export function answerOutcome(answer: PoolAnswer, now: number): Outcome {
  const { status } = answer;
  const said = quote(answer);
  if (status >= 200 && status < 300) {
    if (!isWebPage(answer)) return OK;
    return {
      kind: 'broken',
      reason: `answers ${status} with a web page: it is no IDMEF gateway${said}`,
      hint: 'check the URL; a portal or proxy may be in the way',
    };
  }
  if (status >= 300 && status < 400) {
    const location = String(answer.headers['location'] ?? 'nowhere');
    return {
      kind: 'broken',
      reason: `redirects (${status}) to ${location}, which is never followed`,
      hint: 'name the final URL with --manager',
    };
  }
  switch (status) {
    case 400:
    case 413:
    case 422:
    case 500:
      return { kind: 'refused', reason: `answers ${status}${said}` };
    case 401:
    case 403:
      return {
        kind: 'broken',
        reason: `does not allow us to deliver (${status})${said}`,
        hint: 'its roles must name our certificate',
      };
    case 404:
    case 405:
      return { kind: 'broken', reason: `takes no POST there (${status})${said}`, hint: 'check the URL path' };
    case 415:
      return {
        kind: 'broken',
        reason: `does not take text/xml (415)${said}`,
        hint: 'is it an IDMEF gateway',
      };
    case 408:
    case 429:
      return again(answer, said, now);
    default:
      if (status >= 500) return again(answer, said, now);
      return { kind: 'broken', reason: `answers ${status}${said}`, hint: 'check the URL' };
  }
}

function again(answer: PoolAnswer, said: string, now: number): Outcome {
  const retryAfterMs = retryAfter(answer.headers['retry-after'], now);
  return {
    kind: 'again',
    reason: `answers ${answer.status}${said}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** RFC 9110 §10.2.3: seconds or a date. */
function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export function isWebPage(answer: PoolAnswer): boolean {
  const type = String(answer.headers['content-type'] ?? '');
  return /^text\/html|^application\/xhtml/i.test(type) || /^\s*<(!doctype html|html[\s>])/i.test(answer.body);
}

/** The first words of what it said, for the log: one line, short. */
function quote(answer: PoolAnswer): string {
  if (isWebPage(answer)) {
    const title = /<title[^>]*>([^<]{1,80})/i.exec(answer.body)?.[1]?.trim();
    return title === undefined || title === '' ? '' : `: ${JSON.stringify(title)}`;
  }
  const text = answer.body
    .replace(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .trim()
    .slice(0, 120);
  return text === '' ? '' : `: ${text}`;
}
