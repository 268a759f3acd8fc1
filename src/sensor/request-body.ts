/**
 * Bodies of requests, read with a limit. Called by producer-post.ts; http/unwanted-body.ts gets rid of the others.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { producerLimits } from '../core/limits.ts';
import { contentLength } from '../http/unwanted-body.ts';
import type { BodyBudget } from './context.ts';

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
