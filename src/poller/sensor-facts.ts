/**
 * What a profile remembers of its sensor between runs: the name and the end of its certificate, its journal's
 * id, its own status line, its clock, and when it last answered.
 *
 * Written by profile-run.ts and follow.ts, read for IDMEF-Origin (a run may forward without pulling) and by
 * status commands. One entry, `sensor`, in the journal's state.
 */

import { isObject, jsonObject, numberOf, textOf } from '../core/json-object.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import type { Journal } from '../journal/journal.ts';
import { endDate, type EndDate } from '../tls/end-dates.ts';
import type { SensorFacts } from './sensor-client.ts';

export interface RememberedSensor {
  /** The first name in its certificate. */
  readonly name?: string;
  readonly journal?: string;
  /** Its last `IDMEF-Status`. */
  readonly status?: string;
  /** Wall time (ms) of its last good answer. */
  readonly lastSuccess?: number;
  /** Its `IDMEF-Relay`, or `old` for a server that has none. */
  readonly relay?: string;
  /** When its certificate ends. */
  readonly certificate?: EndDate;
  /** How far its clock is ahead of ours. */
  readonly clockOffsetMs?: number;
  /** How long it took until everything was fetched, ms; not of a follower, who waits for alerts. */
  readonly ms?: number;
}

type State = Journal['state'];

const KEY = 'sensor';

export async function readSensorFacts(state: State): Promise<RememberedSensor> {
  const entry = jsonObject(await state.get(KEY));
  const texts = ['name', 'journal', 'status', 'relay'].map((key) => [key, textOf(entry?.[key])]);
  const numbers = ['lastSuccess', 'clockOffsetMs', 'ms'].map((key) => [key, numberOf(entry?.[key])]);
  const facts = [...texts, ...numbers, ['certificate', readEndDate(entry?.['certificate'])]];
  return Object.fromEntries(facts.filter(([, value]) => value !== undefined));
}

function readEndDate(entry: unknown): EndDate | undefined {
  if (!isObject(entry)) return undefined;
  const [name, at, id] = ['name', 'at', 'id'].map((key) => textOf(entry[key]));
  const [from, until] = ['from', 'until'].map((key) => numberOf(entry[key]));
  if (name === undefined || at === undefined || id === undefined) return undefined;
  return from === undefined || until === undefined ? undefined : { kind: 'peer', name, at, id, from, until };
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

/** After a good answer. Writes seldom: an unchanged sensor costs about one small commit a minute. */
export async function rememberSensor(
  state: State,
  facts: SensorFacts,
  label: string,
  clock: Clock,
  ms?: number,
): Promise<void> {
  const known = await readSensorFacts(state);
  const [name] = facts.names;
  const now = clock.now();
  const last = known.lastSuccess ?? 0;
  // Between half and one and a half of the time: many followers must not write in the same second.
  const share = 0.5 + (last % 1000) / 1000;
  const recent = Math.abs(now - last) < pollerLimits.stateMs * share;
  const certificate = facts.certificate === undefined ? undefined : endDate(facts.certificate, 'peer', label);
  if (recent && known.name === name && known.certificate?.id === certificate?.id) return;
  const { status, relay = 'old', clockOffsetMs } = facts;
  // JSON leaves out what is undefined.
  const entry: { readonly [Key in keyof RememberedSensor]: RememberedSensor[Key] | undefined } = {
    journal: known.journal,
    name,
    status,
    relay,
    certificate,
    clockOffsetMs,
    lastSuccess: now,
    ms: ms === undefined ? undefined : Math.round(ms),
  };
  await state.set(KEY, JSON.stringify(entry));
}

/** Value of `IDMEF-Origin` (ARCHITECTURE.md: Poller). */
export function originOf(profile: string, { name }: RememberedSensor): string {
  const sensor = name === undefined ? '' : `; sensor="${name.replace(/["\\]/g, '\\$&')}"`;
  return `profile=${profile}${sensor}`;
}
