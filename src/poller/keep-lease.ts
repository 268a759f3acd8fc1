/**
 * Renews a lease as long as its batch is not yet acknowledged: a slow disk, a paused machine or the batch before
 * it may take longer than the lease.
 *
 * Called by sensor-client.ts for each batch, which loads it with the first. A renewal goes out at half of the
 * time; one that fails is tried again at the next, one that is refused was the last: the sensor does not know
 * renewals, or the lease has ended and its messages will come again and be recognised.
 */

/** `renew` says whether there is still something to renew. Returns what ends the renewing. */
export function keepLease(seconds: number, renew: () => Promise<boolean>): () => void {
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const later = (): void => {
    if (ended) return;
    timer = setTimeout(() => void again(), (seconds * 1000) / 2);
    timer.unref();
  };
  const again = async (): Promise<void> => {
    const alive = await renew().catch(() => true);
    if (alive) later();
  };
  later();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
