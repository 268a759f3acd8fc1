/**
 * What the watch over expected senders remembers across restarts: its clock, when each was last heard of, who is overdue.
 *
 * Kept by expectations.ts in the store's state as JSON, `{"up": 86400000, "heard": {"dmz1": [1204, 86395000]}, "overdue": ["dmz2"]}`.
 * What cannot be read counts as nothing: then everybody has all the time there is.
 */

import { isObject, jsonObject, numberOf } from '../../core/json-object.ts';
import type { Hearing } from './expect.ts';

export interface ExpectState {
  /** The service's clock. */
  upMs: number;
  /** By name of the expectation. */
  heard: ReadonlyMap<string, Hearing>;
  readonly overdue: Set<string>;
}

export function readExpectState(text: string | undefined): ExpectState {
  const stored = jsonObject(text) ?? {};
  const { up, heard, overdue } = stored;
  const hearings = Object.entries(isObject(heard) ? heard : {}).flatMap(([name, pair]) => {
    const [messages, upMs] = Array.isArray(pair) ? pair.map(numberOf) : [];
    return messages === undefined || upMs === undefined ? [] : [[name, { messages, upMs }] as const];
  });
  const names = Array.isArray(overdue) ? overdue.filter((name) => typeof name === 'string') : [];
  return { upMs: numberOf(up) ?? 0, heard: new Map(hearings), overdue: new Set(names) };
}

export function writeExpectState({ upMs, heard, overdue }: ExpectState): string {
  const pairs = [...heard].map(
    ([name, { messages, upMs: at }]) => [name, [messages, Math.round(at)]] as const,
  );
  return JSON.stringify({ up: Math.round(upMs), heard: Object.fromEntries(pairs), overdue: [...overdue] });
}
