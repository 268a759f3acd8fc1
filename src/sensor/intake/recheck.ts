/**
 * Looks again at the files that wait: those worth another read are taken, decided, or go on waiting.
 *
 * Runs each 250 ms (slower when it is much work). An unchanged file costs one lstat.
 */

import { spoolLimits } from '../../core/limits.ts';
import { type Candidate, byAge, lookAt } from './candidate.ts';
import { type IntakeContext, type Task, noteOddity, noteVanished } from './context.ts';
import { takeAll } from './take.ts';
import { isRipe } from './waiting-files.ts';

/** Files looked at between two glances at the clock. */
const STRIDE = 64;

/** @param retryUnreadable also try those that could not be opened or moved, though they look unchanged */
export function* recheck(context: IntakeContext, retryUnreadable: boolean): Task {
  const { waiting, clock, dir } = context;
  context.locks = context.readLocks();
  const ripe: Candidate[] = [];
  let turnStart = clock.monotonic();
  let seen = 0;
  for (const file of waiting.all()) {
    if (file.why === 'turn') continue;
    const entry = lookAt(dir, file.name);
    if (entry?.kind === 'file') {
      const locked = context.locks.has(entry.dev, entry.ino);
      if (isRipe(file, entry, locked, clock.monotonic(), retryUnreadable)) {
        waiting.put(file.name, entry, 'turn', clock.monotonic());
        ripe.push(entry);
      }
    } else if (entry?.kind !== 'hidden') {
      noteVanished(context, file.name);
      if (entry !== undefined) noteOddity(context, entry);
    }
    seen += 1;
    if (seen % STRIDE === 0 && clock.monotonic() - turnStart >= spoolLimits.sliceMs) {
      yield 0;
      turnStart = clock.monotonic();
    }
  }
  yield* takeAll(context, ripe.toSorted(byAge));
}
