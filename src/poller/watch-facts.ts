/**
 * The words of the watch over a profile: what was seen, what is remembered, what is reported.
 *
 * Used by watch.ts, which decides, watch-causes.ts, which knows the causes, watch-memory.ts and watch-profile.ts.
 */

import type { SensorStatus } from './sensor-status.ts';

/** What was seen in one run, or one minute. Times are wall times in ms. */
export interface Observation {
  readonly now: number;
  /** 0: silence and waiting messages are never reported. */
  readonly reportAfterMs: number;
  /** `unasked`: nothing can be said of it. */
  readonly sensor: 'good' | 'failed' | 'unasked';
  readonly sensorLabel: string;
  /** Why it failed. */
  readonly fault: string;
  readonly lastGood: number | undefined;
  /** Id of the sensor's journal, once known. */
  readonly journal: string | undefined;
  readonly status: SensorStatus | undefined;
  readonly destinations: readonly DestinationState[];
  /** Put into quarantine since the last observation, and the words for it. */
  readonly quarantined: { readonly count: number; readonly rules: readonly string[]; readonly text: string };
  /** Put there because a destination cannot hold them, and the words for it. */
  readonly unfit: { readonly count: number; readonly text: string };
  /** Answers of an old server that broke off. */
  readonly brokenOff: number;
}

export interface DestinationState {
  readonly id: string;
  readonly label: string;
  readonly pending: number;
  readonly oldestAt: number | undefined;
  /** Messages this journal has dropped of what it was owed. */
  readonly lost: number;
}

export interface Report {
  readonly severity: 'medium' | 'high';
  /** The kind of event, the same each time: what receivers group by. */
  readonly text: string;
  readonly detail: string;
  readonly rules?: readonly string[];
  readonly count?: number;
}

export interface Age {
  readonly oldestAt: number;
  readonly seenAt: number;
  readonly told: boolean;
}

export interface Memory {
  /** Of the first failure in a row. */
  readonly failingSince?: number;
  readonly silenceTold?: boolean;
  readonly ages: Readonly<Record<string, Age>>;
  readonly journal?: string;
  readonly stuck: number;
  readonly corrupt: number;
  /** That the sensor takes nothing in has been told. */
  readonly pausedTold?: boolean;
  readonly dropped: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly quarantined: Observation['quarantined'];
  readonly unfit: Observation['unfit'];
  readonly brokenOff: number;
  /** When our own reports were made, oldest first. */
  readonly sent: readonly number[];
}

export const emptyMemory: Memory = {
  ages: {},
  stuck: 0,
  corrupt: 0,
  dropped: 0,
  lost: {},
  quarantined: { count: 0, rules: [], text: '' },
  unfit: { count: 0, text: '' },
  brokenOff: 0,
  sent: [],
};

/** A report that is due, and the memory of having made it. */
export interface Due {
  readonly report: Report;
  readonly told: (memory: Memory) => Memory;
}

/** Nothing in it would be missed: a run that saw nothing either need not look further. */
export function isQuiet(memory: Memory): boolean {
  const { failingSince, ages, stuck, corrupt, pausedTold, dropped, lost, quarantined, unfit, brokenOff } =
    memory;
  const numbers = [stuck, corrupt, dropped, quarantined.count, unfit.count, brokenOff];
  const told = failingSince !== undefined || pausedTold === true;
  return !told && [...numbers, ...Object.values(lost), Object.keys(ages).length].every((n) => n === 0);
}
