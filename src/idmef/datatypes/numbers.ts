/**
 * INTEGER and REAL of RFC 4765 §3.2.1, §3.2.2, read from the bytes of a value (white space already trimmed).
 *
 * Integers have no size limit; one beyond 2^53 comes out rounded, which is good enough for range checks.
 */

/** The value of `[+-]?[0-9]+` or `0x[0-9A-Fa-f]+`; NaN for anything else. */
export function readInteger(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (end - at > 2 && bytes[at] === 0x30 && bytes[at + 1] === 0x78)
    return readHexadecimal(bytes, at + 2, end);
  const sign = bytes[at];
  if (sign === 0x2b || sign === 0x2d) at += 1;
  if (at >= end) return Number.NaN;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return sign === 0x2d ? -value : value;
}

/** The value of one or more hexadecimal digits; NaN for anything else. */
export function readHexadecimal(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return Number.NaN;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = hexDigit(bytes[at]!);
    if (digit < 0) return Number.NaN;
    value = value * 16 + digit;
  }
  return value;
}

/** The value of a hexadecimal digit, -1 for any other byte. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** `[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][+-]?[0-9]+)?` */
export function isReal(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  if (bytes[at] === 0x2b || bytes[at] === 0x2d) at += 1;
  const whole = afterDigits(bytes, at, end);
  let digits = whole - at;
  at = whole;
  if (at < end && (bytes[at] === 0x2e || bytes[at] === 0x2c)) {
    const fraction = afterDigits(bytes, at + 1, end);
    digits += fraction - at - 1;
    at = fraction;
  }
  if (digits === 0) return false;
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at += 1;
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at += 1;
    const exponent = afterDigits(bytes, at, end);
    if (exponent === at) return false;
    at = exponent;
  }
  return at === end;
}

/** The value of a REAL; NaN when it is none. */
export function readReal(bytes: Uint8Array, start: number, end: number): number {
  if (!isReal(bytes, start, end)) return Number.NaN;
  return Number(
    Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
      .toString('latin1')
      .replace(',', '.'),
  );
}

/** The offset after a run of decimal digits. */
export function afterDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at += 1;
  return at;
}
