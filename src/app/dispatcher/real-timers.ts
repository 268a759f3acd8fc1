/** Real time for the parts that take it as a port. */

import { systemClock } from '../../os/clock.ts';
import type { Timers } from '../../dispatcher/model/timers.ts';

/** Node's timers count 32 bits of milliseconds: a longer wait is done in steps. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemTimers: Timers = {
  ...systemClock,
  after: (ms, work) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer = setTimeout(
        () => (left > LONGEST_MS ? wait(left - LONGEST_MS) : work()),
        Math.min(Math.max(left, 0), LONGEST_MS),
      );
      timer.unref();
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
