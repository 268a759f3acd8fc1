/** AlertGateway's channels: their parameters, their lists of receivers, and what it did wrong with them. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';
import { z } from 'zod';

import { parseParameters } from '../../../src/dispatcher/sinks/alertgateway-literal.ts';
import { fromAlertGateway } from '../../../src/dispatcher/sinks/alertgateway-params.ts';
import { sinkTypes } from '../../../src/dispatcher/sinks/catalogue.ts';
import { httpSink } from '../../../src/dispatcher/sinks/http/engine.ts';
import { encodable, fillUrl } from '../../../src/dispatcher/sinks/http/fill-url.ts';
import { createOutboundPolicy } from '../../../src/http/outbound-policy.ts';
import { until } from '../../support/until.ts';
import { fakeProvider } from './fake-provider.ts';
import { endpointOf, never, notificationTo, recipientOf, sendMessage, sinkFor, testDeps } from './make.ts';
import { typeOf } from './cases.ts';
import { hostileText } from '../../support/any-text.ts';
import { worldFor } from './world.ts';

const evil = 'down & out&chat_id=1#x /../ ?q=%0d%0a\r\nHost: evil é€😀 receiver message apikey';

describe('custom URLs', () => {
  test('G-AG: message put unescaped into the URL: it stays one parameter', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get');
    await send({ rendered: { subject: 's', body: evil, plain: evil } });
    const url = new URL(provider.received[0]?.path ?? '', 'http://x');
    assert.deepEqual([...url.searchParams.keys()], ['to', 'text', 'k']);
    assert.equal(url.searchParams.get('text'), evil);
    assert.equal(url.searchParams.get('to'), '+34600000000');
    assert.equal(url.hash, '');
  });

  test('G-AG: custom_get returns after the first receiver: every one is called', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get', {
      recipient: () => ({ receivers: 'a, b,c' }),
    });
    assert.deepEqual((await send()).outcome, { kind: 'ok' });
    const called = provider.received.map(({ path }) => new URL(path, 'http://x').searchParams.get('to'));
    assert.deepEqual(new Set(called), new Set(['a', 'b', 'c']));
    assert.equal(called.length, 3);
  });

  test('G-AG: URLs rewritten cumulatively: each starts from the template', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get', {
      endpoint: (base) => ({ url: `${base}/receiver/x?m=message&u=user`, values: { user: 'receiver' } }),
      recipient: () => ({ receivers: ['message', 'user', 'plain'] }),
    });
    await send({ rendered: { subject: 's', body: 'user receiver', plain: '' } });
    assert.deepEqual(provider.received.map(({ path }) => path).toSorted(), [
      '/message/x?m=user%20receiver&u=receiver',
      '/plain/x?m=user%20receiver&u=receiver',
      '/user/x?m=user%20receiver&u=receiver',
    ]);
  });

  test('G-AG: the urls branch needs no url', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-post', {
      endpoint: (base) => ({ urls: `${base}/one, ${base}/two`, datavar: 'text' }),
      recipient: () => ({}),
    });
    assert.deepEqual((await send()).outcome, { kind: 'ok' });
    assert.deepEqual(provider.received.map(({ path }) => path).toSorted(), ['/one', '/two']);
    assert.deepEqual(provider.received[0]?.json, { text: 'the body' });
  });

  test('the seed’s replacement, word by word', () => {
    const url = 'https://sms.example/send?apikey=apikey&to=receiver&text=message';
    assert.equal(
      fillUrl(url, { receiver: '34 600', apikey: 'k&1' }, 'a b'),
      'https://sms.example/send?k%261=k%261&to=34%20600&text=a%20b',
    );
    // The message never names the host; a receiver may.
    assert.equal(fillUrl('http://message.example/message', {}, 'x'), 'http://message.example/x');
    assert.equal(fillUrl('http://receiver/x', { receiver: 'h1' }, 'x'), 'http://h1/x');
    assert.equal(fillUrl('ftp://h/message', {}, 'x'), undefined);
    assert.equal(fillUrl('http://receiver/', { receiver: 'a b' }, 'x'), undefined);
  });

  test('whatever a message holds, it comes out of the URL as it went in', () => {
    fc.assert(
      fc.property(hostileText(), hostileText(), (text, receiver) => {
        const url = fillUrl('http://h.example/p?t=message&r=receiver&end=1', { receiver }, text);
        const parsed = new URL(url ?? '');
        assert.equal(parsed.host, 'h.example');
        assert.equal(parsed.pathname, '/p');
        assert.deepEqual(
          [...parsed.searchParams],
          [
            ['t', text],
            ['r', receiver],
            ['end', '1'],
          ],
        );
      }),
    );
  });

  test('G-AG: message put unescaped into the URL: dots are no steps between directories', () => {
    for (const dots of ['.', '..']) {
      const url = new URL(fillUrl('http://h/a/message/b?m=message', {}, dots) ?? '');
      assert.equal(decodeURIComponent(url.pathname), `/a/${dots}\u200b/b`);
      assert.equal(url.searchParams.get('m'), dots);
    }
  });

  test('a message is cut to what a URL takes, at a character', () => {
    assert.equal(encodable('short', 100), 'short');
    assert.equal(encodable('😀'.repeat(10), 40), '😀😀…');
  });
});

describe('lists of receivers', () => {
  const several = { recipient: () => ({ receivers: 'a,b,c' }) };
  const to = (path: string): string => new URL(path, 'http://x').searchParams.get('to') ?? '';

  test('a receiver that fails is called again alone', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get', several);
    provider.say(({ path }) => ({ status: to(path) === 'b' ? 503 : 200 }));
    const { outcome } = await send();
    assert.equal(outcome.kind, 'again');
    assert.match(
      outcome.kind === 'again' ? outcome.reason : '',
      /^1 of 3 receivers, the 2nd: \S+ answers 503/,
    );
    assert.equal(provider.received.length, 3);

    provider.say({ status: 200 });
    assert.deepEqual((await send({ repeated: true, id: 18 })).outcome, { kind: 'ok' });
    assert.deepEqual(
      provider.received.slice(3).map(({ path }) => to(path)),
      ['b'],
    );
    // Done: another message goes to all of them again.
    await send({ messages: [sendMessage(2)] });
    assert.equal(provider.received.length, 7);
  });

  test('a refused one gets the plain text, those who have it nothing', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get', several);
    provider.say(({ path }) => ({ status: to(path) === 'c' ? 400 : 200 }));
    assert.equal((await send()).outcome.kind, 'refused');
    provider.say({ status: 200 });
    assert.deepEqual((await send({ form: 'plain' })).outcome, { kind: 'ok' });
    const last = new URL(provider.received.at(-1)?.path ?? '', 'http://x');
    assert.deepEqual([last.searchParams.get('to'), last.searchParams.get('text')], ['c', 'the plain text']);
    assert.equal(provider.received.length, 4);
  });

  test('a broken one beside good ones holds nothing up; all broken hold the recipient', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get', several);
    provider.say(({ path }) => ({ status: to(path) === 'a' ? 404 : 200 }));
    const { outcome, partly } = await send();
    assert.deepEqual([outcome.kind, partly], ['refused', true]);
    provider.say({ status: 404 });
    assert.equal((await send({ messages: [sendMessage(3)] })).outcome.kind, 'broken');
  });

  test('after a crash those who had it get it again: nothing is missed', async (t) => {
    const first = await worldFor(t, 'custom-get', several);
    first.provider.say(({ path }) => ({ status: to(path) === 'b' ? 503 : 200 }));
    await first.send();
    await first.sink.close();
    const second = await typeOf('custom-get').create(
      {
        name: 'e',
        type: 'custom-get',
        params: { url: `${first.provider.base}/send?to=receiver` },
        provenance: 'file',
      },
      first.deps,
    );
    t.after(() => second.close());
    first.provider.say({ status: 200 });
    await second.send(notificationTo(first.recipient, { repeated: true }), never());
    assert.equal(first.provider.received.length, 6);
  });

  test('G-AG: no timeouts: one receiver that hangs does not keep the others waiting', async (t) => {
    const { provider, deps, send } = await worldFor(t, 'custom-get', several);
    provider.say(({ path }) => (to(path) === 'a' ? { end: 'slow', body: 'half' } : { status: 200 }));
    const sending = send();
    await until(() => deps.timers.pending() === 1 && provider.received.length === 3);
    deps.timers.advance(typeOf('custom-get').timeoutMs + 1);
    const { outcome, uncertain } = await sending;
    assert.equal(outcome.kind, 'again');
    assert.equal(uncertain, true);
    provider.say({ status: 200 });
    await send();
    assert.equal(provider.received.length, 4);
  });
});

test('G-AG: Markdown breaks, and the message is lost: it is sent once more without markup', async (t) => {
  const { provider, send } = await worldFor(t, 'telegram');
  const description = "Bad Request: can't parse entities: Unsupported start tag at byte offset 3";
  provider.say({ status: 400, body: { ok: false, error_code: 400, description } });
  assert.equal((await send()).outcome.kind, 'refused');
  assert.equal(provider.received[0]?.json['parse_mode'], 'HTML');
  provider.say({ body: { ok: true, result: { message_id: 1 } } });
  const plain = 'a_b*c [x](y) <b> & `';
  assert.deepEqual((await send({ form: 'plain', rendered: { subject: 's', body: 'x', plain } })).outcome, {
    kind: 'ok',
  });
  assert.equal(provider.received[1]?.json['text'], plain);
  assert.equal(provider.received[1]?.json['parse_mode'], undefined);
});

describe('G-AG: SSRF', () => {
  const policy = createOutboundPolicy({ allow: [], listeners: () => [], ownAddresses: () => [] });

  test('a channel of the database reaches nothing inside, and the test button neither', async (t) => {
    const { provider, send } = await worldFor(t, 'custom-get', {
      outbound: policy,
      endpointChanges: { provenance: 'database' },
    });
    for (const changes of [{}, { form: 'test', messages: [] } as const]) {
      const { outcome } = await send(changes);
      assert.equal(outcome.kind, 'broken');
      assert.match(
        outcome.kind === 'broken' ? outcome.reason : '',
        /may not be dialled: 127\.0\.0\.1 is this host/,
      );
    }
    assert.equal(provider.received.length, 0);
  });

  test('a webhook of the database is held to it though its endpoint is from the file', async (t) => {
    const changes = { outbound: policy, recipientChanges: { provenance: 'database' } } as const;
    const slack = await worldFor(t, 'slack', { ...changes, endpoint: () => ({}) });
    assert.equal((await slack.send()).outcome.kind, 'broken');
    assert.equal(slack.provider.received.length, 0);
    // A chat is no address: the bot's endpoint is the file's.
    const telegram = await worldFor(t, 'telegram', changes);
    assert.equal((await telegram.send()).outcome.kind, 'ok');
  });

  test('what such a server says is not repeated', async (t) => {
    const secret = 'root:x:0:0';
    for (const provenance of ['file', 'database'] as const) {
      const { provider, send } = await worldFor(t, 'custom-post', { endpointChanges: { provenance } });
      for (const reply of [
        { status: 400, body: secret },
        { status: 500, body: { error: secret } },
        { status: 302, headers: { location: 'http://intranet.example/' } },
      ]) {
        provider.say(reply);
        const reason = JSON.stringify((await send()).outcome);
        const repeated = /root:x|intranet/.test(reason);
        assert.equal(repeated, provenance === 'file', reason);
      }
    }
  });

  test('but the words of a provider whose address nobody chose are shown', async (t) => {
    const provider = await fakeProvider(t);
    provider.say({ status: 403, body: { description: 'bot was blocked' } });
    for (const address of ['provider', 'endpoint'] as const) {
      const type = httpSink({
        type: 'own',
        summary: '',
        audience: 'people',
        medium: 'plain',
        endpoint: z.object({}),
        recipient: z.object({}),
        secrets: [],
        batch: 1,
        text: { body: 100 },
        timeoutMs: 1000,
        addressOf: () => address,
        limits: () => [],
        request: () => ({ method: 'GET', url: provider.base }),
      });
      const sink = await sinkFor(t, type, endpointOf(type, {}, { provenance: 'database' }), testDeps());
      const { outcome } = await sink.send(notificationTo(recipientOf(type, {})), never());
      assert.equal(JSON.stringify(outcome).includes('blocked'), address === 'provider');
    }
  });

  test('nor may it name files of this host', async () => {
    const endpoint = {
      name: 'e',
      type: 'custom-get',
      params: { url: 'http://h/' },
      provenance: 'database',
    } as const;
    await assert.rejects(
      typeOf('custom-get').create({ ...endpoint, caFile: '/etc/passwd' }, testDeps()),
      /files may be named in the configuration file only/,
    );
  });
});

test('G-AG: secrets to the caller: an error about parameters never shows their values', async (t) => {
  const { sink } = await worldFor(t, 'telegram');
  const recipient = recipientOf(typeOf('telegram'), { chat: 'x', thread: 'SECRET-VALUE' });
  const { outcome } = await sink.send(notificationTo(recipient), never());
  assert.equal(outcome.kind, 'broken');
  assert.match(JSON.stringify(outcome), /thread/);
  assert.doesNotMatch(JSON.stringify(outcome), /SECRET-VALUE/);
});

describe('its parameters', () => {
  test('G-AG: parameters with apostrophes are read', () => {
    const text = `{'url': "https://h/?q=it's&m=message", "receivers": 'O\\'Brien, x', 'n': 1, 'on': True, 'no': None, 'l': ['a', "b"]}`;
    assert.deepEqual(parseParameters(text), {
      url: "https://h/?q=it's&m=message",
      receivers: "O'Brien, x",
      n: 1,
      on: true,
      no: null,
      l: ['a', 'b'],
    });
    assert.deepEqual(parseParameters('{"a": "\\u00e9\\n"}'), { a: 'é\n' });
    assert.deepEqual(parseParameters(' { } '), {});
  });

  test('what is no dictionary is not guessed at', () => {
    for (const text of ['', '[]', "{'a': }", "{'a': 1", "{'a': 1} x", '{a: 1}', "{'a': __import__('os')}"]) {
      assert.equal(parseParameters(text), undefined, text);
    }
  });

  test('everything JSON can say comes back, and so does Python’s way of writing it', () => {
    const python = (value: string): string =>
      `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r')}'`;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (params) => {
        const own = Object.fromEntries(Object.entries(params));
        assert.deepEqual(parseParameters(JSON.stringify(own)), own);
        const pairs = Object.entries(own).map(([name, value]) => `${python(name)}: ${python(value)}`);
        assert.deepEqual(parseParameters(`{${pairs.join(', ')}}`), own);
      }),
    );
  });

  const table: readonly (readonly [type: string, params: Record<string, string>, expected: object])[] = [
    [
      'telegram',
      { 'bot-key': '1:a', 'chat-id': '-1, 2' },
      { type: 'telegram', endpoint: { token: '1:a' }, recipient: { chat: '-1, 2' } },
    ],
    [
      'discord',
      { webhook: 'https://d/1,https://d/2' },
      { type: 'discord', endpoint: {}, recipient: { webhook: 'https://d/1,https://d/2' } },
    ],
    [
      'slack',
      { webhook: 'https://s/1' },
      { type: 'slack', endpoint: {}, recipient: { webhook: 'https://s/1' } },
    ],
    [
      'rocket_chat',
      { webhook: 'https://r/1' },
      { type: 'rocketchat', endpoint: {}, recipient: { webhook: 'https://r/1' } },
    ],
    [
      'smtp',
      {
        emails: 'a@x,b@x',
        server: 'mx',
        port: '587',
        from: 'r@x',
        auth: 'yes',
        user: 'u-4711',
        password: 'p-4711',
      },
      {
        type: 'smtp',
        endpoint: { server: 'mx', port: 587, from: 'r@x', user: 'u-4711', password: 'p-4711' },
        recipient: { to: 'a@x,b@x', one_per_address: true },
      },
    ],
    [
      'smtp',
      {
        emails: 'a@x',
        server: 'mx',
        port: '25',
        from: 'r@x',
        auth: 'no',
        user: 'u-4711',
        password: 'p-4711',
      },
      {
        type: 'smtp',
        endpoint: { server: 'mx', port: 25, from: 'r@x' },
        recipient: { to: 'a@x', one_per_address: true },
      },
    ],
    [
      'file',
      { file: '/var/log/a.log, /var/log/b.log,/tmp/c.log' },
      {
        type: 'file',
        endpoint: { dir: '/var/log' },
        recipient: { file: ['a.log', 'b.log'], format: 'text' },
      },
    ],
    [
      'custom_get_request',
      { url: 'http://h/?t=message&k=key', receivers: 'rcv1', key: 'K3Y' },
      {
        type: 'custom-get',
        endpoint: { url: 'http://h/?t=message&k=key', values: { key: 'K3Y' } },
        recipient: { receivers: 'rcv1' },
      },
    ],
    [
      'custom_post_request',
      { urls: 'http://a/,http://b/', datavar: 'text' },
      { type: 'custom-post', endpoint: { urls: 'http://a/,http://b/', datavar: 'text' }, recipient: {} },
    ],
    [
      'custom_post_request',
      { url: 'http://h/receiver', receivers: 'a,b', datavar: 'text' },
      {
        type: 'custom-post',
        endpoint: { url: 'http://h/receiver', datavar: 'text' },
        recipient: { receivers: 'a,b' },
      },
    ],
  ];
  for (const [type, params, expected] of table) {
    test(`${type} ${Object.keys(params).join(' ')}`, () => {
      const { notes, ...imported } = fromAlertGateway(type, params) ?? assert.fail('unknown');
      assert.deepEqual(imported, expected);
      assert.ok(notes.every((note) => Object.values(params).every((value) => !note.includes(value))));
      const ours = sinkTypes.get(imported.type);
      if (ours === undefined) return; // types with code of their own are not in this list
      assert.ok(ours.endpoint.safeParse(imported.endpoint).success);
      assert.ok(ours.recipient.safeParse(imported.recipient).success);
    });
  }

  test('a module of the site’s own is not guessed at', () => {
    assert.equal(fromAlertGateway('pager', {}), undefined);
  });
});
