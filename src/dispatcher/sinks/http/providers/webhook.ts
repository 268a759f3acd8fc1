/**
 * Any receiver of JSON, signed after Standard Webhooks (https://www.standardwebhooks.com): `webhook-id` is the same at every repetition,
 * `webhook-signature` is `v1,` and the HMAC-SHA256 of `id.timestamp.body`. The secret itself is never sent.
 *
 *     { "type": "idmef.messages" | "idmef.digest" | "idmef.test", "id", "timestamp", "repeated", "host",
 *       "messages": [ … format/json.ts ] | "digest": { … } | "text" }
 */

import { createHmac } from 'node:crypto';

import { z } from 'zod';

import type { Notification } from '../../../model/sink.ts';
import { jsonDigest, jsonMessage } from '../../format/json.ts';
import { pack, withRest } from '../batch.ts';
import { httpSink } from '../engine.ts';
import { failed } from '../exchange.ts';
import { isWebPage, judgeAnswer } from '../judge.ts';
import { documentId } from '../notification-facts.ts';
import { authorization, fingerprint, fullUrl, headerText, limit } from '../parameters.ts';

const PREFIX = 'whsec_';

export const webhook = httpSink({
  type: 'webhook',
  summary: 'Any receiver of JSON, signed (Standard Webhooks)',
  audience: 'machine',
  medium: 'json',
  endpoint: z
    .object({
      url: fullUrl('Where to POST'),
      secret: headerText('Signing secret; with prefix whsec_ the rest is base64')
        .refine((secret) => !secret.startsWith(PREFIX) || keyOf(secret).length > 0, {
          error: 'must be base64 after whsec_',
        })
        .optional(),
      username: headerText('User, for basic authentication').optional(),
      password: z.string().describe('Password').optional(),
      token: headerText('Bearer token, instead of user and password').optional(),
      headers: z
        .record(z.string().regex(/^[\w-]+$/), headerText('Value'))
        .default({})
        .describe('Further headers'),
    })
    .strict(),
  recipient: z.object({}).strict(),
  secrets: ['url', 'secret', 'password', 'token', 'headers'],
  batch: 10,
  text: { body: 4000, subject: 200 },
  timeoutMs: 15_000,
  limits: ({ url }) => [limit(`webhook:${fingerprint(url)}`, 10, 20)],
  exchange:
    (endpoint) =>
    async ({ notification, text, hostname, now }, _receiver, ask) => {
      const { texts, rest } = pack(notification.messages, (message) =>
        JSON.stringify(jsonMessage(message, documentId(message))),
      );
      const head = headOf(notification, now, hostname);
      const body =
        texts.length > 0
          ? `${JSON.stringify({ type: 'idmef.messages', ...head }).slice(0, -1)},"messages":[${texts.join(',')}]}`
          : JSON.stringify(
              notification.digest === undefined
                ? { type: 'idmef.test', ...head, text: text.body }
                : { type: 'idmef.digest', ...head, digest: jsonDigest(notification.digest) },
            );
      const result = await ask({
        method: 'POST',
        url: endpoint.url,
        headers: {
          'content-type': 'application/json',
          ...authorization(endpoint),
          ...endpoint.headers,
          ...signature(notification.idempotencyKey, Math.floor(now / 1000), body, endpoint.secret),
        },
        body,
      });
      if (failed(result)) return result.failed;
      // A script may call its plain "OK" text/html; a page is another matter.
      const page = isWebPage(result.answer) && result.answer.body.trim().startsWith('<');
      return withRest(judgeAnswer(result.answer, { now, ...(page ? {} : { pages: 'allowed' }) }), rest);
    },
});

function headOf({ idempotencyKey, repeated }: Notification, now: number, host: string): object {
  return { id: idempotencyKey, timestamp: new Date(now).toISOString(), repeated, host };
}

/** Id and time are sent in any case; the signature with a secret only. */
export function signature(
  id: string,
  seconds: number,
  body: string,
  secret: string | undefined,
): Record<string, string> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(seconds) };
  if (secret === undefined) return headers;
  const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${mac}` };
}

/** Empty when what follows the prefix is no base64: with such a key anybody could sign. */
function keyOf(secret: string): Buffer {
  if (!secret.startsWith(PREFIX)) return Buffer.from(secret);
  const text = secret.slice(PREFIX.length);
  return Buffer.from(/^[A-Za-z0-9+/]+={0,2}$/.test(text) ? text : '', 'base64');
}
