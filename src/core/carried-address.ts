/**
 * The IPv4 address that an IPv6 one leads to: what may not be reached must not be reached by a detour through IPv6 either.
 *
 * Called by the outbound policy (src/http). Pure. Mapped addresses (`::ffff:192.0.2.1`) are IPv4 for network.ts already; these
 * are the other ways (RFC 4291 §2.5.5, RFC 2765, RFC 6052, RFC 3056).
 */

import { contains, parseNetwork } from './network.ts';

/** Prefix, and where the first of the four bytes stands. */
const carriers: readonly (readonly [network: string, at: number])[] = [
  ['::ffff:0:0:0/96', 12], // translated
  ['::/96', 12], // compatible, deprecated
  ['64:ff9b::/96', 12], // NAT64
  ['64:ff9b:1::/48', 12], // NAT64 of a site, with its usual /96
  ['2002::/16', 2], // 6to4
];

/** `bytes`: an address as parsed. Undefined when it carries none. */
export function carriedIPv4(bytes: Uint8Array): Uint8Array | undefined {
  for (const [text, at] of carriers) {
    const network = parseNetwork(text);
    if (network !== undefined && contains(network, bytes)) return bytes.slice(at, at + 4);
  }
  return undefined;
}
