/**
 * BYTE and BYTE[] (base64, RFC 4765 §3.2.4), boolean (§4.2.4.6) and CHARACTER (§3.2.3), read from bytes.
 *
 * White space may stand between base64 digits, since encoders break lines; the padding must be right.
 */

import { codePointAt, utf8Length } from '../xml/characters.ts';

/** How many octets the base64 text stands for; -1 if it is none. */
export function base64Octets(bytes: Uint8Array, start: number, end: number): number {
  let digits = 0;
  let padding = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
    if (byte === 0x3d) {
      padding += 1;
    } else {
      if (padding > 0 || !isBase64Digit(byte)) return -1;
      digits += 1;
    }
  }
  if (padding > 2 || (digits + padding) % 4 !== 0 || digits % 4 === 1) return -1;
  return Math.floor((digits * 3) / 4);
}

function isBase64Digit(byte: number): boolean {
  const letter = byte | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a && byte < 0x80) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2f
  );
}

/** `true` or `false`, nothing else. */
export function isBoolean(bytes: Uint8Array, start: number, end: number): boolean {
  const word = end - start === 4 ? 'true' : 'false';
  if (end - start !== word.length) return false;
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[start + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}

/** One character; CR LF is one, because XML reads it as a line feed. */
export function isOneCharacter(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  if (end - start === 2 && bytes[start] === 0x0d && bytes[start + 1] === 0x0a) return true;
  return utf8Length(codePointAt(bytes, start)) === end - start;
}
