/**
 * Elasticsearch and OpenSearch: ECS documents by `_bulk`, https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk.
 *
 * `create` with an id made of the message: a repetition is a 409 there, which is a yes, and data streams take it. The index may have the
 * day of acceptance in its name, which a repetition does not change. 200 is no yes: each item has a status of its own.
 */

import { z } from 'zod';

import { isObject } from '../../../../core/json-object.ts';
import type { SendMessage } from '../../../model/sink.ts';
import { ecsDocument, ecsNote, minimalEcs } from '../../format/ecs.ts';
import { pack, withRest } from '../batch.ts';
import { httpSink } from '../engine.ts';
import { failed } from '../exchange.ts';
import { judgeAnswer } from '../judge.ts';
import { documentId } from '../notification-facts.ts';
import { authorization, baseUrl, fingerprint, headerText, limit, someText } from '../parameters.ts';
import type { Answer, Verdict } from '../provider.ts';

/** Short answers: a status an item, and the type of its error. */
const FILTER = 'filter_path=errors,items.*.status,items.*.error.type,error.type,error.reason,status';

export const elasticsearch = httpSink({
  type: 'elasticsearch',
  summary: 'Elasticsearch or OpenSearch, ECS documents',
  audience: 'machine',
  medium: 'json',
  endpoint: z
    .object({
      url: baseUrl('Base of the cluster'),
      api_key: headerText('API key (encoded), instead of user and password').optional(),
      username: headerText('User').optional(),
      password: z.string().describe('Password').optional(),
      pipeline: someText('Ingest pipeline').optional(),
    })
    .strict(),
  recipient: z
    .object({
      index: z
        .string()
        .regex(/^[^\s"*<>|?,#/\\]+$/, { error: 'must be the name of an index' })
        .default('alerts-idmef-%Y.%m.%d')
        .describe('Index or data stream; %Y %m %d: the day (UTC) on which the alert was accepted'),
    })
    .strict(),
  secrets: ['api_key', 'password'],
  batch: 200,
  text: { body: 4000, subject: 200 },
  timeoutMs: 60_000,
  limits: ({ url }) => [limit(`elasticsearch:${fingerprint(url)}`, 50, 50)],
  exchange: (endpoint) => {
    const pipeline =
      endpoint.pipeline === undefined ? '' : `&pipeline=${encodeURIComponent(endpoint.pipeline)}`;
    return async ({ notification, recipient, text, now }, _receiver, ask) => {
      const { messages, at, form } = notification;
      const documentOf = form === 'plain' ? minimalEcs : ecsDocument;
      const { texts, fitting, rest } = pack(messages, (message) =>
        lines(indexAt(recipient.index, message.at), documentId(message), documentOf(message)),
      );
      const note = ecsNote(text.body, notification);
      const single = lines(indexAt(recipient.index, at), fingerprint(notification.idempotencyKey), note);
      const result = await ask({
        method: 'POST',
        url: `${endpoint.url}/_bulk?${FILTER}${pipeline}`,
        headers: {
          'content-type': 'application/x-ndjson',
          ...(endpoint.api_key === undefined
            ? authorization(endpoint)
            : { authorization: `ApiKey ${endpoint.api_key}` }),
        },
        body: texts.length === 0 ? single : texts.join(''),
      });
      if (failed(result)) return result.failed;
      return withRest(judgeBulk(result.answer, fitting, now), rest);
    };
  },
});

function lines(index: string, id: string, document: object): string {
  return `${JSON.stringify({ create: { _index: index, _id: id } })}\n${JSON.stringify(document)}\n`;
}

function indexAt(pattern: string, at: number): string {
  const [year = '', month = '', day = ''] = new Date(at).toISOString().slice(0, 10).split('-');
  return pattern.replaceAll('%Y', year).replaceAll('%m', month).replaceAll('%d', day);
}

function judgeBulk(answer: Answer, messages: readonly SendMessage[], now: number): Verdict {
  const verdict = judgeAnswer(answer, { now });
  if (verdict.kind !== 'ok') return verdict;
  const errors = answer.json?.['errors'];
  const items = answer.json?.['items'];
  if (errors === false) return verdict;
  if (errors !== true || !Array.isArray(items) || items.length !== Math.max(1, messages.length)) {
    return { kind: 'broken', words: 'answers 200, but not as Elasticsearch does' };
  }
  const each = items.map(judgeItem);
  const worst = each.find(({ kind }) => kind !== 'ok') ?? verdict;
  if (messages.length === 0) return worst;
  return { ...worst, each: new Map(messages.map(({ seq }, at) => [seq, each[at] ?? worst])) };
}

function judgeItem(item: unknown): Verdict {
  const made = isObject(item) ? Object.values(item)[0] : undefined;
  const status = isObject(made) && typeof made['status'] === 'number' ? made['status'] : 0;
  if ((status >= 200 && status < 300) || status === 409) return { kind: 'ok' };
  const error = isObject(made) && isObject(made['error']) ? String(made['error']['type']) : '';
  const words = `answers ${status} for the document`;
  // A full disk blocks writing, under different states; it ends with the disk's trouble.
  const passes = status === 429 || status >= 500 || status === 0 || error === 'cluster_block_exception';
  if (passes) return { kind: 'again', words, said: error };
  return { kind: status === 400 ? 'refused' : 'broken', words, said: error };
}
