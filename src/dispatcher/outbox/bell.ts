/**
 * What a lane sleeps on. A ring says that something may be due, an interruption that something has changed (configuration, end):
 * `wait` hears both, `pause` interruptions only, so that a flood does not wake a recipient that may not send anyway.
 *
 * Made by lane.ts, one each. Neither is lost when nobody waits: the next wait ends at once.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { Timers } from '../model/timers.ts';

export interface Bell {
  /** Whether it has rung since the last `wait` ended. */
  readonly rung: boolean;
  ring(): void;
  interrupt(): void;
  /** Until a ring, an interruption, or so many milliseconds have passed (at most an hour: look again). Whether it has rung. */
  wait(ms: number): Promise<boolean>;
  /** Until an interruption, or so many milliseconds have passed. */
  pause(ms: number): Promise<void>;
}

export function createBell(timers: Timers): Bell {
  let rung = false;
  let interrupted = false;
  let waiting: { readonly deaf: boolean; readonly go: () => void } | undefined;

  const sleep = (ms: number, deaf: boolean): Promise<boolean> =>
    new Promise((resolve) => {
      const go = (): void => {
        cancel();
        waiting = undefined;
        interrupted = false;
        const heard = rung;
        if (!deaf) rung = false;
        resolve(heard);
      };
      const cancel = timers.after(Math.min(Math.max(ms, 0), outboxLimits.waitStepMs), go);
      waiting = { deaf, go };
      if (interrupted || (rung && !deaf)) go();
    });

  return {
    get rung() {
      return rung;
    },
    ring() {
      rung = true;
      if (waiting?.deaf === false) waiting.go();
    },
    interrupt() {
      interrupted = true;
      waiting?.go();
    },
    wait: (ms) => sleep(ms, false),
    pause: async (ms) => {
      await sleep(ms, true);
    },
  };
}
