/**
 * Telegram, by a bot: https://core.telegram.org/bots/api#sendmessage.
 *
 * HTML (Markdown of attackers loses messages), no link previews. Limits as the Bot FAQ has them: 30 messages a second and bot, one a second and
 * chat, 20 a minute and group; a 429 stops the whole bot for `parameters.retry_after`, as going on elsewhere prolongs the ban. A
 * group that became a supergroup has a new id (`migrate_to_chat_id`): the message goes there at once, and the id is kept.
 */

import { z } from 'zod';

import { isObject } from '../../../../core/json-object.ts';
import { httpSink } from '../engine.ts';
import { judgeAnswer, saysNo, textAt } from '../judge.ts';
import { baseUrl, fingerprint, limit, listOf } from '../parameters.ts';
import type { Answer, Verdict } from '../provider.ts';

const OWN_API = 'https://api.telegram.org';
/** 400s that no other text would change. */
const settingsAtFault =
  /chat not found|chat_write_forbidden|no rights to send|not enough rights|administrator rights|peer_id_invalid|thread not found|topic_(?:closed|deleted|id_invalid)|user not found|deactivated|channel_private/i;

export const telegram = httpSink({
  type: 'telegram',
  summary: 'Telegram, by a bot',
  audience: 'people',
  medium: 'telegram-html',
  endpoint: z
    .object({
      token: z
        .string()
        .regex(/^\d+:[\w-]+$/, { error: 'must look like 123456:ABC-def' })
        .describe('Token of the bot, from @BotFather'),
      api: baseUrl('Base of the Bot API, for a local server').prefault(OWN_API),
    })
    .strict(),
  recipient: z
    .object({
      chat: listOf('Id of a chat, group or channel, or @name of a channel; one or several'),
      thread: z.int().positive().optional().describe('Topic of a forum (message_thread_id)'),
      silent: z.boolean().default(false).describe('Without a sound'),
    })
    .strict(),
  secrets: ['token'],
  batch: 1,
  text: { body: 4096, subject: 200 },
  counts: 'utf16',
  timeoutMs: 15_000,
  addressOf: ({ api }) => (api === OWN_API ? 'provider' : 'endpoint'),
  receivers: { param: 'chat', list: (_endpoint, { chat }) => chat },
  limits: ({ token }, _recipient, chat) => {
    const bot = fingerprint(token);
    // Never more than 30 in any second, nor 20 to a group in any minute: the burst counts as well.
    const group = chat.startsWith('-') || chat.startsWith('@');
    return [
      limit(`telegram:bot:${bot}`, 25, 5),
      limit(`telegram:chat:${bot}:${chat}`, group ? 0.25 : 1, group ? 5 : 3),
    ];
  },
  request: ({ endpoint, recipient, text }, chat) => ({
    method: 'POST',
    url: `${endpoint.api}/bot${endpoint.token}/sendMessage`,
    json: {
      chat_id: /^-?\d{1,15}$/.test(chat) ? Number(chat) : chat,
      text: text.body,
      ...(text.plain ? {} : { parse_mode: 'HTML' }),
      link_preview_options: { is_disabled: true },
      ...(recipient.thread === undefined ? {} : { message_thread_id: recipient.thread }),
      ...(recipient.silent ? { disable_notification: true } : {}),
    },
  }),
  judge: (answer, { now }) => {
    if (answer.status === 200 && answer.json !== undefined) {
      return saysNo(answer, 'ok') ? judgeError(answer, now) : okOf(answer);
    }
    if (answer.status === 200) {
      const page = judgeAnswer(answer, { now });
      return page.kind === 'broken'
        ? page
        : { kind: 'broken', words: 'answers 200, but not as Telegram does' };
    }
    return judgeError(answer, now);
  },
});

function okOf({ json }: Answer): Verdict {
  const result = json?.['result'];
  const ref = isObject(result) ? textAt(result, 'message_id') : undefined;
  return ref === undefined ? { kind: 'ok' } : { kind: 'ok', ref };
}

/** `error_code` repeats the status; it counts, should a proxy have changed that. */
function judgeError(answer: Answer, now: number): Verdict {
  const status = Number(textAt(answer.json, 'error_code') ?? answer.status);
  const verdict = judgeAnswer({ ...answer, status: status === 200 ? 400 : status }, { now });
  const movedTo = textAt(answer.json, 'parameters', 'migrate_to_chat_id');
  if (movedTo !== undefined) return { ...verdict, kind: 'again', movedTo };
  return verdict.kind === 'refused' && settingsAtFault.test(verdict.said ?? '')
    ? { ...verdict, kind: 'broken' }
    : verdict;
}
