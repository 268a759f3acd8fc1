/**
 * Receivers written for ntopng's webhook endpoint: `{"version":"0.2","sharedsecret":…,"alerts":[…]}`, ten alerts a request, each minute.
 *
 * A test has no alerts, as there. What ntopng does on failure (throwing the queue away) is not done: the outbox keeps it. The shared
 * secret stands in the body because such receivers look for it there; `webhook` signs instead.
 */

import { z } from 'zod';

import { markHost } from '../../../model/delivery-mark.ts';
import { ntopngAlert, ntopngDigest } from '../../format/ntopng-alert.ts';
import { httpSink } from '../engine.ts';
import { documentId, gravest } from '../notification-facts.ts';
import { authorization, fingerprint, fullUrl, headerText, limit } from '../parameters.ts';

export const ntopngWebhook = httpSink({
  type: 'ntopng-webhook',
  summary: 'Receivers of ntopng’s webhook (version 0.2)',
  audience: 'machine',
  medium: 'json',
  endpoint: z
    .object({
      url: fullUrl('Where to POST'),
      sharedsecret: z.string().describe('Sent in the body').optional(),
      username: headerText('User, for basic authentication').optional(),
      password: z.string().describe('Password').optional(),
    })
    .strict(),
  recipient: z.object({}).strict(),
  secrets: ['url', 'sharedsecret', 'password'],
  batch: 10,
  text: { body: 4000, subject: 200 },
  timeoutMs: 10_000,
  everyMs: 60_000,
  pages: 'allowed',
  limits: ({ url }) => [limit(`ntopng-webhook:${fingerprint(url)}`, 1, 10)],
  request: ({ notification, endpoint, hostname, text: { subject: title } }) => {
    const { messages, digest, at } = notification;
    const alerts =
      digest === undefined
        ? messages.map((message) => ntopngAlert(message, documentId(message)))
        : [ntopngDigest(digest, { title, severity: gravest(notification), at })];
    return {
      method: 'POST',
      url: endpoint.url,
      // Our own source takes such requests: it knows its own by this.
      headers: { ...authorization(endpoint), 'x-idmef-relay': markHost(hostname) },
      json: { version: '0.2', sharedsecret: endpoint.sharedsecret, alerts },
    };
  },
});
