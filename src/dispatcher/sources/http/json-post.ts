/**
 * The way of a JSON post by key, the same for all sources that take one: key, body, alerts, channels, store, receipts. Called by
 * rest-post.ts, ntopng-post.ts and alertresponder.ts with what is theirs.
 *
 * A batch is stored whole or not at all; the answer lists what it became, in order.
 */

import { httpsLimits } from '../../../core/limits.ts';
import type { Inbound, MessageOrigin, Receipt } from '../../model/message.ts';
import type { ApiKey } from '../../model/records.ts';
import { jsonAnswer, problemAnswer, type Answer, type Refused } from './answer.ts';
import type { BodyBudget } from '../body-budget.ts';
import { checkKey, isKey, keyOf } from './check-key.ts';
import type { Exchange, HttpContext, HttpSource } from './context.ts';
import { parseJson } from './json-body.ts';
import { forcedBy, isRefused } from './key-channels.ts';
import { readBody } from './read-body.ts';
import { isStored, storeBatch } from './store-batch.ts';

interface KeyedBody {
  readonly key: ApiKey;
  readonly body: Buffer;
}

/** The key, then the body. Undefined: the peer has gone. */
export async function keyedBody(
  context: HttpContext,
  exchange: Exchange,
  source: HttpSource,
  limits: { readonly bytes: number; readonly budgets: readonly BodyBudget[] } = {
    bytes: httpsLimits.postBytes,
    budgets: [context.bodies],
  },
): Promise<KeyedBody | Refused | undefined> {
  const key = await checkKey(context, exchange, keyOf(exchange), { source, scope: 'ingest' });
  if (!isKey(key)) return key;
  const body = await readBody(exchange, limits);
  if (body === 'gone') return undefined;
  return isRefused(body) ? body : { key, body };
}

/** As keyedBody, and JSON. */
export async function keyedJson(
  context: HttpContext,
  exchange: Exchange,
  source: HttpSource,
): Promise<{ readonly key: ApiKey; readonly value: unknown } | Refused | undefined> {
  const posted = await keyedBody(context, exchange, source);
  if (posted === undefined || isRefused(posted)) return posted;
  const json = parseJson(posted.body);
  return isRefused(json) ? json : { key: posted.key, value: json.value };
}

export function keyOrigin({ connection }: Exchange, source: HttpSource, key: ApiKey): MessageOrigin {
  return {
    source,
    address: connection.host,
    ...(connection.identity === undefined ? {} : { peer: connection.identity.name }),
    key: key.id,
    owner: key.owner,
  };
}

/** Past the routes, where the key has channels of its own or the post names some. */
export function withChannels(
  context: HttpContext,
  key: ApiKey,
  inbound: Inbound,
  wanted?: readonly string[],
): Inbound | Refused {
  const forced = forcedBy(context.channels, key, wanted);
  if (forced === undefined) return inbound;
  return isRefused(forced) ? forced : { ...inbound, forced };
}

/** Stores and answers with the receipts. */
export async function storeAndTell(
  context: HttpContext,
  exchange: Exchange,
  source: HttpSource,
  { batch, status }: { readonly batch: readonly Inbound[]; readonly status: 200 | 201 },
): Promise<Answer> {
  if (batch.length === 0) return jsonAnswer(200, { messages: [] });
  const result = await storeBatch(context, exchange, source, batch);
  return isStored(result)
    ? jsonAnswer(status, { messages: result.map(shown) })
    : problemAnswer(result.problem);
}

function shown({ id, seq, status }: Receipt): Readonly<Record<string, string | number>> {
  return { id, seq, status };
}
