/**
 * PORTLIST of RFC 4765 §3.2.8, read from the bytes of a value (white space already trimmed): numbers and ranges
 * `N-M`, separated by commas. What the RFC leaves open (65535, N before M) is told apart, for warnings.
 */

import { afterDigits, readInteger } from './numbers.ts';

export const PORTLIST_WRONG = 1;
/** A number beyond 65535. */
export const PORTLIST_RANGE = 2;
/** A range that ends before it begins. */
export const PORTLIST_BACKWARDS = 4;

/** 0 for a good list, else the sum of what is wrong with it. */
export function portListFaults(bytes: Uint8Array, start: number, end: number): number {
  let faults = 0;
  let at = start;
  for (;;) {
    const firstEnd = afterDigits(bytes, at, end);
    if (firstEnd === at) return PORTLIST_WRONG;
    const first = readInteger(bytes, at, firstEnd);
    let last = first;
    at = firstEnd;
    if (at < end && bytes[at] === 0x2d) {
      const lastEnd = afterDigits(bytes, at + 1, end);
      if (lastEnd === at + 1) return PORTLIST_WRONG;
      last = readInteger(bytes, at + 1, lastEnd);
      at = lastEnd;
    }
    if (first > last) faults |= PORTLIST_BACKWARDS;
    if (first > 65_535 || last > 65_535) faults |= PORTLIST_RANGE;
    if (at === end) return faults;
    if (bytes[at] !== 0x2c) return PORTLIST_WRONG;
    at += 1;
  }
}
