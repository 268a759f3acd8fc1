/** Timers whose time passes when a test says so: due work runs in order, each at its own instant. */

import type { Timers } from '../../src/dispatcher/model/timers.ts';
import { manualClock } from './manual-clock.ts';

export interface VirtualTimers extends Timers {
  /** Lets time pass, and what is due in it happen; work that is begun is waited for as far as it needs no further time. */
  pass(milliseconds: number): Promise<void>;
  /** Timers that have not run. */
  readonly pending: number;
}

interface Entry {
  readonly at: number;
  readonly work: () => void;
}

/** Enough turns of the event loop for promises that wait for nothing outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

export function virtualTimers(start?: number): VirtualTimers {
  const clock = manualClock(start);
  const entries = new Set<Entry>();
  const next = (until: number): Entry | undefined =>
    [...entries].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, work) => {
      const entry = { at: clock.monotonic() + ms, work };
      entries.add(entry);
      return () => {
        entries.delete(entry);
      };
    },
    pass: async (milliseconds) => {
      const until = clock.monotonic() + milliseconds;
      for (let entry = next(until); entry !== undefined; entry = next(until)) {
        entries.delete(entry);
        clock.advance(Math.max(0, entry.at - clock.monotonic()));
        entry.work();
        await settle();
      }
      clock.advance(until - clock.monotonic());
      await settle();
    },
    get pending() {
      return entries.size;
    },
  };
}
