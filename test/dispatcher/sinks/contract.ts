/**
 * What every sink over HTTP has to do, whatever its provider: one suite, run for each type with a real server on loopback and
 * timers that stand still. A case says how a type is set up and what its provider says.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { outboundLimits } from '../../../src/core/limits.ts';
import type { Notification, Sink, SinkAnswer, SinkType } from '../../../src/dispatcher/model/sink.ts';
import { fakeProvider, type FakeProvider, type Received, type Reply } from './fake-provider.ts';
import {
  endpointOf,
  never,
  notificationTo,
  recipientOf,
  sinkFor,
  START,
  testDeps,
  type TestDeps,
} from './make.ts';

export interface SinkCase {
  readonly type: SinkType;
  /** Parameters with the provider at that address; secrets in them are `secrets`. */
  readonly endpoint: (base: string) => Readonly<Record<string, unknown>>;
  readonly recipient: (base: string) => Readonly<Record<string, unknown>>;
  readonly secrets: readonly string[];
  /** The provider's yes. */
  readonly ok: Reply;
  /** A 2xx that is no yes. */
  readonly falseOk?: { readonly reply: Reply; readonly kind: 'again' | 'broken' | 'refused' };
  /** What it says to a wrong token. */
  readonly wrongToken: Reply;
  /** How long it waits after a 429 that names no time, where the provider documents one; else its bucket is empty. */
  readonly bareWaitMs?: number;
  /** The text for people in what reached the provider; undefined for machines. */
  readonly text?: (request: Received) => unknown;
  /** A web page is an answer like any other (custom ones). */
  readonly pages?: true;
}

interface World {
  readonly provider: FakeProvider;
  readonly deps: TestDeps;
  readonly sink: Sink;
  readonly send: (changes?: Partial<Notification>) => Promise<SinkAnswer>;
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

async function worldOf(end: Ending, one: SinkCase): Promise<World> {
  const provider = await fakeProvider(end);
  const deps = testDeps();
  const sink = await sinkFor(end, one.type, endpointOf(one.type, one.endpoint(provider.base)), deps);
  const recipient = recipientOf(one.type, one.recipient(provider.base));
  let sent = 0;
  return {
    provider,
    deps,
    sink,
    send: (changes = {}) => {
      sent += 1;
      // Each is another notification: what a sink remembers of one must not meet the next test.
      return sink.send(notificationTo(recipient, { idempotencyKey: `msg_${sent}`, ...changes }), never());
    },
  };
}

/** Text as attackers write it. What of it is markup is the renderer's to escape; nothing of it may break the request. */
const hostile =
  '<b>&amp;</b> <!channel> @everyone @here *_`[x](http://evil.example)\r\nBcc: a@b\r\n\u202Egnp\u0007\u0000\u{1F600} %0d%0a &chat_id=1 "\'\\';

export function checkSink(one: SinkCase): void {
  describe(`contract: ${one.type.type}`, () => {
    let made: World | undefined;
    const endings: (() => Promise<void>)[] = [];
    before(async () => {
      made = await worldOf({ after: (hook) => void endings.unshift(hook) }, one);
    });
    after(async () => {
      for (const end of endings) await end();
    });
    /** One for all tests of a type: to start a server takes longer than most of them. */
    const world = (): World => {
      made?.provider.forget();
      return made ?? assert.fail('no world');
    };

    test('ok', async () => {
      const { provider, send } = world();
      provider.say(one.ok);
      const { outcome, limits } = await send();
      assert.deepEqual(outcome, { kind: 'ok' });
      assert.equal(limits, undefined);
      assert.equal(provider.received.length, 1);
      assert.match(String(provider.received[0]?.headers['user-agent']), /^idmef-relay\/1\.2\.3$/);
    });

    test('429 with seconds, with a date, without either', async () => {
      const { provider, deps, sink, send } = world();
      const specs = sink.limits(recipientOf(one.type, one.recipient(provider.base)));
      const keys = new Set(specs.map(({ key }) => key));
      const start = deps.timers.now();
      provider.say({ status: 429, headers: { 'retry-after': '7' } });
      const seconds = await send();
      assert.equal(seconds.outcome.kind, 'again');
      assert.deepEqual(new Set(seconds.limits?.map(({ notBefore }) => notBefore)), new Set([start + 7000]));
      assert.ok(seconds.limits?.every(({ key }) => keys.has(key)));

      deps.timers.advance(60_000);
      provider.say({ status: 429, headers: { 'retry-after': new Date(start + 90_000).toUTCString() } });
      const date = await send();
      assert.deepEqual(new Set(date.limits?.map(({ notBefore }) => notBefore)), new Set([start + 90_000]));
      assert.equal(date.outcome.kind === 'again' && date.outcome.retryAfterMs, 30_000);

      provider.say({ status: 429 });
      const bare = await send();
      assert.equal(bare.outcome.kind, 'again');
      const waits = bare.limits?.map(({ remaining, notBefore }) => notBefore ?? remaining);
      const until = one.bareWaitMs === undefined ? 0 : deps.timers.now() + one.bareWaitMs;
      assert.deepEqual(new Set(waits), new Set([until]));
    });

    test('5xx pass; a call that may have arrived says so', async () => {
      const { provider, send } = world();
      for (const status of [500, 502, 503, 504]) {
        provider.say({ status });
        const answer = await send();
        assert.equal(answer.outcome.kind, 'again', String(status));
        assert.equal(answer.uncertain, status === 503 ? undefined : true, String(status));
      }
    });

    test('a broken connection passes, before and in the answer', async () => {
      const { provider, send } = world();
      for (const end of ['hang up', 'reset'] as const) {
        provider.say({ ...one.ok, end });
        const answer = await send();
        assert.equal(answer.outcome.kind, 'again', end);
        assert.equal(answer.uncertain, true, end);
      }
    });

    test('a body without an end ends with the deadline', async () => {
      const { provider, deps, send } = world();
      provider.say({ ...one.ok, end: 'slow' });
      const answer = send();
      await provider.until(1);
      deps.timers.advance(one.type.timeoutMs + 1);
      const { outcome, uncertain } = await answer;
      assert.equal(outcome.kind, 'again');
      assert.equal(uncertain, true);
      assert.match(outcome.kind === 'again' ? outcome.reason : '', /did not answer within/);
      assert.equal(deps.timers.pending(), 0);
    });

    test('an abort of the caller is thrown, with its reason', async () => {
      const { provider, sink } = world();
      provider.say({ ...one.ok, end: 'slow' });
      const abort = new AbortController();
      const recipient = recipientOf(one.type, one.recipient(provider.base));
      const sending = sink.send(notificationTo(recipient), abort.signal);
      await provider.until(1);
      abort.abort(new Error('going down'));
      await assert.rejects(sending, /going down/);
    });

    const { falseOk } = one;
    if (falseOk !== undefined) {
      test('a 2xx that is no yes', async () => {
        const { provider, send } = world();
        provider.say(falseOk.reply);
        assert.equal((await send()).outcome.kind, falseOk.kind);
      });
    }

    test(`a web page is ${one.pages === true ? 'an answer like any other' : 'no yes'}`, async () => {
      const { provider, send } = world();
      const body = '<!DOCTYPE html><html><title>Log in</title></html>';
      provider.say({ headers: { 'content-type': 'text/html; charset=utf-8' }, body });
      const { outcome } = await send();
      assert.equal(outcome.kind, one.pages === true ? 'ok' : 'broken');
      if (outcome.kind === 'broken') assert.match(outcome.reason, /web page: Log in/);
    });

    test('a wrong token, 404 and 410 hold the recipient', async () => {
      const { provider, send } = world();
      for (const reply of [one.wrongToken, { status: 404 }, { status: 410 }]) {
        provider.say(reply);
        const { outcome } = await send();
        assert.equal(outcome.kind, 'broken', JSON.stringify(reply));
        assert.ok(outcome.kind === 'broken' && outcome.reason.startsWith(`${provider.base} answers `));
      }
    });

    test('a message that is not wanted is refused', async () => {
      const { provider, send } = world();
      for (const status of [400, 413, 415, 422]) {
        provider.say({ status, body: 'no' });
        const { outcome } = await send();
        assert.equal(outcome.kind, 'refused', String(status));
      }
    });

    test('redirects are not followed, and named by host', async () => {
      const { provider, send } = world();
      provider.say({ status: 302, headers: { location: 'https://other.example/secret-path' } });
      const { outcome } = await send();
      assert.equal(outcome.kind, 'broken');
      const reason = outcome.kind === 'broken' ? outcome.reason : '';
      assert.match(reason, /302.*other\.example/);
      assert.doesNotMatch(reason, /secret-path/);
      assert.equal(provider.received.length, 1);
    });

    test('secrets are in no reason and no log, even when the provider repeats them', async () => {
      const { provider, deps, send } = world();
      const echo = (request: Received): string =>
        `${request.path} ${JSON.stringify(request.headers)} ${one.secrets.join(' ')}`.slice(0, 20_000);
      const replies: ((request: Received) => Reply)[] = [
        (request) => ({ status: 400, body: echo(request) }),
        (request) => ({ status: 403, body: { error: one.secrets.join(' '), message: echo(request) } }),
        (request) => ({ status: 500, body: one.secrets.toReversed().join(' ') + echo(request) }),
        (request) => ({ status: 302, headers: { location: request.path } }),
        () => ({ ...one.ok, end: 'hang up' }),
      ];
      for (const reply of replies) {
        provider.say(reply);
        const { outcome } = await send();
        const reason = JSON.stringify(outcome);
        assert.notEqual(outcome.kind, 'ok');
        for (const secret of one.secrets) {
          assert.ok(!reason.includes(secret), `${secret} in ${reason}`);
          assert.ok(!reason.includes(encodeURIComponent(secret)), `${secret} encoded in ${reason}`);
        }
      }
      const logged = JSON.stringify(deps.log.lines);
      for (const secret of one.secrets) assert.ok(!logged.includes(secret));
    });

    test('reasons are one short line, whatever the provider says', async () => {
      const { provider, send } = world();
      provider.say({ status: 400, body: `no\r\n\u001B[31mway \u202Eback ${'x'.repeat(70_000)}` });
      const { outcome } = await send();
      assert.equal(outcome.kind, 'refused');
      const reason = outcome.kind === 'refused' ? outcome.reason : '';
      assert.ok(Array.from(reason).length <= outboundLimits.reasonChars, `${reason.length}`);
      assert.doesNotMatch(reason, /[\p{Cc}\p{Cf}]/u);
    });

    test('hostile text arrives as it was rendered, once', async () => {
      const { provider, send } = world();
      provider.say(one.ok);
      const { outcome } = await send({ rendered: { subject: hostile, body: hostile, plain: hostile } });
      assert.deepEqual(outcome, { kind: 'ok' });
      const [request] = provider.received;
      assert.ok(request !== undefined);
      assert.deepEqual(
        Object.keys(request.headers).filter((name) => /bcc/i.test(name)),
        [],
      );
      if (one.text !== undefined) assert.equal(one.text(request), hostile);
    });

    test('text beyond the limit is sent plain and cut, without splitting a character', async () => {
      const { provider, send } = world();
      provider.say(one.ok);
      const huge = '\u{1F600}'.repeat(one.type.text.body + 1);
      const { outcome } = await send({ rendered: { subject: huge, body: huge, plain: huge } });
      assert.deepEqual(outcome, { kind: 'ok' });
      const [request] = provider.received;
      assert.ok(request !== undefined);
      const text = one.text?.(request);
      if (text === undefined) return;
      assert.ok(typeof text === 'string');
      assert.ok(Array.from(text).length <= one.type.text.body);
      assert.ok(Array.from(text).length > 0.25 * one.type.text.body);
      assert.ok(text.endsWith('…') && Buffer.from(text).toString() === text);
    });

    test('a recipient that lacks something is broken, not an exception', async () => {
      const { sink, provider } = world();
      const recipient = recipientOf(one.type, { nonsense: true });
      const { outcome } = await sink.send(notificationTo(recipient), never());
      assert.equal(outcome.kind, 'broken');
      assert.deepEqual(sink.limits(recipient), []);
      assert.equal(provider.received.length, 0);
    });

    test('limits are sane: stable keys without secrets, rates above nothing', async () => {
      const { sink, provider } = world();
      const recipient = recipientOf(one.type, one.recipient(provider.base));
      const limits = sink.limits(recipient);
      assert.ok(limits.length > 0);
      assert.deepEqual(sink.limits(recipient), limits);
      assert.equal(new Set(limits.map(({ key }) => key)).size, limits.length);
      for (const { key, rate, burst } of limits) {
        assert.match(key, /^[a-z-]+:[\w:.@-]+$/);
        assert.ok(rate > 0 && rate <= 50 && burst >= 1 && Number.isInteger(burst));
        for (const secret of one.secrets) assert.ok(!key.includes(secret));
      }
    });

    test('a test and a digest are sent as well', async () => {
      const { provider, send } = world();
      provider.say(one.ok);
      assert.deepEqual((await send({ form: 'test', messages: [] })).outcome, { kind: 'ok' });
      const digest = {
        count: 900,
        firstAt: START,
        lastAt: START + 1000,
        severities: { 3: 899, 4: 1 },
        classifications: [{ value: 'scan', count: 899 }],
        sources: [],
        targets: [],
        distinct: { classifications: 2, sources: 5, targets: 1 },
      };
      assert.deepEqual((await send({ form: 'digest', messages: [], digest })).outcome, { kind: 'ok' });
      assert.equal(provider.received.length, 2);
    });
  });
}
