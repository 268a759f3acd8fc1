/**
 * Apprise API (https://github.com/caronc/apprise-api): one bridge to some 150 services, by its own key and tags, or by Apprise URLs.
 *
 * 200 is yes; 204 says that nothing is configured for the key and tag; 424 that a service behind it failed, which is tried again. Apprise
 * URLs can name any host and file of the bridge, so a recipient of the database may use keys and tags only.
 */

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { failed } from '../exchange.ts';
import { judgeAnswer } from '../judge.ts';
import { gravest } from '../notification-facts.ts';
import { authorization, baseUrl, fingerprint, headerText, limit, someText } from '../parameters.ts';

/** By urgency; the first is for unrated. */
const kinds = ['warning', 'info', 'info', 'warning', 'failure'] as const;

export const apprise = httpSink({
  type: 'apprise',
  summary: 'Apprise API, a bridge to about 150 services',
  audience: 'people',
  medium: 'plain',
  endpoint: z
    .object({
      url: baseUrl('Base of the Apprise API'),
      username: headerText('User, when it asks for one').optional(),
      password: z.string().describe('Password').optional(),
    })
    .strict(),
  recipient: z
    .object({
      key: z
        .string()
        .regex(/^[\w-]{1,128}$/, { error: 'must be a configuration key' })
        .describe('Key of a configuration kept by the bridge')
        .optional(),
      tag: someText('Tag within that configuration').optional(),
      urls: z
        .union([z.string(), z.array(z.string())])
        .transform((value) => (Array.isArray(value) ? value.join(', ') : value))
        .describe('Apprise URLs instead of a key; configuration file only')
        .optional(),
    })
    .strict(),
  secrets: ['password', 'urls'],
  batch: 1,
  text: { body: 10_000, subject: 250 },
  timeoutMs: 30_000,
  lacks: (_endpoint, { key, urls }) =>
    key === undefined && urls === undefined ? 'names neither key nor urls' : undefined,
  limits: ({ url }) => [limit(`apprise:${fingerprint(url)}`, 1, 5)],
  exchange:
    (endpoint) =>
    async ({ notification, recipient, text, now }, _receiver, ask) => {
      const { key, tag, urls } = recipient;
      if (urls !== undefined && notification.recipient.provenance === 'database') {
        return { kind: 'broken', words: 'urls may be named in the configuration file only' };
      }
      const result = await ask({
        method: 'POST',
        url: `${endpoint.url}/notify/${key ?? ''}`,
        headers: authorization(endpoint),
        json: {
          title: text.subject,
          body: text.body,
          type: kinds[gravest(notification)],
          format: 'text',
          ...(tag === undefined ? {} : { tag }),
          ...(key === undefined ? { urls } : {}),
        },
      });
      if (failed(result)) return result.failed;
      const { status } = result.answer;
      const verdict = judgeAnswer(result.answer, { now });
      if (status === 204)
        return { kind: 'broken', words: 'answers 204: nothing is configured for that key and tag' };
      return status === 424 ? { ...verdict, kind: 'again', uncertain: true } : verdict;
    },
});
