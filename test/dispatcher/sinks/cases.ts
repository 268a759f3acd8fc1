/** How each type over HTTP is set up against a fake of its provider, and what that says: the table of the contract suite. */

import { sinkTypes } from '../../../src/dispatcher/sinks/catalogue.ts';
import type { SinkType } from '../../../src/dispatcher/model/sink.ts';
import type { SinkCase } from './contract.ts';
import { dig } from './dig.ts';
import type { Received } from './fake-provider.ts';

export function typeOf(name: string): SinkType {
  const type = sinkTypes.get(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  return type;
}

const at =
  (...path: readonly (string | number)[]) =>
  (request: Received): unknown =>
    dig(request.json, ...path);

/** Without the fence of plain text, if there is one. */
function unfenced(text: unknown): unknown {
  return typeof text === 'string' ? text.replace(/^(`{3,})\n([^]*)\n\1$/, '$2') : text;
}

const WEBHOOK = 'T0SECRET9/B0SECRET8/xyzSecret77';

export const sinkCases: readonly SinkCase[] = [
  {
    type: typeOf('telegram'),
    endpoint: (base) => ({ token: '12345:AAbotSecretToken', api: base }),
    recipient: () => ({ chat: -100_123 }),
    secrets: ['12345:AAbotSecretToken'],
    ok: { body: { ok: true, result: { message_id: 7 } } },
    falseOk: { reply: { body: { ok: false, error_code: 400, description: 'Bad Request' } }, kind: 'refused' },
    wrongToken: { status: 401, body: { ok: false, error_code: 401, description: 'Unauthorized' } },
    text: at('text'),
  },
  {
    type: typeOf('slack'),
    endpoint: () => ({}),
    recipient: (base) => ({ webhook: `${base}/services/${WEBHOOK}` }),
    secrets: [WEBHOOK, 'xyzSecret77'],
    ok: { body: 'ok' },
    falseOk: { reply: { body: 'no_text' }, kind: 'refused' },
    wrongToken: { status: 403, body: 'invalid_token' },
    text: at('text'),
  },
  {
    type: typeOf('slack'),
    endpoint: (base) => ({ token: 'xoxb-secret-of-the-bot', api: `${base}/api` }),
    recipient: () => ({ channel: 'C0123456' }),
    secrets: ['xoxb-secret-of-the-bot'],
    ok: { body: { ok: true, channel: 'C0123456', ts: '1503435956.000247' } },
    falseOk: { reply: { body: { ok: false, error: 'ratelimited' } }, kind: 'again' },
    wrongToken: { status: 200, body: { ok: false, error: 'invalid_auth' } },
    text: at('text'),
  },
  {
    type: typeOf('discord'),
    endpoint: () => ({ username: 'alerts' }),
    recipient: (base) => ({ webhook: `${base}/api/webhooks/1234/discordSecret99` }),
    secrets: ['discordSecret99'],
    ok: { body: { id: '99' } },
    wrongToken: { status: 401, body: { message: 'Invalid Webhook Token', code: 50_027 } },
    text: ({ json }) => unfenced(json['content']),
  },
  {
    type: typeOf('mattermost'),
    endpoint: (base) => ({ url: base, token: 'mattermost-secret-1' }),
    recipient: () => ({ channel: 'channelid26characterslong' }),
    secrets: ['mattermost-secret-1'],
    ok: { status: 201, body: { id: 'post9' } },
    falseOk: { reply: { body: { id: 'api.x', message: 'no', status_code: 400 } }, kind: 'refused' },
    wrongToken: {
      status: 401,
      body: { id: 'api.context.session_expired.app_error', message: 'Invalid session' },
    },
    text: ({ json }) => unfenced(json['message']),
  },
  {
    type: typeOf('rocketchat'),
    endpoint: () => ({}),
    recipient: (base) => ({ webhook: `${base}/hooks/64abcdef/rocketSecret55` }),
    secrets: ['rocketSecret55'],
    ok: { body: { success: true } },
    falseOk: { reply: { body: { success: false, error: 'Invalid' } }, kind: 'refused' },
    wrongToken: { status: 401, body: { success: false, error: 'Unauthorized' } },
    text: ({ json }) => unfenced(json['text']),
  },
  {
    type: typeOf('teams'),
    endpoint: () => ({}),
    recipient: (base) => ({
      webhook: `${base}/workflows/abc/triggers/manual/paths/invoke?sig=teamsSecret44`,
    }),
    secrets: ['teamsSecret44'],
    ok: { status: 202 },
    falseOk: {
      reply: {
        body: 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 …',
      },
      kind: 'again',
    },
    wrongToken: { status: 401, body: { error: { code: 'DirectApiAuthorizationRequired', message: 'no' } } },
    text: (request) => {
      const block = dig(request.json, 'attachments', 0, 'content', 'body', 0);
      return dig(block, 'text') ?? dig(block, 'inlines', 0, 'text');
    },
  },
  {
    type: typeOf('pagerduty'),
    endpoint: (base) => ({ url: `${base}/v2/enqueue` }),
    recipient: () => ({ routing_key: 'pagerduty-secret-key-000000000' }),
    secrets: ['pagerduty-secret-key-000000000'],
    ok: { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: 'd' } },
    falseOk: { reply: { status: 202, body: { status: 'invalid event' } }, kind: 'refused' },
    wrongToken: { status: 400, body: { status: 'invalid event', errors: ['Invalid routing key'] } },
    text: at('payload', 'custom_details', 'text'),
  },
  {
    type: typeOf('github'),
    endpoint: (base) => ({ token: 'ghp_secretsecret1', api: `${base}/api/v3` }),
    recipient: () => ({ repository: 'soc/alerts', labels: 'idmef' }),
    secrets: ['ghp_secretsecret1'],
    ok: { status: 201, body: { number: 5 } },
    bareWaitMs: 60_000,
    falseOk: { reply: { status: 200, body: [] }, kind: 'broken' },
    wrongToken: { status: 401, body: { message: 'Bad credentials' } },
    text: (request) => {
      const body = String(dig(request.json, 'body')).replace(/\n\n<!-- idmef-[0-9a-f]+ -->$/, '');
      return unfenced(body);
    },
  },
  {
    type: typeOf('apprise'),
    endpoint: (base) => ({ url: base, username: 'me', password: 'appriseSecret3' }),
    recipient: () => ({ key: 'soc', tag: 'oncall' }),
    secrets: ['appriseSecret3'],
    ok: { body: { error: null } },
    falseOk: { reply: { status: 204 }, kind: 'broken' },
    wrongToken: { status: 401 },
    text: at('body'),
  },
  {
    type: typeOf('thehive'),
    endpoint: (base) => ({ url: base, token: 'thehive-secret-key' }),
    recipient: () => ({ tags: ['ids'] }),
    secrets: ['thehive-secret-key'],
    ok: { status: 201, body: { _id: '~123' } },
    wrongToken: { status: 401, body: { type: 'AuthenticationError', message: 'Authentication failure' } },
    text: ({ json }) => unfenced(json['description']),
  },
  {
    type: typeOf('elasticsearch'),
    endpoint: (base) => ({ url: base, username: 'elastic', password: 'elasticSecret2' }),
    recipient: () => ({}),
    secrets: ['elasticSecret2'],
    ok: { body: { errors: false, items: [{ create: { status: 201 } }] } },
    falseOk: {
      reply: {
        body: {
          errors: true,
          items: [{ create: { status: 400, error: { type: 'document_parsing_exception' } } }],
        },
      },
      kind: 'refused',
    },
    wrongToken: {
      status: 401,
      body: { error: { type: 'security_exception', reason: 'unable' }, status: 401 },
    },
  },
  {
    type: typeOf('splunk'),
    endpoint: (base) => ({ url: base, token: 'splunk-hec-secret-1' }),
    recipient: () => ({ index: 'ids' }),
    secrets: ['splunk-hec-secret-1'],
    ok: { body: { text: 'Success', code: 0 } },
    falseOk: { reply: { body: { text: 'Server is busy', code: 9 } }, kind: 'again' },
    wrongToken: { status: 403, body: { text: 'Invalid token', code: 4 } },
  },
  {
    type: typeOf('alertmanager'),
    endpoint: (base) => ({ url: base, username: 'am', password: 'alertmanagerSecret' }),
    recipient: () => ({ labels: { team: 'soc' } }),
    secrets: ['alertmanagerSecret'],
    ok: { status: 200 },
    wrongToken: { status: 401 },
  },
  {
    type: typeOf('webhook'),
    endpoint: (base) => ({ url: `${base}/hook/webhookSecretPath`, secret: 'whsec_c2VjcmV0LWtleQ==' }),
    recipient: () => ({}),
    secrets: ['whsec_c2VjcmV0LWtleQ==', 'webhookSecretPath'],
    ok: { status: 204 },
    wrongToken: { status: 401 },
  },
  {
    type: typeOf('ntopng-webhook'),
    endpoint: (base) => ({
      url: `${base}/ntopng`,
      sharedsecret: 'ntopngSharedSecret',
      username: 'n',
      password: 'ntopngPass1',
    }),
    recipient: () => ({}),
    secrets: ['ntopngSharedSecret', 'ntopngPass1'],
    ok: { status: 200, body: 'thanks' },
    wrongToken: { status: 403 },
    pages: true,
  },
  {
    type: typeOf('custom-get'),
    endpoint: (base) => ({
      url: `${base}/send?to=receiver&text=message&k=apikey`,
      values: { apikey: 'gatewaySecret6' },
    }),
    recipient: () => ({ receivers: '+34600000000' }),
    secrets: ['gatewaySecret6'],
    ok: { body: 'queued' },
    wrongToken: { status: 403 },
    text: ({ path }) => new URL(path, 'http://x').searchParams.get('text'),
    pages: true,
  },
  {
    type: typeOf('custom-post'),
    endpoint: (base) => ({
      url: `${base}/post/apikey/receiver`,
      datavar: 'body',
      values: { apikey: 'gatewaySecret6' },
    }),
    recipient: () => ({ receivers: ['ops'] }),
    secrets: ['gatewaySecret6'],
    ok: { status: 201 },
    wrongToken: { status: 401 },
    text: at('body'),
    pages: true,
  },
];
