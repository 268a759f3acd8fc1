/**
 * `POST /ntopng`: ntopng's webhook (`{"version":"0.2","sharedsecret":…,"alerts":[…]}`) and single alerts, as its own endpoint modules
 * send them. 200 when stored, which is what its webhook module waits for; an empty list is its test and stores nothing.
 *
 * The key comes as header, as the password of Basic, or as the shared secret in the body, which is known only when that is read: such
 * bodies have a smaller budget. It is taken out before anything is stored.
 */

import { httpsLimits } from '../../../core/limits.ts';
import { isObject, jsonObject, type JsonObject } from '../../../core/json-object.ts';
import type { Inbound } from '../../model/message.ts';
import type { ApiKey } from '../../model/records.ts';
import { wrapText } from '../wrap-text.ts';
import type { Answer, Refused } from './answer.ts';
import { checkKey, isKey, keyOf } from './check-key.ts';
import type { Exchange, HttpContext } from './context.ts';
import { isTooDeep, notValid, parseJson } from './json-body.ts';
import { keyedJson, keyOrigin, storeAndTell, withChannels } from './json-post.ts';
import { isRefused } from './key-channels.ts';
import { ntopngAlert } from './ntopng-alert.ts';
import { readBody } from './read-body.ts';
import { refuse } from './refuse.ts';

const SOURCE = 'ntopng';

interface Posted {
  readonly key: ApiKey;
  readonly value: unknown;
}

export async function answerNtopng(context: HttpContext, exchange: Exchange): Promise<Answer | undefined> {
  const posted =
    keyOf(exchange) === '' ? await bySecret(context, exchange) : await keyedJson(context, exchange, SOURCE);
  if (posted === undefined) return undefined;
  if (isRefused(posted)) return refuse(context, exchange, SOURCE, posted);
  const batch = await batchOf(context, exchange, posted);
  if (isRefused(batch)) return refuse(context, exchange, SOURCE, batch);
  return await storeAndTell(context, exchange, SOURCE, { batch, status: 200 });
}

async function bySecret(context: HttpContext, exchange: Exchange): Promise<Posted | Refused | undefined> {
  const budgets = [context.unproven, context.bodies];
  const body = await readBody(exchange, { bytes: httpsLimits.postBytes, budgets });
  if (body === 'gone') return undefined;
  if (isRefused(body)) return body;
  const json = parseJson(body);
  if (isRefused(json)) return json;
  const secret = isObject(json.value) ? json.value['sharedsecret'] : undefined;
  const wish = { source: SOURCE, scope: 'ingest' } as const;
  const key = await checkKey(context, exchange, typeof secret === 'string' ? secret : '', wish);
  return isKey(key) ? { key, value: json.value } : key;
}

async function batchOf(
  context: HttpContext,
  exchange: Exchange,
  { key, value }: Posted,
): Promise<readonly Inbound[] | Refused> {
  const alerts = alertsIn(value);
  if (isRefused(alerts)) return alerts;
  const origin = keyOrigin(exchange, SOURCE, key);
  const batch: Inbound[] = [];
  for (const alert of alerts) {
    const parts = ntopngAlert(alert, context.settings.names, origin);
    const inbound = withChannels(context, key, await wrapText(parts, context.world));
    if (isRefused(inbound)) return inbound;
    batch.push(inbound);
  }
  return batch;
}

/** Of a webhook's body, a list, or one alert; each an object, or JSON text of one. */
function alertsIn(value: unknown): readonly JsonObject[] | Refused {
  const list = isObject(value) && Array.isArray(value['alerts']) ? value['alerts'] : value;
  const items: readonly unknown[] = Array.isArray(list) ? list : [list];
  if (items.length > httpsLimits.alerts) return notValid(`a post has ${httpsLimits.alerts} alerts at most`);
  const alerts: JsonObject[] = [];
  for (const [index, item] of items.entries()) {
    const alert = typeof item === 'string' ? jsonObject(item) : item;
    if (!isObject(alert) || isTooDeep(alert))
      return notValid(`alert ${index + 1} of ${items.length} is no object, or nested too deep`);
    const { sharedsecret: _secret, ...fields } = alert;
    if (Object.keys(fields).length === 0) return notValid(`alert ${index + 1} of ${items.length} is empty`);
    alerts.push(fields);
  }
  return alerts;
}
