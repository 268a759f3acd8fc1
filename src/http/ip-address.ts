/**
 * IP addresses as bytes, and the networks they lie in: what the outbound policy decides by.
 *
 * Pure. Addresses come from the resolver or from a socket, never from a URL's text, so decimal, octal and shortened notations
 * are behind us; what remains are the ways IPv6 carries an IPv4 address (RFC 4291 §2.5.5, RFC 6052, RFC 3056).
 */

import { isIPv4, isIPv6 } from 'node:net';

export interface Network {
  readonly bytes: readonly number[];
  readonly prefix: number;
}

/** 4 or 16 bytes; undefined for anything that is no address. A zone (`%eth0`) is ignored. */
export function addressBytes(text: string): readonly number[] | undefined {
  const [address = ''] = text.split('%');
  if (isIPv4(address)) return address.split('.').map(Number);
  return isIPv6(address) ? bytesOfIPv6(address) : undefined;
}

function bytesOfIPv6(address: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high: string | undefined, low: string | undefined): string =>
    (Number(high) * 256 + Number(low)).toString(16);
  const whole =
    dotted === null ? address : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`;
  const [head = '', tail] = whole.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: gap }, () => 0), ...after].flatMap((word) => [
    word >> 8,
    word & 0xff,
  ]);
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. Undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim());
  const bytes = addressBytes(match?.[1] ?? '');
  if (bytes === undefined) return undefined;
  const prefix = match?.[2] === undefined ? bytes.length * 8 : Number(match[2]);
  return prefix > bytes.length * 8 ? undefined : { bytes, prefix };
}

export function isWithin(bytes: readonly number[], network: Network): boolean {
  if (bytes.length !== network.bytes.length) return false;
  return network.bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, network.prefix - index * 8));
    const mask = (0xff00 >> bits) & 0xff;
    return ((byte ^ (bytes[index] ?? 0)) & mask) === 0;
  });
}

/** Where an IPv4 address stands in an IPv6 one: prefix, and the first of its four bytes. */
const carriers: readonly (readonly [network: string, at: number])[] = [
  ['::ffff:0:0/96', 12], // mapped
  ['::ffff:0:0:0/96', 12], // translated (RFC 2765)
  ['::/96', 12], // compatible, deprecated
  ['64:ff9b::/96', 12], // NAT64
  ['64:ff9b:1::/48', 12], // NAT64 of a site, with its usual /96
  ['2002::/16', 2], // 6to4
];

/** The IPv4 address that an IPv6 one leads to; undefined when it leads to none. */
export function carriedIPv4(bytes: readonly number[]): readonly number[] | undefined {
  if (bytes.length !== 16) return undefined;
  for (const [text, at] of carriers) {
    const network = parseNetwork(text);
    if (network !== undefined && isWithin(bytes, network)) return bytes.slice(at, at + 4);
  }
  return undefined;
}
