/**
 * The runs of many profiles in one process (`--schedule`): each tick starts a run of every profile, evenly spread
 * over its first seconds, so many at a time.
 *
 * Made by src/app/http-proxy.ts. Profiles do not wait for each other: a run that takes long gives its place to the
 * next one, and only descriptors bound how many such runs there may be. A profile whose run of an earlier tick is
 * still under way, or has not begun, is passed over; that is said when it begins.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Logger } from '../core/ports.ts';
import type { ProfileConfig } from './profile.ts';
import { sleep } from './sleep.ts';

export interface ManyRuns {
  /** Starts what is not running. Returns at once. */
  tick(profiles: readonly ProfileConfig[]): void;
  /** Resolves when no run is under way and none is waiting. */
  idle(): Promise<void>;
}

export interface ManyRunsOptions {
  /** One run; never rejects. */
  readonly run: (profile: ProfileConfig) => Promise<unknown>;
  /** Ends the waiting of runs that have not begun. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Runs that may be open at once, slow ones included. */
  readonly atOnce: number;
}

export function createManyRuns({ run, signal, log, atOnce }: ManyRunsOptions): ManyRuns {
  /** By profile name. */
  const runs = new Map<string, Promise<void>>();
  const passedOver = new Set<string>();
  const queue: (() => void)[] = [];
  let open = 0;
  let fast = 0;

  const next = (): void => {
    const room = Math.min(atOnce - open, pollerLimits.concurrentRuns - fast);
    for (const go of queue.splice(0, Math.max(0, room))) go();
  };

  const place = async (): Promise<() => void> => {
    await new Promise<void>((resolve) => {
      queue.push(() => {
        open += 1;
        fast += 1;
        resolve();
      });
      next();
    });
    let quick = true;
    const slow = (): void => {
      if (quick) fast -= 1;
      quick = false;
      next();
    };
    const timer = setTimeout(slow, pollerLimits.slowRunMs);
    return () => {
      clearTimeout(timer);
      open -= 1;
      slow();
    };
  };

  const start = async (profile: ProfileConfig, offsetMs: number): Promise<void> => {
    await sleep(offsetMs, signal);
    const leave = await place();
    try {
      if (!signal.aborted) await run(profile);
    } finally {
      leave();
      runs.delete(profile.name);
    }
  };

  return {
    tick: (profiles) => {
      const step = Math.min(pollerLimits.spreadStepMs, pollerLimits.spreadMs / profiles.length);
      for (const [index, profile] of profiles.entries()) {
        const { name } = profile;
        if (!runs.has(name)) {
          passedOver.delete(name);
          runs.set(name, start(profile, Math.floor(index * step)));
          continue;
        }
        const text = `${name}: still running, this time is passed over`;
        if (passedOver.has(name)) log.info(text);
        else log.notice(text);
        passedOver.add(name);
      }
    },
    idle: async () => {
      while (runs.size > 0) await Promise.all(runs.values());
    },
  };
}
