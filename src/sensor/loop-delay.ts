/**
 * How late the serving thread runs its timers (perf_hooks), since the last look. Made and stopped by server.ts.
 * The histogram counts the time between two samples; what exceeds the interval is the delay.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { monitorLimits } from '../core/limits.ts';
import type { LoopDelay } from './snapshot.ts';

export interface LoopDelayMeter {
  /** Undefined when nothing was sampled since the last look. */
  read(): LoopDelay | undefined;
  stop(): void;
}

export function meterLoopDelay(): LoopDelayMeter {
  const histogram = monitorEventLoopDelay({ resolution: monitorLimits.loopSampleMs });
  histogram.enable();
  const beyond = (nanoseconds: number): number =>
    Math.max(0, nanoseconds / 1e9 - monitorLimits.loopSampleMs / 1000);
  return {
    read() {
      if (histogram.max <= 0) return undefined;
      const delay = {
        median: beyond(histogram.percentile(50)),
        p99: beyond(histogram.percentile(99)),
        max: beyond(histogram.max),
      };
      histogram.reset();
      return delay;
    },
    stop: () => void histogram.disable(),
  };
}
