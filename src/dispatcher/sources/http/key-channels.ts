/**
 * Which recipients a post by key is forced to, past the routes. Called by json-post.ts for REST, ntopng and AlertResponder;
 * channel-post.ts says what a key may reach.
 *
 * A key with a list never posts past it: without a wish its posts go to all of the list. Other keys post into the routes, or to the
 * channels of their owner that a post names; one that is not theirs, does not exist or is disabled refuses the whole post.
 */

import type { Channels } from '../../model/ports.ts';
import type { ApiKey } from '../../model/records.ts';
import { addressChannels, ALL_CHANNELS } from '../channel-post.ts';
import type { Refused } from './answer.ts';

/** Undefined: by the routes. */
export function forcedBy(
  channels: Channels,
  key: ApiKey,
  wanted: readonly string[] | undefined,
): readonly string[] | undefined | Refused {
  if (wanted === undefined && key.channels === undefined) return undefined;
  const forced = new Set<string>();
  for (const name of wanted ?? [ALL_CHANNELS]) {
    const addressed = addressChannels(name, key, channels);
    if (!addressed.ok) return refusal(name, addressed.reason === 'disabled-channel');
    for (const channel of addressed.channels) forced.add(channel);
  }
  return [...forced];
}

export function isRefused(verdict: object | undefined): verdict is Refused {
  return verdict !== undefined && 'reason' in verdict && 'problem' in verdict;
}

/** That a channel is another's and that there is none are one answer. */
function refusal(name: string, isDisabled: boolean): Refused {
  const channel = name === ALL_CHANNELS ? 'every channel of this key' : `channel ${JSON.stringify(name)}`;
  const message = isDisabled
    ? `${channel} is disabled`
    : `this key has no ${name === ALL_CHANNELS ? 'channel' : channel}`;
  const reason = isDisabled ? 'disabled-channel' : 'unknown-channel';
  return { reason, problem: { code: 'FORBIDDEN', message } };
}
