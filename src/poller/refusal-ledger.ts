/**
 * Proof of poison: how often a destination refused a message while it was accepting others.
 *
 * Called by forward.ts after each delivery that met refusals. A refusal counts only if something else was
 * accepted in the same delivery, or since the message was refused before (the consumer's `settled` counter
 * tells, also across runs). A destination that refuses everything therefore proves nothing. Kept in the
 * journal's state; the oldest entries are forgotten beyond a limit, which only delays a verdict.
 */

import { jsonObject, numberOf } from '../core/json-object.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Journal } from '../journal/journal.ts';

interface Entry {
  /** All refusals. */
  readonly seen: number;
  /** Those that count. */
  readonly proven: number;
  /** Messages the destination had accepted when it last refused this one. */
  readonly settled: number;
}

export interface Refusal {
  readonly sequence: number;
  readonly reason: string;
}

export interface Judged {
  readonly refusal: Refusal;
  readonly seen: number;
  readonly proven: number;
  readonly poison: boolean;
}

/** Counts these refusals. `accepted`: in this delivery; `settled`: the consumer's counter, after it. */
export async function judgeRefusals(
  id: string,
  refusals: readonly Refusal[],
  { accepted, settled }: { readonly accepted: number; readonly settled: number },
  state: Journal['state'],
): Promise<Judged[]> {
  const key = `refused ${id}`;
  const entries = parse(await state.get(key));
  const judged = refusals.map((refusal) => {
    const before = entries.get(refusal.sequence);
    const counts = accepted > 0 || (before !== undefined && settled > before.settled);
    const proven = (before?.proven ?? 0) + (counts ? 1 : 0);
    const seen = (before?.seen ?? 0) + 1;
    const poison = proven >= pollerLimits.refusalsBeforePoison;
    entries.delete(refusal.sequence);
    if (!poison) entries.set(refusal.sequence, { seen, proven, settled });
    return { refusal, seen, proven, poison };
  });
  const kept = [...entries].slice(-pollerLimits.rememberedRefusals);
  await state.set(key, format(kept));
  return judged;
}

/** Accepted after all. */
export async function forgetRefusals(
  id: string,
  accepted: ReadonlySet<number>,
  state: Journal['state'],
): Promise<void> {
  const key = `refused ${id}`;
  const entries = parse(await state.get(key));
  const kept = [...entries].filter(([sequence]) => !accepted.has(sequence));
  if (kept.length < entries.size) await state.set(key, format(kept));
}

/** Messages refused so far and still kept. */
export async function refusedSoFar(id: string, state: Journal['state']): Promise<number> {
  return parse(await state.get(`refused ${id}`)).size;
}

/** `{"17":[seen,proven,settled]}` */
function format(entries: Iterable<readonly [number, Entry]>): string {
  const rows = [...entries].map(([sequence, { seen, proven, settled }]) => [
    sequence,
    [seen, proven, settled],
  ]);
  return rows.length === 0 ? '' : JSON.stringify(Object.fromEntries(rows));
}

function parse(text: string | undefined): Map<number, Entry> {
  const entries = new Map<number, Entry>();
  for (const [sequence, row] of Object.entries(jsonObject(text) ?? {})) {
    if (!Array.isArray(row)) continue;
    const [seen, proven, settled] = row.map((value) => numberOf(value) ?? 0);
    entries.set(Number(sequence), { seen: seen ?? 0, proven: proven ?? 0, settled: settled ?? 0 });
  }
  return entries;
}
