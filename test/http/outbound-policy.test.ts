/** Which addresses endpoints may reach: a table, and that no way of writing an IPv4 address within IPv6 goes around it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { carriedIPv4 } from '../../src/core/carried-address.ts';
import { RelayError } from '../../src/core/errors.ts';
import { parseAddress } from '../../src/core/network.ts';
import { createOutboundPolicy, type AddressPolicy } from '../../src/http/outbound-policy.ts';

function policy(allow: readonly string[] = []): AddressPolicy {
  return createOutboundPolicy({
    allow,
    listeners: () => [
      { address: '0.0.0.0', port: 4848 },
      { address: '203.0.113.5', port: 25 },
    ],
    ownAddresses: () => ['203.0.113.5', '2001:db8::5'],
  });
}

const refused: readonly (readonly [address: string, reason: RegExp])[] = [
  ['127.0.0.1', /this host itself/],
  ['127.255.255.254', /this host itself/],
  ['::1', /this host itself/],
  ['0.0.0.0', /no host/],
  ['::', /no host/],
  ['169.254.169.254', /metadata/],
  ['fd00:ec2::254', /metadata/],
  ['fd00:0ec2:0:0:0:0:0:254', /metadata/],
  ['100.100.100.200', /metadata/],
  ['168.63.129.16', /metadata/],
  ['169.254.1.1', /link-local/],
  ['fe80::1%eth0', /link-local/],
  ['224.0.0.1', /multicast/],
  ['ff02::1', /multicast/],
  ['255.255.255.255', /reserved/],
  ['10.0.0.1', /private/],
  ['172.31.255.255', /private/],
  ['192.168.1.1', /private/],
  ['100.64.0.1', /private/],
  ['fd12::1', /private/],
  ['::ffff:127.0.0.1', /this host itself/],
  ['::ffff:7f00:1', /this host itself/],
  ['::127.0.0.1', /this host itself/],
  ['64:ff9b::a9fe:a9fe', /metadata/],
  ['2002:7f00:1::', /this host itself/],
  ['2001:0:1::1', /Teredo/],
  ['127.1', /no IP address/],
  ['2130706433', /no IP address/],
  ['0x7f.0.0.1', /no IP address/],
];

describe('endpoints of the database', () => {
  for (const [address, reason] of refused) {
    test(`may not reach ${address}`, () => {
      assert.match(policy().refusal('database', address, 443) ?? 'allowed', reason);
    });
  }

  test('may reach the world', () => {
    for (const address of ['149.154.167.220', '172.32.0.1', '2606:4700::1111', '::ffff:149.154.167.220']) {
      assert.equal(policy().refusal('database', address, 443), undefined, address);
    }
  });

  test('may reach this host by its own address only where that is allowed', () => {
    assert.match(policy().refusal('database', '203.0.113.5', 443) ?? '', /this host itself/);
    assert.match(policy().refusal('database', '::ffff:203.0.113.5', 443) ?? '', /this host itself/);
    assert.equal(policy(['203.0.113.5/32']).refusal('database', '203.0.113.5', 443), undefined);
    assert.match(policy(['203.0.113.5/32']).refusal('database', '203.0.113.5', 25) ?? '', /this program/);
  });

  test('may reach private networks that are allowed, but never this host through them', () => {
    const open = policy(['10.1.0.0/16', 'fd12::/16', '127.0.0.0/8', '169.254.0.0/16']);
    for (const address of ['10.1.2.3', 'fd12::9', '::ffff:10.1.2.3']) {
      assert.equal(open.refusal('database', address, 443), undefined, address);
    }
    for (const address of ['10.2.0.1', '127.0.0.1', '169.254.169.254']) {
      assert.notEqual(open.refusal('database', address, 443), undefined, address);
    }
  });

  test('may not reach what this program listens on', () => {
    const own = [
      ['203.0.113.5', 4848],
      ['2001:db8::5', 4848],
      ['203.0.113.5', 25],
    ] as const;
    for (const [address, port] of own) {
      assert.match(policy().refusal('database', address, port) ?? '', /this program/);
    }
    assert.doesNotMatch(policy().refusal('database', '2001:db8::5', 25) ?? '', /this program/);
  });
});

test('endpoints of the file may reach anything', () => {
  for (const [address] of refused) assert.equal(policy().refusal('file', address, 4848), undefined);
});

test('a network that cannot be read is an error of the configuration', () => {
  for (const text of ['10.0.0.0/33', 'example.org', '', '10.0.0/8', 'fd00::/129']) {
    assert.throws(
      () => policy([text]),
      (error: unknown) =>
        error instanceof RelayError && error.code === 'CONFIG' && /is no network/.test(error.message),
      text,
    );
  }
});

describe('properties', () => {
  const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));

  test('an address within IPv6 is judged as the IPv4 one', () => {
    const judge = policy(['10.1.0.0/16']);
    fc.assert(
      fc.property(ipv4, (bytes) => {
        const plain = judge.refusal('database', bytes.join('.'), 80) === undefined;
        const [a, b, c, d] = bytes;
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        for (const carried of [
          `::ffff:${bytes.join('.')}`,
          `::ffff:${hex}`,
          `::ffff:0:${hex}`,
          `64:ff9b::${hex}`,
          `2002:${hex}::`,
        ]) {
          const wrapped = judge.refusal('database', carried, 80) === undefined;
          assert.equal(wrapped, plain, carried);
        }
      }),
    );
  });

  test('an ordinary IPv6 address carries nothing', () => {
    const carried = (text: string): string | undefined =>
      carriedIPv4(parseAddress(text) ?? assert.fail(text))?.join('.');
    assert.equal(carried('2606:4700::1111'), undefined);
    assert.equal(carried('64:ff9b::1.2.3.4'), '1.2.3.4');
    assert.equal(carried('2002:102:304::'), '1.2.3.4');
  });
});
