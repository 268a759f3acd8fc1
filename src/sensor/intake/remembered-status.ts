/**
 * The intake's gauges for those who look at the sensor's journal from outside (`idmef status --sensor`): files that
 * are stuck or corrupt, and why it pauses, are known to the running intake only.
 *
 * Written by the sensor's thread when they change, read by sensor-look.ts. One entry, `intake`, in the journal's
 * state. How many files wait changes with every file and is left to the counters.
 */

import { jsonObject, numberOf, textOf } from '../../core/json-object.ts';
import type { IntakeStatus } from './intake.ts';

export interface RememberedStatus {
  readonly stuck: number;
  readonly corrupt: number;
  /** Why nothing is taken; undefined while all is well. */
  readonly paused?: string;
  /** Wall time (ms) since when it is so. */
  readonly at: number;
}

/** JournalCore fits. */
interface State {
  getState(key: string): string | undefined;
  setState(key: string, value: string): void;
}

export const INTAKE_STATE = 'intake';

/** Never throws: a journal that cannot be written is said by those who need it. */
export function rememberStatus(state: State, { stuck, corrupt, paused }: IntakeStatus, now: number): void {
  try {
    const before = parseStatus(state.getState(INTAKE_STATE));
    if (before?.stuck === stuck && before.corrupt === corrupt) {
      // The words of a pause change with the free space; each change is not worth a commit.
      if ((before.paused === undefined) === (paused === undefined)) return;
    }
    state.setState(INTAKE_STATE, JSON.stringify({ stuck, corrupt, paused, at: now }));
  } catch {
    // The gauges of the running service are right all the same.
  }
}

export function parseStatus(text: string | undefined): RememberedStatus | undefined {
  const entry = jsonObject(text);
  const [stuck, corrupt, at] = ['stuck', 'corrupt', 'at'].map((key) => numberOf(entry?.[key]));
  if (stuck === undefined || corrupt === undefined || at === undefined) return undefined;
  const paused = textOf(entry?.['paused']);
  return { stuck, corrupt, at, ...(paused === undefined ? {} : { paused }) };
}
