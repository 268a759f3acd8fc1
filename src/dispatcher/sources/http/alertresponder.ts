/**
 * `POST /alertresponder`: AlertResponder's alert `{name, rule, key, description, timestamp:{init,last}, attrs:[{type,value,key,context}]}`,
 * one or a list. 200 with receipts.
 *
 * What is remote becomes Source, what is local Target (of the others: object and server are targets, client and subject sources);
 * every attribute stays as AdditionalData. Alerts of one rule and key belong to one incident, by AlertResponder's own hash of the two.
 */

import { createHash } from 'node:crypto';

import { httpsLimits } from '../../../core/limits.ts';
import { isObject, type JsonObject } from '../../../core/json-object.ts';
import { parseAddress } from '../../../core/network.ts';
import type { DatumParts, PartyParts } from '../../../idmef/compose.ts';
import type { Inbound, MessageOrigin } from '../../model/message.ts';
import { oneLine, wrapText, type TextParts } from '../wrap-text.ts';
import type { Answer } from './answer.ts';
import type { Exchange, HttpContext } from './context.ts';
import { factOf, fits, timeOf, wordOf } from './facts.ts';
import { notValid } from './json-body.ts';
import { keyedJson, keyOrigin, storeAndTell, withChannels } from './json-post.ts';
import { isRefused } from './key-channels.ts';
import { refuse } from './refuse.ts';

const SOURCE = 'alertresponder';

interface Attribute {
  readonly type: string;
  readonly value: string;
  readonly key: string;
  readonly context: readonly string[];
}

export async function answerAlertResponder(
  context: HttpContext,
  exchange: Exchange,
): Promise<Answer | undefined> {
  const posted = await keyedJson(context, exchange, SOURCE);
  if (posted === undefined) return undefined;
  if (isRefused(posted)) return refuse(context, exchange, SOURCE, posted);
  const { key, value } = posted;
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length > httpsLimits.alerts) {
    return refuse(context, exchange, SOURCE, notValid(`a post has ${httpsLimits.alerts} alerts at most`));
  }
  const origin = keyOrigin(exchange, SOURCE, key);
  const batch: Inbound[] = [];
  for (const [index, item] of items.entries()) {
    const parts = alertParts(item, origin);
    const inbound =
      typeof parts === 'string'
        ? notValid(`alert ${index + 1} of ${items.length}: ${parts}`)
        : withChannels(context, key, await wrapText(parts, context.world));
    if (isRefused(inbound)) return refuse(context, exchange, SOURCE, inbound);
    batch.push(inbound);
  }
  return await storeAndTell(context, exchange, SOURCE, { batch, status: 200 });
}

/** A sentence for what is no such alert. */
export function alertParts(alert: unknown, origin: MessageOrigin): TextParts | string {
  if (!isObject(alert)) return 'it is no object';
  const name = wordOf(alert['name']);
  const rule = wordOf(alert['rule']);
  if (name === '' && rule === '') return 'it has neither name nor rule';
  const attributes = attributesOf(alert);
  if (typeof attributes === 'string') return attributes;
  const description = wordOf(alert['description']);
  const key = wordOf(alert['key']);
  const times = isObject(alert['timestamp']) ? alert['timestamp'] : {};
  const init = timeOf(times['init']);
  const last = timeOf(times['last']) ?? init;
  const data: DatumParts[] = [
    factOf('alertresponder.rule', rule),
    factOf('alertresponder.key', key),
    ...attributes.map(attributeFact),
  ];
  return {
    title: name || rule,
    text: fits(data) ? description : `${description}\n\n${JSON.stringify(alert)}`,
    analyzer: { name: 'AlertResponder', class: 'Report' },
    origin,
    data,
    sources: attributes.filter((one) => sideOf(one) === 'source').flatMap(partyOf),
    targets: attributes.filter((one) => sideOf(one) === 'target').flatMap(partyOf),
    lifecycle: { action: 'engage', key: `alertresponder ${incidentKey(origin, key, rule)}` },
    ...(init === undefined ? {} : { detectTime: init }),
    ...(last === undefined
      ? {}
      : { createTime: last, messageid: sha256(JSON.stringify(alert)).slice(0, 32) }),
  };
}

function attributesOf(alert: JsonObject): readonly Attribute[] | string {
  const list = alert['attrs'] ?? [];
  if (!Array.isArray(list)) return 'attrs is no list';
  if (list.length > httpsLimits.attributes) return `it has more than ${httpsLimits.attributes} attrs`;
  const attributes: Attribute[] = [];
  for (const each of list as readonly unknown[]) {
    if (!isObject(each)) return 'one of attrs is no object';
    const { value } = each;
    const context: readonly unknown[] = Array.isArray(each['context']) ? each['context'] : [each['context']];
    attributes.push({
      type: wordOf(each['type']),
      key: wordOf(each['key']),
      value: typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
      context: context.filter((word): word is string => typeof word === 'string'),
    });
  }
  return attributes;
}

function attributeFact({ type, key, value, context }: Attribute): DatumParts {
  const kind = [type || 'attribute', key].filter((word) => word !== '').join(' ');
  return factOf(`alertresponder.${kind}${context.length === 0 ? '' : ` (${context.join(', ')})`}`, value);
}

function sideOf({ context }: Attribute): 'source' | 'target' | undefined {
  if (context.includes('remote')) return 'source';
  if (context.includes('local')) return 'target';
  if (context.includes('object') || context.includes('server')) return 'target';
  return context.includes('subject') || context.includes('client') ? 'source' : undefined;
}

/** Hashes and JSON are facts, not parties. */
function partyOf({ type, value }: Attribute): readonly PartyParts[] {
  const word = oneLine(value);
  if (word === '') return [];
  switch (type) {
    case 'ipaddr':
      return parseAddress(value) === undefined ? [{ nodeName: word }] : [{ address: value }];
    case 'domain':
      return [{ nodeName: word }];
    case 'username':
      return [{ user: word }];
    case 'url':
      return [{ url: word }];
    default:
      return [];
  }
}

/** AlertResponder's alert id, apart for each owner of keys. */
function incidentKey({ owner = '' }: MessageOrigin, key: string, rule: string): string {
  return sha256(`${owner}\n${key}=====${rule}`).slice(0, 32);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
