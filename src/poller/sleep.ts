/** A pause that ends early, and without an error, when the signal aborts. Called by follow.ts and many-runs.ts. */

import { setTimeout as delay } from 'node:timers/promises';

export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => undefined);
}
