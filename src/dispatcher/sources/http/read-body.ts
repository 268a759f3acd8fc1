/**
 * The body of a post: received with a limit and within the budget of all, decompressed within the same (gzip alone, RFC 9110 §8.4.1.3).
 * Called by the handlers after they know what may be known of the sender.
 *
 * What was taken from the budget is given back when the answer is done, because the bytes live until the door has stored them.
 */

import { createGunzip } from 'node:zlib';

import { httpsLimits } from '../../../core/limits.ts';
import { contentLength } from '../../../http/unwanted-body.ts';
import type { Refused } from './answer.ts';
import type { BodyBudget } from '../body-budget.ts';
import type { Exchange } from './context.ts';

/** `gone`: the peer broke off. */
export type Body = Buffer | Refused | 'gone';

interface BodyLimits {
  readonly bytes: number;
  readonly budgets: readonly BodyBudget[];
}

export async function readBody(exchange: Exchange, limits: BodyLimits): Promise<Body> {
  const { request, response } = exchange;
  const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (!['identity', 'gzip', 'x-gzip'].includes(coding)) {
    return {
      reason: 'malformed',
      problem: {
        code: 'UNSUPPORTED_MEDIA_TYPE',
        message: 'a body is sent as it is or with Content-Encoding gzip',
        headers: { 'Accept-Encoding': 'gzip, identity' },
      },
    };
  }
  const length = contentLength(request);
  if (length > limits.bytes) return tooLarge(limits);
  if (!limits.budgets.every((budget) => budget.fits(length))) return busy();
  if (request.headers.expect !== undefined) response.writeContinue();
  let received: Buffer | Refused;
  try {
    // Leaving the loop early must not end the connection: the refusal is still to be answered.
    received = await collect(request.iterator({ destroyOnReturn: false }), exchange, limits);
  } catch {
    return 'gone';
  }
  if (!Buffer.isBuffer(received) || coding === 'identity') return received;
  const unzip = createGunzip();
  unzip.end(received);
  try {
    return await collect(unzip, exchange, limits);
  } catch {
    return { reason: 'malformed', problem: { code: 'BAD_REQUEST', message: 'the body is not gzip' } };
  } finally {
    unzip.destroy();
  }
}

async function collect(
  source: AsyncIterable<Buffer>,
  exchange: Exchange,
  limits: BodyLimits,
): Promise<Buffer | Refused> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of source) {
    size += part.length;
    if (size > limits.bytes) return tooLarge(limits);
    for (const budget of limits.budgets) {
      if (!budget.take(part.length)) return busy();
      exchange.afterwards(() => budget.give(part.length));
    }
    parts.push(part);
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, size);
}

function tooLarge({ bytes }: BodyLimits): Refused {
  return {
    reason: 'too-large',
    problem: { code: 'TOO_LARGE', message: `a body may have ${bytes} bytes, after decompression` },
  };
}

function busy(): Refused {
  return {
    reason: 'busy',
    problem: {
      code: 'UNAVAILABLE',
      message: 'too much is being sent at this moment',
      headers: { 'Retry-After': String(httpsLimits.busyRetrySeconds) },
    },
  };
}
