/**
 * What must get into the store is offered again until it is taken: a call that was made is never forgotten because the disk was
 * full for a minute.
 *
 * Called by deliver.ts and lane.ts. Ends without success only when the program waits no longer; then the claim is still
 * leased, and the next start finds it.
 */

import { backoff, unitInterval } from '../../core/backoff.ts';
import { RelayError } from '../../core/errors.ts';
import { outboxLimits } from '../../core/limits.ts';
import type { OutboxDeps } from './deps.ts';

/** Whether it was done, or somebody else has decided meanwhile. Rejects for bugs, which no repetition mends. */
export async function insist(
  what: string,
  work: () => Promise<unknown>,
  { timers, random, log }: Pick<OutboxDeps, 'timers' | 'random' | 'log'>,
  abort: AbortSignal,
): Promise<boolean> {
  for (let failures = 1; ; failures += 1) {
    try {
      await work();
      if (failures > 1) log.notice(`${what} is in the store now`);
      return true;
    } catch (error) {
      if (error instanceof RelayError && error.code === 'LEASE_EXPIRED') {
        log.warning(`${what} was decided otherwise: ${error.message}`);
        return true;
      }
      if (!(error instanceof RelayError) || error.kind === 'bug') throw error;
      if (failures === 1) log.error(`${what} cannot be stored, tries again: ${error.message}`);
    }
    if (abort.aborted) return false;
    const range = { minMs: outboxLimits.storeRetryMinMs, maxMs: outboxLimits.storeRetryMaxMs };
    await pause(backoff(failures, range, unitInterval(random.bytes(4))), timers, abort);
  }
}

function pause(ms: number, timers: OutboxDeps['timers'], abort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      cancel();
      abort.removeEventListener('abort', go);
      resolve();
    };
    const cancel = timers.after(ms, go);
    abort.addEventListener('abort', go);
  });
}
