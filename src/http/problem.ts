/**
 * Errors as an HTTP peer sees them: application/problem+json (RFC 9457) with one human sentence. The only
 * place where a RelayError becomes an HTTP answer. Called by the handlers of src/sensor and src/dispatcher.
 */

import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import { RelayError } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';

export interface Problem {
  readonly code: ErrorCode;
  /** Becomes the sentence: lower case, no full stop. */
  readonly message: string;
  /** Further members: rule, line, … */
  readonly extra?: Readonly<Record<string, string | number | readonly Readonly<Record<string, unknown>>[]>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Seconds, unless a problem knows better: a full disk is not mended at once. */
const RETRY_AFTER = { 503: '5', 507: '60' } as const;

/** The answer's bytes. `status` is the registry's for the code. */
export function problemBody(status: number, problem: Problem): Buffer {
  return Buffer.from(
    `${JSON.stringify({
      type: `urn:idmef-relay:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail: sentence(problem.message),
      ...problem.extra,
    })}\n`,
  );
}

/** Sends it, unless an answer has begun: then the connection is cut, so that nobody takes half for whole. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = new RelayError(problem.code, problem.message).http;
  const body = problemBody(status, problem);
  if (status === 503 || status === 507) {
    response.setHeader('Retry-After', RETRY_AFTER[status]);
  }
  for (const [name, value] of Object.entries(problem.headers ?? {})) {
    response.setHeader(name, value);
  }
  response.writeHead(status, { 'Content-Type': 'application/problem+json', 'Content-Length': body.length });
  response.end(body);
}

function sentence(message: string): string {
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
}
