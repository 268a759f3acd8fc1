/**
 * What becomes of a body nobody reads. Called by the HTTPS servers of src/sensor and src/dispatcher.
 *
 * It must neither be taken for the next request nor be read for ever: Node's parser skips a small one by itself, after a larger
 * one the connection is closed.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectionLimits } from '../core/limits.ts';

export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || contentLength(request) > 0;
}

/** To be called before the answer to a request whose body nobody reads. */
export function refuseBody(request: IncomingMessage, response: ServerResponse): void {
  const expects = request.headers.expect !== undefined;
  const long =
    request.headers['transfer-encoding'] !== undefined ||
    contentLength(request) > connectionLimits.unwantedBodyBytes;
  // Who waits for `100 Continue` may or may not send the body after a final answer (RFC 9110 §10.1.1).
  if (hasBody(request) && (long || expects)) {
    response.shouldKeepAlive = false;
  }
}

export function contentLength(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}
