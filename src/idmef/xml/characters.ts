/**
 * Which bytes and characters XML 1.0 (fifth edition) allows where.
 *
 * The scanning loops look every byte up in one table of 256 flag sets; characters beyond ASCII are decoded only
 * inside names. The input is known to be valid UTF-8 (encoding.ts), so a lead byte is followed by its rest.
 */

import { lazy } from '../lazy.ts';

/** May begin a name (ASCII part; `:` is treated apart, as the separator of a prefix). */
export const NAME_START = 1;
/** May go on in a name (ASCII part). */
export const NAME_PART = 2;
/** XML white space. */
export const SPACE = 4;
/** May go on in plain character data; not `<`, `&`, `]`, and nothing that might be forbidden. */
export const PLAIN_TEXT = 8;
/** The same in an attribute value, where both quotes need a look too, but not `]`. */
export const PLAIN_VALUE = 16;
/** Forbidden, or (lead byte 0xEF) perhaps the start of U+FFFE or U+FFFF. */
export const SUSPECT = 32;
/** First or further byte of a character beyond ASCII. */
export const BEYOND_ASCII = 64;

/** Flags of every byte value. */
export const characterClasses: () => Uint8Array = lazy(() => {
  const classes = new Uint8Array(256);
  const add = (flags: number, first: number, last = first): void => {
    for (let byte = first; byte <= last; byte += 1) classes[byte] = (classes[byte] ?? 0) | flags;
  };
  const remove = (flags: number, characters: string): void => {
    for (const character of characters) classes[character.charCodeAt(0)]! &= ~flags;
  };
  add(NAME_START | NAME_PART, 0x41, 0x5a); // A-Z
  add(NAME_START | NAME_PART, 0x61, 0x7a); // a-z
  add(NAME_START | NAME_PART, 0x5f); // _
  add(NAME_PART, 0x30, 0x39); // 0-9
  add(NAME_PART, 0x2d, 0x2e); // - .
  add(BEYOND_ASCII, 0x80, 0xff);
  add(PLAIN_TEXT | PLAIN_VALUE, 0x20, 0xff);
  add(SUSPECT, 0x00, 0x1f);
  for (const space of [0x09, 0x0a, 0x0d, 0x20]) classes[space] = SPACE | PLAIN_TEXT | PLAIN_VALUE;
  remove(PLAIN_TEXT | PLAIN_VALUE, '<&');
  remove(PLAIN_TEXT, ']');
  remove(PLAIN_VALUE, '"\'');
  remove(PLAIN_TEXT | PLAIN_VALUE, '\u00EF');
  add(SUSPECT, 0xef);
  return classes;
});

/**
 * The offset after a run of bytes that have one of the flags. The innermost loop of the whole reader: a function
 * of its own, so small that the engine compiles it at once and puts it wherever it is used.
 */
export function afterRun(
  bytes: Uint8Array,
  start: number,
  end: number,
  classes: Uint8Array,
  flags: number,
): number {
  let at = start;
  while (at < end && (classes[bytes[at]!]! & flags) !== 0) at += 1;
  return at;
}

/** The same bytes, `length` of them, at both places. */
export function sameRun(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  length: number,
): boolean {
  let at = 0;
  while (at < length && a[aStart + at] === b[bStart + at]) at += 1;
  return at === length;
}

/** A byte of class SUSPECT really is, or begins, a character that XML forbids. */
export function isForbidden(bytes: Uint8Array, at: number): boolean {
  return bytes[at] !== 0xef || (bytes[at + 1] === 0xbf && (bytes[at + 2] ?? 0) >= 0xbe);
}

/** XML 1.0 production Char: what a character reference may stand for. */
export function isCharacter(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint === 0x09 || codePoint === 0x0a || codePoint === 0x0d;
  if (codePoint < 0xd800) return true;
  return (codePoint >= 0xe000 && codePoint <= 0xfffd) || (codePoint >= 0x10000 && codePoint <= 0x10ffff);
}

/** The character that begins at `at`, which is valid UTF-8. */
export function codePointAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return lead;
  const rest = (offset: number): number => (bytes[at + offset] ?? 0) & 0x3f;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | rest(1);
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | (rest(1) << 6) | rest(2);
  return ((lead & 0x07) << 18) | (rest(1) << 12) | (rest(2) << 6) | rest(3);
}

/** Bytes of a character with this code point. */
export function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Pairs of first and last: production NameStartChar beyond ASCII. */
const nameStartRanges: readonly number[] = [
  0xc0, 0xd6, 0xd8, 0xf6, 0xf8, 0x2ff, 0x370, 0x37d, 0x37f, 0x1fff, 0x200c, 0x200d, 0x2070, 0x218f, 0x2c00,
  0x2fef, 0x3001, 0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0xeffff,
];

/** A character beyond ASCII may begin a name, or go on in one. */
export function isNameCharacter(codePoint: number, first: boolean): boolean {
  for (let index = 0; index < nameStartRanges.length; index += 2) {
    if (codePoint >= (nameStartRanges[index] ?? 0) && codePoint <= (nameStartRanges[index + 1] ?? 0))
      return true;
  }
  if (first) return false;
  return (
    codePoint === 0xb7 ||
    (codePoint >= 0x300 && codePoint <= 0x36f) ||
    codePoint === 0x203f ||
    codePoint === 0x2040
  );
}
