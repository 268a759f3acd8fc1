/**
 * Plain GET of `/` (ARCHITECTURE.md: The wire): one document, oldest first. Called by router.ts.
 *
 * A peek (server without `--delete`/`--movedir`, `Prefer: peek`, role monitor) shows all that is unacknowledged and
 * changes nothing; so does its HEAD (of the other GETs: head.ts). Otherwise the answer consumes: its messages are leased, and settled only on
 * an implicit receipt (receipt.ts); anything else gives them back at once.
 */

import type { ServerResponse } from 'node:http';
import { messageOf } from '../core/errors.ts';
import { connectionLimits, leaseLimits } from '../core/limits.ts';
import type { Claim, ConsumerStats, Want } from '../journal/journal.ts';
import { STALL_TICK_MS } from './connection.ts';
import type { Exchange, SensorContext } from './context.ts';
import { logDelivery, logUndelivered, sequenceRange } from './delivery-log.ts';
import type { Preferences } from './prefer.ts';
import { sendProblem } from '../http/problem.ts';
import { setStatusHeaders } from './status-headers.ts';
import { documentLength, streamClaim } from './stream-claim.ts';

/** A journal takes no "without limit". */
const UNLIMITED_MESSAGES = 0x7fff_ffff;

/** GET that consumes nothing, and its HEAD. */
export async function answerPeek(
  context: SensorContext,
  exchange: Exchange,
  preferences: Preferences,
  consumer: string,
): Promise<void> {
  const { request, response, connection } = exchange;
  const { journal, streams } = context;
  if (!streams.enter(connection.peer.key, response)) {
    await refuseStream(context, exchange, consumer);
    return;
  }
  let claim: Claim | undefined;
  try {
    const byOther = connection.consumer !== consumer;
    claim = await journal.peek(consumer, { ...wantOf(context, preferences), byOther });
    if (claim === undefined) {
      await answerEmpty(context, response, consumer);
      return;
    }
    await setStatusHeaders(context, response, consumer, { pending: true });
    if (preferences.peek) {
      response.setHeader('Preference-Applied', 'peek');
    }
    setDocumentHeaders(response, claim);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const { complete, first, last } = await streamClaim(context, claim, response);
    if (complete) {
      logDelivery(context.logger, connection, { ...sizeOf(context, claim), first, last, receipt: 'peek' });
    }
  } finally {
    if (claim !== undefined) {
      await journal.release(claim.id);
    }
  }
}

/** GET that consumes. Resolves when the answer is written; the decision comes with the receipt. */
export async function answerConsuming(
  context: SensorContext,
  exchange: Exchange,
  consumer: string,
): Promise<void> {
  const { response, connection } = exchange;
  const { journal, ahead, logger, counts, streams } = context;
  if (!streams.enter(connection.peer.key, response)) {
    await refuseStream(context, exchange, consumer);
    return;
  }
  let claim: Claim | undefined;
  let handedOver = false;
  try {
    const taken = await ahead.lease(consumer, plainWant(context));
    if (taken === undefined) {
      await answerEmpty(context, response, consumer);
      return;
    }
    claim = taken;
    await setStatusHeaders(context, response, consumer, { pending: true });
    if (response.destroyed) {
      return;
    }
    // To `Connection: close` and HTTP/1.0 too: Node would destroy the socket itself, and no `end` would come.
    response.shouldKeepAlive = true;
    setDocumentHeaders(response, taken);
    const delivery = { ...sizeOf(context, taken), ...sequenceRange(taken.sequences) };
    handedOver = true;
    const beforeLastByte = connection.receipts.watch(response, async (receipt) => {
      counts.add('receipts', { kind: receipt ?? 'none' });
      try {
        if (receipt === undefined) {
          await ahead.release(taken);
          logUndelivered(logger, connection, delivery);
        } else {
          await journal.settle(taken.id);
          logDelivery(logger, connection, { ...delivery, receipt });
        }
      } catch (error) {
        logger.error(`journal: ${receipt === undefined ? 'release' : 'settle'} failed: ${messageOf(error)}`);
      }
    });
    response.once('finish', () => {
      response.req.socket.setTimeout(STALL_TICK_MS);
    });
    await streamClaim(context, taken, response, beforeLastByte);
  } finally {
    if (claim !== undefined && !handedOver) {
      await ahead.release(claim);
    }
  }
}

/** The certificate has as many answers under way as it may. Nothing was taken. */
async function refuseStream(
  context: SensorContext,
  { response, connection }: Exchange,
  consumer: string,
): Promise<void> {
  await setStatusHeaders(context, response, consumer, { pending: true });
  sendProblem(response, {
    code: 'TOO_MANY_ANSWERS',
    message: `${connection.peer.name} has ${connectionLimits.streamsPerPeer} answers under way already`,
    headers: { 'Retry-After': String(connectionLimits.streamsRetrySeconds) },
  });
}

/** Nothing to send: 404, empty, as the server this one replaces. */
export async function answerEmpty(
  context: SensorContext,
  response: ServerResponse,
  consumer: string,
  known?: ConsumerStats,
): Promise<void> {
  await setStatusHeaders(context, response, consumer, { pending: true, known });
  if (!response.headersSent) {
    response.writeHead(404, { 'Content-Type': 'text/plain', 'Content-Length': 0 });
    response.end();
  }
}

/** What one plain answer takes at most. */
export function plainWant(context: SensorContext): Want {
  return { messages: context.maxBatchSize ?? UNLIMITED_MESSAGES, bytes: leaseLimits.plainBytes };
}

function setDocumentHeaders(response: ServerResponse, claim: Claim): void {
  response.writeHead(200, {
    'Content-Type': 'text/xml; charset=UTF-8',
    'Content-Length': documentLength(claim),
  });
}

function wantOf(context: SensorContext, preferences: Preferences): Partial<Want> {
  const messages = Math.min(
    context.maxBatchSize ?? UNLIMITED_MESSAGES,
    preferences.batch ?? UNLIMITED_MESSAGES,
  );
  return {
    ...(messages < UNLIMITED_MESSAGES ? { messages } : {}),
    // A monitor looks at what a poller's GET would get.
    ...(context.consuming && !preferences.peek ? { bytes: leaseLimits.plainBytes } : {}),
    ...(preferences.batchBytes === undefined ? {} : { bytes: preferences.batchBytes }),
  };
}

function sizeOf(context: SensorContext, claim: Claim): { journal: string; messages: number; bytes: number } {
  return { journal: context.journal.id, messages: claim.count, bytes: claim.bytes };
}
