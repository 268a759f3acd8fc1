/**
 * Discord webhooks. https://docs.discord.com/developers/resources/webhook#execute-webhook and …/topics/rate-limits:
 * limits are read from the headers of every answer, never assumed; 429 carries `retry_after` in seconds with a fraction, and is for
 * the webhook alone unless it says global, or is no JSON: then Cloudflare has banned this address. 10,000 bad answers in 10 minutes ban the address, so nothing is tried in haste.
 * Nobody is mentioned (`allowed_mentions`), nothing is embedded (flag 4).
 */

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { fenced } from '../fence.ts';
import { judgeAnswer, textAt } from '../judge.ts';
import { fingerprint, limit, urlList, someText } from '../parameters.ts';
import type { Answer, Verdict } from '../provider.ts';

const SUPPRESS_EMBEDS = 4;
const CONTENT_CHARS = 2000;
/** Unknown channel, guild, webhook; missing access or permissions; invalid webhook token; locked thread; a forum wants a thread. */
const brokenCodes = new Set('10003 10004 10015 50001 50013 50027 50083 160005 220001 220003'.split(' '));

export const discord = httpSink({
  type: 'discord',
  summary: 'Discord, by webhook',
  audience: 'people',
  medium: 'discord',
  endpoint: z
    .object({
      webhook: urlList('Webhook, one or several; for recipients that name none').optional(),
      username: someText('Name shown instead of the webhook’s own').max(80).optional(),
    })
    .strict(),
  recipient: z
    .object({
      webhook: urlList('Webhook of the channel, one or several').optional(),
      thread: someText('Id of a thread of that channel').optional(),
    })
    .strict(),
  secrets: ['webhook'],
  batch: 1,
  text: { body: CONTENT_CHARS, subject: 200 },
  counts: 'utf16',
  timeoutMs: 15_000,
  addressOf: (_endpoint, { webhook }) => (webhook === undefined ? 'endpoint' : 'recipient'),
  lacks: (endpoint, { webhook }) =>
    (webhook ?? endpoint.webhook) === undefined ? 'names no webhook' : undefined,
  receivers: { param: 'webhook', list: (endpoint, { webhook }) => webhook ?? endpoint.webhook ?? [] },
  limits: (_endpoint, _recipient, receiver) => [
    limit('discord:global', 40, 10),
    // 30 a minute and webhook, 5 in 2 seconds, as observed.
    limit(`discord:webhook:${fingerprint(receiver)}`, 0.4, 5),
  ],
  request: ({ endpoint, recipient, text }, receiver) => {
    const url = new URL(receiver);
    url.searchParams.set('wait', 'true');
    if (recipient.thread !== undefined) url.searchParams.set('thread_id', recipient.thread);
    return {
      method: 'POST',
      url: url.href,
      json: {
        content: text.plain ? fenced(text.body, CONTENT_CHARS, 'utf16') : text.body,
        username: endpoint.username,
        allowed_mentions: { parse: [] },
        flags: SUPPRESS_EMBEDS,
      },
    };
  },
  judge: (answer, { now }) => {
    const verdict = judgeAnswer(answer, { now });
    const code = textAt(answer.json, 'code');
    if (verdict.kind === 'ok') {
      const ref = textAt(answer.json, 'id');
      return { ...verdict, ...(ref === undefined ? {} : { ref }), ...paceOf(answer) };
    }
    if (verdict.kind === 'again') return isGlobal(answer) ? verdict : { ...verdict, narrow: true };
    if (verdict.kind === 'refused' && code !== undefined && brokenCodes.has(code)) {
      return { ...verdict, kind: 'broken' };
    }
    return verdict;
  },
});

function isGlobal(answer: Answer): boolean {
  return (
    answer.json?.['global'] === true ||
    (answer.status === 429 && answer.json === undefined) ||
    answer.header('x-ratelimit-global') === 'true' ||
    answer.header('x-ratelimit-scope') === 'global'
  );
}

function paceOf(answer: Answer): Pick<Verdict, 'pace'> {
  const remaining = Number(answer.header('x-ratelimit-remaining') ?? Number.NaN);
  const seconds = Number(answer.header('x-ratelimit-reset-after') ?? Number.NaN);
  if (!Number.isFinite(remaining) || !Number.isFinite(seconds)) return {};
  return { pace: { remaining, resetAfterMs: Math.ceil(seconds * 1000) } };
}
