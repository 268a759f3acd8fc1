/**
 * Which addresses the dispatcher may dial, by who set the endpoint (server-side request forgery, OWASP SSRF).
 *
 * The root-owned configuration file may name anything: a local mail server, Mattermost in the cellar. What operators made in
 * the database must not make this host talk to itself, to the cloud's metadata or to the inside of the network: private
 * addresses and this host's own, which its firewall does not guard against itself, only within `outbound_allow`; this program's
 * listeners never. Asked by outbound-connect.ts for every address of a name, right before it dials that very address; so a name
 * that changes its mind (rebinding) gains nothing.
 */

import { networkInterfaces } from 'node:os';

import { carriedIPv4 } from '../core/carried-address.ts';
import { RelayError } from '../core/errors.ts';
import { contains, type Network, parseAddress, parseNetwork } from '../core/network.ts';

export interface OutboundRules {
  /** CIDR networks of private addresses that endpoints of the database may reach. */
  readonly allow: readonly string[];
  /** Where this program listens; asked at each decision, because ports may be chosen by the system. */
  readonly listeners: () => readonly { readonly address: string; readonly port: number }[];
  /** Addresses of this host; default: its interfaces. */
  readonly ownAddresses?: () => readonly string[];
}

export interface AddressPolicy {
  /** Undefined when allowed, else the reason: one clause. */
  refusal(provenance: 'file' | 'database', address: string, port: number): string | undefined;
}

const never: readonly (readonly [network: string, what: string])[] = [
  ['169.254.169.254', 'the metadata service of a cloud'],
  ['fd00:ec2::254', 'the metadata service of a cloud'],
  ['100.100.100.200', 'the metadata service of a cloud'],
  ['168.63.129.16', 'the metadata service of a cloud'],
  ['127.0.0.0/8', 'this host itself'],
  ['::1', 'this host itself'],
  ['0.0.0.0/8', 'no host'],
  ['::', 'no host'],
  ['169.254.0.0/16', 'link-local'],
  ['fe80::/10', 'link-local'],
  ['224.0.0.0/4', 'multicast'],
  ['ff00::/8', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['2001::/32', 'a Teredo tunnel'],
];

const inside: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '198.18.0.0/15',
  'fc00::/7',
  'fec0::/10',
];

/** Throws RelayError CONFIG for a network it cannot read. */
export function createOutboundPolicy(rules: OutboundRules): AddressPolicy {
  const allow = rules.allow.map(networkOf);
  const forbidden = never.map(([network, what]) => ({ network: networkOf(network), what }));
  const privates = inside.map(networkOf);
  const own = rules.ownAddresses ?? interfaceAddresses;

  const judge = (bytes: Uint8Array, address: string, port: number): string | undefined => {
    const hit = forbidden.find(({ network }) => contains(network, bytes));
    if (hit !== undefined) return `${address} is ${hit.what}`;
    if (isOwnListener(bytes, port, rules.listeners(), own)) return `${address}:${port} is this program`;
    if (allow.some((network) => contains(network, bytes))) return undefined;
    if (own().some((text) => isAddress(bytes, text))) {
      return `${address} is this host itself and not within outbound_allow`;
    }
    return privates.some((network) => contains(network, bytes))
      ? `${address} is private and not within outbound_allow`
      : undefined;
  };

  return {
    refusal: (provenance, address, port) => {
      if (provenance === 'file') return undefined;
      const bytes = parseAddress(address);
      if (bytes === undefined) return `${JSON.stringify(address)} is no IP address`;
      const carried = carriedIPv4(bytes);
      // Both: `::1` is this host and would carry 0.0.0.1.
      const refusal = judge(bytes, address, port);
      return refusal ?? (carried === undefined ? undefined : judge(carried, address, port));
    },
  };
}

function networkOf(text: string): Network {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new RelayError('CONFIG', `outbound_allow: ${JSON.stringify(text)} is no network`, {
    hint: 'write it like 10.1.0.0/16 or fd12:3456::/32, without bits beyond the prefix',
  });
}

function isOwnListener(
  bytes: Uint8Array,
  port: number,
  listeners: readonly { readonly address: string; readonly port: number }[],
  own: () => readonly string[],
): boolean {
  return listeners.some((listener) => {
    if (listener.port !== port) return false;
    const anywhere = parseAddress(listener.address)?.every((byte) => byte === 0) ?? true;
    return anywhere ? own().some((text) => isAddress(bytes, text)) : isAddress(bytes, listener.address);
  });
}

function isAddress(bytes: Uint8Array, text: string): boolean {
  const other = parseAddress(text);
  return other !== undefined && Buffer.compare(bytes, other) === 0;
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address }) => address),
  );
}
