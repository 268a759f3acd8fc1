/** What is special about the providers of people: Slack, Discord, Telegram, Teams, Mattermost, Rocket.Chat, PagerDuty, GitHub, Apprise. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Incident } from '../../../src/dispatcher/model/incident.ts';
import type { SendMessage } from '../../../src/dispatcher/model/sink.ts';
import type { Received } from './fake-provider.ts';
import { typeOf } from './cases.ts';
import { dig } from './dig.ts';
import { alertView, sendMessage, START } from './make.ts';
import { worldFor } from './world.ts';

function ofIncident(count: number, state: Incident['state'] = 'open'): Pick<SendMessage, 'incident'> {
  return { incident: { id: 42, count, state } };
}

describe('slack', () => {
  const byToken = {
    endpoint: (base: string) => ({ token: 'xoxb-1', api: base }),
    recipient: () => ({ channel: 'C1' }),
  };

  test('nothing is unfurled; plain text cannot mention either, and is escaped once', async (t) => {
    const { provider, send } = await worldFor(t, 'slack');
    await send({ rendered: { subject: 's', body: '*x* &lt;!channel&gt;', plain: '' } });
    const { unfurl_links, unfurl_media, mrkdwn, text } = provider.received[0]?.json ?? {};
    assert.deepEqual(
      [unfurl_links, unfurl_media, mrkdwn, text],
      [false, false, true, '*x* &lt;!channel&gt;'],
    );
    for (const plain of ['<!channel> & <b>', '&lt;!channel&gt; &amp; &lt;b&gt;']) {
      await send({ form: 'plain', rendered: { subject: 's', body: '', plain } });
      assert.equal(provider.received.at(-1)?.json['text'], '&lt;!channel&gt; &amp; &lt;b&gt;');
      assert.equal(provider.received.at(-1)?.json['mrkdwn'], false);
    }
  });

  test('a token posts to channels, and names what it made', async (t) => {
    const { provider, send } = await worldFor(t, 'slack', byToken);
    provider.say({ body: { ok: true, channel: 'C1', ts: '15.2' } });
    const answer = await send();
    assert.equal(answer.providerRef, 'C1:15.2');
    assert.equal(provider.received[0]?.path, '/chat.postMessage');
    assert.equal(provider.received[0]?.headers.authorization, 'Bearer xoxb-1');
    assert.equal(provider.received[0]?.json['channel'], 'C1');
  });

  const words: readonly (readonly [reply: { status?: number; body: string | object }, kind: string])[] = [
    [{ body: { ok: false, error: 'channel_not_found' } }, 'broken'],
    [{ body: { ok: false, error: 'restricted_action_thread_only_channel' } }, 'broken'],
    [{ body: { ok: false, error: 'msg_too_long' } }, 'refused'],
    [{ body: { ok: false, error: 'message_limit_exceeded' } }, 'again'],
    [{ body: { ok: false, error: 'fatal_error' } }, 'again'],
    [{ body: 'no_service' }, 'broken'],
    [{ body: 'hello from something else' }, 'broken'],
    [{ body: '' }, 'broken'],
    [{ status: 400, body: 'invalid_payload' }, 'refused'],
    [{ status: 400, body: 'user_not_found' }, 'broken'],
  ];
  for (const [reply, kind] of words) {
    test(`${reply.status ?? 200} ${JSON.stringify(reply.body)} is ${kind}`, async (t) => {
      const { provider, send } = await worldFor(t, 'slack', byToken);
      provider.say(reply);
      assert.equal((await send()).outcome.kind, kind);
    });
  }

  test('an answer that repeats the message beyond what is read is a yes all the same', async (t) => {
    const { provider, send } = await worldFor(t, 'slack', byToken);
    const blocks = Array.from({ length: 4000 }, () => ({ type: 'emoji', name: 'grinning' }));
    provider.say({ body: { ok: true, channel: 'C1', ts: '15.2', message: { blocks } } });
    assert.equal((await send()).outcome.kind, 'ok');
  });

  test('a channel without a token, and neither of the two, are said before anything is sent', async (t) => {
    for (const recipient of [{ channel: 'C1' }, {}]) {
      const { provider, send } = await worldFor(t, 'slack', {
        endpoint: () => ({}),
        recipient: () => recipient,
      });
      assert.match(
        JSON.stringify((await send()).outcome),
        /"broken".*(?:needs a token|neither webhook nor channel)/,
      );
      assert.equal(provider.received.length, 0);
    }
  });

  test('G-NT: slack drops all but the newest five: every one of twelve arrives', async (t) => {
    const { provider, send } = await worldFor(t, 'slack');
    for (let seq = 1; seq <= 12; seq += 1) await send({ messages: [sendMessage(seq)] });
    assert.equal(provider.received.length, 12);
  });
});

describe('discord', () => {
  test('nobody is mentioned, nothing embedded; the message is waited for', async (t) => {
    const { provider, send } = await worldFor(t, 'discord', {
      recipient: (base) => ({ webhook: `${base}/api/webhooks/1/t`, thread: '77' }),
    });
    const answer = await send();
    assert.equal(answer.providerRef, '99');
    assert.equal(provider.received[0]?.path, '/api/webhooks/1/t?wait=true&thread_id=77');
    assert.deepEqual(provider.received[0]?.json['allowed_mentions'], { parse: [] });
    assert.equal(provider.received[0]?.json['flags'], 4);
  });

  test('G-NT: 429 = give up: the webhook alone waits as long as it says, to the millisecond', async (t) => {
    const { provider, send } = await worldFor(t, 'discord');
    provider.say({
      status: 429,
      body: { message: 'You are being rate limited.', retry_after: 0.6457, global: false },
    });
    const answer = await send();
    assert.equal(answer.outcome.kind, 'again');
    assert.equal(answer.limits?.length, 1);
    assert.match(answer.limits?.[0]?.key ?? '', /^discord:webhook:/);
    assert.equal(answer.limits?.[0]?.notBefore, START + 646);
  });

  test('a global limit stops every webhook', async (t) => {
    const { provider, send } = await worldFor(t, 'discord');
    provider.say({ status: 429, headers: { 'x-ratelimit-scope': 'global', 'retry-after': '65' }, body: {} });
    const answer = await send();
    assert.deepEqual(
      answer.limits?.map(({ notBefore }) => notBefore),
      [START + 65_000, START + 65_000],
    );
    assert.equal(answer.limits?.[0]?.key, 'discord:global');
  });

  test('a ban by Cloudflare, which says it in HTML, stops every webhook', async (t) => {
    const { provider, send } = await worldFor(t, 'discord');
    const headers = { 'retry-after': '3600', 'content-type': 'text/html' };
    provider.say({ status: 429, headers, body: '<html><title>Access denied</title></html>' });
    assert.deepEqual(
      (await send()).limits?.map(({ key, notBefore }) => [key.split(':')[1], notBefore]),
      [
        ['global', START + 3_600_000],
        ['webhook', START + 3_600_000],
      ],
    );
  });

  test('what the headers of a yes say is passed on', async (t) => {
    const { provider, send } = await worldFor(t, 'discord');
    const headers = (remaining: number): Record<string, string> => ({
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset-after': '1.25',
    });
    provider.say({ body: {}, headers: headers(3) }, { body: {}, headers: headers(0) });
    const [some, none] = [await send(), await send({ messages: [sendMessage(2)] })];
    assert.deepEqual([some.limits?.[0]?.remaining, some.limits?.[0]?.notBefore], [3, undefined]);
    assert.deepEqual([none.limits?.[0]?.remaining, none.limits?.[0]?.notBefore], [0, START + 1250]);
  });

  test('a webhook in a forum wants a thread: the settings are at fault', async (t) => {
    const { provider, send } = await worldFor(t, 'discord');
    provider.say({
      status: 400,
      body: { code: 220_001, message: 'Webhooks posted to forum channels must have a thread' },
    });
    assert.equal((await send()).outcome.kind, 'broken');
  });
});

describe('telegram', () => {
  test('link previews are off; topic and silence are passed on', async (t) => {
    const { provider, send } = await worldFor(t, 'telegram', {
      recipient: () => ({ chat: '-100123', thread: 5, silent: true }),
    });
    await send();
    assert.equal(provider.received[0]?.path, '/bot12345:AAbotSecretToken/sendMessage');
    assert.deepEqual(provider.received[0]?.json, {
      chat_id: -100_123,
      text: 'the body',
      parse_mode: 'HTML',
      link_preview_options: { is_disabled: true },
      message_thread_id: 5,
      disable_notification: true,
    });
  });

  test('a group that moved gets the message at once, and its new id is kept', async (t) => {
    const { provider, send } = await worldFor(t, 'telegram', { recipient: () => ({ chat: [-52, 7] }) });
    provider.say(({ json }) =>
      json['chat_id'] === -52
        ? {
            status: 400,
            body: {
              ok: false,
              error_code: 400,
              description: 'Bad Request: group chat was upgraded to a supergroup chat',
              parameters: { migrate_to_chat_id: -1_001_234_567_890 },
            },
          }
        : { body: { ok: true, result: { message_id: 1 } } },
    );
    const answer = await send();
    assert.deepEqual(answer.outcome, { kind: 'ok' });
    assert.deepEqual(answer.moved, { chat: ['-1001234567890', '7'] });
    assert.equal(provider.received.length, 3);
    // Even if nobody kept it: the old one is not asked again.
    await send({ messages: [sendMessage(2)] });
    assert.deepEqual(
      new Set(provider.received.slice(3).map(({ json }) => json['chat_id'])),
      new Set([-1_001_234_567_890, 7]),
    );
  });

  test('G-NT: telegram retries back to back: one request, then the bot waits', async (t) => {
    const { provider, send } = await worldFor(t, 'telegram');
    provider.say({
      status: 429,
      body: {
        ok: false,
        error_code: 429,
        description: 'Too Many Requests: retry after 34',
        parameters: { retry_after: 34 },
      },
    });
    const answer = await send();
    assert.equal(provider.received.length, 1);
    assert.ok(answer.outcome.kind === 'again' && answer.outcome.retryAfterMs === 34_000);
    assert.deepEqual(
      answer.limits?.map(({ key, notBefore }) => [key.split(':')[1], notBefore]),
      [
        ['bot', START + 34_000],
        ['chat', START + 34_000],
      ],
    );
  });

  test('groups are paced as groups, people as people', async (t) => {
    const { sink, recipient } = await worldFor(t, 'telegram', { recipient: () => ({ chat: '-5,7,@news' }) });
    const chats = sink.limits(recipient).filter(({ key }) => key.startsWith('telegram:chat:'));
    assert.deepEqual(
      chats.map(({ rate }) => rate),
      [0.25, 1, 0.25],
    );
    // Never more than 20 in any minute.
    assert.ok(chats.every(({ rate, burst }) => rate === 1 || burst + 60 * rate <= 20));
  });

  const faults: readonly (readonly [code: number, description: string, kind: string])[] = [
    [400, 'Bad Request: chat not found', 'broken'],
    [400, 'Bad Request: message thread not found', 'broken'],
    [400, 'Bad Request: need administrator rights in the channel chat', 'broken'],
    [400, 'Bad Request: group chat was deactivated', 'broken'],
    [403, 'Forbidden: bot was blocked by the user', 'broken'],
    [404, 'Not Found', 'broken'],
    [400, 'Bad Request: message is too long', 'refused'],
    [500, 'Internal Server Error', 'again'],
  ];
  for (const [code, description, kind] of faults) {
    test(`${description} is ${kind}`, async (t) => {
      const { provider, send } = await worldFor(t, 'telegram');
      provider.say({ status: code, body: { ok: false, error_code: code, description } });
      const { outcome } = await send();
      assert.equal(outcome.kind, kind);
      assert.ok(outcome.kind !== 'ok' && outcome.reason.endsWith(`answers ${code}: ${description}`));
    });
  }
});

test('teams: plain text stands where Markdown is not read', async (t) => {
  const { provider, send } = await worldFor(t, 'teams');
  const bodyOf = (request: Received | undefined): unknown =>
    dig(request?.json, 'attachments', 0, 'content', 'body', 0, 'type');
  await send();
  await send({ form: 'plain' });
  assert.deepEqual(provider.received.map(bodyOf), ['TextBlock', 'RichTextBlock']);
  provider.say({
    body: 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413',
  });
  assert.equal((await send()).outcome.kind, 'refused');
  provider.say({ body: '1' });
  assert.equal((await send()).outcome.kind, 'ok');
});

test('a webhook that is gone holds the recipient, though its answer is a 400 like that to a bad message', async (t) => {
  const table: readonly (readonly [type: string, body: object, kind: string])[] = [
    ['teams', { error: { code: 'WorkflowTriggerIsNotEnabled', message: 'off' } }, 'broken'],
    ['teams', { error: { code: 'TriggerInputSchemaMismatch', message: 'no' } }, 'refused'],
    [
      'mattermost',
      { id: 'web.incoming_webhook.invalid.app_error', message: 'no', status_code: 400 },
      'broken',
    ],
    ['mattermost', { id: 'web.incoming_webhook.text.app_error', message: 'no', status_code: 400 }, 'refused'],
    ['rocketchat', { success: false, error: 'invalid-channel' }, 'broken'],
    ['rocketchat', { success: false, error: 'Body is too long' }, 'refused'],
  ];
  for (const [type, body, kind] of table) {
    const { provider, send } = await worldFor(t, type);
    provider.say({ status: 400, body });
    assert.equal((await send()).outcome.kind, kind, JSON.stringify(body));
  }
});

test('rocketchat says how long to wait in words', async (t) => {
  const { provider, send } = await worldFor(t, 'rocketchat');
  const error = 'Error, too many requests. You must wait 23 seconds before trying this endpoint again.';
  provider.say({ status: 429, body: { success: false, error } });
  assert.equal((await send()).limits?.[0]?.notBefore, START + 23_000);
});

test('rocketchat fetches no links of attackers', async (t) => {
  const { provider, send } = await worldFor(t, 'rocketchat');
  await send();
  assert.equal(provider.received[0]?.json['parseUrls'], false);
});

test('mattermost posts by token and channel id, or by webhook', async (t) => {
  const { provider, send } = await worldFor(t, 'mattermost');
  assert.equal((await send()).providerRef, 'post9');
  assert.equal(provider.received[0]?.path, '/api/v4/posts');
  assert.equal(provider.received[0]?.json['channel_id'], 'channelid26characterslong');
  const other = await worldFor(t, 'mattermost', {
    endpoint: (base) => ({ webhook: `${base}/hooks/x` }),
    recipient: () => ({}),
  });
  other.provider.say({ body: 'ok' });
  assert.equal((await other.send()).outcome.kind, 'ok');
  assert.deepEqual(other.provider.received[0]?.json, { text: 'the body' });
});

describe('pagerduty', () => {
  test('one alert an incident, resolved when it is closed', async (t) => {
    const { provider, send } = await worldFor(t, 'pagerduty');
    await send({ messages: [sendMessage(1, ofIncident(1))] });
    await send({ messages: [sendMessage(2, ofIncident(2))], idempotencyKey: 'other' });
    await send({ messages: [sendMessage(3, ofIncident(2, 'closed'))], idempotencyKey: 'third' });
    const events = provider.received.map(({ json }) => [json['event_action'], json['dedup_key']]);
    const key = 'idmef-incident-manager1-42';
    assert.deepEqual(events, [
      ['trigger', key],
      ['trigger', key],
      ['resolve', key],
    ]);
  });

  test('without an incident a repetition is the same alert, another notification another', async (t) => {
    const { provider, send } = await worldFor(t, 'pagerduty');
    for (const idempotencyKey of ['a', 'a', 'b']) await send({ idempotencyKey });
    const keys = provider.received.map(({ json }) => json['dedup_key']);
    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[0], keys[2]);
  });

  test('severity is that of the gravest, by urgency', async (t) => {
    const { provider, send } = await worldFor(t, 'pagerduty');
    for (const urgency of [1, 2, 3, 4] as const) {
      await send({ messages: [sendMessage(urgency, { view: alertView({ urgency }) })] });
    }
    assert.deepEqual(
      provider.received.map(({ json }) => dig(json, 'payload', 'severity')),
      ['info', 'warning', 'error', 'critical'],
    );
  });
});

describe('github', () => {
  const said = ({ method, path }: Received): { status?: number; body: object } => {
    if (method === 'GET') {
      const marker = /"(idmef-\w+)"/.exec(new URL(path, 'http://x').searchParams.get('q') ?? '')?.[1];
      return { body: { total_count: 1, items: [{ number: 8, body: `text\n\n<!-- ${marker} -->` }] } };
    }
    if (path.endsWith('/comments')) return { status: 201, body: { id: 1 } };
    return { status: method === 'POST' ? 201 : 200, body: { number: 5 } };
  };
  const asked = (received: readonly Received[]): string[] =>
    received.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);

  test('a new incident is an issue, further notifications are comments, its end closes it', async (t) => {
    const { provider, send } = await worldFor(t, 'github');
    provider.say(said);
    assert.equal((await send({ messages: [sendMessage(1, ofIncident(1))] })).providerRef, '#5');
    await send({ messages: [sendMessage(2, ofIncident(2))] });
    await send({ messages: [sendMessage(3, ofIncident(3, 'closed'))] });
    assert.deepEqual(asked(provider.received), [
      'POST /api/v3/repos/soc/alerts/issues',
      'POST /api/v3/repos/soc/alerts/issues/5/comments',
      'PATCH /api/v3/repos/soc/alerts/issues/5',
      'POST /api/v3/repos/soc/alerts/issues/5/comments',
    ]);
    assert.deepEqual(provider.received[0]?.json['labels'], ['idmef']);
    assert.deepEqual(provider.received[2]?.json, { state: 'closed' });
  });

  test('after a restart the issue is found by its marker', async (t) => {
    const first = await worldFor(t, 'github');
    first.provider.say(said);
    await first.send({ messages: [sendMessage(1, ofIncident(1))] });
    const marker = /<!-- (idmef-[0-9a-f]+) -->/.exec(String(first.provider.received[0]?.json['body']))?.[1];
    const second = await worldFor(t, 'github');
    second.provider.say(said);
    assert.equal((await second.send({ messages: [sendMessage(2, ofIncident(2))] })).providerRef, '#8');
    const query = new URL(second.provider.received[0]?.path ?? '', 'http://x').searchParams.get('q');
    assert.equal(query, `"${marker ?? ''}" repo:soc/alerts is:issue in:body`);
    assert.equal(asked(second.provider.received)[1], 'POST /api/v3/repos/soc/alerts/issues/8/comments');
  });

  test('a repository leads to no other part of the API', () => {
    const { recipient } = typeOf('github');
    for (const repository of ['../user', 'a/..', './x', 'a/.', 'a/b/c', 'a']) {
      assert.equal(recipient.safeParse({ repository }).success, false, repository);
    }
    assert.equal(recipient.safeParse({ repository: 'my.org/.github' }).success, true);
  });

  test('a repetition of what is there already makes nothing', async (t) => {
    const { provider, send } = await worldFor(t, 'github');
    provider.say(said);
    const answer = await send({ repeated: true });
    assert.deepEqual([answer.outcome.kind, answer.providerRef], ['ok', '#8']);
    assert.deepEqual(asked(provider.received), ['GET /api/v3/search/issues']);
  });

  test('an issue that was deleted or locked is succeeded by another, and holds nothing up', async (t) => {
    const refusals = [
      { status: 410, body: { message: 'This issue was deleted' } },
      { status: 403, body: { message: 'Unable to create comment because issue is locked.' } },
    ];
    for (const refusal of refusals) {
      const { provider, send } = await worldFor(t, 'github');
      provider.say(said);
      await send({ messages: [sendMessage(1, ofIncident(1))] });
      provider.say((request) => (request.path.endsWith('/comments') ? refusal : said(request)));
      assert.equal((await send({ messages: [sendMessage(2, ofIncident(2))] })).outcome.kind, 'ok');
      assert.equal(asked(provider.received).at(-1), 'POST /api/v3/repos/soc/alerts/issues');
    }
  });

  test('a failed comment at the end of an incident is not made twice', async (t) => {
    const { provider, send } = await worldFor(t, 'github');
    provider.say(said);
    await send({ messages: [sendMessage(1, ofIncident(1))] });
    provider.say((request) => (request.method === 'PATCH' ? { status: 503 } : said(request)));
    const last = { messages: [sendMessage(2, ofIncident(2, 'closed'))] };
    assert.equal((await send(last)).outcome.kind, 'again');
    provider.say(said);
    assert.equal((await send(last)).outcome.kind, 'ok');
    assert.equal(asked(provider.received).filter((one) => one.endsWith('/comments')).length, 1);
  });

  test('the marker of an incident in the text of another draws nothing there', async (t) => {
    const { provider, send } = await worldFor(t, 'github');
    provider.say((request) =>
      request.method === 'GET'
        ? {
            body: {
              items: [{ number: 8, body: String(new URL(request.path, 'http://x').searchParams.get('q')) }],
            },
          }
        : said(request),
    );
    assert.equal((await send({ messages: [sendMessage(2, ofIncident(2))] })).providerRef, '#5');
    const plain = '<!-- idmef-0123456789ab -->';
    await send({ messages: [sendMessage(3)], form: 'plain', rendered: { subject: 's', body: '', plain } });
    assert.doesNotMatch(String(provider.received.at(-1)?.json['body']), /<!-- idmef-0123456789ab/);
  });

  test('403 for too many requests passes, at the time it names', async (t) => {
    const { provider, send } = await worldFor(t, 'github');
    const reset = String(START / 1000 + 90);
    provider.say(
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
        body: { message: 'API rate limit exceeded' },
      },
      {
        status: 403,
        headers: { 'retry-after': '30' },
        body: { message: 'You have exceeded a secondary rate limit' },
      },
      { status: 403, body: { message: 'You have exceeded a secondary rate limit' } },
      { status: 403, body: { message: 'Resource not accessible by personal access token' } },
    );
    const waits = [await send(), await send(), await send(), await send()].map(({ outcome, limits }) => [
      outcome.kind,
      limits?.[0]?.notBefore,
    ]);
    assert.deepEqual(waits, [
      ['again', START + 90_000],
      ['again', START + 30_000],
      ['again', START + 60_000],
      ['broken', undefined],
    ]);
  });

  test('plain text cannot end the fence it stands in', async (t) => {
    const { provider, send } = await worldFor(t, 'github');
    await send({ form: 'plain', rendered: { subject: 's', body: '', plain: 'a\n````\n@everyone' } });
    assert.equal(provider.received.at(-1)?.json['assignees'], undefined);
    assert.match(String(provider.received.at(-1)?.json['body']), /^`{5}\na\n`{4}\n@\u200beveryone\n`{5}\n/);
  });
});

describe('apprise', () => {
  test('a service behind it that failed is tried again', async (t) => {
    const { provider, send } = await worldFor(t, 'apprise');
    provider.say({ status: 424, body: { error: 'One or more notification could not be sent' } });
    const answer = await send();
    assert.deepEqual([answer.outcome.kind, answer.uncertain], ['again', true]);
    assert.equal(provider.received[0]?.path, '/notify/soc');
    assert.equal(provider.received[0]?.json['tag'], 'oncall');
  });

  test('services that have it get it three times at most, though another one fails for good', async (t) => {
    const { provider, send } = await worldFor(t, 'apprise');
    const error = 'One or more notification could not be sent';
    const details = [
      ['INFO', '2026-01-02', 'Sent Slack notification.'],
      ['WARNING', '2026-01-02', 'Failed to send Discord notification.'],
    ];
    provider.say({ status: 424, body: { error, details } });
    const [first, second] = [await send(), await send({ repeated: true })];
    assert.deepEqual([first.outcome.kind, second.outcome.kind], ['again', 'refused']);
    assert.match(JSON.stringify(second.outcome), /some of its services have it: Failed to send Discord/);
    // Where nobody has it there is nothing to spare.
    provider.say({ status: 424, body: { error, details: details.slice(1) } });
    assert.equal((await send({ repeated: true })).outcome.kind, 'again');
    provider.say({ status: 424, body: { error, details: [] } });
    assert.equal((await send()).outcome.kind, 'broken');
  });

  test('URLs of Apprise are for the configuration file: they can name any host of the bridge', async (t) => {
    const options = { recipient: () => ({ urls: 'json://127.0.0.1/, tgram://x/y' }) };
    const fromFile = await worldFor(t, 'apprise', options);
    assert.equal((await fromFile.send()).outcome.kind, 'ok');
    assert.equal(fromFile.provider.received[0]?.json['urls'], 'json://127.0.0.1/, tgram://x/y');
    const other = await worldFor(t, 'apprise', { ...options, recipientChanges: { provenance: 'database' } });
    assert.equal((await other.send()).outcome.kind, 'broken');
    assert.equal(other.provider.received.length, 0);
  });
});
