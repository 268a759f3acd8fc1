/**
 * IP addresses and networks as numbers: who may speak to a listener, and `in 10.0.0.0/8` of criteria.
 *
 * Called by src/dispatcher (allow_from), src/http (the outbound policy) and src/idmef/criteria. Pure, and never throws: whatever text is
 * no address is undefined. IPv4 in IPv6's clothes (`::ffff:192.0.2.1`, as dual-stack sockets name their peers) is IPv4; the
 * families never contain each other, so `::/0` is all of IPv6 only. Numbers with leading zeros are refused, because others read
 * them as octal; so is a network with bits beyond its prefix, which would let in more than its author typed (RFC 4632, RFC 4291).
 */

export interface Network {
  /** As written. */
  readonly text: string;
  /** 4 or 16 bytes, zero beyond the prefix. */
  readonly bytes: Uint8Array;
  /** Leading bits that count: 0–32 or 0–128. */
  readonly prefix: number;
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && MAPPED.every((byte, index) => bytes[index] === byte);
}

const ZERO = 0x30;
const POINT = 0x2e;

/** By hand, because criteria ask it of every alert. */
function parseV4(text: string): number[] | undefined {
  const bytes: number[] = [];
  let value = -1;
  for (let at = 0; at <= text.length; at += 1) {
    const code = at < text.length ? text.charCodeAt(at) : POINT;
    const digit = code - ZERO;
    if (code === POINT) {
      if (value < 0) return undefined;
      bytes.push(value);
      value = -1;
    } else if (digit < 0 || digit > 9 || value === 0) {
      return undefined;
    } else {
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return undefined;
    }
  }
  return bytes.length === 4 ? bytes : undefined;
}

/** Groups of hex digits, of which the last may be dotted IPv4; '' for none. */
function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (index === groups.length - 1 && group.includes('.')) {
      const last = parseV4(group);
      if (last === undefined) return undefined;
      bytes.push(...last);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split('::');
  const [before = '', after] = halves;
  if (halves.length > 2 || (after !== undefined && before.includes('.'))) return undefined;
  const head = parseGroups(before);
  const tail = parseGroups(after ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // `::` stands for at least one group.
  if (after === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

function parse(text: string): number[] | undefined {
  // Longer is no address, and costs nothing to refuse.
  if (text.length > 64) return undefined;
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function withoutZone(text: string): string {
  const [, address = text] = /^([\da-f:.]*:[\da-f:.]*)%[\da-z.:-]+$/i.exec(text) ?? [];
  return address;
}

/** 4 bytes or 16; undefined for what is no address. A zone (`fe80::1%eth0`) is left out. */
export function parseAddress(text: string): Uint8Array | undefined {
  const bytes = parse(text.includes('%') ? withoutZone(text) : text);
  if (bytes === undefined) return undefined;
  return new Uint8Array(isMapped(bytes) ? bytes.slice(12) : bytes);
}

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', length, ...rest] = text.split('/');
  if (rest.length > 0 || (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length))) return undefined;
  let bytes = parse(address);
  if (bytes === undefined) return undefined;
  let prefix = length === undefined ? bytes.length * 8 : Number(length);
  if (prefix > bytes.length * 8) return undefined;
  if (isMapped(bytes) && prefix >= 96) {
    bytes = bytes.slice(12);
    prefix -= 96;
  }
  const network = { text, bytes: Uint8Array.from(bytes), prefix };
  return bytes.every((byte, index) => (byte & ~mask(prefix, index) & 0xff) === 0) ? network : undefined;
}

/** The bits of byte number `index` that a prefix covers. */
function mask(prefix: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefix - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

/** Whether an address (text, or as parsed) lies in a network. False for what is no address. */
export function contains(network: Network, address: string | Uint8Array): boolean {
  const bytes = typeof address === 'string' ? parseAddress(address) : address;
  if (bytes === undefined || bytes.length !== network.bytes.length) return false;
  return network.bytes.every((byte, index) => ((bytes[index] ?? 0) & mask(network.prefix, index)) === byte);
}

/** Whether an address lies in any of them. */
export function inNetworks(networks: readonly Network[], address: string): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && networks.some((network) => contains(network, bytes));
}

/** An IPv4 peer as dual-stack sockets name it, `::ffff:192.0.2.1`, as `192.0.2.1`; anything else as it is. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** What one subscriber has: an IPv4 address, of IPv6 the /64. For counting; what is no address stays as it is. */
export function subscriberOf(address: string): string {
  const bytes = parseAddress(address);
  return bytes?.length === 16 ? bytes.subarray(0, 8).join('.') : plainAddress(address);
}
