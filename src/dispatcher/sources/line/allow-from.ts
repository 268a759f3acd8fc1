/**
 * `allow_from`: which networks may speak to a listener that cannot tell a stranger otherwise.
 *
 * Asked by each source at creation. Where a key would travel in clear text, or where there is no key at all, the list is
 * mandatory: an empty one is an error, not "everybody" (reference: operations, §6). Everybody is `0.0.0.0/0` and `::/0`, written out.
 */

import { RelayError } from '../../../core/errors.ts';
import { inNetworks, parseNetwork } from '../../../core/network.ts';

export interface AllowFrom {
  /** Nobody was named. */
  readonly empty: boolean;
  /** By the address a socket names; everybody where nobody was named. */
  allows(address: string | undefined): boolean;
}

/** Throws RelayError CONFIG. `mandatory`: why, one clause. */
export function allowFrom(source: string, networks: readonly string[], mandatory?: string): AllowFrom {
  const parsed = networks.map((text) => {
    const network = parseNetwork(text);
    if (network !== undefined) return network;
    throw new RelayError('CONFIG', `${source}: allow_from names no network: ${text}`, {
      hint: 'write 192.0.2.0/24 or 2001:db8::/32, without bits beyond the prefix, or one address',
    });
  });
  if (parsed.length === 0 && mandatory !== undefined) {
    throw new RelayError('CONFIG', `${source}: allow_from is missing: ${mandatory}`, {
      hint: 'name the networks that may send, or configure tls where the source has it',
    });
  }
  return {
    empty: parsed.length === 0,
    allows: (address) => parsed.length === 0 || inNetworks(parsed, address ?? ''),
  };
}
