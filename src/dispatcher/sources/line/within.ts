/** Waits for work, but no longer than so long. Called by the sources when they close. */

import type { Timers } from '../../model/timers.ts';

/** Never rejects; false when the time was up first. */
export async function within(timers: Timers, ms: number, work: Promise<unknown>): Promise<boolean> {
  let cancel: () => void = () => undefined;
  const late = new Promise<false>((resolve) => {
    cancel = timers.after(ms, () => resolve(false));
  });
  const done = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([done, late]);
  cancel();
  return inTime;
}
