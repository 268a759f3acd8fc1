/**
 * AlertGateway's `custom_post_request`: POST `{<datavar>: message}` to `url` for each receiver, or to each of `urls`; words in the URLs are replaced
 * as in custom-get, but for the message, which is the body. Any 2xx is a yes.
 */

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { fillUrl, receiverNamesHost } from '../fill-url.ts';
import { fingerprint, fullUrl, limit, listOf, someText, urlList } from '../parameters.ts';

export const customPost = httpSink({
  type: 'custom-post',
  summary: 'Any POST of {datavar: message}; literal words in the URL are replaced (AlertGateway)',
  audience: 'people',
  medium: 'plain',
  endpoint: z
    .object({
      url: fullUrl('URL in which the word receiver and the names of `values` are replaced').optional(),
      urls: urlList('URLs to post to, instead of url and receivers').optional(),
      datavar: someText('Name of the field that holds the message').default('message'),
      values: z
        .record(z.string().min(1), z.union([z.string(), z.number()]).transform(String))
        .prefault({})
        .describe('Further words and their values'),
    })
    .strict(),
  recipient: z.object({ receivers: listOf('Receivers, one call each').optional() }).strict(),
  secrets: ['url', 'urls', 'values'],
  batch: 1,
  text: { body: 10_000, subject: 200 },
  timeoutMs: 20_000,
  pages: 'allowed',
  addressOf: ({ url = '', urls }) =>
    urls === undefined && receiverNamesHost(url) ? 'recipient' : 'endpoint',
  lacks: ({ url, urls }) =>
    url === undefined && urls === undefined ? 'has neither url nor urls' : undefined,
  receivers: {
    param: 'receivers',
    list: ({ urls }, { receivers }) => urls ?? receivers ?? [''],
  },
  limits: ({ url = '', urls = [] }) => [limit(`custom:${fingerprint([url, ...urls].join(' '))}`, 1, 5)],
  request: ({ endpoint, text }, receiver) => {
    const { url = '', urls, values, datavar } = endpoint;
    const template = urls === undefined ? url : receiver;
    const words = urls === undefined && receiver !== '' ? { ...values, receiver } : values;
    return {
      method: 'POST',
      url: fillUrl(template, words, undefined) ?? '',
      json: { [datavar]: text.body },
    };
  },
});
