/**
 * References: the five predefined entities and character references, nothing else (RFC 4765 §3.1.2.1, §3.2.3).
 *
 * An input without internal DTD subset can declare no entity, so any other name is an error, and expansion
 * bombs cannot be written down at all.
 */

import { isCharacter } from './characters.ts';
import { readPlainName } from './names.ts';
import { FAILED, type XmlState } from './state.ts';

/** Reads the reference whose `&` is at `start`: the offset after its `;`. */
export function readReference(state: XmlState, start: number): number {
  const { bytes, end } = state;
  const known = afterPredefined(bytes, start + 1, end);
  if (known !== FAILED) return known;
  if (bytes[start + 1] === 0x23) return readCharacterReference(state, start);
  const nameEnd = readPlainName(state, start + 1, 'a reference');
  if (nameEnd === FAILED) return FAILED;
  if (nameEnd >= end) return state.ended('a reference');
  if (bytes[nameEnd] !== 0x3b) return state.unexpected(nameEnd, "';'", 'a reference');
  const name = bytes.toString('utf8', start + 1, nameEnd);
  return state.fail(
    'entity',
    start,
    'amp, lt, gt, quot, apos or a character reference',
    `&${name};`,
    `the entity ${name} is not one of the five that XML predefines`,
  );
}

/** The offset after `amp;`, `lt;`, `gt;`, `quot;` or `apos;` at `at`; FAILED if none of them stands there. */
function afterPredefined(bytes: Uint8Array, at: number, end: number): number {
  const semicolon = at + 5 <= end ? at + 5 : end;
  for (let last = at + 2; last < semicolon; last += 1) {
    if (bytes[last] !== 0x3b) continue;
    const [a, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    if (last === at + 2) return b === 0x74 && (a === 0x6c || a === 0x67) ? last + 1 : FAILED;
    if (last === at + 3) return a === 0x61 && b === 0x6d && c === 0x70 ? last + 1 : FAILED;
    const d = bytes[at + 3];
    if (a === 0x71) return b === 0x75 && c === 0x6f && d === 0x74 ? last + 1 : FAILED;
    return a === 0x61 && b === 0x70 && c === 0x6f && d === 0x73 ? last + 1 : FAILED;
  }
  return FAILED;
}

function readCharacterReference(state: XmlState, start: number): number {
  const { bytes, end } = state;
  const hex = bytes[start + 2] === 0x78;
  const first = start + (hex ? 3 : 2);
  let at = first;
  let codePoint = 0;
  for (; at < end; at += 1) {
    const digit = digitValue(bytes[at]!, hex);
    if (digit < 0) break;
    // Beyond the last code point the exact value no longer matters.
    codePoint = Math.min(codePoint * (hex ? 16 : 10) + digit, 0x110000);
  }
  if (at >= end) return state.ended('a character reference');
  if (at === first) return state.unexpected(at, 'a digit', 'a character reference');
  if (bytes[at] !== 0x3b) return state.unexpected(at, "';'", 'a character reference');
  if (isCharacter(codePoint)) return at + 1;
  const got = Buffer.from(bytes.subarray(start, Math.min(at + 1, start + 20))).toString();
  return state.fail(
    'character',
    start,
    'a character that XML allows',
    got,
    `${got} refers to a forbidden character`,
  );
}

function digitValue(byte: number, hex: boolean): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (!hex) return -1;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  return -1;
}
