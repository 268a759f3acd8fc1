/**
 * `POST /`: IDMEF documents by certificate, from our pollers (role relay) and from whoever spoke to a SECEF gateway (role producer).
 *
 * The contract is that gateway's, so that this replaces it: 200 `OK`, 415 for another media type. Beyond it a document is stored whole or
 * not at all, and the yes comes after the commit. `OPTIONS /` says so (src/destinations/receiver-verdict.ts). Where a batch comes from
 * is believed of a relay alone.
 */

import { httpsLimits } from '../../../core/limits.ts';
import { verifyContentDigest } from '../../../http/content-digest.ts';
import type { Problem } from '../../../http/problem.ts';
import type { Inbound, MessageOrigin } from '../../model/message.ts';
import { emptyAnswer, problemAnswer, textAnswer, type Answer, type Refused } from './answer.ts';
import type { Exchange, HttpContext } from './context.ts';
import { readBatch } from './idmef-batch.ts';
import { isRefused } from './key-channels.ts';
import { batchOrigin, type BatchOrigin } from './origin-headers.ts';
import { readBody } from './read-body.ts';
import { refuse } from './refuse.ts';
import { isStored, storeBatch } from './store-batch.ts';

export const ACCEPT_POST = 'text/xml, application/xml';

/** `application/text` is what such gateways took besides. */
const XML_TYPES = new Set(['text/xml', 'application/xml', 'application/text']);

export function answerOptions(): Answer {
  return emptyAnswer(204, { 'Accept-Post': ACCEPT_POST, Allow: 'OPTIONS, POST' });
}

export async function answerIdmef(context: HttpContext, exchange: Exchange): Promise<Answer | undefined> {
  const { request, connection } = exchange;
  const rights = context.settings.roles(connection.identity);
  if (!rights.relay && !rights.producer) {
    return refuse(context, exchange, 'idmef', notAllowed(connection.identity?.name));
  }
  const mismatch = wrongType(request.headers['content-type']);
  if (mismatch !== undefined) return refuse(context, exchange, 'idmef', mismatch);
  const body = await readBody(exchange, { bytes: httpsLimits.idmefBytes, budgets: [context.bodies] });
  if (body === 'gone') return undefined;
  if (isRefused(body)) return refuse(context, exchange, 'idmef', body);
  const batch = batchOf(context, exchange, body, rights.relay);
  if (isRefused(batch)) return refuse(context, exchange, 'idmef', batch);
  const result = await storeBatch(context, exchange, 'idmef', batch);
  return isStored(result) ? textAnswer(200, 'OK\n') : problemAnswer(result.problem);
}

function batchOf(
  context: HttpContext,
  { request, connection }: Exchange,
  body: Buffer,
  isRelay: boolean,
): readonly Inbound[] | Refused {
  const { headers } = request;
  const digest = headers['content-digest'];
  if (verifyContentDigest(typeof digest === 'string' ? digest : undefined, body) === false) {
    return malformed('the body does not have the digest that Content-Digest states');
  }
  const said = headers['idmef-origin'] ?? headers['idmef-sequence'];
  if (said !== undefined && !isRelay) context.counts.add('origins_ignored');
  const mode = context.settings.sources.idmef?.mode ?? 'strict';
  const numbered = isRelay && headers['idmef-sequence'] !== undefined;
  const bodies = readBatch(body, { mode, restore: !numbered });
  if (isRefused(bodies)) return bodies;
  const from = isRelay ? originOf(headers, bodies.length) : {};
  if (typeof from === 'string') return malformed(from);
  const { sequences, ...batch } = from;
  const origin: MessageOrigin = {
    source: 'idmef',
    address: connection.host,
    peer: connection.peer.name,
    ...batch,
  };
  return bodies.map((bytes, index) => {
    const sequence = sequences?.[index];
    return { body: bytes, origin: sequence === undefined ? origin : { ...origin, sequence } };
  });
}

function originOf(headers: Exchange['request']['headers'], messages: number): BatchOrigin | string {
  const origin = headers['idmef-origin'];
  const sequence = headers['idmef-sequence'];
  // A line sent twice is joined by a comma, which neither form has between its parts.
  return batchOrigin(
    Array.isArray(origin) ? origin.join(',') : origin,
    Array.isArray(sequence) ? sequence.join(',') : sequence,
    messages,
  );
}

export function wrongType(type: string | undefined): Refused | undefined {
  const essence = (type ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (XML_TYPES.has(essence)) return undefined;
  const message = 'a document is posted as text/xml or application/xml';
  const problem: Problem = {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message,
    headers: { 'Accept-Post': ACCEPT_POST },
  };
  return { reason: 'malformed', problem };
}

function notAllowed(name: string | undefined): Refused {
  const message =
    name === undefined
      ? 'IDMEF is posted with a client certificate, or with an API key to /api/v1/idmef'
      : `certificate ${name} may not post: sources.https.allow_relay and allow_producer name who may`;
  return { reason: 'not-allowed', problem: { code: 'FORBIDDEN', message } };
}

function malformed(message: string): Refused {
  return { reason: 'malformed', problem: { code: 'BAD_REQUEST', message } };
}
