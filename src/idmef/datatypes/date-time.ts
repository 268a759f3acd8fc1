/**
 * DATETIME of RFC 4765 §3.2.6, read from the bytes of a value (white space already trimmed).
 *
 * `YYYY-MM-DDThh:mm:ss`, an optional fraction after `.` or `,`, and `Z` or an offset `+hh:mm`, `-hh:mm`. The
 * date must exist; `24:00:00` is the midnight at the end of the day; second 60 only where it is 23:59:60Z;
 * `-00:00` is no offset. One object takes the result so that a valid time costs no allocation.
 */

const DAY_SECONDS = 86_400;
const T = 0x54;
const Z = 0x5a;

export class InstantValue {
  /** Whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
  seconds = 0;
  /** Rest of a second, 0 to 1. */
  fraction = 0;
  /** Digits of the fraction as written. */
  digits = 0;
  /** Written as second 60: `seconds` is that of the following second. */
  isLeap = false;
}

/** Reads a DATETIME into `into`; false if it is none. */
export function readDateTime(bytes: Uint8Array, start: number, end: number, into: InstantValue): boolean {
  if (end - start < 20) return false;
  const year = four(bytes, start);
  const month = two(bytes, start + 5);
  const day = two(bytes, start + 8);
  const hour = two(bytes, start + 11);
  const minute = two(bytes, start + 14);
  const second = two(bytes, start + 17);
  if (
    bytes[start + 4] !== 0x2d ||
    bytes[start + 7] !== 0x2d ||
    bytes[start + 10] !== T ||
    bytes[start + 13] !== 0x3a ||
    bytes[start + 16] !== 0x3a ||
    !(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)) ||
    !(hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60)
  ) {
    return false;
  }

  let at = start + 19;
  let value = 0;
  let scale = 1;
  if (bytes[at] === 0x2e || bytes[at] === 0x2c) {
    at += 1;
    const first = at;
    for (; at < end; at += 1) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      // A double holds 15 digits exactly; more cannot change what is compared with 32 bits.
      if (at - first < 15) {
        value = value * 10 + digit;
        scale *= 10;
      }
    }
    if (at === first) return false;
    into.digits = at - first;
  } else {
    into.digits = 0;
  }

  const offset = readOffset(bytes, at, end);
  if (offset === OFFSET_WRONG) return false;
  if (hour === 24 && (minute !== 0 || second !== 0 || value !== 0)) return false;
  const seconds =
    daysSince1970(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset * 60;
  into.isLeap = second === 60;
  if (second === 60 && seconds % DAY_SECONDS !== 0) return false;
  into.seconds = seconds;
  into.fraction = value / scale;
  return true;
}

const OFFSET_WRONG = 0x7fff;

/** The zone at `at`, which must end the value: minutes ahead of UTC. */
function readOffset(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === Z) return at + 1 === end ? 0 : OFFSET_WRONG;
  const sign = bytes[at];
  if (at + 6 !== end || (sign !== 0x2b && sign !== 0x2d) || bytes[at + 3] !== 0x3a) return OFFSET_WRONG;
  const hours = two(bytes, at + 1);
  const minutes = two(bytes, at + 4);
  if (!(hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59)) return OFFSET_WRONG;
  const offset = hours * 60 + minutes;
  if (sign === 0x2b) return offset;
  return offset === 0 ? OFFSET_WRONG : -offset;
}

/** Two decimal digits; negative if they are none. */
function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 0x30;
  const ones = bytes[at + 1]! - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

function four(bytes: Uint8Array, at: number): number {
  const high = two(bytes, at);
  const low = two(bytes, at + 2);
  return high < 0 || low < 0 ? -1 : high * 100 + low;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 in the Gregorian calendar: years counted from March, so that the leap day is last. */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
