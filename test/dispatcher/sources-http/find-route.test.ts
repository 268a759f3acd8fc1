/** Paths and what they lead to: exact, one slash at the end aside; parameters decoded safely. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { httpsLimits } from '../../../src/core/limits.ts';
import { findRoute } from '../../../src/dispatcher/sources/http/find-route.ts';

const CHANNEL = '/sender/sendMessage/:channel';

describe('routes', () => {
  for (const [target, path, params] of [
    ['/', '/'],
    ['/?a=/metrics', '/'],
    ['/metrics', '/metrics'],
    ['/metrics/', '/metrics'],
    ['/metrics?x#y', '/metrics'],
    ['https://host:4848/metrics', '/metrics'],
    ['https://host', '/'],
    ['/metrics//', undefined],
    ['//metrics', undefined],
    ['/./metrics', undefined],
    ['/x/../metrics', undefined],
    ['/%6detrics', undefined],
    ['/Metrics', undefined],
    ['*', undefined],
    ['', '/'],
    ['/sender/sendMessage/soc', CHANNEL, { channel: 'soc' }],
    ['/sender/sendMessage/soc/', CHANNEL, { channel: 'soc' }],
    ['/sender/sendMessage/a%20b', CHANNEL, { channel: 'a b' }],
    ['/sender/sendMessage/a%2Fb', CHANNEL, { channel: 'a/b' }],
    ['/sender/sendMessage/%C3%B1', CHANNEL, { channel: 'ñ' }],
    ['/sender/sendMessage/__proto__', CHANNEL, { channel: '__proto__' }],
    ['/sender/sendMessage/%zz', undefined],
    ['/sender/sendMessage/%ff', undefined],
    ['/sender/sendMessage/', undefined],
    ['/sender/sendMessage', undefined],
    ['/sender/sendMessage/a/b', undefined],
    [`/sender/sendMessage/${'x'.repeat(httpsLimits.pathSegmentBytes)}`, CHANNEL, undefined],
    [`/sender/sendMessage/${'x'.repeat(httpsLimits.pathSegmentBytes + 1)}`, undefined],
    ['/sender/sendMessage2all/', '/sender/sendMessage2all'],
  ] as const) {
    test(`${target.slice(0, 60)} → ${path ?? 'nothing'}`, () => {
      const found = findRoute(target);
      assert.equal(found?.route.path, path);
      if (params !== undefined) assert.deepEqual({ ...found?.params }, params);
    });
  }
});
