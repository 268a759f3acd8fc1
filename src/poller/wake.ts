/**
 * A bell the forward loops wait for: something became due, the source has ended, or time is up.
 *
 * Made by profile-run.ts and follow.ts for each session, rung by the journal and by the pull side.
 */

import { setMaxListeners } from 'node:events';

/** Aborts with any of these. Every request under way listens to it, and there are more than Node's ten. */
export function joinSignals(...signals: AbortSignal[]): AbortSignal {
  const joined = AbortSignal.any(signals);
  setMaxListeners(0, joined);
  return joined;
}

export interface Wake {
  readonly ring: () => void;
  /** Resolves at the next ring, after `ms`, or when the signal aborts. */
  readonly wait: (ms: number) => Promise<void>;
}

export function createWake(signal: AbortSignal): Wake {
  const waiting = new Set<() => void>();
  const ring = (): void => {
    for (const go of waiting) go();
  };
  signal.addEventListener('abort', ring);
  return {
    ring,
    wait: (ms) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const go = (): void => {
          clearTimeout(timer);
          waiting.delete(go);
          resolve();
        };
        const timer = setTimeout(go, ms);
        waiting.add(go);
      }),
  };
}
