/**
 * The formats that Address@category promises for the text of `address` (RFC 4765 §4.2.7.2.1).
 *
 * The RFC attaches no MUST to them, so the validator only warns. Categories without a format of their own (mac,
 * e-mail, atm, sna, vm, lotus-notes, unknown) are not looked at.
 */

import { afterDigits, readHexadecimal, readInteger } from './numbers.ts';

/** Does the text fit the category? */
export function isAddress(category: string, bytes: Uint8Array, start: number, end: number): boolean {
  switch (category) {
    case 'ipv4-addr':
      return isIpv4(bytes, start, end);
    case 'ipv6-addr':
      return isIpv6(bytes, start, end);
    case 'ipv4-addr-hex':
      return isHexAddress(bytes, start, end, 8);
    case 'ipv6-addr-hex':
      return isHexAddress(bytes, start, end, 32);
    case 'ipv4-net':
      return isNet(bytes, start, end, isIpv4, 32);
    case 'ipv6-net':
      return isNet(bytes, start, end, isIpv6, 128);
    case 'ipv4-net-mask':
      return isMasked(bytes, start, end, isIpv4);
    case 'ipv6-net-mask':
      return isMasked(bytes, start, end, isIpv6);
    default:
      return true;
  }
}

type Format = (bytes: Uint8Array, start: number, end: number) => boolean;

function isIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (let part = 0; part < 4; part += 1) {
    const next = afterDigits(bytes, at, end);
    if (next === at || next - at > 3 || readInteger(bytes, at, next) > 255) return false;
    at = next;
    if (part < 3) {
      if (at >= end || bytes[at] !== 0x2e) return false;
      at += 1;
    }
  }
  return at === end;
}

function isIpv6(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  let groups = 0;
  let gap = false;
  if (bytes[at] === 0x3a) {
    if (bytes[at + 1] !== 0x3a || at + 2 > end) return false;
    gap = true;
    at += 2;
  }
  while (at < end) {
    let next = at;
    while (next < end && bytes[next] !== 0x3a && bytes[next] !== 0x2e) next += 1;
    if (next < end && bytes[next] === 0x2e) {
      return isIpv4(bytes, at, end) && (gap ? groups <= 5 : groups === 6);
    }
    if (next - at > 4 || Number.isNaN(readHexadecimal(bytes, at, next))) return false;
    groups += 1;
    at = next;
    if (at === end) break;
    at += 1;
    if (at === end) return false;
    if (bytes[at] === 0x3a) {
      if (gap) return false;
      gap = true;
      at += 1;
    }
  }
  return gap ? groups <= 7 : groups === 8;
}

function isHexAddress(bytes: Uint8Array, start: number, end: number, most: number): boolean {
  const first = bytes[start] === 0x30 && bytes[start + 1] === 0x78 ? start + 2 : start;
  return end - first <= most && !Number.isNaN(readHexadecimal(bytes, first, end));
}

/** `address/bits` */
function isNet(bytes: Uint8Array, start: number, end: number, format: Format, most: number): boolean {
  const slash = slashIn(bytes, start, end);
  const bits = slash + 1;
  return (
    format(bytes, start, slash) &&
    bits < end &&
    afterDigits(bytes, bits, end) === end &&
    readInteger(bytes, bits, end) <= most
  );
}

/** `address/mask`, or the address alone where the mask stands in `netmask`. */
function isMasked(bytes: Uint8Array, start: number, end: number, format: Format): boolean {
  const slash = slashIn(bytes, start, end);
  return format(bytes, start, slash) && (slash === end || format(bytes, slash + 1, end));
}

/** Offset of the first `/`; `end` if there is none. */
function slashIn(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 0x2f) at += 1;
  return at;
}
