/**
 * Times: DATETIME to instant, instant to NTP stamp and back, over both eras (RFC 4765 §3.2.6, §3.2.7, §6.4).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { instantOf } from '../../src/idmef/datetime.ts';
import { isoOfSeconds, ntpstampOf, ntpstampOfSeconds, secondsOfNtpstamp } from '../../src/idmef/ntpstamp.ts';

function stampOf(text: string): string | undefined {
  const instant = instantOf(text);
  return instant === undefined ? 'no instant' : ntpstampOfSeconds(instant.seconds, instant.fraction);
}

test('texts and stamps of the RFC’s examples agree', () => {
  const pairs: readonly (readonly [string, string])[] = [
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
  for (const [text, stamp] of pairs) {
    assert.equal(stampOf(text), stamp, text);
  }
});

test('the edges of the eras', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['1968-01-20T03:14:07Z', undefined],
    ['1968-01-20T03:14:08Z', '0x80000000.0x00000000'],
    ['1970-01-01T00:00:00Z', '0x83aa7e80.0x00000000'],
    ['2036-02-07T06:28:15Z', '0xffffffff.0x00000000'],
    ['2036-02-07T06:28:16Z', '0x00000000.0x00000001'],
    ['2036-02-07T06:28:17Z', '0x00000001.0x00000000'],
    ['2104-02-26T09:42:23Z', '0x7fffffff.0x00000000'],
    ['2104-02-26T09:42:24Z', undefined],
  ];
  for (const [text, stamp] of cases) {
    assert.equal(stampOf(text), stamp, text);
  }
});

test('a stamp read back names the same second', () => {
  for (const milliseconds of [
    0, 1, 999, 952_610_485_934, 2_085_978_495_999, 2_085_978_496_000, 4_102_444_800_000,
  ]) {
    const read = secondsOfNtpstamp(ntpstampOf(milliseconds) ?? '');
    assert.equal(read?.seconds, Math.floor(milliseconds / 1000));
    assert.ok(Math.abs((read?.fraction ?? 0) / 2 ** 32 - (milliseconds % 1000) / 1000) < 1e-6);
  }
});

test('stamps that say nothing', () => {
  for (const stamp of [
    '',
    '0x00000000.0x00000000',
    '0x0.0x0',
    'bc71f4f5.00000000',
    '0x123456789.0x0',
    '0x1.0xg',
  ]) {
    assert.equal(secondsOfNtpstamp(stamp), undefined, stamp);
  }
  assert.deepEqual(secondsOfNtpstamp('0xBC71F4F5.0x0'), { seconds: 952_596_085, fraction: 0 });
});

test('what is a DATETIME and what is none', () => {
  const seconds = (text: string): number | undefined => instantOf(text)?.seconds;
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T24:00:00Z', 86_400],
    ['1970-01-01T24:00:00.00Z', 86_400],
    ['1970-01-01T24:00:00.01Z', undefined],
    ['1970-01-01T24:00:01Z', undefined],
    ['1998-12-31T23:59:60Z', 915_148_800],
    ['1999-01-01T00:59:60+01:00', 915_148_800],
    ['1998-12-31T22:59:60Z', undefined],
    ['2000-02-29T00:00:00Z', 951_782_400],
    ['1900-02-29T00:00:00Z', undefined],
    ['2001-02-29T00:00:00Z', undefined],
    ['2000-00-10T00:00:00Z', undefined],
    ['2000-01-00T00:00:00Z', undefined],
    ['0001-01-01T00:00:00Z', -62_135_596_800],
    ['2000-01-01T00:00:00-00:00', undefined],
    ['2000-01-01T00:00:00+00:00', 946_684_800],
    ['2000-01-01T00:00:00+24:00', undefined],
    ['2000-01-01T00:00:00+01:60', undefined],
    ['2000-01-01T00:60:00Z', undefined],
    ['2000-01-01T00:00:00', undefined],
    ['2000-01-01 00:00:00Z', undefined],
    ['2000-01-01T00:00:00z', undefined],
    ['2000-01-01T00:00Z', undefined],
    ['2000-01-01T00:00:00.Z', undefined],
    [' 2000-01-01T00:00:00Z', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) {
    assert.equal(seconds(text), expected, text);
  }
  assert.equal(instantOf('1970-01-01T00:00:00,5Z')?.fraction, 0x8000_0000);
  assert.equal(instantOf(`1970-01-01T00:00:00.${'9'.repeat(40)}Z`)?.fraction, 0xffff_ffff);
});

test('an instant as text', () => {
  assert.equal(isoOfSeconds(952_596_085, 0xef449129), '2000-03-09T10:01:25.934640Z');
  assert.equal(isoOfSeconds(0, 0), '1970-01-01T00:00:00Z');
  assert.equal(isoOfSeconds(59, 0xffff_ffff), '1970-01-01T00:01:00Z');
});
