/**
 * Mattermost: incoming webhooks, or posts with a bot's token and channel ids as ntopng has it.
 *
 * https://developers.mattermost.com/integrate/webhooks/incoming/, https://api.mattermost.com/#tag/posts. A post holds
 * 16,383 characters. Errors are `{id, message, status_code}`; a webhook says `ok`. One that was deleted is a 400 like a bad message.
 */

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { fenced } from '../fence.ts';
import { judgeAnswer, textAt } from '../judge.ts';
import { authorization, baseUrl, fingerprint, headerText, limit, listOf, urlList } from '../parameters.ts';

const POST_CHARS = 16_383;
/** 400s that no other text would change: the webhook, its channel or user is gone; the channel is archived. */
const settingsAtFault =
  /^web\.incoming_webhook\.(?:invalid|channel|channel_locked|user|permissions)\.|can_not_post_to_deleted/;

export const mattermost = httpSink({
  type: 'mattermost',
  summary: 'Mattermost, by incoming webhook or by token and channel id',
  audience: 'people',
  medium: 'markdown',
  endpoint: z
    .object({
      url: baseUrl('Base of the server, for recipients with `channel`').optional(),
      token: headerText('Token of a bot or user, for recipients with `channel`').optional(),
      webhook: urlList('Incoming webhook, one or several; for recipients that name none').optional(),
    })
    .strict(),
  recipient: z
    .object({
      webhook: urlList('Incoming webhook of the channel, one or several').optional(),
      channel: listOf('Channel id, one or several; needs the endpoint’s url and token').optional(),
    })
    .strict(),
  secrets: ['token', 'webhook'],
  batch: 1,
  text: { body: POST_CHARS, subject: 200 },
  timeoutMs: 15_000,
  addressOf: (_endpoint, { webhook }) => (webhook === undefined ? 'endpoint' : 'recipient'),
  lacks: (endpoint, { webhook, channel }) => {
    if (channel !== undefined && webhook === undefined) {
      const complete = endpoint.url !== undefined && endpoint.token !== undefined;
      return complete ? undefined : 'channel needs url and token on the endpoint';
    }
    return (webhook ?? endpoint.webhook) === undefined ? 'names neither webhook nor channel' : undefined;
  },
  receivers: {
    param: 'webhook',
    list: (endpoint, { webhook, channel }) => webhook ?? channel ?? endpoint.webhook ?? [],
  },
  limits: (endpoint, { webhook, channel }, receiver) =>
    webhook === undefined && channel !== undefined
      ? [limit(`mattermost:token:${fingerprint(endpoint.token ?? '')}`, 5, 20)]
      : [limit(`mattermost:webhook:${fingerprint(receiver)}`, 1, 5)],
  request: ({ endpoint, recipient: { webhook, channel }, text }, receiver) => {
    const message = text.plain ? fenced(text.body, POST_CHARS) : text.body;
    return webhook !== undefined || channel === undefined
      ? { method: 'POST', url: receiver, json: { text: message } }
      : {
          method: 'POST',
          url: `${endpoint.url ?? ''}/api/v4/posts`,
          headers: authorization({ token: endpoint.token }),
          json: { channel_id: receiver, message },
        };
  },
  judge: (answer, { now }) => {
    const verdict = judgeAnswer(answer, { now });
    const ref = textAt(answer.json, 'id');
    if (verdict.kind === 'refused' && settingsAtFault.test(ref ?? '')) return { ...verdict, kind: 'broken' };
    if (verdict.kind !== 'ok') return verdict;
    const error = textAt(answer.json, 'status_code');
    if (error !== undefined) {
      const said = textAt(answer.json, 'message') ?? '';
      return { kind: 'refused', words: `answers ${answer.status} with error ${error}`, said };
    }
    return ref === undefined ? verdict : { ...verdict, ref };
  },
});
