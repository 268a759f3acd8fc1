/**
 * Where a post with a key goes: the channel named, or `*` for all of the key's owner (AlertGateway's rules; reference: A.1.3).
 *
 * Called by the sources that take keys (smtp, syslog). A key reaches the channels it was given, or those of its owner. What is
 * refused has a reason for the count; a source decides how much of it the sender is told.
 */

import type { RefusalReason, Channels } from '../model/ports.ts';
import type { ApiKey } from '../model/records.ts';

export type Addressed =
  | { readonly ok: true; readonly channels: readonly string[] }
  | {
      readonly ok: false;
      readonly reason: Extract<RefusalReason, 'unknown-channel' | 'forbidden' | 'disabled-channel'>;
    };

/** `*`: all enabled channels. Disabled ones are passed over, unless there are no others. */
export const ALL_CHANNELS = '*';

export function addressChannels(name: string, key: ApiKey, channels: Channels): Addressed {
  return name === ALL_CHANNELS ? all(key, channels) : one(name, key, channels);
}

function one(name: string, key: ApiKey, channels: Channels): Addressed {
  const channel = channels.find(name);
  if (channel === undefined) return { ok: false, reason: 'unknown-channel' };
  const granted = key.channels === undefined ? channel.owner === key.owner : key.channels.includes(name);
  if (!granted) return { ok: false, reason: 'forbidden' };
  return channel.enabled ? { ok: true, channels: [name] } : { ok: false, reason: 'disabled-channel' };
}

function all(key: ApiKey, channels: Channels): Addressed {
  const reachable =
    key.channels === undefined
      ? channels.ofOwner(key.owner)
      : key.channels.flatMap((name) => channels.find(name) ?? []);
  if (reachable.length === 0) return { ok: false, reason: 'unknown-channel' };
  const enabled = reachable.filter((channel) => channel.enabled).map(({ name }) => name);
  return enabled.length === 0 ? { ok: false, reason: 'disabled-channel' } : { ok: true, channels: enabled };
}
