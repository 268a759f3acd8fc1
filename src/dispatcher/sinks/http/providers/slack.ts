/**
 * Slack: incoming webhooks, or chat.postMessage with a bot's token and channels.
 *
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, …/reference/methods/chat.postMessage,
 * …/apis/web-api/rate-limits (one message a second and channel, short bursts tolerated). Errors of the Web API are 200 with `ok: false`;
 * a webhook says `ok` or a word. `<!channel>` is a mention wherever `<` is not escaped, with and without mrkdwn.
 */

import { z } from 'zod';

import { httpSink } from '../engine.ts';
import { byName, judgeAnswer, textAt } from '../judge.ts';
import { baseUrl, fingerprint, headerText, limit, listOf, urlList } from '../parameters.ts';
import { OK_VERDICT, type Answer, type Verdict } from '../provider.ts';

const OWN_API = 'https://slack.com/api';

const names = {
  again: new Set(
    (
      'ratelimited rate_limited message_limit_exceeded internal_error fatal_error service_unavailable request_timeout ' +
      'team_added_to_org external_channel_migrating rollup_error'
    ).split(' '),
  ),
  broken: new Set(
    (
      'invalid_auth not_authed account_inactive token_revoked token_expired no_permission missing_scope not_allowed_token_type ' +
      'channel_not_found not_in_channel is_archived restricted_action restricted_action_read_only_channel ' +
      'restricted_action_thread_only_channel restricted_action_thread_locked access_denied accesslimited enterprise_is_restricted ' +
      'ekm_access_denied team_access_not_granted team_not_found two_factor_setup_required org_login_required messages_tab_disabled ' +
      'user_not_found deprecated_endpoint method_deprecated no_service no_service_id no_team no_active_hooks team_disabled ' +
      'invalid_token action_prohibited channel_is_archived posting_to_general_channel_denied'
    ).split(' '),
  ),
};

export const slack = httpSink({
  type: 'slack',
  summary: 'Slack, by incoming webhook or by bot token and channel',
  audience: 'people',
  medium: 'slack-mrkdwn',
  endpoint: z
    .object({
      token: headerText('Bot token (xoxb-…) with scope chat:write; for recipients with `channel`').optional(),
      webhook: urlList('Incoming webhook, one or several; for recipients that name none').optional(),
      api: baseUrl('Base of the Web API').prefault(OWN_API),
    })
    .strict(),
  recipient: z
    .object({
      webhook: urlList('Incoming webhook of the channel, one or several').optional(),
      channel: listOf('Channel id (C…), one or several; needs the endpoint’s token').optional(),
    })
    .strict(),
  secrets: ['token', 'webhook'],
  batch: 1,
  text: { body: 4000, subject: 200 },
  timeoutMs: 15_000,
  addressOf: ({ api }, { webhook, channel }) => {
    if (webhook !== undefined) return 'recipient';
    return channel !== undefined && api === OWN_API ? 'provider' : 'endpoint';
  },
  lacks: (endpoint, { webhook, channel }) => {
    if (channel !== undefined && webhook === undefined) {
      return endpoint.token === undefined ? 'channel needs a token on the endpoint' : undefined;
    }
    return (webhook ?? endpoint.webhook) === undefined ? 'names neither webhook nor channel' : undefined;
  },
  receivers: {
    param: 'webhook',
    list: (endpoint, { webhook, channel }) => webhook ?? channel ?? endpoint.webhook ?? [],
  },
  limits: (endpoint, { webhook, channel }, receiver) =>
    webhook === undefined && channel !== undefined
      ? [limit(`slack:channel:${fingerprint(endpoint.token ?? '')}:${receiver}`, 1, 3)]
      : [limit(`slack:webhook:${fingerprint(receiver)}`, 1, 3)],
  request: ({ endpoint, recipient: { webhook, channel }, text }, receiver) => {
    const message = {
      text: text.plain ? escapeSlack(text.body) : text.body,
      mrkdwn: !text.plain,
      unfurl_links: false,
      unfurl_media: false,
    };
    if (webhook !== undefined || channel === undefined)
      return { method: 'POST', url: receiver, json: message };
    return {
      method: 'POST',
      url: `${endpoint.api}/chat.postMessage`,
      headers: {
        authorization: `Bearer ${endpoint.token ?? ''}`,
        'content-type': 'application/json; charset=utf-8',
      },
      json: { channel: receiver, ...message },
    };
  },
  judge: (answer, { now }) => (answer.status === 200 ? judgeOk(answer) : judgeWord(answer, now)),
});

/** What is escaped already stays as it is. */
function escapeSlack(text: string): string {
  return text
    .replace(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

function judgeOk(answer: Answer): Verdict | undefined {
  const { json } = answer;
  if (json?.['ok'] === true) {
    const made = [textAt(json, 'channel'), textAt(json, 'ts')].filter((part) => part !== undefined);
    return made.length === 0 ? OK_VERDICT : { kind: 'ok', ref: made.join(':') };
  }
  // It repeats the message with all its emoji, beyond what is read of an answer.
  if (answer.truncated && /^\s*\{\s*"ok"\s*:\s*true\b/.test(answer.body)) return OK_VERDICT;
  if (json !== undefined) return byName(textAt(json, 'error'), names, 'answers 200 with an error');
  const word = answer.body.trim();
  if (word === 'ok') return OK_VERDICT;
  if (/^[a-z_]{2,60}$/.test(word)) return byName(word, names, 'answers 200 with an error');
  const page = judgeAnswer(answer, { now: 0 });
  return page.kind === 'broken'
    ? page
    : { kind: 'broken', words: 'answers 200, but not as Slack does', said: word };
}

/** 400 `user_not_found` is a fault of the settings, 400 `invalid_payload` one of the message. */
function judgeWord(answer: Answer, now: number): Verdict | undefined {
  const word = answer.body.trim();
  if (answer.status !== 400 || !names.broken.has(word)) return undefined;
  return { ...judgeAnswer(answer, { now }), kind: 'broken' };
}
