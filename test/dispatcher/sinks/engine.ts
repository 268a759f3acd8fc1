/** The parts of the HTTP engine that are pure: judging, waiting, masking, cutting, merging, halving. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { jsonObject } from '../../../src/core/json-object.ts';
import { outboundLimits } from '../../../src/core/limits.ts';
import type { Notification } from '../../../src/dispatcher/model/sink.ts';
import { createDelivered } from '../../../src/dispatcher/sinks/http/delivered.ts';
import { clip, fitText } from '../../../src/dispatcher/sinks/http/fit-text.ts';
import { fenced } from '../../../src/dispatcher/sinks/http/fence.ts';
import { judgeAnswer, retryAfter } from '../../../src/dispatcher/sinks/http/judge.ts';
import { createMask, oneLine } from '../../../src/dispatcher/sinks/http/mask.ts';
import { mergeVerdicts, type Judged } from '../../../src/dispatcher/sinks/http/merge.ts';
import { documentId, gravest } from '../../../src/dispatcher/sinks/http/notification-facts.ts';
import { OK_VERDICT, type Answer, type Verdict } from '../../../src/dispatcher/sinks/http/provider.ts';
import { typeOf } from './cases.ts';
import { hostileText } from '../../support/any-text.ts';
import { notificationTo, recipientOf, sendMessage, START } from './make.ts';

function answer(status: number, headers: Record<string, string> = {}, body = ''): Answer {
  return { status, header: (name) => headers[name], body, truncated: false, json: jsonObject(body) };
}

describe('what a status means', () => {
  const table: readonly (readonly [status: number, kind: Verdict['kind']])[] = [
    [200, 'ok'],
    [201, 'ok'],
    [204, 'ok'],
    [299, 'ok'],
    [301, 'broken'],
    [307, 'broken'],
    [400, 'refused'],
    [401, 'broken'],
    [402, 'broken'],
    [403, 'broken'],
    [404, 'broken'],
    [405, 'broken'],
    [408, 'again'],
    [409, 'refused'],
    [410, 'broken'],
    [413, 'refused'],
    [414, 'refused'],
    [415, 'refused'],
    [422, 'refused'],
    [425, 'again'],
    [429, 'again'],
    [431, 'refused'],
    [451, 'broken'],
    [500, 'again'],
    [503, 'again'],
    [599, 'again'],
  ];
  for (const [status, kind] of table) {
    test(`${status} is ${kind}`, () => {
      assert.equal(judgeAnswer(answer(status), { now: START }).kind, kind);
    });
  }

  const pages: readonly (readonly [headers: Record<string, string>, body: string, kind: Verdict['kind']])[] =
    [
      [{ 'content-type': 'text/html' }, 'hello', 'broken'],
      [{}, '  <!DOCTYPE html>', 'broken'],
      [{}, '<HTML >', 'broken'],
      [{ 'content-type': 'text/html' }, '', 'ok'],
      [{ 'content-type': 'text/plain' }, 'a <html> b', 'ok'],
    ];
  for (const [headers, body, kind] of pages) {
    test(`200 with ${JSON.stringify(headers)} and ${JSON.stringify(body)} is ${kind}`, () => {
      assert.equal(judgeAnswer(answer(200, headers, body), { now: START }).kind, kind);
      assert.equal(judgeAnswer(answer(200, headers, body), { now: START, pages: 'allowed' }).kind, 'ok');
    });
  }
});

describe('how long to wait', () => {
  const table: readonly (readonly [headers: Record<string, string>, body: string, ms: number | undefined])[] =
    [
      [{}, '', undefined],
      [{ 'retry-after': '3' }, '', 3000],
      [{ 'retry-after': ' 0 ' }, '', 0],
      [{ 'retry-after': '1.5' }, '', 1500],
      [{ 'retry-after': new Date(START + 9000).toUTCString() }, '', 9000],
      [{ 'retry-after': new Date(START - 9000).toUTCString() }, '', 0],
      [{ 'retry-after': 'soon' }, '', undefined],
      [{ 'retry-after': '-5' }, '', undefined],
      [{}, '{"retry_after": 0.25}', 250],
      [{}, '{"parameters": {"retry_after": 12}}', 12_000],
      [{}, '{"retry_after": "12"}', undefined],
      [{}, '{"retry_after": -1}', 0],
      [{ 'retry-after': '2' }, '{"retry_after": 7}', 2000],
      [{ 'retry-after': '99999999999' }, '', outboundLimits.retryAfterMaxMs],
    ];
  for (const [headers, body, ms] of table) {
    test(`${JSON.stringify(headers)} ${body} is ${ms ?? 'nothing'}`, () => {
      assert.equal(retryAfter(answer(429, headers, body), START), ms);
    });
  }
});

describe('masking', () => {
  test('a secret is gone in every form it is sent in', () => {
    const password = 'p@ss "w/rd';
    const url = 'https://hooks.example/services/T1/BSECRET88?sig=abcdefgh12';
    const mask = createMask([password, [url], { k: 'table-value' }, 7, undefined]);
    const text = [
      password,
      encodeURIComponent(password),
      JSON.stringify({ password }),
      Buffer.from(password).toString('base64'),
      url,
      '/services/T1/BSECRET88?sig=abcdefgh12',
      'BSECRET88',
      'abcdefgh12',
      'table-value',
    ].join(' | ');
    const masked = mask(text);
    assert.doesNotMatch(masked, /p@ss|p%40ss|BSECRET88|abcdefgh12|table-value|cEBzcy/);
    assert.match(mask('https://hooks.example refused'), /hooks\.example/);
    // An address without a path is no secret: who failed is to be read.
    assert.equal(
      createMask(['http://192.0.2.1:8080/'])('http://192.0.2.1:8080/ answers 503').slice(0, 4),
      'http',
    );
  });

  test('whatever a secret is, it does not get through', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
        const masked = createMask([secret])(`${before}${secret}${after}`);
        // What the mask and its surroundings make together is not the secret.
        assert.ok(!masked.replaceAll('***', '\n').includes(secret) || '***'.includes(secret));
      }),
    );
  });

  test('one line, and no longer than it may be', () => {
    assert.equal(oneLine(' a\r\n\tb\u202Ec\u0000 '), 'a b c');
    fc.assert(
      fc.property(hostileText(500), fc.integer({ min: 1, max: 50 }), (text, chars) => {
        const line = oneLine(text, chars);
        assert.ok(Array.from(line).length <= chars);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('the last defence of limits', () => {
  const rendered = (body: string, plain: string): Pick<Notification, 'rendered' | 'form'> => ({
    rendered: { subject: 's', body, plain },
    form: 'messages',
  });

  test('a body that fits is not touched; one that does not gives way to the plain text', () => {
    assert.deepEqual(fitText(rendered('abc', 'x'), { body: 3 }, undefined), {
      subject: 's',
      body: 'abc',
      plain: false,
    });
    assert.deepEqual(fitText(rendered('abcd', 'wxyz'), { body: 3 }, undefined), {
      subject: 's',
      body: 'wx…',
      plain: true,
    });
    const form = { ...rendered('abc', 'xyz'), form: 'plain' } as const;
    assert.deepEqual(fitText(form, { body: 3 }, undefined), { subject: 's', body: 'xyz', plain: true });
  });

  test('emoji at the limit: by code points, or by the units a provider counts', () => {
    assert.equal(clip('😀😀', 2), '😀😀');
    assert.equal(clip('😀😀😀', 2), '😀…');
    assert.equal(clip('😀😀', 3, 'utf16'), '😀…');
    assert.equal(clip('😀😀', 4, 'utf16'), '😀😀');
    assert.equal(clip('a😀', 2, 'utf16'), 'a…');
  });

  test('never longer, never half a character', () => {
    const counts = fc.constantFrom(undefined, 'utf16' as const);
    fc.assert(
      fc.property(hostileText(), fc.integer({ min: 1, max: 40 }), counts, (text, limit, unit) => {
        const cut = clip(text, limit, unit);
        assert.ok((unit === 'utf16' ? cut.length : Array.from(cut).length) <= limit);
        assert.equal(Buffer.from(cut).toString(), cut);
        if (cut !== text) assert.ok(text.startsWith(cut.slice(0, -1)) && cut.endsWith('…'));
      }),
    );
  });
});

describe('several receivers', () => {
  const judged = (...verdicts: Verdict[]): Judged[] =>
    verdicts.map((verdict, at) => ({
      position: at + 1,
      verdict,
      keys: [{ key: `k${at}`, rate: 1, burst: 1 }],
    }));
  const merge = (one: Judged[], receivers = one.length): ReturnType<typeof mergeVerdicts> =>
    mergeVerdicts(one, { mask: (text) => text, echo: true, receivers, now: START });
  const again: Verdict = { kind: 'again', words: 'answers 503', retryAfterMs: 5 };
  const broken: Verdict = { kind: 'broken', words: 'answers 404' };
  const refused: Verdict = { kind: 'refused', words: 'answers 400' };

  test('again before refused before broken', () => {
    assert.equal(merge(judged(OK_VERDICT, OK_VERDICT)).outcome.kind, 'ok');
    assert.equal(merge(judged(broken, refused, again)).outcome.kind, 'again');
    assert.equal(merge(judged(broken, refused)).outcome.kind, 'refused');
    assert.equal(merge(judged(broken, broken)).outcome.kind, 'broken');
    assert.equal(merge(judged(broken, OK_VERDICT)).outcome.kind, 'refused');
    // One is left of three; the other two have it.
    assert.equal(merge(judged(broken), 3).outcome.kind, 'refused');
  });

  test('whether some have it is said', () => {
    assert.equal(merge(judged(OK_VERDICT, again)).partly, true);
    assert.equal(merge(judged(again), 2).partly, true);
    assert.equal(merge(judged(again, again)).partly, undefined);
    assert.equal(merge(judged(again)).partly, undefined);
    assert.equal(merge(judged(OK_VERDICT, OK_VERDICT)).partly, undefined);
  });

  test('limits concern the receiver that named them', () => {
    assert.deepEqual(merge(judged(OK_VERDICT, again)).limits, [{ key: 'k1', notBefore: START + 5 }]);
  });

  test('positions are counted as people do', () => {
    const reasonAt = (position: number): string => {
      const [one] = judged(refused);
      const { outcome } = merge(one === undefined ? [] : [{ ...one, position }], 30);
      return outcome.kind === 'refused' ? outcome.reason : '';
    };
    assert.deepEqual(
      [1, 2, 3, 4, 11, 12, 13, 21, 22].map((position) => /the (\w+):/.exec(reasonAt(position))?.[1]),
      ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '22nd'],
    );
  });

  test('who has it is forgotten in the end: memory is bounded', () => {
    const delivered = createDelivered(2);
    const recipient = recipientOf(typeOf('slack'), {});
    const of = (seq: number): Notification => notificationTo(recipient, { messages: [sendMessage(seq)] });
    for (const seq of [1, 2, 3]) delivered.add(of(seq), 'a');
    assert.deepEqual(
      [1, 2, 3].map((seq) => delivered.has(of(seq), 'a')),
      [false, true, true],
    );
    assert.equal(delivered.has(of(3), 'b'), false);
    delivered.forget(of(3));
    assert.equal(delivered.has(of(3), 'a'), false);
  });
});

describe('a fence', () => {
  test('cannot be ended by what stands in it, and stays within its limit', () => {
    const tick = fc.array(fc.constantFrom('`', '``````', '\n', 'x', '@all', '😀'), { maxLength: 60 });
    fc.assert(
      fc.property(tick, fc.integer({ min: 20, max: 80 }), (parts, limit) => {
        const text = fenced(parts.join(''), limit);
        const fence = /^`+/.exec(text)?.[0] ?? '';
        assert.ok(Array.from(text).length <= limit && fence.length >= 3);
        assert.equal(text.split(fence).length, 3);
        assert.doesNotMatch(text, /@all/);
      }),
    );
  });
});

test('ids of documents tell senders apart and nothing else', () => {
  const one = sendMessage(1);
  const id = documentId(one);
  assert.match(id, /^[0-9a-f]{40}$/);
  assert.equal(documentId({ ...one, origin: { ...one.origin, address: '192.0.2.1', sequence: 9 } }), id);
  assert.notEqual(documentId({ ...one, origin: { ...one.origin, sensor: 's2' } }), id);
  assert.notEqual(documentId({ ...one, body: Buffer.from('x') }), id);
});

test('the gravest counts: of messages by urgency, of a digest by rank, of a test nothing', () => {
  const recipient = recipientOf(typeOf('slack'), {});
  const digest = {
    count: 3,
    firstAt: 0,
    lastAt: 0,
    classifications: [],
    sources: [],
    targets: [],
    distinct: { classifications: 0, sources: 0, targets: 0 },
  };
  const of = (changes: Partial<Notification>): number =>
    gravest(notificationTo(recipient, { messages: [], ...changes }));
  assert.equal(of({ digest: { ...digest, severities: { 1: 2, 2: 1 } } }), 2);
  assert.equal(of({ digest: { ...digest, severities: { 0: 3 } } }), 3);
  assert.equal(of({ digest: { ...digest, severities: { 1: 1, 4: 0 } } }), 1);
  assert.equal(of({ messages: [sendMessage(1)] }), 4);
  assert.equal(of({ form: 'test' }), 1);
});
