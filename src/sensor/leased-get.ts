/**
 * Leased GET of `/` (ARCHITECTURE.md: The wire): a batch under a token, to be acknowledged by DELETE. Called by router.ts when
 * the request prefers `lease`.
 *
 * The batch is assembled in memory (at most leaseLimits.maxBytes, or one message), because its digest is a
 * header (RFC 9530). `wait` holds the request until a message is due, the time is over, the peer hangs up or the
 * server drains. One place of the identity (429 beyond) is taken from the first moment to the end of the lease.
 */

import { createHash } from 'node:crypto';
import { messageOf } from '../core/errors.ts';
import { leaseLimits } from '../core/limits.ts';
import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import type { Claim, Journal, Want } from '../journal/journal.ts';
import { STALL_TICK_MS } from './connection.ts';
import type { Exchange, SensorContext } from './context.ts';
import { answerEmpty } from './plain-get.ts';
import type { Preferences } from './prefer.ts';
import { sendProblem } from './problem.ts';
import { setStatusHeaders } from './status-headers.ts';
import { leaseOrWait } from './wait-for-lease.ts';

/** Preferences with `lease` set. */
type LeasePreferences = Preferences & { readonly lease: number };

export async function answerLease(
  context: SensorContext,
  exchange: Exchange,
  preferences: LeasePreferences,
  consumer: string,
): Promise<void> {
  const { response, connection } = exchange;
  const holder = connection.peer.key;
  if (!context.leases.enter(holder)) {
    await setStatusHeaders(context, response, consumer, { pending: true });
    sendProblem(response, {
      code: 'TOO_MANY_LEASES',
      message: `${connection.peer.name} already holds or waits for ${leaseLimits.perIdentity} leases`,
      headers: { 'Retry-After': String(context.leases.retryAfter(holder)) },
    });
    return;
  }
  let granted = false;
  try {
    const want = leaseWant(context, preferences);
    const claim = await leaseOrWait(context, response, consumer, want, preferences.wait ?? 0);
    if (claim === undefined) {
      await answerEmpty(context, response, consumer);
      return;
    }
    granted = true;
    const token = context.leases.grant(holder, claim, preferences.lease);
    try {
      await sendBatch(context, exchange, { claim, token, consumer, want, preferences });
    } catch (error) {
      await context.leases.abandon(token);
      throw error;
    }
  } finally {
    if (!granted) {
      context.leases.leave(holder);
    }
  }
}

/** What one leased answer takes at most. */
export function leaseWant(context: SensorContext, { batch, batchBytes }: Preferences): Want {
  return {
    messages: Math.min(batch ?? leaseLimits.defaultMessages, context.maxBatchSize ?? leaseLimits.maxMessages),
    bytes: batchBytes ?? leaseLimits.defaultBytes,
  };
}

interface Batch {
  readonly claim: Claim;
  readonly token: string;
  readonly consumer: string;
  readonly want: Want;
  readonly preferences: LeasePreferences;
}

async function sendBatch(context: SensorContext, exchange: Exchange, batch: Batch): Promise<void> {
  const { response } = exchange;
  const { claim, token, consumer, want, preferences } = batch;
  const { journal, leases, logger } = context;
  const body = await readDocumentOf(journal, claim);
  await setStatusHeaders(context, response, consumer, { pending: true });
  if (response.destroyed) {
    await leases.abandon(token);
    return;
  }
  response.writeHead(200, {
    'Content-Type': 'text/xml; charset=UTF-8',
    'Content-Length': body.length,
    'Content-Digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
    'IDMEF-Lease': `${token}; expires=${preferences.lease}`,
    'IDMEF-Sequence': `${journal.id}; ${claim.sequences}`,
    Link: `</leases/${token}>; rel="lease"`,
    'Preference-Applied': [
      `lease=${preferences.lease}`,
      ...(preferences.wait === undefined ? [] : [`wait=${preferences.wait}`]),
      `batch=${want.messages}`,
      `batch-bytes=${want.bytes}`,
    ].join(', '),
  });
  response.socket?.setTimeout(STALL_TICK_MS);
  let finished = false;
  response.once('finish', () => {
    finished = true;
    leases.start(token);
  });
  response.once('close', () => {
    if (!finished) {
      leases.abandon(token).catch((error: unknown) => {
        logger.error(messageOf(error));
      });
    }
  });
  response.end(body);
}

/** The whole document of a claim. */
async function readDocumentOf(journal: Journal, claim: Claim): Promise<Buffer> {
  const parts: Uint8Array[] = [envelopeHead];
  for (;;) {
    const chunk = await journal.read(claim.id);
    parts.push(chunk.bodies);
    if (chunk.done) {
      parts.push(envelopeTail);
      return Buffer.concat(parts);
    }
  }
}
