/**
 * The long poll: leases what is due, or holds on until something is. Called by leased-get.ts.
 *
 * Ends early when the peer hangs up or the server drains; a claim nobody is there for any more goes back.
 */

import type { ServerResponse } from 'node:http';
import type { Claim, Journal, Want } from '../journal/journal.ts';
import type { SensorContext } from './context.ts';

/** A claim, or undefined when none was due in time or nobody waits any more. */
export async function leaseOrWait(
  context: SensorContext,
  response: ServerResponse,
  consumer: string,
  want: Want,
  waitSeconds: number,
): Promise<Claim | undefined> {
  const { journal, draining, waiting } = context;
  const first = await journal.lease(consumer, want);
  if (first !== undefined || waitSeconds === 0 || draining.aborted || response.destroyed) {
    return await keepUnlessGone(journal, response, first);
  }
  const over = new AbortController();
  const end = (): void => over.abort();
  const timer = setTimeout(end, waitSeconds * 1000);
  waiting.add(response);
  response.once('close', end);
  draining.addEventListener('abort', end);
  let wake: (() => void) | undefined;
  const unsubscribe = journal.onDue(() => wake?.());
  try {
    for (;;) {
      // Armed before the journal is asked, or what becomes due meanwhile would be slept over.
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const claim = await journal.lease(consumer, want);
      if (claim !== undefined || over.signal.aborted) {
        return await keepUnlessGone(journal, response, claim);
      }
      await Promise.race([woken, aborted(over.signal)]);
      if (over.signal.aborted) {
        return undefined;
      }
    }
  } finally {
    waiting.delete(response);
    unsubscribe();
    clearTimeout(timer);
    response.off('close', end);
    draining.removeEventListener('abort', end);
    over.abort();
  }
}

/** A claim for a peer that has gone meanwhile goes back at once. */
async function keepUnlessGone(
  journal: Journal,
  response: ServerResponse,
  claim: Claim | undefined,
): Promise<Claim | undefined> {
  if (claim !== undefined && response.destroyed) {
    await journal.release(claim.id);
    return undefined;
  }
  return claim;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return;
  }
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
