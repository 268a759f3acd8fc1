/**
 * Silences in force: which of them keeps a message from somebody.
 *
 * Compiled when they are made, changed or loaded, and asked by the router for each pair of people. A silence of a sensor looks
 * at the authenticated origin only: what an alert says of itself cannot silence another.
 */

import type { Criteria } from '../../idmef/criteria/criteria.ts';
import { parseCriteria } from '../../idmef/criteria/parse-criteria.ts';
import type { Subject } from '../../idmef/criteria/subject.ts';
import type { MessageOrigin } from '../model/message.ts';
import type { Silence } from '../model/records.ts';
import { isOfSensor } from '../model/sender.ts';

export interface CompiledSilence {
  readonly silence: Silence;
  readonly criteria: Criteria;
}

export interface CompiledSilences {
  readonly silences: readonly CompiledSilence[];
  /** Those whose criteria cannot be read (any more): they silence nothing. */
  readonly faults: readonly { readonly id: number; readonly text: string }[];
}

export function compileSilences(silences: readonly Silence[]): CompiledSilences {
  const compiled: CompiledSilence[] = [];
  const faults: { id: number; text: string }[] = [];
  for (const silence of silences) {
    const parsed = parseCriteria(silence.criteria);
    if (parsed.ok) compiled.push({ silence, criteria: parsed.criteria });
    else faults.push({ id: silence.id, text: `column ${parsed.column}: ${parsed.text}` });
  }
  return { silences: compiled, faults };
}

/** Those that hold for a message, whomever it goes to. */
export function silencesOf(
  silences: readonly CompiledSilence[],
  message: { readonly subject: Subject; readonly origin: MessageOrigin; readonly at: number },
): readonly Silence[] {
  const { subject, origin, at } = message;
  const holding: Silence[] = [];
  for (const { silence, criteria } of silences) {
    const { from, until, expiredBy, sensor } = silence;
    if (expiredBy !== undefined || at < from || at >= until) continue;
    if (sensor !== undefined && !isOfSensor(origin, sensor)) continue;
    if (criteria.matches(subject)) holding.push(silence);
  }
  return holding;
}

/** `silence 12 by ana until 2026-01-02T10:00:00Z: maintenance`. */
export function silenceDetail({ id, author, until, reason }: Silence): string {
  return `silence ${id} by ${author} until ${new Date(until).toISOString().replace(/\.\d+Z$/, 'Z')}: ${reason}`;
}
