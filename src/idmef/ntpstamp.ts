/**
 * NTP timestamps of IDMEF times (RFC 4765 §3.2.7, §6.4): `0x` seconds `.` `0x` fraction, both 32 bits.
 *
 * Era rule of §6.4: an integer part with its highest bit set counts from 1900-01-01, any other from
 * 2036-02-07T06:28:16Z. So 1968-01-20T03:14:08Z up to 2104-02-26T09:42:24Z can be said; outside there is no
 * stamp. The all-zero stamp means "unavailable" and is never made here. Leap seconds are not counted.
 * Called by the builders, the repairs and the view; the validator reads bytes (datatypes/ntp-stamp.ts).
 */

import { NtpStampValue, readNtpStamp } from './datatypes/ntp-stamp.ts';

/** Seconds from 1900-01-01 to 1970-01-01. */
const UNIX_EPOCH = 2_208_988_800;
const TWO_32 = 0x1_0000_0000;
const FIRST = 0x8000_0000 - UNIX_EPOCH;
const LAST = FIRST + TWO_32 - 1;

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** The stamp of Unix seconds and a fraction in units of 2^-32 s; undefined outside 1968–2104. */
export function ntpstampOfSeconds(seconds: number, fraction: number): string | undefined {
  if (seconds < FIRST || seconds > LAST) {
    return undefined;
  }
  const integer = (seconds + UNIX_EPOCH) % TWO_32;
  // The very instant of the second era's start would be the reserved all-zero stamp: say it 0.2 ns later.
  return `${hex32(integer)}.${hex32(integer === 0 && fraction === 0 ? 1 : fraction)}`;
}

/** The stamp of a wall time in milliseconds since 1970; undefined outside 1968–2104. */
export function ntpstampOf(milliseconds: number): string | undefined {
  const seconds = Math.floor(milliseconds / 1000);
  const rest = milliseconds - seconds * 1000;
  return ntpstampOfSeconds(seconds, Math.floor((rest * TWO_32) / 1000));
}

const pattern = /^0x([0-9A-Fa-f]{1,8})\.0x([0-9A-Fa-f]{1,8})$/;

/** Unix seconds and 2^-32 fractions of a stamp with 1–8 digits a side; undefined when malformed or all zero. */
export function secondsOfNtpstamp(
  stamp: string,
): { readonly seconds: number; readonly fraction: number } | undefined {
  const match = pattern.exec(stamp);
  if (match === null) {
    return undefined;
  }
  const [integer, fraction] = [match[1]!, match[2]!];
  const bytes = Buffer.from(`0x${integer.padStart(8, '0')}.0x${fraction.padStart(8, '0')}`);
  const value = new NtpStampValue();
  return readNtpStamp(bytes, 0, bytes.length, value) && !value.isZero
    ? { seconds: value.seconds, fraction: value.fraction * TWO_32 }
    : undefined;
}

/** `2000-03-09T15:01:25.934640Z`: microseconds rounded to nearest, as coarse as the stamp's makers are. */
export function isoOfSeconds(seconds: number, fraction: number): string {
  const micro = Math.round((fraction * 1_000_000) / TWO_32);
  const whole = seconds + (micro === 1_000_000 ? 1 : 0);
  const part = micro % 1_000_000;
  const base = new Date(whole * 1000).toISOString().slice(0, 19);
  return part === 0 ? `${base}Z` : `${base}.${String(part).padStart(6, '0')}Z`;
}
