/**
 * Numbers between text and Prelude's fields: which fit, and how they are written.
 *
 * RFC 4765's INTEGER is signed, unbounded, decimal or hexadecimal (§3.2.1), its REAL may have a comma (§3.2.2). What is
 * written is what strtoul, strtol and strtod of a gateway read the same way: decimal, no leading zero, no blank.
 */

import { readReal } from '../datatypes/numbers.ts';
import type { FieldKind } from './table.ts';

const ranges: Readonly<Partial<Record<FieldKind, readonly [least: number, most: number]>>> = {
  uint8: [0, 0xff],
  uint16: [0, 0xffff],
  uint32: [0, 0xffff_ffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
};
const UINT64_MAX = 0xffff_ffff_ffff_ffffn;

const decimal = /^[+-]?[0-9]+$/;
const hexadecimal = /^0x[0-9A-Fa-f]+$/;
/** Digits that a double holds exactly. */
const EXACT_DIGITS = 15;
const UINT64_DIGITS = 20;
const UINT64_HEX_DIGITS = 16;

/** The value of an INTEGER; undefined when it is none, or beyond 64 bits. */
function integerOf(text: string): number | bigint | undefined {
  if (decimal.test(text)) {
    // The sum makes -0 a 0.
    if (text.length <= EXACT_DIGITS) return Number(text) + 0;
    const digits = text.replace(/^[+-]?0*/, '') || '0';
    if (digits.length > UINT64_DIGITS) return undefined;
    return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
  }
  if (!hexadecimal.test(text)) return undefined;
  const digits = text.replace(/^0x0*/, '') || '0';
  return digits.length > UINT64_HEX_DIGITS ? undefined : BigInt(`0x${digits}`);
}

/** The number a field of that kind holds for the text; undefined when it cannot. */
export function integerFor(kind: FieldKind, text: string): number | bigint | undefined {
  const value = integerOf(text);
  if (value === undefined) return undefined;
  if (kind === 'uint64') return value >= 0 && value <= UINT64_MAX ? BigInt(value) : undefined;
  const range = ranges[kind];
  return range !== undefined && value >= range[0] && value <= range[1] ? Number(value) : undefined;
}

/** The float nearest to a REAL, and whether writing it gives the same number again. */
export function floatOf(text: string): { readonly value: number; readonly exact: boolean } | undefined {
  const bytes = Buffer.from(text);
  const number = readReal(bytes, 0, bytes.length);
  const value = Math.fround(number) + 0;
  return Number.isFinite(value) ? { value, exact: Number(floatText(value)) === number + 0 } : undefined;
}

/** Digits that tell all floats apart. */
const FLOAT_DIGITS = 9;

/** The shortest decimal that reads as this float. */
export function floatText(value: number): string {
  for (let digits = 1; digits < FLOAT_DIGITS; digits += 1) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return String(shorter);
  }
  return String(Number(value.toPrecision(FLOAT_DIGITS)));
}
