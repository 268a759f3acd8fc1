/** The outbound policy of the configuration in force: made anew when `outbound_allow` changes. */

import { type AddressPolicy, createOutboundPolicy } from '../../http/outbound-policy.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { Listener } from './sources.ts';

export function outboundPolicy(
  config: () => DispatcherConfig,
  listeners: () => readonly Listener[],
): AddressPolicy {
  let allow: readonly string[] | undefined;
  let policy: AddressPolicy | undefined;
  return {
    refusal(provenance, address, port) {
      const wanted = config().outboundAllow;
      if (policy === undefined || wanted !== allow) {
        policy = createOutboundPolicy({ allow: wanted, listeners });
        allow = wanted;
      }
      return policy.refusal(provenance, address, port);
    },
  };
}
