/** How long alerts waited from their acceptance to the beginning of their first call, since the start: for the metrics. */

export interface Waits {
  add(waitedMs: readonly number[]): void;
  seen(): { readonly count: number; readonly sumMs: number; readonly maxMs: number };
}

export function createWaits(): Waits {
  let count = 0;
  let sumMs = 0;
  let maxMs = 0;
  return {
    add(waitedMs) {
      for (const waited of waitedMs) {
        count += 1;
        sumMs += waited;
        maxMs = Math.max(maxMs, waited);
      }
    },
    seen: () => ({ count, sumMs, maxMs }),
  };
}
