/**
 * Waiting that ends with a signal, for work that does not heed one itself. Called by destinations and sinks.
 *
 * What comes of the work later is dropped; it is not stopped.
 */

/** Rejects as soon as the signal aborts, with its reason. */
export async function untilAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  work.catch(() => undefined);
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
