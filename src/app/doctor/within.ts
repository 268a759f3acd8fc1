/**
 * A deadline for one step: whatever is asked, the doctor goes on. Called by the checks around system calls that
 * cannot be cancelled (name resolution) and around exchanges.
 */

/** Aborts after `ms` with this error: what comes drop by drop ends too. */
export function deadline(ms: number, error: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(error), ms).unref();
  return controller.signal;
}

/** The promise's result, or `undefined` after `ms`. What comes later is dropped. */
export async function within<Value>(ms: number, work: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
