/**
 * Texts for properties: as attackers write them, and any at all. fast-check's own units `binary` and `grapheme` take half a second to
 * make.
 */

import * as fc from 'fast-check';

/** What has a meaning somewhere, and characters of every length in UTF-8 and UTF-16. */
const hostile = fc.constantFrom(
  ...Array.from(
    'abcXYZ0189 .,:;-_/\\\'"`*~|<>&%#@=+?!()[]{}$^' +
      '\u0000\u0007\t\n\r\u001B\u007F\u0085\u00A0\u00AD' +
      'é€Ω漢\u0301\u200B\u200D\u202E\u2028\u2029\u2066\uFEFF\uFFFD' +
      '😀𝔘\u{E0001}\u{10FFFF}',
  ),
);

/** Code points of every kind, halves of surrogate pairs too. */
const any = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0x80, max: 0x30_00 }),
    fc.integer({ min: 0xd7_00, max: 0xff_ff }),
    fc.integer({ min: 0x1_f3_00, max: 0x1_fa_ff }),
    fc.integer({ min: 0, max: 0x10_ff_ff }),
  )
  .map((point) => String.fromCodePoint(point));

/** Whole characters, as they come out of UTF-8. */
export function hostileText(maxLength = 40): fc.Arbitrary<string> {
  return fc.string({ unit: hostile, maxLength });
}

/** Anything JavaScript calls a text. */
export function anyText(maxLength = 40): fc.Arbitrary<string> {
  return fc.string({ unit: fc.oneof(any, hostile), maxLength });
}
