/**
 * The data types of RFC 4765 §3.2, one table each: what is accepted, what is refused, and the pairs of date and NTP stamp
 * that the RFC prints.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAddress } from '../../src/idmef/datatypes/addresses.ts';
import { InstantValue, readDateTime } from '../../src/idmef/datatypes/date-time.ts';
import { NtpStampValue, readNtpStamp, sameInstant, stampLead } from '../../src/idmef/datatypes/ntp-stamp.ts';
import { isReal, readInteger, readReal } from '../../src/idmef/datatypes/numbers.ts';
import { base64Octets, isBoolean, isOneCharacter } from '../../src/idmef/datatypes/octets.ts';
import { portListFaults } from '../../src/idmef/datatypes/port-list.ts';

/** Reads from the middle of other bytes, so that a reader that goes past its range is caught. */
function within<T>(text: string, use: (bytes: Uint8Array, start: number, end: number) => T): T {
  for (const around of ['0', '9', 'Z', '=', ' ']) {
    const bytes = Buffer.from(`${around}${text}${around}`);
    const result = use(bytes, 1, bytes.length - 1);
    assert.deepEqual(result, use(Buffer.from(text), 0, bytes.length - 2), `between ${around}`);
  }
  const bytes = Buffer.from(text);
  return use(bytes, 0, bytes.length);
}

function check(
  name: string,
  is: (text: string) => unknown,
  rows: readonly (readonly [string, unknown])[],
): void {
  describe(name, () => {
    for (const [text, expected] of rows) {
      it(`${JSON.stringify(text)} → ${String(expected)}`, () => {
        assert.deepEqual(is(text), expected);
      });
    }
  });
}

check('INTEGER (3.2.1)', (text) => within(text, readInteger), [
  ['0', 0],
  ['-17', -17],
  ['+5', 5],
  ['007', 7],
  ['0x1F', 31],
  ['0xffffffff', 4294967295],
  ['42949672961234', 42949672961234],
  ...['', '-', '+', '1.0', '1e3', '0x', '0X1F', '-0x1', '0xg', ' 1', '1 ', '1_0', '٣', '--1'].map(
    (text) => [text, Number.NaN] as const,
  ),
]);

check('REAL (3.2.2)', (text) => within(text, isReal), [
  ...['1', '-1', '+1.5', '1.', '.5', ',5', '123.45e02', '-567,89e-03', '1E+5', '0,0'].map(
    (t) => [t, true] as const,
  ),
  ...['', '.', ',', '-', 'e5', '1e', '1e+', '1.2.3', '1,2.3', 'INF', 'NaN', '0x1p3', ' 1', '1 '].map(
    (text) => [text, false] as const,
  ),
]);

check('value of a REAL', (text) => within(text, readReal), [
  ['0,75', 0.75],
  ['-567,89e-03', -0.56789],
  ['x', Number.NaN],
]);

check('CHARACTER (3.2.3)', (text) => within(text, isOneCharacter), [
  ['a', true],
  [' ', true],
  ['é', true],
  ['€', true],
  ['\u{1F600}', true],
  ['\r\n', true],
  ['', false],
  ['ab', false],
  ['e\u0301', false],
  ['éa', false],
]);

check('boolean', (text) => within(text, isBoolean), [
  ['true', true],
  ['false', true],
  ...['', 'True', 'FALSE', '1', '0', 'yes', 'truee', 'fals'].map((text) => [text, false] as const),
]);

check('octets in base64 (3.2.4)', (text) => within(text, base64Octets), [
  ['', 0],
  ['QQ==', 1],
  ['QUI=', 2],
  ['QUJD', 3],
  ['QUJD\n  QUJD', 6],
  ['+/+/', 3],
  ...['Q', 'QQ', 'QQ=', 'QUI', 'QUJDQ', '=', '====', 'QQ==QQ==', 'Q===', 'QU=I', 'QU-_', 'QQ é'].map(
    (text) => [text, -1] as const,
  ),
]);

check('PORTLIST (3.2.8): 1 wrong, 2 beyond 65535, 4 backwards', (text) => within(text, portListFaults), [
  ['80', 0],
  ['5-25,37,42,43,53', 0],
  ['0-65535', 0],
  ['65536', 2],
  ['25-5', 4],
  ['99999-5', 6],
  ...['', ',', '80,', ',80', '80,,81', '1-2-3', '-5', '5-', '80 81', '80, 81', 'http', '0x50', '1 - 2'].map(
    (text) => [text, 1] as const,
  ),
]);

function instant(text: string): string {
  return within(text, (bytes, start, end) => {
    const value = new InstantValue();
    if (!readDateTime(bytes, start, end, value)) return 'none';
    return `${new Date(value.seconds * 1000).toISOString().slice(0, 19)} ${value.fraction}`;
  });
}

check('DATETIME (3.2.6)', instant, [
  ['2000-03-09T15:31:07Z', '2000-03-09T15:31:07 0'],
  ['2000-03-09T10:01:25.5-05:00', '2000-03-09T15:01:25 0.5'],
  ['2000-03-09T10:01:25,25+05:30', '2000-03-09T04:31:25 0.25'],
  ['2000-03-09T10:01:25.93464Z', '2000-03-09T10:01:25 0.93464'],
  ['2000-03-09T24:00:00Z', '2000-03-10T00:00:00 0'],
  ['2000-12-31T24:00:00,000+01:00', '2000-12-31T23:00:00 0'],
  ['2000-02-29T00:00:00+00:00', '2000-02-29T00:00:00 0'],
  ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59 0'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00 0'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59 0'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00 0'],
  ['2017-01-01T08:59:60+09:00', '2017-01-01T00:00:00 0'],
  ['2016-12-31T18:29:60.5-05:30', '2017-01-01T00:00:00 0.5'],
  ['2000-03-09T15:31:07.1234567890123456789Z', '2000-03-09T15:31:07 0.123456789012345'],
  ...[
    '',
    '2000-03-09',
    '2000-03-09T15:31Z',
    '2000-03-09T15:31:07',
    '2000-03-09 15:31:07Z',
    '2000-03-09t15:31:07Z',
    '2000-03-09T15:31:07z',
    '2000-03-09T15:31:07.Z',
    '2000-03-09T15:31:07.5',
    '2000-03-09T15:31:07+05',
    '2000-03-09T15:31:07+0500',
    '2000-03-09T15:31:07+05:0',
    '2000-03-09T15:31:07-00:00',
    '2000-03-09T15:31:07+24:00',
    '2000-03-09T15:31:07+05:60',
    '2000-03-09T15:31:07-03:-30',
    '2000-03-09T15:31:07ZZ',
    '2000-00-09T15:31:07Z',
    '2000-13-09T15:31:07Z',
    '2000-04-31T15:31:07Z',
    '2001-02-29T15:31:07Z',
    '1900-02-29T15:31:07Z',
    '2000-03-00T15:31:07Z',
    '2000-03-09T25:00:00Z',
    '2000-03-09T24:00:01Z',
    '2000-03-09T24:00:00.1Z',
    '2000-03-09T15:60:07Z',
    '2000-03-09T15:31:61Z',
    '2000-03-09T15:31:60Z',
    '2016-12-31T23:59:60+01:00',
    '2000-3-9T15:31:07Z',
    '20000309T153107Z',
    '2000-W10-4T15:31:07Z',
    '1144832400',
    '-2000-03-09T15:31:07Z',
    '2000-03-09-T15:31:07Z',
  ].map((text) => [text, 'none'] as const),
]);

function stamp(text: string): string {
  return within(text, (bytes, start, end) => {
    const value = new NtpStampValue();
    if (!readNtpStamp(bytes, start, end, value)) return 'none';
    if (value.isZero) return 'zero';
    return `${new Date(value.seconds * 1000).toISOString().slice(0, 19)} ${value.fraction}`;
  });
}

check('NTPSTAMP (3.2.7) and its eras (6.4)', stamp, [
  ['0xbc723b45.0xef449129', '2000-03-09T15:01:25 0.9346399998757988'],
  ['0x80000000.0x00000000', '1968-01-20T03:14:08 0'],
  ['0xffffffff.0x80000000', '2036-02-07T06:28:15 0.5'],
  ['0x00000000.0x80000000', '2036-02-07T06:28:16 0.5'],
  ['0x00000001.0x00000000', '2036-02-07T06:28:17 0'],
  ['0x7FFFFFFF.0xFFFFFFFF', '2104-02-26T09:42:23 0.9999999997671694'],
  ['0x00000000.0x00000000', 'zero'],
  ...[
    '',
    '0xbc723b45',
    '0xbc723b45.0x0',
    '0xbc723b45.ef449129',
    'bc723b45.ef449129',
    '0Xbc723b45.0xef449129',
    '0xbc723b45.0xef44912',
    '0xbc723b45.0xef4491290',
    '0xbc723b4g.0xef449129',
    '0xbc723b45,0xef449129',
  ].map((text) => [text, 'none'] as const),
]);

describe('text and ntpstamp of a time (E1)', () => {
  const pair = (text: string, ntp: string): [InstantValue, NtpStampValue] => {
    const time = new InstantValue();
    const value = new NtpStampValue();
    assert.ok(readDateTime(Buffer.from(text), 0, text.length, time), text);
    assert.ok(readNtpStamp(Buffer.from(ntp), 0, ntp.length, value), ntp);
    return [time, value];
  };
  const golden: readonly (readonly [string, string])[] = [
    ['2000-03-09T10:01:25.93464-05:00', '0xbc723b45.0xef449129'],
    ['2000-03-09T10:01:25.93464Z', '0xbc71f4f5.0xef449129'],
    ['2000-03-09T18:47:25+02:00', '0xbc72541d.0x00000000'],
    ['2000-03-09T15:31:00-08:00', '0xbc72b2b4.0x00000000'],
    ['2000-03-09T08:12:32.3-05:00', '0xbc7221c0.0x4ccccccc'],
    ['2000-03-09T08:12:32-01:00', '0xbc71e980.0x00000000'],
    ['2000-03-09T22:18:07-05:00', '0xbc72e7ef.0x00000000'],
    ['2000-03-09T15:31:07Z', '0xbc72423b.0x00000000'],
    ['2000-03-09T14:07:58Z', '0xbc722ebe.0x00000000'],
  ];
  for (const [text, ntp] of golden) {
    it(`${text} is ${ntp}`, () => {
      const [time, value] = pair(text, ntp);
      assert.ok(Math.abs(stampLead(time, value)) < 2e-6);
      assert.ok(sameInstant(time, value));
    });
  }
  const rows: readonly (readonly [text: string, ntp: string, same: boolean])[] = [
    ['2000-03-09T15:31:07Z', '0xbc72423b.0xffffffff', true],
    ['2000-03-09T15:31:07Z', '0xbc72423c.0x00000010', false],
    ['2000-03-09T15:31:07Z', '0xbc72423a.0x00000000', true],
    ['2000-03-09T15:31:07Z', '0xbc724239.0xf0000000', false],
    ['2000-03-09T15:31:07.0Z', '0xbc72423b.0x19000000', true],
    ['2000-03-09T15:31:07.0Z', '0xbc72423b.0x1a000000', false],
    ['2000-03-09T15:31:07.000000000Z', '0xbc72423b.0x000010c6', true],
    ['2000-03-09T15:31:07.000000000Z', '0xbc72423b.0x000010d0', false],
    ['2016-12-31T23:59:60Z', '0xdc12c500.0x00000000', true],
    ['2016-12-31T23:59:60Z', '0xdc12c4ff.0x00000000', true],
    ['2016-12-31T23:59:60Z', '0xdc12c4fd.0x00000000', false],
    ['2040-01-01T00:00:00Z', '0x0754fd00.0x00000000', true],
    ['1904-01-01T00:00:00Z', '0x0784ce00.0x00000000', false],
  ];
  for (const [text, ntp, same] of rows) {
    it(`${text} ${same ? 'agrees' : 'differs'} with ${ntp}`, () => {
      assert.equal(sameInstant(...pair(text, ntp)), same, String(stampLead(...pair(text, ntp))));
    });
  }
});

describe('addresses by category (4.2.7.2.1)', () => {
  const rows: Readonly<Record<string, readonly [good: readonly string[], bad: readonly string[]]>> = {
    'ipv4-addr': [
      ['0.0.0.0', '255.255.255.255', '192.0.2.1'],
      [
        '',
        '1.2.3',
        '1.2.3.4.5',
        '256.1.1.1',
        '1.2.3.4/24',
        '/10.0.0.2',
        'addr-1',
        '1.2.3.4 ',
        '1..2.3',
        '0001.2.3.4',
      ],
    ],
    'ipv4-addr-hex': [
      ['0xde796f70', 'de796f70', '0x1'],
      ['', '0x', '0x123456789', '0xg', '1.2.3.4'],
    ],
    'ipv4-net': [
      ['192.0.2.0/24', '0.0.0.0/0', '1.2.3.4/32'],
      ['192.0.2.0', '192.0.2.0/33', '192.0.2.0/', '192.0.2.0/255.255.255.0'],
    ],
    'ipv4-net-mask': [
      ['192.0.2.0/255.255.255.0', '192.0.2.0'],
      ['192.0.2.0/24', '192.0.2.0/', ''],
    ],
    'ipv6-addr': [
      [
        '::',
        '::1',
        '1::',
        '2001:db8::1',
        '1:2:3:4:5:6:7:8',
        '::ffff:192.0.2.1',
        '1:2:3:4:5:6:1.2.3.4',
        '1:2:3:4:5:6:7::',
        'ABCD::ef',
      ],
      [
        '',
        ':',
        ':::',
        '1',
        '1:2:3:4:5:6:7',
        '1:2:3:4:5:6:7:8:9',
        '1::2::3',
        '12345::',
        '1:2:3:4:5:6:7:8::',
        '::g',
        '1:',
        ':1',
        '::1.2.3',
        '1:2:3:4:5:6:7:1.2.3.4',
        'fe80::1%eth0',
      ],
    ],
    'ipv6-addr-hex': [
      ['20010db8000000000000000000000001', '0x1'],
      ['', '0x20010db80000000000000000000000011', '::1'],
    ],
    'ipv6-net': [
      ['2001:db8::/32', '::/0', '::1/128'],
      ['2001:db8::', '2001:db8::/129', '2001:db8::/ffff::'],
    ],
    'ipv6-net-mask': [['2001:db8::/ffff:ffff::', '2001:db8::'], ['2001:db8::/32']],
    mac: [['anything'], []],
    'e-mail': [['anything'], []],
    unknown: [['', 'anything'], []],
  };
  for (const [category, [good, bad]] of Object.entries(rows)) {
    it(category, () => {
      const is = (text: string): boolean =>
        within(text, (bytes, start, end) => isAddress(category, bytes, start, end));
      for (const text of good) assert.ok(is(text), `${text} is an ${category}`);
      for (const text of bad) assert.ok(!is(text), `${text} is no ${category}`);
    });
  }
});
