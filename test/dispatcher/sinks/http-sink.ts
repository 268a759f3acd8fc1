/** The engine over HTTP as a whole: whom reasons name, when a call ends, who has had a message, whose address is judged by what. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Outcome } from '../../../src/core/outcome.ts';
import { createOutboundPolicy } from '../../../src/http/outbound-policy.ts';
import { connectProxy } from '../../support/connect-proxy.ts';
import { until } from '../../support/until.ts';
import { typeOf } from './cases.ts';
import { notificationTo, never, sendMessage } from './make.ts';
import { worldFor } from './world.ts';

const strict = createOutboundPolicy({ allow: [], listeners: () => [], ownAddresses: () => [] });

function reasonOf(outcome: Outcome | undefined): string {
  return outcome === undefined || outcome.kind === 'ok' ? '' : outcome.reason;
}

describe('reasons name who was asked', () => {
  test('the server once, whatever went wrong', async (t) => {
    const { provider, send } = await worldFor(t, 'telegram');
    provider.say({ status: 403, body: { ok: false, description: 'blocked' } });
    assert.equal(reasonOf((await send()).outcome), `${provider.base} answers 403: blocked`);
    provider.say({ end: 'hang up' });
    assert.match(reasonOf((await send()).outcome), new RegExp(`^${provider.base} broke the connection off`));
  });

  test('for a message of a batch too', async (t) => {
    const { provider, send } = await worldFor(t, 'elasticsearch');
    const items = [201, 400].map((status) => ({ create: { status, error: { type: 'some_exception' } } }));
    provider.say({ body: { errors: true, items } });
    const { each } = await send({ messages: [sendMessage(1), sendMessage(2)] });
    assert.equal(reasonOf(each?.get(2)), `${provider.base} answers 400 for the document: some_exception`);
  });

  test('of several receivers the one that is quoted', async (t) => {
    const good = await worldFor(t, 'slack');
    const { provider, send } = await worldFor(t, 'slack', {
      recipient: (base) => ({ webhook: [`${good.provider.base}/a`, `${base}/b`] }),
    });
    provider.say({ status: 503 });
    assert.equal(reasonOf((await send()).outcome), `1 of 2 receivers, the 2nd: ${provider.base} answers 503`);
  });

  test('nobody where nobody was asked', async (t) => {
    const { send } = await worldFor(t, 'slack', { endpoint: () => ({}), recipient: () => ({}) });
    assert.equal(reasonOf((await send()).outcome), 'names neither webhook nor channel');
  });
});

test('a call ends before the outbox ends it, so that somebody says who was silent', async (t) => {
  for (const name of ['telegram', 'ntopng-webhook', 'github']) {
    const { provider, deps, send } = await worldFor(t, name);
    provider.say({ end: 'slow', body: 'half' });
    const sending = send();
    await provider.until(1);
    deps.timers.advance(typeOf(name).timeoutMs - 1);
    assert.equal(deps.timers.pending(), 0, name);
    const { outcome, uncertain } = await sending;
    assert.match(reasonOf(outcome), new RegExp(`^${provider.base} did not answer within \\d+ s$`), name);
    assert.equal(uncertain, true);
  }
});

describe('who has had a message', () => {
  test('a chat that moved while another failed gets it once', async (t) => {
    const { provider, recipient, sink, send } = await worldFor(t, 'telegram', {
      recipient: () => ({ chat: [-52, 7] }),
    });
    provider.say(({ json }) => {
      const chat = json['chat_id'];
      if (chat === -52) {
        const parameters = { migrate_to_chat_id: -1_001_234_567_890 };
        return { status: 400, body: { ok: false, error_code: 400, description: 'upgraded', parameters } };
      }
      return chat === 7 ? { status: 503 } : { body: { ok: true, result: { message_id: 1 } } };
    });
    const first = await send();
    assert.equal(first.outcome.kind, 'again');
    provider.say({ body: { ok: true, result: { message_id: 2 } } });
    const moved = { ...recipient, params: { ...recipient.params, ...first.moved } };
    assert.equal((await sink.send(notificationTo(moved), never())).outcome.kind, 'ok');
    const chats = provider.received.map(({ json }) => json['chat_id']);
    assert.deepEqual(chats.filter((chat) => chat === -1_001_234_567_890).length, 1);
    assert.equal(chats.at(-1), 7);
  });

  test('each of several receivers costs a token of what they share', async (t) => {
    const { sink, recipient } = await worldFor(t, 'telegram', { recipient: () => ({ chat: [1, 2, 3] }) });
    const costs = sink.limits(recipient).map(({ key, cost }) => [key.split(':')[1], cost]);
    assert.deepEqual(costs, [
      ['bot', 3],
      ['chat', undefined],
      ['chat', undefined],
      ['chat', undefined],
    ]);
  });
});

describe('no window of a documented limit is ever exceeded, the burst included', () => {
  const documented: readonly (readonly [
    type: string,
    recipient: object,
    key: RegExp,
    most: number,
    seconds: number,
  ])[] = [
    ['telegram', { chat: '7' }, /:bot:/, 30, 1],
    ['telegram', { chat: '-7' }, /:chat:/, 20, 60],
    ['discord', { webhook: 'http://h/1' }, /:global/, 50, 1],
    ['discord', { webhook: 'http://h/1' }, /:webhook:/, 30, 60],
    ['teams', { webhook: 'http://h/1' }, /:webhook:/, 4, 1],
    ['pagerduty', { routing_key: 'k' }, /./, 120, 60],
    ['github', { repository: 'a/b' }, /./, 80, 60],
    ['github', { repository: 'a/b' }, /./, 500, 3600],
  ];
  for (const [type, params, key, most, seconds] of documented) {
    test(`${type}: ${most} in ${seconds} s`, async (t) => {
      const { sink, recipient } = await worldFor(t, type, { recipient: () => ({ ...params }) });
      const spec = sink.limits(recipient).find((one) => key.test(one.key)) ?? assert.fail('no such key');
      assert.ok(spec.burst + spec.rate * seconds <= most, JSON.stringify(spec));
    });
  }
});

describe('secrets', () => {
  test('what basic authentication sends is masked as well', async (t) => {
    const { provider, send } = await worldFor(t, 'alertmanager');
    provider.say(({ headers }) => ({ status: 400, body: `bad: ${headers.authorization ?? ''}` }));
    assert.equal(reasonOf((await send()).outcome), `${provider.base} answers 400: bad: Basic ***`);
  });

  test('user and password of a custom URL are sent, as AlertGateway did, and masked', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get', {
      endpoint: (base) => ({ url: `${base.replace('//', '//us%40er:pass%3Aword@')}/send?text=message` }),
    });
    provider.say(({ headers }) => ({
      status: 403,
      body: `${headers.authorization ?? ''} pass:word pass%3Aword`,
    }));
    assert.equal(reasonOf((await send()).outcome), `${provider.base} answers 403: Basic *** *** ***`);
    const sent = `Basic ${Buffer.from('us@er:pass:word').toString('base64')}`;
    assert.equal(provider.received[0]?.headers.authorization, sent);
  });

  test('a URL that is shown holds none', () => {
    const { endpoint } = typeOf('elasticsearch');
    const result = endpoint.safeParse({ url: 'https://elastic:secret@es.example:9200' });
    assert.match(result.error?.message ?? '', /must not hold user and password/);
  });

  test('half a secret at the end of a long answer is not shown', async (t) => {
    const { provider, send } = await worldFor(t, 'webhook');
    provider.say({ status: 400, body: 'webhookSecretPath '.repeat(30) });
    assert.doesNotMatch(reasonOf((await send()).outcome), /webh|ookS/);
  });
});

describe('who set an address', () => {
  const ofDatabase = { provenance: 'database' } as const;

  test('G-AG: SSRF: a receiver of the database that names the host is held to the policy', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get', {
      outbound: strict,
      endpoint: (base) => ({ url: `${base.replace('127.0.0.1', 'receiver')}/latest/meta-data` }),
      recipient: () => ({ receivers: '127.0.0.1' }),
      recipientChanges: ofDatabase,
    });
    const { outcome } = await send();
    assert.match(reasonOf(outcome), /may not be dialled: 127\.0\.0\.1 is this host itself/);
    assert.equal(provider.received.length, 0);
  });

  test('nothing that its server said is kept, not even as an id', async (t) => {
    const slack = { endpoint: () => ({}), recipient: (base: string) => ({ webhook: `${base}/x` }) };
    for (const recipientChanges of [{}, ofDatabase]) {
      const { provider, send } = await worldFor(t, 'slack', { ...slack, recipientChanges });
      provider.say({ body: { ok: true, ts: 'root:x:0:0' } });
      const { providerRef } = await send();
      assert.equal(providerRef, recipientChanges === ofDatabase ? undefined : 'root:x:0:0');
    }
  });

  test('the proxy of an endpoint of the file serves webhooks of the database', async (t) => {
    const proxy = await connectProxy(t);
    const policy = createOutboundPolicy({ allow: [], listeners: () => [], ownAddresses: () => [] });
    const { deps, send } = await worldFor(t, 'slack', {
      outbound: policy,
      endpointChanges: { proxy: proxy.url.href },
      endpoint: () => ({}),
      recipient: () => ({ webhook: 'http://192.0.2.1/services/x' }),
      recipientChanges: ofDatabase,
    });
    proxy.refuse();
    assert.match(reasonOf((await send()).outcome), /proxy .* refuses the tunnel to 192\.0\.2\.1:80/);
    assert.deepEqual(proxy.asked, ['192.0.2.1:80']);
    await until(() => deps.timers.pending() === 0);
  });

  test('a provider’s own address needs no policy: behind a proxy its name is not even resolved', async (t) => {
    const proxy = await connectProxy(t);
    const { send } = await worldFor(t, 'telegram', {
      endpointChanges: { ...ofDatabase, proxy: proxy.url.href },
      endpoint: () => ({ token: '12345:AAbotSecretToken' }),
    });
    proxy.refuse();
    assert.match(reasonOf((await send()).outcome), /refuses the tunnel to api\.telegram\.org:443/);
  });
});
