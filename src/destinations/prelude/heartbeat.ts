/**
 * That we are alive, as a prelude-manager's frontends expect of every sender: a Heartbeat each ten minutes.
 *
 * Sent by link.ts. When the last one went is remembered in the state of the profile's journal, so that a poller started
 * each minute does not send one a minute. Its only Analyzer is ours: the manager echoes it to others, not to us.
 */

import { jsonObject, numberOf } from '../../core/json-object.ts';
import { preludeSessionLimits } from '../../core/limits.ts';
import type { Clock, Random } from '../../core/ports.ts';
import { encodeMessage } from '../../idmef/prelude/encode.ts';
import type { PreludeObject, PreludeTime } from '../../idmef/prelude/model.ts';
import type { Memory } from '../receiver-verdict.ts';

/** Whether the last one of this destination is long enough ago. A clock that was set back does not stop them. */
export async function heartbeatDue(id: string, memory: Memory, clock: Clock): Promise<boolean> {
  const at = numberOf(jsonObject(await memory.get(keyOf(id)))?.['at']);
  return at === undefined || Math.abs(clock.now() - at) >= preludeSessionLimits.heartbeatMs;
}

export async function rememberHeartbeat(id: string, memory: Memory, clock: Clock): Promise<void> {
  await memory.set(keyOf(id), JSON.stringify({ at: clock.now() }));
}

/** Its payload. */
export function heartbeat(own: PreludeObject, now: number, random: Random): Buffer {
  const at = timeOf(now);
  return encodeMessage({
    class: 'heartbeat',
    fields: {
      messageid: Buffer.from(random.bytes(16)).toString('hex'),
      analyzer: [own],
      create_time: at,
      analyzer_time: at,
      heartbeat_interval: preludeSessionLimits.heartbeatMs / 1000,
      additional_data: [
        {
          class: 'additional_data',
          fields: { meaning: 'Analyzer status', type: 'string', data: 'running' },
        },
      ],
    },
  });
}

function timeOf(now: number): PreludeTime {
  const seconds = Math.floor(now / 1000);
  return { seconds, microseconds: Math.floor((now - seconds * 1000) * 1000), offsetSeconds: 0 };
}

function keyOf(id: string): string {
  return `heartbeat ${id}`;
}
