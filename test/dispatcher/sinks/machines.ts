/** What is special about the providers of machines: batches judged one by one, documents, signatures. */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';

import type { SendMessage, SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { isObject } from '../../../src/core/json-object.ts';
import type { Outcome } from '../../../src/core/outcome.ts';
import { typeOf } from './cases.ts';
import { dig } from './dig.ts';
import type { Received } from './fake-provider.ts';
import { alertView, sendMessage } from './make.ts';
import { worldFor } from './world.ts';

const some = (count: number, first = 1): SendMessage[] =>
  Array.from({ length: count }, (_message, at) => sendMessage(first + at));

function kinds({ each, outcome }: SinkAnswer, messages: readonly SendMessage[]): Outcome['kind'][] {
  return messages.map(({ seq }) => (each?.get(seq) ?? outcome).kind);
}

const lines = (body: string): unknown[] =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('elasticsearch', () => {
  test('documents are created under ids of their own, the same at every repetition', async (t) => {
    const { provider, send } = await worldFor(t, 'elasticsearch');
    provider.say({ body: { errors: false } });
    await send({ messages: some(2) });
    await send({ messages: some(2), repeated: true, id: 99 });
    const [first, second] = provider.received.map(({ body }) => lines(body));
    assert.deepEqual(first, second);
    const ids = [dig(first, 0, 'create', '_id'), dig(first, 2, 'create', '_id')];
    assert.equal(new Set(ids).size, 2);
    assert.equal(dig(first, 0, 'create', '_index'), 'alerts-idmef-2026.01.02');
    assert.equal(dig(first, 1, 'event', 'kind'), 'alert');
    assert.equal(provider.received[0]?.headers['content-type'], 'application/x-ndjson');
  });

  test('items are judged one by one; one that is there already is a yes', async (t) => {
    const { provider, send } = await worldFor(t, 'elasticsearch');
    const statuses = [201, 409, 429, 400, 503, 403];
    const items = [
      ...statuses.map((status) => ({ create: { status, error: { type: 'some_exception' } } })),
      { create: { status: 403, error: { type: 'cluster_block_exception' } } },
    ];
    provider.say({ body: { errors: true, items } });
    const messages = some(7);
    const answer = await send({ messages });
    assert.deepEqual(kinds(answer, messages), ['ok', 'ok', 'again', 'refused', 'again', 'broken', 'again']);
    const refused = answer.each?.get(4);
    assert.equal(
      refused?.kind === 'refused' && refused.reason,
      `${provider.base} answers 400 for the document: some_exception`,
    );
  });

  test('an answer for another number of documents proves nothing', async (t) => {
    const { provider, send } = await worldFor(t, 'elasticsearch');
    provider.say({ body: { errors: true, items: [{ create: { status: 201 } }] } });
    assert.equal((await send({ messages: some(2) })).outcome.kind, 'broken');
  });

  test('an API key instead of a password', async (t) => {
    const { provider, send } = await worldFor(t, 'elasticsearch', {
      endpoint: (base) => ({ url: `${base}/es/`, api_key: 'a2V5', pipeline: 'p&q' }),
    });
    await send();
    assert.equal(provider.received[0]?.headers.authorization, 'ApiKey a2V5');
    assert.match(provider.received[0]?.path ?? '', /^\/es\/_bulk\?.*&pipeline=p%26q$/);
  });

  test('no more in one request than an answer can judge', async (t) => {
    const { provider, send } = await worldFor(t, 'elasticsearch');
    provider.say(({ body }) => ({
      body: {
        errors: true,
        items: Array.from({ length: lines(body).length / 2 }, () => ({
          create: { status: 400, error: { type: 'document_parsing_exception' } },
        })),
      },
    }));
    const messages = some(700);
    const answer = kinds(await send({ messages }), messages);
    assert.deepEqual([answer.filter((kind) => kind === 'refused').length, answer.at(-1)], [500, 'again']);
  });

  test('messages beyond the size of a request go with the next call', async (t) => {
    const { provider, send } = await worldFor(t, 'elasticsearch');
    provider.say({ body: { errors: false } });
    const messages = some(4).map((message) => ({ ...message, verbatim: 'x'.repeat(3 * 1024 * 1024) }));
    const answer = await send({ messages });
    assert.deepEqual(kinds(answer, messages), ['ok', 'ok', 'again', 'again']);
    const rest = answer.each?.get(3);
    assert.ok(rest?.kind === 'again' && rest.retryAfterMs === 0);
  });
});

describe('what a machine is told beside alerts as they are', () => {
  const digest = {
    count: 900,
    firstAt: 0,
    lastAt: 1000,
    severities: { 3: 899, 4: 1 },
    classifications: [{ value: 'scan', count: 899 }],
    sources: [],
    targets: [{ value: '192.0.2.10', count: 5 }],
    distinct: { classifications: 2, sources: 5, targets: 1 },
  };

  test('a refused document is tried once more with nothing an index could dislike, and nothing is missing', async (t) => {
    for (const [type, place] of [
      ['elasticsearch', []],
      ['splunk', ['event']],
    ] as const) {
      const { provider, send } = await worldFor(t, type);
      await send({ form: 'plain' });
      const document = dig(lines(provider.received[0]?.body ?? '').at(-1), ...place);
      assert.deepEqual(Object.keys(isObject(document) ? document : {}), [
        '@timestamp',
        'ecs',
        'message',
        'event',
      ]);
      assert.equal(dig(document, 'event', 'original'), '<idmef:Alert messageid="abc-1"/>');
    }
  });

  test('the counts of a digest arrive', async (t) => {
    for (const [type, place] of [
      ['elasticsearch', ['idmef', 'digest']],
      ['splunk', ['event', 'idmef', 'digest']],
      ['webhook', ['digest']],
    ] as const) {
      const { provider, send } = await worldFor(t, type);
      await send({ form: 'digest', messages: [], digest });
      const document = lines(provider.received[0]?.body ?? '').at(-1);
      assert.equal(dig(document, ...place, 'count'), 900, type);
    }
    const { provider, send } = await worldFor(t, 'ntopng-webhook');
    await send({ form: 'digest', messages: [], digest });
    const alert = dig(provider.received[0]?.json, 'alerts', 0);
    assert.deepEqual([dig(alert, 'alert_severity'), dig(alert, 'alert_entity_val')], [5, '192.0.2.10']);
    assert.equal(dig(JSON.parse(String(dig(alert, 'alert_json'))), 'count'), 900);
  });
});

describe('splunk', () => {
  test('a bad event: what stands before it is in, what stands behind goes again', async (t) => {
    const { provider, send } = await worldFor(t, 'splunk');
    provider.say({ status: 400, body: { text: 'Invalid data format', code: 6, 'invalid-event-number': 2 } });
    const messages = some(4);
    assert.deepEqual(kinds(await send({ messages }), messages), ['ok', 'ok', 'refused', 'again']);
    const events = lines(provider.received[0]?.body ?? '');
    assert.equal(events.length, 4);
    assert.equal(dig(events[0], 'index'), 'ids');
    assert.equal(dig(events[0], 'event', 'rule', 'name'), 'Brute force attack');
  });

  test('a wrong index is a fault of the settings, though it is a 400', async (t) => {
    const { provider, send } = await worldFor(t, 'splunk');
    provider.say({ status: 400, body: { text: 'Incorrect index', code: 7 } });
    assert.equal((await send()).outcome.kind, 'broken');
    provider.say({ status: 200, body: 'whatever' });
    assert.equal((await send()).outcome.kind, 'broken');
  });

  test('a server that goes down, or says what no list has, passes: nothing dies of it', async (t) => {
    const { provider, send } = await worldFor(t, 'splunk');
    for (const code of [18, 23, 24, 99]) {
      provider.say({ status: 503, body: { text: 'Server is shutting down', code } });
      assert.equal((await send()).outcome.kind, 'again', String(code));
    }
  });

  test('a token that wants acknowledgements is said to, with the remedy', async (t) => {
    const { provider, send } = await worldFor(t, 'splunk');
    provider.say({ status: 400, body: { text: 'Data channel is missing', code: 10 } });
    assert.match(
      JSON.stringify((await send()).outcome),
      /"broken".*Data channel is missing.*acknowledgement” off/,
    );
  });
});

test('alertmanager: an alert that waited out an outage still begins, and ends later', async (t) => {
  const { provider, deps, send } = await worldFor(t, 'alertmanager');
  deps.timers.advance(3 * 3_600_000);
  await send();
  const alert = dig(JSON.parse(provider.received[0]?.body ?? '') as unknown, 0);
  assert.equal(dig(alert, 'startsAt'), '2026-01-02T03:04:05.000Z');
  assert.equal(dig(alert, 'endsAt'), '2026-01-02T07:04:05.000Z');
});

test('alertmanager: labels tell alerts apart, and they end by themselves', async (t) => {
  const { provider, send } = await worldFor(t, 'alertmanager');
  await send({ messages: some(2) });
  const alerts = JSON.parse(provider.received[0]?.body ?? '') as unknown;
  assert.equal(provider.received[0]?.path, '/api/v2/alerts');
  assert.deepEqual(dig(alerts, 0, 'labels'), {
    alertname: 'Brute force attack',
    analyzer: 'ids-7',
    kind: 'alert',
    severity: 'high',
    source: '198.51.100.7',
    target: '192.0.2.10',
    team: 'soc',
  });
  assert.equal(dig(alerts, 0, 'startsAt'), '2026-01-02T03:04:05.000Z');
  assert.equal(dig(alerts, 0, 'endsAt'), '2026-01-02T04:04:05.000Z');
});

describe('thehive', () => {
  test('"already exists" is a yes; the reference is made of the message', async (t) => {
    const { provider, send } = await worldFor(t, 'thehive');
    const message = 'Alert idmef:alert-dispatcher:x already exists';
    provider.say({ status: 400, body: { type: 'CreateError', message } });
    assert.equal((await send()).outcome.kind, 'ok');
    await send({ repeated: true });
    const refs = provider.received.map(({ json }) => json['sourceRef']);
    assert.equal(refs[0], refs[1]);
    provider.say({ status: 400, body: { type: 'CreateError', message: 'Observable already exists' } });
    assert.equal((await send()).outcome.kind, 'refused');
    await send({ form: 'plain' });
    assert.deepEqual(provider.received.at(-1)?.json['observables'], []);
  });

  test('observables are distinct, severities TheHive’s', async (t) => {
    const { provider, send } = await worldFor(t, 'thehive');
    const view = alertView();
    const twice = { ...view, sources: [...view.sources, ...view.sources], completion: 'succeeded' };
    await send({ messages: [sendMessage(1, { view: twice })] });
    const { severity, observables } = provider.received[0]?.json ?? {};
    assert.equal(severity, 4);
    assert.deepEqual(observables, [
      { dataType: 'ip', data: '198.51.100.7' },
      { dataType: 'ip', data: '192.0.2.10' },
      { dataType: 'hostname', data: 'www' },
    ]);
  });
});

describe('webhook', () => {
  const verify = ({ headers, body }: Received, secret: Buffer): boolean => {
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    return (
      headers['webhook-signature'] === `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`
    );
  };

  test('G-NT: shared secret in the body instead of a signature: it is signed, and the secret stays here', async (t) => {
    const { provider, send } = await worldFor(t, 'webhook');
    await send({ messages: some(3) });
    const [request] = provider.received;
    assert.ok(request !== undefined && verify(request, Buffer.from('secret-key')));
    const everything = JSON.stringify([request.headers, request.body]);
    assert.ok(!everything.includes('secret-key') && !everything.includes('c2VjcmV0LWtleQ'));
  });

  test('the id is the same at a repetition, the time is not', async (t) => {
    const { provider, deps, send } = await worldFor(t, 'webhook');
    await send();
    deps.timers.advance(5000);
    await send({ repeated: true });
    const [one, two] = provider.received;
    assert.equal(one?.headers['webhook-id'], two?.headers['webhook-id']);
    assert.notEqual(one?.headers['webhook-timestamp'], two?.headers['webhook-timestamp']);
    assert.deepEqual([one?.json['repeated'], two?.json['repeated']], [false, true]);
  });

  test('a secret that is no base64 would be an empty key, and is refused', () => {
    const { endpoint } = typeOf('webhook');
    for (const secret of ['whsec_', 'whsec_!!!!', 'whsec_a b']) {
      assert.equal(endpoint.safeParse({ url: 'https://h/', secret }).success, false, secret);
    }
    assert.equal(endpoint.safeParse({ url: 'https://h/', secret: 'whsec_c2VjcmV0LWtleQ==' }).success, true);
    assert.equal(endpoint.safeParse({ url: 'https://h/', secret: 'any text' }).success, true);
  });

  test('its document: messages, digest, test', async (t) => {
    const { provider, send } = await worldFor(t, 'webhook');
    await send({ messages: some(2) });
    await send({ form: 'test', messages: [] });
    const [messages, test_] = provider.received.map(({ json }) => json);
    assert.equal(messages?.['type'], 'idmef.messages');
    assert.equal(messages?.['host'], 'manager1');
    assert.equal(dig(messages, 'messages', 1, 'message', 'classification'), 'Brute force attack');
    assert.equal(dig(messages, 'messages', 0, 'sources', 0, 'address'), '198.51.100.7');
    assert.deepEqual([test_?.['type'], test_?.['text']], ['idmef.test', 'the body']);
  });

  test('a script that says OK as text/html says OK', async (t) => {
    const { provider, send } = await worldFor(t, 'webhook');
    provider.say({ headers: { 'content-type': 'text/html; charset=UTF-8' }, body: 'OK' });
    assert.equal((await send()).outcome.kind, 'ok');
  });
});

describe('ntopng-webhook', () => {
  test('its body is that of ntopng 0.2, ten alerts a request', async (t) => {
    const { provider, send } = await worldFor(t, 'ntopng-webhook');
    await send({ messages: some(10) });
    const [request] = provider.received;
    assert.ok(request !== undefined);
    const { json, headers } = request;
    assert.deepEqual(Object.keys(json), ['version', 'sharedsecret', 'alerts']);
    assert.deepEqual([json['version'], json['sharedsecret']], ['0.2', 'ntopngSharedSecret']);
    assert.equal(headers.authorization, `Basic ${Buffer.from('n:ntopngPass1').toString('base64')}`);
    // By this our own source knows a delivery that comes back.
    assert.match(String(headers['x-idmef-relay']), /^[\w.-]+$/);
    const alert = dig(json, 'alerts', 9);
    assert.ok(isObject(alert));
    assert.deepEqual(Object.keys(alert), [
      'ifid',
      'action',
      'alert_tstamp',
      'alert_tstamp_end',
      'alert_type',
      'alert_subtype',
      'alert_severity',
      'alert_entity',
      'alert_entity_val',
      'alert_granularity',
      'alert_json',
    ]);
    assert.equal(dig(JSON.parse(String(alert['alert_json'])), 'title'), 'Brute force attack');
  });

  test('a test has no alerts', async (t) => {
    const { provider, send } = await worldFor(t, 'ntopng-webhook');
    await send({ form: 'test', messages: [] });
    assert.deepEqual(provider.received[0]?.json['alerts'], []);
  });

  test('G-NT: webhook deletes the queue on failure: every message is to go again', async (t) => {
    const { provider, send } = await worldFor(t, 'ntopng-webhook');
    const messages = some(10);
    provider.say({ status: 500 });
    assert.deepEqual(
      kinds(await send({ messages }), messages),
      messages.map(() => 'again'),
    );
    provider.say({ status: 200 });
    assert.deepEqual(
      kinds(await send({ messages, repeated: true }), messages),
      messages.map(() => 'ok'),
    );
    assert.equal(provider.received[0]?.body, provider.received[1]?.body);
  });

  test('G-NT: a missing optional parameter is no error', async (t) => {
    const { provider, send } = await worldFor(t, 'ntopng-webhook', { endpoint: (base) => ({ url: base }) });
    assert.equal((await send()).outcome.kind, 'ok');
    assert.deepEqual(Object.keys(provider.received[0]?.json ?? {}), ['version', 'alerts']);
    assert.equal(provider.received[0]?.headers.authorization, undefined);
  });
});
