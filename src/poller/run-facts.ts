/**
 * What a profile remembers of its last run that did or met something, and of each destination's last acceptance:
 * one entry, `run`, in the journal's state.
 *
 * Written by profile-run.ts at the end of such a run and by follow.ts once a minute in which something was done;
 * read by profile-facts.ts. A run that found nothing writes nothing here: the sensor's entry tells when it was
 * (sensor-facts.ts), and 1,440 of 1,440 runs a day may be of that kind.
 */

import { isObject, jsonObject, numberOf } from '../core/json-object.ts';
import type { Journal } from '../journal/journal.ts';
import { setAside, type RunCounts } from './run-counts.ts';

export interface RememberedRun {
  /** Wall time (ms) of its end. */
  readonly at: number;
  readonly ms: number;
  readonly exit: number;
  readonly fetched: number;
  readonly forwarded: number;
  readonly duplicate: number;
  readonly quarantined: number;
}

export interface RunFacts {
  readonly run: RememberedRun | undefined;
  /** By destination: wall time (ms) of its last acceptance. */
  readonly accepted: ReadonlyMap<string, number>;
}

export interface RunEnd {
  readonly at: number;
  readonly ms: number;
  readonly exit: number;
  readonly counts: RunCounts;
  /** Destinations and when they last accepted something in this run, if they did. */
  readonly accepted: readonly (readonly [id: string, at: number | undefined])[];
}

type State = Journal['state'];

const KEY = 'run';

export async function readRunFacts(state: State): Promise<RunFacts> {
  const entry = jsonObject(await state.get(KEY));
  const number = (key: string): number => numberOf(entry?.[key]) ?? 0;
  const accepted = isObject(entry?.['accepted']) ? Object.entries(entry['accepted']) : [];
  const at = numberOf(entry?.['at']);
  return {
    run:
      at === undefined
        ? undefined
        : {
            at,
            ms: number('ms'),
            exit: number('exit'),
            fetched: number('fetched'),
            forwarded: number('forwarded'),
            duplicate: number('duplicate'),
            quarantined: number('quarantined'),
          },
    accepted: new Map(accepted.flatMap(([id, time]) => (typeof time === 'number' ? [[id, time]] : []))),
  };
}

/** Destinations that are not of this run any more are forgotten. */
export async function rememberRun(state: State, { at, ms, exit, counts, accepted }: RunEnd): Promise<void> {
  const before = (await readRunFacts(state)).accepted;
  const times = accepted.flatMap(([id, time]) => {
    const last = time ?? before.get(id);
    return last === undefined ? [] : [[id, last]];
  });
  const { fetched, forwarded, duplicate } = counts;
  const entry = {
    at,
    ms: Math.round(ms),
    exit,
    fetched,
    forwarded,
    duplicate,
    quarantined: setAside(counts),
    accepted: Object.fromEntries(times),
  };
  await state.set(KEY, JSON.stringify(entry));
}
