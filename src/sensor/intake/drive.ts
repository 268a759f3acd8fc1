/**
 * Drives an intake with real timers and the spool's watcher: one slice a turn of the event loop, so that the thread
 * answers the journal's callers in between. While much is taken the spool is not watched, and looked at once more after.
 * Called by src/app/sensor-worker-thread.ts.
 */

import { spoolLimits } from '../../core/limits.ts';
import type { Logger } from '../../core/ports.ts';
import type { Intake } from './intake.ts';
import { type SpoolWatcher, type WatchSpool, watchSpool } from './watcher.ts';

/** Turns of unbroken work after which events are not asked for. */
const QUIET_AFTER = 4;

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
  let busy = 0;
  let unwatched = false;
  let stopped = false;

  const turn = (): void => {
    timer = undefined;
    immediate = undefined;
    woken = false;
    let rest = intake.step();
    onStep();
    if (stopped) return;
    busy = rest === 0 ? busy + 1 : 0;
    if (busy === QUIET_AFTER && intake.consumes) unwatch();
    else if (busy === 0 && watcher === undefined && unwatched) {
      // What came meanwhile is found by a look at the directory.
      rewatch();
      intake.lookAgain();
      rest = 1;
    }
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
    unwatched = false;
    watcher = watch(spoolDir, wake, sayUnwatched);
  };

  /** While much is taken our own removals are nearly all the events: some 10 µs of CPU a file, for nothing. */
  const unwatch = (): void => {
    if (watcher === undefined) return;
    watcher.close();
    watcher = undefined;
    unwatched = true;
  };

  rewatch();
  const rewatching = setInterval(() => {
    if (!unwatched) rewatch();
  }, spoolLimits.fullPassMs);
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
