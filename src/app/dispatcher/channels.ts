/** Recipients as AlertGateway's clients know them: channels that belong to users. Looks at the configuration in force. */

import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { Channels } from '../../dispatcher/model/ports.ts';

export function createChannels(config: () => DispatcherConfig): Channels {
  return {
    find(name) {
      const found = config().recipients.find((one) => one.name === name);
      return found === undefined ? undefined : { name, owner: found.owner, enabled: found.enabled };
    },
    ofOwner: (owner) =>
      config()
        .recipients.filter((one) => one.owner === owner)
        .map(({ name, enabled }) => ({ name, enabled })),
  };
}
