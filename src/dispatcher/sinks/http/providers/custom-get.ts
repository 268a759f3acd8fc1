/**
 * AlertGateway's `custom_get_request`: a GET for each receiver, the message in the URL (fill-url.ts). Any 2xx is a yes, as there, also a
 * web page: gateways of short messages answer so. All receivers are called, whatever becomes of the others.
 */

import { z } from 'zod';

import { outboundLimits } from '../../../../core/limits.ts';
import { httpSink } from '../engine.ts';
import { encodable, fillUrl, receiverNamesHost } from '../fill-url.ts';
import { fingerprint, fullUrl, limit, listOf } from '../parameters.ts';

export const customGet = httpSink({
  type: 'custom-get',
  summary: 'Any GET: literal words in a URL are replaced (AlertGateway)',
  audience: 'people',
  medium: 'plain',
  endpoint: z
    .object({
      url: fullUrl('URL in which the words receiver, message and the names of `values` are replaced'),
      values: z
        .record(z.string().min(1), z.union([z.string(), z.number()]).transform(String))
        .prefault({})
        .describe('Further words and their values'),
    })
    .strict(),
  recipient: z.object({ receivers: listOf('Receivers, one call each') }).strict(),
  secrets: ['url', 'values'],
  batch: 1,
  text: { body: 2000, subject: 200 },
  timeoutMs: 20_000,
  pages: 'allowed',
  addressOf: ({ url }) => (receiverNamesHost(url) ? 'recipient' : 'endpoint'),
  receivers: { param: 'receivers', list: (_endpoint, { receivers }) => receivers },
  limits: ({ url }) => [limit(`custom:${fingerprint(url)}`, 1, 5)],
  request: ({ endpoint, text }, receiver) => {
    const message = encodable(text.body, outboundLimits.urlMessageBytes);
    return { method: 'GET', url: fillUrl(endpoint.url, { ...endpoint.values, receiver }, message) ?? '' };
  },
});
