/**
 * Drives an intake with real timers and the spool's watcher: one slice a turn of the event loop, so that the thread
 * answers the journal's callers in between. Called by src/app/sensor-worker-thread.ts.
 */

import { spoolLimits } from '../../core/limits.ts';
import type { Logger } from '../../core/ports.ts';
import type { Intake } from './intake.ts';
import { type SpoolWatcher, type WatchSpool, watchSpool } from './watcher.ts';

export interface DriveOptions {
  readonly intake: Intake;
  readonly spoolDir: string;
  readonly log: Logger;
  /** After each slice. */
  readonly onStep: () => void;
  readonly watch?: WatchSpool;
}

/** Starts at once. The returned function stops for good; no slice runs after it. */
export function driveIntake({ intake, spoolDir, log, onStep, watch = watchSpool }: DriveOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  let watcher: SpoolWatcher | undefined;
  let unwatchedBecause: string | undefined;
  let woken = false;
  let stopped = false;

  const turn = (): void => {
    timer = undefined;
    immediate = undefined;
    woken = false;
    const rest = intake.step();
    onStep();
    if (stopped) return;
    if (rest === 0) immediate = setImmediate(turn);
    else timer = setTimeout(turn, rest);
  };
  /** Something happened: sooner than the next look, but not for each event of a burst. */
  const wake = (name: string): void => {
    intake.touch(name);
    if (woken || timer === undefined || !name.endsWith('.xml')) return;
    woken = true;
    clearTimeout(timer);
    timer = setTimeout(turn, spoolLimits.debounceMs);
  };
  const sayUnwatched = (reason: string): void => {
    if (reason !== unwatchedBecause) {
      log.notice(
        `spool ${spoolDir} is not watched (${reason}): it is looked at each ${spoolLimits.recheckMs} ms`,
        {
          event: 'spool-unwatched',
        },
      );
    }
    unwatchedBecause = reason;
  };
  // Made anew with each full pass: the directory may have been replaced by another of its name.
  const rewatch = (): void => {
    watcher?.close();
    watcher = watch(spoolDir, wake, sayUnwatched);
  };

  rewatch();
  const rewatching = setInterval(rewatch, spoolLimits.fullPassMs);
  immediate = setImmediate(turn);
  return () => {
    stopped = true;
    watcher?.close();
    clearInterval(rewatching);
    clearTimeout(timer);
    clearImmediate(immediate);
    intake.close();
  };
}
