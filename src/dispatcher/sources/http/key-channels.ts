/**
 * Which channels a key may post to. Called by rest-post.ts and alertgateway.ts.
 *
 * A key with a list reaches exactly the recipients on it, whoever owns them, because an administrator wrote the list; one without
 * reaches all of its owner. What is not the key's and what does not exist are one answer to REST; AlertGateway's clients know two.
 */

import type { Channels } from '../../model/ports.ts';
import type { ApiKey } from '../../model/records.ts';
import type { Refused } from './answer.ts';

export interface Channel {
  readonly name: string;
  readonly enabled: boolean;
}

export type ChannelVerdict = Channel | 'unknown' | 'forbidden';

export function channelOf(channels: Channels, key: ApiKey, name: string): ChannelVerdict {
  const channel = channels.find(name);
  if (channel === undefined) return 'unknown';
  const mayPost = key.channels === undefined ? channel.owner === key.owner : key.channels.includes(name);
  return mayPost ? { name: channel.name, enabled: channel.enabled } : 'forbidden';
}

/** All a key may post to. */
export function channelsOf(channels: Channels, key: ApiKey): readonly Channel[] {
  if (key.channels === undefined) return channels.ofOwner(key.owner);
  return key.channels.flatMap((name) => channels.find(name) ?? []);
}

/**
 * Where a post goes that names channels, or none. Undefined: by the routes. A key with a list never posts past it: without a wish its
 * posts go to the whole list.
 */
export function forcedBy(
  channels: Channels,
  key: ApiKey,
  wanted: readonly string[] | undefined,
): readonly string[] | undefined | Refused {
  if (wanted === undefined && key.channels === undefined) return undefined;
  if (wanted === undefined) {
    const enabled = channelsOf(channels, key).filter((channel) => channel.enabled);
    if (enabled.length > 0) return enabled.map(({ name }) => name);
    return refusal('disabled-channel', 'no channel of this key is enabled');
  }
  for (const name of wanted) {
    const channel = channelOf(channels, key, name);
    if (typeof channel === 'string') {
      return refusal('unknown-channel', `this key has no channel ${JSON.stringify(name)}`);
    }
    if (!channel.enabled) return refusal('disabled-channel', `channel ${JSON.stringify(name)} is disabled`);
  }
  return [...new Set(wanted)];
}

export function isRefused(verdict: object | undefined): verdict is Refused {
  return verdict !== undefined && 'reason' in verdict && 'problem' in verdict;
}

function refusal(reason: 'unknown-channel' | 'disabled-channel', message: string): Refused {
  return { reason, problem: { code: 'FORBIDDEN', message } };
}
