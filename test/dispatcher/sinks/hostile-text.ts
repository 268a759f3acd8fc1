/** Text as attackers write it, for properties: what has a meaning somewhere, and characters of every length in UTF-8 and UTF-16. */

import * as fc from 'fast-check';

/** fast-check's own units `binary` and `grapheme` take half a second to make. No lone surrogates. */
const units = Array.from(
  'abcXYZ0189 .,:;-_/\\\'"`*~|<>&%#@=+?!()[]{}$^' +
    '\u0000\u0007\t\n\r\u001B\u007F\u0085\u00A0\u00AD' +
    'é€Ω漢\u0301\u200B\u200D\u202E\u2028\u2029\u2066\uFEFF\uFFFD' +
    '😀𝔘\u{E0001}\u{10FFFF}',
);

export function hostileText(maxLength?: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...units), ...(maxLength === undefined ? {} : { maxLength }) });
}
