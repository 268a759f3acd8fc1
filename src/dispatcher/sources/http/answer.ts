/**
 * What handlers return: an answer as a value, written once by http-app.ts. And refusals, which are answers that the door counts.
 *
 * A refused post has stored nothing. Its reason is one of the door's, so that status and metrics of all sources speak alike.
 */

import { messageOf, RelayError } from '../../../core/errors.ts';
import { httpsLimits } from '../../../core/limits.ts';
import { problemBody, type Problem } from '../../../http/problem.ts';
import type { RefusalReason } from '../../model/ports.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Why a post was not taken. */
export interface Refused {
  readonly reason: RefusalReason;
  readonly problem: Problem;
}

/** RFC 9457. */
export function problemAnswer(problem: Problem): Answer {
  const status = new RelayError(problem.code, problem.message).http;
  const retry = status === 507 ? httpsLimits.fullRetrySeconds : httpsLimits.busyRetrySeconds;
  return {
    status,
    type: 'application/problem+json',
    body: problemBody(status, problem),
    headers: {
      ...(status === 503 || status === 507 ? { 'Retry-After': String(retry) } : {}),
      ...problem.headers,
    },
  };
}

/** `{…}` and a newline, as curl's users like it. */
export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

export function textAnswer(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: text };
}

export function emptyAnswer(status: number, headers: Readonly<Record<string, string>>): Answer {
  return { status, type: '', body: '', headers };
}

/**
 * Why the door did not store, or the store could not be asked, as the sender is told. What an operator must mend or what passes is 503 or
 * 507: the sender keeps its alerts and comes again. Only what the message itself is to blame for is the sender's fault.
 */
export function doorProblem(error: unknown): Problem {
  if (!(error instanceof RelayError) || error.kind === 'bug') {
    return { code: 'BUG', message: 'the server made a mistake, its log says more' };
  }
  if (error.kind === 'peer') return { code: error.code, message: error.message };
  if (error.http === 507) return { code: error.code, message: 'there is no room for alerts at present' };
  return { code: 'UNAVAILABLE', message: 'alerts cannot be stored at present' };
}

/** For the log: what stands behind doorProblem. */
export function doorFault(error: unknown): string {
  return error instanceof RelayError ? `${error.code}: ${error.message}` : messageOf(error);
}

/** Seconds, rounded up, for Retry-After. */
export function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { 'Retry-After': String(Math.max(1, Math.ceil(ms / 1000))) };
}
