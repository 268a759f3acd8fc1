/**
 * Bodies of requests: read with a limit, or got rid of. Called by producer-post.ts and router.ts.
 *
 * An unwanted body must neither be taken for the next request nor be read for ever: Node's parser skips a small
 * one by itself, after a larger one the connection is closed.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectionLimits, producerLimits } from '../core/limits.ts';
import type { BodyBudget } from './context.ts';

function hasBody(request: IncomingMessage): boolean {
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

type BodyResult =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'broken' };

/** Reads the body unless it, or all that are being read, would be too large. Sends `100 Continue` when due. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  budget: BodyBudget,
): Promise<BodyResult> {
  const length = contentLength(request);
  if (length > producerLimits.bodyBytes) {
    return { kind: 'too-large' };
  }
  if (budget.inFlight + length > producerLimits.inFlightBytes) {
    return { kind: 'busy' };
  }
  if (request.headers.expect !== undefined) {
    response.writeContinue();
  }
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length;
      budget.inFlight += part.length;
      if (size > producerLimits.bodyBytes) {
        return { kind: 'too-large' };
      }
      if (budget.inFlight > producerLimits.inFlightBytes) {
        return { kind: 'busy' };
      }
      parts.push(part);
    }
    return { kind: 'whole', bytes: Buffer.concat(parts) };
  } catch {
    return { kind: 'broken' };
  } finally {
    budget.inFlight -= size;
  }
}

function contentLength(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}
