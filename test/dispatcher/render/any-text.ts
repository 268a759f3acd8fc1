/** Any text at all, for properties: code points of every kind, halves of surrogate pairs, and what attackers write. */

import * as fc from 'fast-check';

/** Anything JavaScript calls a character; quicker to make than fast-check's own `binary`. */
const anyChar = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0x80, max: 0x30_00 }),
    fc.integer({ min: 0xd7_00, max: 0xff_ff }),
    fc.integer({ min: 0x1_f3_00, max: 0x1_fa_ff }),
    fc.integer({ min: 0, max: 0x10_ff_ff }),
  )
  .map((point) => String.fromCodePoint(point));

export function anyText(maxLength = 40): fc.Arbitrary<string> {
  return fc.string({ unit: anyChar, maxLength });
}
