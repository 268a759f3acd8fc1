/** Addresses and networks: tables of forms, and agreement with Node's own judgement for any text and any address. */

import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import {
  contains,
  inNetworks,
  parseAddress,
  parseNetwork,
  plainAddress,
  subscriberOf,
} from '../../src/core/network.ts';

function within(network: string, address: string): boolean | undefined {
  const parsed = parseNetwork(network);
  return parsed && contains(parsed, address);
}

const v4 = fc.ipV4();
const v6 = fc.ipV6().filter((address) => !address.toLowerCase().includes('ffff'));

describe('network', () => {
  for (const [network, address, expected] of [
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['10.0.0.0/9', '10.127.255.255', true],
    ['10.0.0.0/9', '10.128.0.0', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '192.0.2.1', false],
    ['192.0.2.0/24', '::ffff:192.0.2.9', true],
    ['192.0.2.0/24', '::ffff:c000:0209', true],
    ['::ffff:192.0.2.0/120', '192.0.2.9', true],
    ['::ffff:0:0/96', '192.0.2.9', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:DB8::1/128', '2001:0db8:0:0:0:0:0:1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['64:ff9b::192.0.2.0/120', '64:ff9b::c000:2ff', true],
    ['192.0.2.0/24', 'no address', false],
    ['192.0.2.0/24', '', false],
  ] as const) {
    test(`${address || '(nothing)'} ${expected ? 'is' : 'is not'} in ${network}`, () => {
      assert.equal(within(network, address), expected);
    });
  }

  for (const text of [
    '',
    '/',
    '/8',
    '10',
    '10.0.0',
    '10.0.0.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.1/8',
    '10.0.0.0/-1',
    ' 10.0.0.0/8',
    '0x0a.0.0.1',
    '1.2.3.4%eth0',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::/129',
    '2001:db8::1/64',
    '1.2.3.4::',
    '::1.2.3',
    '::1.2.3.4:5',
    'fe80::1%eth0/64',
    'localhost',
  ]) {
    test(`${JSON.stringify(text)} is no network`, () => {
      assert.equal(parseNetwork(text), undefined);
    });
  }

  test('what is an address is as Node says', () => {
    const text = fc.oneof(
      v4,
      fc.ipV6(),
      fc.string({ maxLength: 50 }),
      fc.stringMatching(/^[0-9a-f:.%]{0,20}$/),
    );
    fc.assert(
      fc.property(text, (each) => {
        assert.equal(parseAddress(each) !== undefined, isIP(each) !== 0);
      }),
      { numRuns: 800 },
    );
  });

  test('containment is as Node says', () => {
    const pair = fc.oneof(
      fc.tuple(v4, v4, fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const)),
      fc.tuple(v6, v6, fc.integer({ min: 0, max: 128 }), fc.constant('ipv6' as const)),
    );
    fc.assert(
      fc.property(pair, fc.boolean(), ([base, other, prefix, family], near) => {
        const address = near ? base : other;
        const list = new BlockList();
        list.addSubnet(base, prefix, family);
        const bytes = parseAddress(base);
        assert.ok(bytes);
        const zeroed = bytes.map((byte, index) => {
          const bits = Math.min(8, Math.max(0, prefix - index * 8));
          return byte & (0xff << (8 - bits));
        });
        assert.equal(contains({ text: '', bytes: zeroed, prefix }, address), list.check(address, family));
      }),
      { numRuns: 400 },
    );
  });

  test('any of a list', () => {
    const networks = ['192.0.2.0/24', '2001:db8::/32'].flatMap((text) => parseNetwork(text) ?? []);
    assert.equal(inNetworks(networks, '::ffff:192.0.2.1'), true);
    assert.equal(inNetworks(networks, '2001:db8::1'), true);
    assert.equal(inNetworks(networks, '198.51.100.1'), false);
    assert.equal(inNetworks([], '192.0.2.1'), false);
  });
});

test('a subscriber is an IPv4 address however a socket names it, or a /64', () => {
  assert.equal(plainAddress('::ffff:192.0.2.9'), '192.0.2.9');
  assert.equal(plainAddress('2001:db8::1'), '2001:db8::1');
  assert.equal(subscriberOf('::ffff:192.0.2.9'), subscriberOf('192.0.2.9'));
  assert.notEqual(subscriberOf('192.0.2.9'), subscriberOf('192.0.2.10'));
  assert.equal(subscriberOf('2001:db8::1'), subscriberOf('2001:db8:0:0:ffff::9'));
  assert.notEqual(subscriberOf('2001:db8::1'), subscriberOf('2001:db8:0:1::1'));
  assert.equal(subscriberOf('unknown'), 'unknown');
});
