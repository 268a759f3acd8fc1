/**
 * Time that passes only when a test says so: the `Timers` port over a heap. `run` fires what is due in order, and lets everything that
 * hangs on it (promises, a store that commits in the next turn) settle before the clock moves on.
 */

import { setImmediate as turn } from 'node:timers/promises';

import type { Timers } from '../../src/dispatcher/model/timers.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
  cancelled: boolean;
}

export interface VirtualTimers extends Timers {
  /** Until `ms` have passed, or `done` holds after something has happened. */
  run(ms: number, done?: () => boolean): Promise<void>;
  /** What is running now comes to rest. */
  settle(): Promise<void>;
  /** Not settled while it is positive: calls of a store that works in other turns. */
  busy: number;
  /** The next timer, ms from now; Infinity for none. */
  nextIn(): number;
  /** Every timer is forgotten: the process is gone. */
  drop(): void;
}

export function virtualTimers(start = Date.UTC(2026, 0, 2, 3, 4, 5)): VirtualTimers {
  let passed = 0;
  let order = 0;
  let heap: Entry[] = [];

  const timers: VirtualTimers = {
    busy: 0,
    now: () => start + passed,
    monotonic: () => passed,
    after(ms, work) {
      const entry: Entry = { at: passed + Math.max(0, ms), order: (order += 1), work, cancelled: false };
      push(heap, entry);
      return () => {
        entry.cancelled = true;
      };
    },
    async settle() {
      do await turn();
      while (timers.busy > 0);
    },
    async run(ms, done = () => false) {
      const end = passed + ms;
      await timers.settle();
      while (!done()) {
        const next = heap[0];
        if (next === undefined || next.at > end) break;
        pop(heap);
        if (next.cancelled) continue;
        passed = Math.max(passed, next.at);
        next.work();
        await timers.settle();
      }
      if (!done()) passed = Math.max(passed, end);
    },
    nextIn() {
      while (heap[0]?.cancelled === true) pop(heap);
      return heap[0] === undefined ? Infinity : heap[0].at - passed;
    },
    drop() {
      heap = [];
    },
  };
  return timers;
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || before(above, entry)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    let child = left;
    const [one, other] = [heap[left], heap[left + 1]];
    if (one === undefined) break;
    let least = one;
    if (other !== undefined && before(other, one)) {
      least = other;
      child = left + 1;
    }
    if (!before(least, last)) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = last;
}
