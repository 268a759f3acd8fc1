/** The table of ARCHITECTURE.md: Poller: which answer to a POST means what. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answerOutcome } from '../../src/destinations/answer-outcome.ts';
import type { PoolAnswer } from '../../src/http/gateway-pool.ts';

const NOW = Date.UTC(2026, 0, 1);

function answer(status: number, headers: Record<string, string> = {}, body = ''): PoolAnswer {
  return { status, headers, body };
}

const kinds: readonly (readonly [PoolAnswer, kind: string, words?: RegExp])[] = [
  [answer(200, {}, 'OK\n'), 'ok'],
  [answer(201), 'ok'],
  [answer(204), 'ok'],
  [
    answer(200, { 'content-type': 'text/html' }, '<html><title>Sign in</title>'),
    'broken',
    /web page.*"Sign in"/,
  ],
  [answer(200, {}, '<!DOCTYPE html><html>'), 'broken', /web page/],
  [answer(301, { location: 'http://x/' }), 'broken', /redirects \(301\) to http:\/\/x\//],
  [answer(302), 'broken'],
  [answer(308), 'broken'],
  [answer(400), 'refused'],
  [answer(413), 'refused'],
  [answer(422, {}, 'no\nCreateTime'), 'refused', /422: no CreateTime/],
  [answer(500), 'refused'],
  [answer(401), 'broken'],
  [answer(403), 'broken', /does not allow us/],
  [answer(404), 'broken'],
  [answer(405), 'broken'],
  [answer(415), 'broken', /text\/xml/],
  [answer(418), 'broken'],
  [answer(408), 'again'],
  [answer(429), 'again'],
  [answer(501), 'again'],
  [answer(502), 'again'],
  [answer(503, {}, 'busy'), 'again', /503: busy/],
  [answer(504), 'again'],
];

for (const [given, kind, words] of kinds) {
  test(`${given.status} ${given.body.slice(0, 20)} is ${kind}`, () => {
    const outcome = answerOutcome(given, NOW);
    assert.equal(outcome.kind, kind);
    if (words !== undefined) assert.match('reason' in outcome ? outcome.reason : '', words);
  });
}

test('Retry-After, in seconds and as a date', () => {
  const after = (value: string): number | undefined => {
    const outcome = answerOutcome(answer(503, { 'retry-after': value }), NOW);
    return outcome.kind === 'again' ? outcome.retryAfterMs : Number.NaN;
  };
  assert.equal(after('120'), 120_000);
  assert.equal(after(new Date(NOW + 5000).toUTCString()), 5000);
  assert.equal(after(new Date(NOW - 5000).toUTCString()), 0);
  assert.equal(after('soon'), undefined);
});
