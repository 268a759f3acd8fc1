/**
 * Leased GET of `/` (ARCHITECTURE.md: The wire): a batch under a token, to be acknowledged by DELETE. Called by router.ts when
 * the request prefers `lease`.
 *
 * The batch is assembled in memory (at most leaseLimits.maxBytes, or one message), because its digest is a
 * header (RFC 9530), and of the encoded bytes where the peer takes gzip. `min-severity` leases only messages at least
 * so severe; what is less stays due for the next request. `wait` holds the request until a message is due, the time is over, the peer hangs up or the
 * server drains. One place of the identity (429 beyond) is taken from the first moment to the end of the lease.
 */

import { createHash } from 'node:crypto';
import { messageOf } from '../core/errors.ts';
import { journalLimits, leaseLimits } from '../core/limits.ts';
import { severityNames } from '../core/severity.ts';
import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import type { Claim, Want } from '../journal/journal.ts';
import type { AheadBatch } from './ahead-batch.ts';
import { STALL_TICK_MS } from './connection.ts';
import { acceptedCodings, compress } from './content-coding.ts';
import type { Exchange, SensorContext } from './context.ts';
import { answerEmpty } from './plain-get.ts';
import type { Preferences } from './prefer.ts';
import { sendProblem } from '../http/problem.ts';
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
    const { claim, ready } = await leaseOrWait(context, response, consumer, want, preferences.wait ?? 0);
    if (claim === undefined) {
      // That there is nothing high is not that there is nothing.
      if (preferences.minSeverity !== undefined && !response.headersSent) {
        response.setHeader('Preference-Applied', laneOf(preferences));
      }
      await answerEmpty(context, response, consumer, ready?.stats);
      return;
    }
    granted = true;
    const token = context.leases.grant(holder, claim, preferences.lease, {
      ...(encodes(exchange, claim.bytes) ? { encoding: 'gzip' } : {}),
      ...(preferences.minSeverity === undefined ? {} : { minSeverity: preferences.minSeverity }),
    });
    try {
      await sendBatch(context, exchange, { claim, ready, token, consumer, want, preferences });
    } catch (error) {
      await context.leases.abandon(token);
      throw error;
    }
  } finally {
    if (!granted) {
      context.leases.leave(holder);
    }
    context.ahead.answered(consumer);
  }
}

/** What one leased answer takes at most. */
export function leaseWant(
  context: SensorContext,
  { batch, batchBytes, minSeverity }: Pick<Preferences, 'batch' | 'batchBytes' | 'minSeverity'>,
): Want {
  return {
    messages: Math.min(batch ?? leaseLimits.defaultMessages, context.maxBatchSize ?? leaseLimits.maxMessages),
    bytes: batchBytes ?? leaseLimits.defaultBytes,
    ...(minSeverity === undefined ? {} : { minSeverity }),
  };
}

/** Whether a batch of so many bytes is compressed for this request. */
export function encodes({ request }: Exchange, bytes: number): boolean {
  const { gzip, identity } = acceptedCodings(request.headers['accept-encoding']);
  return gzip && (bytes >= leaseLimits.gzipBytes || !identity);
}

function laneOf({ minSeverity = 0 }: Preferences): string {
  return `min-severity=${severityNames[minSeverity]}`;
}

interface Batch {
  readonly claim: Claim;
  /** Its bytes and the numbers, when they are at hand. */
  readonly ready: AheadBatch | undefined;
  readonly token: string;
  readonly consumer: string;
  readonly want: Want;
  readonly preferences: LeasePreferences;
}

async function sendBatch(context: SensorContext, exchange: Exchange, batch: Batch): Promise<void> {
  const { response } = exchange;
  const { claim, ready, token, consumer, want, preferences } = batch;
  const { journal, leases, logger } = context;
  const encoded = encodes(exchange, claim.bytes);
  // Asked at once: whatever waits for the journal's thread waits for its fsync, and once is enough.
  const [document] = await Promise.all([
    ready === undefined ? readDocumentOf(context, claim) : documentOf(context, ready.bodies),
    setStatusHeaders(context, response, consumer, { pending: true, known: ready?.stats }),
  ]);
  const body = encoded ? await compress(document) : document;
  if (encoded) context.bufferBin.discard(document);
  if (response.destroyed) {
    await leases.abandon(token);
    return;
  }
  response.writeHead(200, {
    'Content-Type': 'text/xml; charset=UTF-8',
    'Content-Length': body.length,
    ...(encoded ? { 'Content-Encoding': 'gzip' } : {}),
    Vary: 'Accept-Encoding',
    'Content-Digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
    'IDMEF-Lease': `${token}; expires=${preferences.lease}`,
    'IDMEF-Sequence': `${ready?.journal ?? journal.id}; ${claim.sequences}`,
    Link: `</leases/${token}>; rel="lease"`,
    'Preference-Applied': [
      `lease=${preferences.lease}`,
      ...(preferences.wait === undefined ? [] : [`wait=${preferences.wait}`]),
      `batch=${want.messages}`,
      `batch-bytes=${want.bytes}`,
      ...(preferences.minSeverity === undefined ? [] : [laneOf(preferences)]),
    ].join(', '),
  });
  response.socket?.setTimeout(STALL_TICK_MS);
  let finished = false;
  response.once('finish', () => {
    finished = true;
    leases.start(token);
    context.bufferBin.discard(body);
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

/** The whole document of a claim. As many chunks as it should have are asked for at once; reading past the end is none. */
async function readDocumentOf(context: SensorContext, claim: Claim): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const expected = 1 + Math.ceil(claim.bytes / journalLimits.readBytes);
  for (let count = expected; ; count = 1) {
    const chunks = await Promise.all(Array.from({ length: count }, () => context.journal.read(claim.id)));
    for (const chunk of chunks) {
      parts.push(chunk.bodies);
      if (chunk.done) return documentOf(context, parts);
    }
  }
}

function documentOf({ bufferBin }: SensorContext, parts: readonly Uint8Array[]): Buffer {
  const document = Buffer.concat([envelopeHead, ...parts, envelopeTail]);
  for (const part of parts) bufferBin.discard(part);
  return document;
}
