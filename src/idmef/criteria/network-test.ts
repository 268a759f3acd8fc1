/** `in 10.0.0.0/8`, `in {10.0.0.0/8, 2001:db8::/32}`: our one extension of the language. What is no address lies in no network. */

import { inNetworks, type Network, parseNetwork } from '../../core/network.ts';
import { refused, type ValueTest } from './relation.ts';

/** `value`: networks and addresses, comma between. */
export function networkTest(value: string): ValueTest {
  const networks: Network[] = [];
  for (const text of value.split(',')) {
    const network = parseNetwork(text.trim());
    if (network === undefined) {
      return refused(
        `"${text.trim()}" is no network: write 192.0.2.0/24 or 2001:db8::/32, without bits beyond the prefix`,
      );
    }
    networks.push(network);
  }
  return { ok: true, test: (given) => inNetworks(networks, given) };
}
