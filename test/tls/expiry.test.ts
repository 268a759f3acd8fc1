/** Steps before the end of certificates and lists: when they count, that each is said once, and what is said. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysLeft, expiryStep } from '../../src/tls/end-dates.ts';
import { expiryNews, staleLists } from '../../src/tls/expiry.ts';
import type { RevocationList } from '../../src/tls/crl.ts';
import type { EndDate } from '../../src/tls/end-dates.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 20);

function ending(inDays: number, lifetimeDays: number, changes: Partial<EndDate> = {}): EndDate {
  const until = NOW + inDays * DAY;
  return {
    kind: 'certificate',
    name: 'CN=x',
    at: '--cert /x',
    id: 'a',
    from: until - lifetimeDays * DAY,
    until,
    ...changes,
  };
}

test('steps count only where they are less than half of a lifetime', () => {
  const rows: readonly (readonly [number, number, number | undefined])[] = [
    [15, 365, undefined],
    [14, 365, 14],
    [7.01, 365, 14],
    [7, 365, 7],
    [1, 365, 1],
    [0.1, 365, 1],
    [0, 365, 0],
    [-3, 365, 0],
    [10, 25, undefined],
    [7, 25, 7],
    [6, 7, undefined],
    [1, 7, 1],
    [0.5, 1, undefined],
    [0, 1, 0],
  ];
  for (const [inDays, lifetime, step] of rows) {
    assert.equal(expiryStep(ending(inDays, lifetime), NOW), step, `${inDays} of ${lifetime}`);
  }
  assert.deepEqual([daysLeft(ending(2.5, 9), NOW), daysLeft(ending(-0.5, 9), NOW)], [2, -1]);
});

test('each step of each certificate is said once, also after a renewal and a restart', () => {
  let said: string | undefined;
  const at = (days: number, dates: readonly EndDate[]): readonly number[] => {
    const result = expiryNews(dates, said, NOW + days * DAY);
    said = result.remembered ?? said;
    return result.news.map(({ step }) => step);
  };
  const old = ending(14, 365);
  assert.deepEqual(at(-5, [old]), []);
  assert.equal(said, undefined, 'nothing is written while nothing is due');
  assert.deepEqual(at(0, [old]), [14]);
  assert.deepEqual(at(0.1, [old]), []);
  assert.deepEqual(at(8, [old]), [7]);
  assert.deepEqual(at(9, []), [], 'not seen now');
  assert.deepEqual(at(9, [old]), [], 'and not said again');
  assert.deepEqual(at(13.5, [old, old]), [1]);
  assert.deepEqual(at(14, [old]), [0]);
  assert.deepEqual(at(20, [old]), []);
  const renewed = ending(34, 365, { id: 'b' });
  assert.deepEqual(at(21, [renewed]), [14]);
  assert.deepEqual(at(35, [renewed]), [0], 'a sensor that was off meanwhile');
});

test('what is said', () => {
  const texts = (date: EndDate): readonly string[] => {
    const [news] = expiryNews([date], undefined, NOW).news;
    return [news?.title ?? '', news?.severity ?? '', news?.sentence ?? ''];
  };
  assert.deepEqual(texts(ending(6.5, 365)), [
    'TLS certificate is about to expire',
    'medium',
    'our certificate CN=x (--cert /x) ends in 7 days, on 2026-11-26',
  ]);
  assert.deepEqual(texts(ending(-1, 30, { kind: 'crl', name: 'CN=CA', at: '--crl /l' })), [
    'TLS revocation list has expired',
    'high',
    'the revocation list of CN=CA (--crl /l) ended on 2026-11-19: it stays in force, but later revocations are unknown; fetch the current one',
  ]);
});

test('a list past its end is stale unless a newer one of its authority is there', () => {
  const list = (key: string, nextUpdate: number | undefined): RevocationList => ({
    id: key,
    thisUpdate: 0,
    nextUpdate,
    revoked: new Set<string>(),
    digest: 'sha256',
    issuer: { key, text: key },
    pem: () => '',
    isSignedBy: () => true,
  });
  const at = { cert: '', ca: '', crl: '--crl l' };
  const stale = (...lists: readonly RevocationList[]): number => staleLists({ lists, at }, NOW).length;
  assert.equal(stale(list('a', NOW)), 1);
  assert.equal(stale(list('a', NOW), list('a', NOW + 1)), 0);
  assert.equal(stale(list('a', NOW), list('b', NOW + 1)), 1);
  assert.equal(stale(list('a', undefined)), 0);
});
