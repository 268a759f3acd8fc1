/**
 * NTPSTAMP of RFC 4765 §3.2.7, read from the bytes of a value, and its comparison with a DATETIME (§4.2.5).
 *
 * Two 32-bit numbers, `0x` and eight hexadecimal digits each, joined by a dot. Era rule of §6.4: with the top bit
 * set, seconds count from 1900-01-01, else from 2036-02-07T06:28:16Z. Leap seconds are not counted.
 */

import type { InstantValue } from './date-time.ts';
import { hexDigit } from './numbers.ts';

/** Seconds from 1900-01-01 to 1970-01-01, and from 1970 to the start of era 1. */
const ERA_0 = 2_208_988_800;
const ERA_1 = 2 ** 32 - ERA_0;
const LENGTH = 21;
const MICROSECOND = 1e-6;
/** One unit of the last digit of a fraction with so many digits. */
const units: readonly number[] = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, MICROSECOND];

export class NtpStampValue {
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  seconds = 0;
  /** Rest of a second, 0 to 1. */
  fraction = 0;
  /** All bits zero: "invalid or unavailable" (§6.4). */
  isZero = false;
}

/** Reads an NTPSTAMP into `into`; false if it is none. */
export function readNtpStamp(bytes: Uint8Array, start: number, end: number, into: NtpStampValue): boolean {
  if (end - start !== LENGTH || bytes[start + 10] !== 0x2e) return false;
  const integer = readHalf(bytes, start);
  const fraction = readHalf(bytes, start + 11);
  if (integer < 0 || fraction < 0) return false;
  into.isZero = integer === 0 && fraction === 0;
  into.seconds = integer >= 2 ** 31 ? integer - ERA_0 : integer + ERA_1;
  into.fraction = fraction / 2 ** 32;
  return true;
}

function readHalf(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== 0x30 || bytes[start + 1] !== 0x78) return -1;
  let high = 0;
  let low = 0;
  for (let at = start + 2; at < start + 6; at += 1) {
    const first = hexDigit(bytes[at]!);
    const second = hexDigit(bytes[at + 4]!);
    if (first < 0 || second < 0) return -1;
    high = (high << 4) | first;
    low = (low << 4) | second;
  }
  return high * 65_536 + low;
}

/** Seconds by which the stamp is ahead of the text. */
export function stampLead(text: InstantValue, stamp: NtpStampValue): number {
  return stamp.seconds - text.seconds + (stamp.fraction - text.fraction);
}

/**
 * The two name the same instant as far as the text tells: within one unit of its last digit, because producers
 * truncate, and at least a microsecond. A leap second may be stamped as the second before or after it.
 */
export function sameInstant(text: InstantValue, stamp: NtpStampValue): boolean {
  const tolerance = (units[text.digits] ?? MICROSECOND) + (text.isLeap ? 1 : 0);
  // Half a nanosecond covers the rounding of the doubles and of the 32-bit fraction.
  return Math.abs(stampLead(text, stamp)) <= tolerance + 5e-10;
}
