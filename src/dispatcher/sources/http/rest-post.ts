/**
 * REST with API keys: `POST /api/v1/alerts` (JSON, one alert or a list), `POST /api/v1/idmef` (documents as on `/`), `GET /api/v1/status`.
 *
 * 201 with the number of each message once all are stored; scopes `ingest` and `read`. A key with a channel list posts to those
 * recipients alone; other keys post into the routes, or to channels of their owner that the alert names.
 */

import { httpsLimits } from '../../../core/limits.ts';
import type { Inbound } from '../../model/message.ts';
import { wrapText } from '../wrap-text.ts';
import { jsonAnswer, problemAnswer, type Answer, type Refused } from './answer.ts';
import { checkKey, isKey, keyOf } from './check-key.ts';
import type { Exchange, HttpContext } from './context.ts';
import { readBatch } from './idmef-batch.ts';
import { wrongType } from './idmef-post.ts';
import { notValid } from './json-body.ts';
import { keyedBody, keyedJson, keyOrigin, storeAndTell, withChannels } from './json-post.ts';
import { isRefused } from './key-channels.ts';
import { refuse } from './refuse.ts';
import { restAlert } from './rest-alert.ts';

const SOURCE = 'rest';

export async function answerAlerts(context: HttpContext, exchange: Exchange): Promise<Answer | undefined> {
  const posted = await keyedJson(context, exchange, SOURCE);
  if (posted === undefined) return undefined;
  if (isRefused(posted)) return refuse(context, exchange, SOURCE, posted);
  const { key, value } = posted;
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0 || items.length > httpsLimits.alerts) {
    return refuse(context, exchange, SOURCE, notValid(`a post has 1 to ${httpsLimits.alerts} alerts`));
  }
  const origin = keyOrigin(exchange, SOURCE, key);
  const batch: Inbound[] = [];
  for (const [index, item] of items.entries()) {
    const alert = restAlert(item, origin);
    const inbound =
      typeof alert === 'string'
        ? notValid(`alert ${index + 1} of ${items.length}: ${alert}`)
        : withChannels(context, key, await wrapText(alert.parts, context.world), alert.channels);
    if (isRefused(inbound)) return refuse(context, exchange, SOURCE, inbound);
    batch.push(inbound);
  }
  return await storeAndTell(context, exchange, SOURCE, { batch, status: 201 });
}

export async function answerRestIdmef(context: HttpContext, exchange: Exchange): Promise<Answer | undefined> {
  const mismatch = wrongType(exchange.request.headers['content-type']);
  const limits = { bytes: httpsLimits.idmefBytes, budgets: [context.bodies] };
  const posted = mismatch ?? (await keyedBody(context, exchange, SOURCE, limits));
  if (posted === undefined) return undefined;
  if (isRefused(posted)) return refuse(context, exchange, SOURCE, posted);
  const { key, body } = posted;
  const mode = context.settings.sources.idmef?.mode ?? 'lenient';
  const bodies = readBatch(body, { mode, restore: true });
  if (isRefused(bodies)) return refuse(context, exchange, SOURCE, bodies);
  const origin = keyOrigin(exchange, SOURCE, key);
  const batch = eachWith(bodies, (bytes) => withChannels(context, key, { body: bytes, origin }));
  if (isRefused(batch)) return refuse(context, exchange, SOURCE, batch);
  return await storeAndTell(context, exchange, SOURCE, { batch, status: 201 });
}

export async function answerStatus(context: HttpContext, exchange: Exchange): Promise<Answer> {
  const key = await checkKey(context, exchange, keyOf(exchange), { source: SOURCE, scope: 'read' });
  if (isKey(key)) return jsonAnswer(200, await context.status());
  // No post: nothing was refused at the door.
  return problemAnswer(key.problem);
}

function eachWith<Item>(
  items: readonly Item[],
  make: (item: Item) => Inbound | Refused,
): readonly Inbound[] | Refused {
  const made: Inbound[] = [];
  for (const item of items) {
    const one = make(item);
    if (isRefused(one)) return one;
    made.push(one);
  }
  return made;
}
