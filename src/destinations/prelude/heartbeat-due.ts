/**
 * When the last Heartbeat to a prelude-manager went, so that a poller started each minute does not send one a minute.
 *
 * Used by link.ts, and by the poller at the end of a run, for which it alone is loaded: most runs have nothing to say.
 * Remembered in the state of the profile's journal.
 */

import { jsonObject, numberOf } from '../../core/json-object.ts';
import { preludeSessionLimits } from '../../core/limits.ts';
import type { Clock } from '../../core/ports.ts';
import type { Memory } from '../receiver-verdict.ts';

/** Whether the last one of this destination is long enough ago. A clock that was set back does not stop them. */
export async function heartbeatDue(id: string, memory: Memory, clock: Clock): Promise<boolean> {
  const at = numberOf(jsonObject(await memory.get(keyOf(id)))?.['at']);
  return at === undefined || Math.abs(clock.now() - at) >= preludeSessionLimits.heartbeatMs;
}

export async function rememberHeartbeat(id: string, memory: Memory, clock: Clock): Promise<void> {
  await memory.set(keyOf(id), JSON.stringify({ at: clock.now() }));
}

function keyOf(id: string): string {
  return `heartbeat ${id}`;
}
