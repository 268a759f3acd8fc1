/**
 * What a profile remembers of its sensor between runs: the name in its certificate, its journal's id, its
 * own status line and when it last answered.
 *
 * Written by profile-run.ts and follow.ts, read for IDMEF-Origin (a run may forward without pulling) and by
 * status commands. One entry, `sensor`, in the journal's state.
 */

import { jsonObject, numberOf, textOf } from '../core/json-object.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import type { Journal } from '../journal/journal.ts';
import type { SensorFacts } from './sensor-client.ts';

export interface RememberedSensor {
  /** The first name in its certificate. */
  readonly name?: string;
  readonly journal?: string;
  /** Its last `IDMEF-Status`. */
  readonly status?: string;
  /** Wall time (ms) of its last good answer. */
  readonly lastSuccess?: number;
}

type State = Journal['state'];

const KEY = 'sensor';

export async function readSensorFacts(state: State): Promise<RememberedSensor> {
  const entry = jsonObject(await state.get(KEY));
  const [name, journal, status] = ['name', 'journal', 'status'].map((key) => textOf(entry?.[key]));
  const lastSuccess = numberOf(entry?.['lastSuccess']);
  return {
    ...(name === undefined ? {} : { name }),
    ...(journal === undefined ? {} : { journal }),
    ...(status === undefined ? {} : { status }),
    ...(lastSuccess === undefined ? {} : { lastSuccess }),
  };
}

/**
 * Which journal a batch came from, and whose certificate that was: known before anything of it is forwarded.
 * Returns the journal's former id when it has changed.
 */
export async function rememberJournal(
  state: State,
  id: string,
  name: string | undefined,
): Promise<string | undefined> {
  const known = await readSensorFacts(state);
  if (known.journal === id && known.name === name) return undefined;
  await state.set(KEY, JSON.stringify({ ...known, journal: id, ...(name === undefined ? {} : { name }) }));
  return known.journal === id ? undefined : known.journal;
}

/** After a good answer. Writes seldom: an unchanged sensor costs one small commit a minute. */
export async function rememberSensor(state: State, facts: SensorFacts, clock: Clock): Promise<void> {
  const known = await readSensorFacts(state);
  const [name] = facts.names;
  const now = clock.now();
  const recent = Math.abs(now - (known.lastSuccess ?? 0)) < pollerLimits.stateMs;
  if (recent && known.name === name) return;
  const status = facts.status === undefined ? {} : { status: facts.status };
  await state.set(
    KEY,
    JSON.stringify({
      ...(known.journal === undefined ? {} : { journal: known.journal }),
      ...(name === undefined ? {} : { name }),
      ...status,
      lastSuccess: now,
    }),
  );
}

/** Value of `IDMEF-Origin` (ARCHITECTURE.md: Poller). */
export function originOf(profile: string, { name }: RememberedSensor): string {
  const sensor = name === undefined ? '' : `; sensor="${name.replace(/["\\]/g, '\\$&')}"`;
  return `profile=${profile}${sensor}`;
}
