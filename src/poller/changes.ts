/**
 * What a destination took otherwise than it was written: counted by rule over all runs, in the journal's state.
 *
 * Called by deliver-lease.ts after each delivery that met changes; read by profile-facts.ts. A message counts once for
 * each rule, however often that applied to it. A process that is killed between a settlement and this count loses the
 * count of that delivery, not the messages.
 */

import { jsonObject, numberOf } from '../core/json-object.ts';
import type { Change } from '../core/outcome.ts';
import type { Journal } from '../journal/journal.ts';
import { addTo } from './run-counts.ts';

export interface ChangedMessage {
  readonly sequence: number;
  /** As it is written; undefined when it has none. */
  readonly messageid: string | undefined;
  readonly changes: readonly Change[];
}

/** Messages by rule. */
export function countRules(changed: readonly ChangedMessage[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { changes } of changed) {
    for (const rule of new Set(changes.map((change) => change.rule))) addTo(counts, rule);
  }
  return counts;
}

export async function rememberChanges(
  id: string,
  counts: ReadonlyMap<string, number>,
  state: Journal['state'],
): Promise<void> {
  const sum = await changesSoFar(id, state);
  for (const [rule, count] of counts) addTo(sum, rule, count);
  await state.set(keyOf(id), JSON.stringify(Object.fromEntries(sum)));
}

/** Messages by rule, since the journal began. */
export async function changesSoFar(id: string, state: Journal['state']): Promise<Map<string, number>> {
  const entries = Object.entries(jsonObject(await state.get(keyOf(id))) ?? {});
  return new Map(entries.map(([rule, count]) => [rule, numberOf(count) ?? 0]));
}

function keyOf(id: string): string {
  return `changed ${id}`;
}
