/**
 * The long poll: leases what is due, or holds on until something is. From memory where that is possible (ahead.ts), else
 * from the journal. Called by leased-get.ts.
 *
 * Ends early when the peer hangs up or the server drains; a claim nobody is there for any more goes back.
 */

import type { ServerResponse } from 'node:http';
import type { Claim, Want } from '../journal/journal.ts';
import type { AheadBatch } from './ahead-batch.ts';
import type { SensorContext } from './context.ts';

/** What the request gets: from memory with bytes and numbers, or else from the journal, without them. */
export interface Found {
  /** Undefined when none was due in time or nobody waits any more. */
  readonly claim: Claim | undefined;
  readonly ready?: AheadBatch;
}

export async function leaseOrWait(
  context: SensorContext,
  response: ServerResponse,
  consumer: string,
  want: Want,
  waitSeconds: number,
): Promise<Found> {
  const { journal, draining, waiting } = context;
  const first = await find(context, consumer, want);
  if (first.claim !== undefined || waitSeconds === 0 || draining.aborted || response.destroyed) {
    return await keepUnlessGone(context, response, first);
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
      const found = await find(context, consumer, want);
      if (found.claim !== undefined || over.signal.aborted) {
        return await keepUnlessGone(context, response, found);
      }
      await Promise.race([woken, aborted(over.signal)]);
      if (over.signal.aborted) {
        return { claim: undefined };
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

async function find({ ahead }: SensorContext, consumer: string, want: Want): Promise<Found> {
  const ready = await ahead.take(consumer, want);
  return ready === undefined ? { claim: await ahead.lease(consumer, want) } : { claim: ready.claim, ready };
}

/** A claim for a peer that has gone meanwhile goes back at once. */
async function keepUnlessGone(
  { ahead }: SensorContext,
  response: ServerResponse,
  found: Found,
): Promise<Found> {
  if (found.claim !== undefined && response.destroyed) {
    await ahead.release(found.claim);
    return { claim: undefined };
  }
  return found;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return;
  }
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
