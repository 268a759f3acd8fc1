/**
 * Rocket.Chat, by incoming webhook integration: https://docs.rocket.chat/docs/integrations. Errors are `success: false`, also with 200.
 * Links are not fetched (`parseUrls`): they come from attackers.
 */

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { fenced } from '../fence.ts';
import { judgeAnswer, saidIn, saysNo } from '../judge.ts';
import { fingerprint, limit, urlList, someText } from '../parameters.ts';

/** Errors that no other text would change. */
const settingsAtFault = /invalid-(?:channel|room|user|integration)|not-allowed|archived|deactivated/i;
/** Message_MaxAllowedSize, unless it was changed. */
const MESSAGE_CHARS = 5000;

export const rocketchat = httpSink({
  type: 'rocketchat',
  summary: 'Rocket.Chat, by incoming webhook',
  audience: 'people',
  medium: 'rocketchat',
  endpoint: z
    .object({
      webhook: urlList('Webhook, one or several; for recipients that name none').optional(),
      alias: someText('Name shown instead of the integration’s own').optional(),
    })
    .strict(),
  recipient: z.object({ webhook: urlList('Webhook of the channel, one or several').optional() }).strict(),
  secrets: ['webhook'],
  batch: 1,
  text: { body: MESSAGE_CHARS, subject: 200 },
  timeoutMs: 15_000,
  addressOf: (_endpoint, { webhook }) => (webhook === undefined ? 'endpoint' : 'recipient'),
  lacks: (endpoint, { webhook }) =>
    (webhook ?? endpoint.webhook) === undefined ? 'names no webhook' : undefined,
  receivers: { param: 'webhook', list: (endpoint, { webhook }) => webhook ?? endpoint.webhook ?? [] },
  limits: (_endpoint, _recipient, receiver) => [limit(`rocketchat:webhook:${fingerprint(receiver)}`, 1, 5)],
  request: ({ endpoint, text }, receiver) => ({
    method: 'POST',
    url: receiver,
    json: {
      text: text.plain ? fenced(text.body.replaceAll('`', '‵'), MESSAGE_CHARS) : text.body,
      alias: endpoint.alias,
      parseUrls: false,
    },
  }),
  judge: (answer, { now }) => {
    const verdict = judgeAnswer(answer, { now });
    if (verdict.limited === true && verdict.retryAfterMs === undefined) {
      const seconds = /wait (\d{1,5}) seconds/i.exec(saidIn(answer))?.[1];
      return seconds === undefined ? verdict : { ...verdict, retryAfterMs: Number(seconds) * 1000 };
    }
    const said = saidIn(answer);
    const settings = settingsAtFault.test(said);
    if (verdict.kind === 'refused' && settings) return { ...verdict, kind: 'broken' };
    if (verdict.kind !== 'ok' || !saysNo(answer, 'success')) return verdict;
    return {
      kind: settings ? 'broken' : 'refused',
      words: `answers ${answer.status} with an error`,
      said,
    };
  },
});
