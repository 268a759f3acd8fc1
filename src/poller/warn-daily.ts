/**
 * Says a lasting warning once a day, not at each of 1,440 runs: a certificate that ends soon, a key file that
 * everybody can read.
 *
 * Called by profile-session.ts at each start. Remembered in the journal's state, which is only touched while
 * there is something to warn of.
 */

import { jsonObject, numberOf } from '../core/json-object.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import type { Journal } from '../journal/journal.ts';

/** Under one key of the state, each at most once in `everyMs`. */
interface Pace {
  readonly key: string;
  readonly everyMs: number;
}

const DAILY: Pace = { key: 'warned', everyMs: pollerLimits.warnAgainMs };

export async function warnDaily(
  warnings: readonly string[],
  state: Journal['state'],
  clock: Clock,
  say: (text: string) => void,
): Promise<void> {
  await warnSeldom(warnings, DAILY, state, clock, say);
}

export async function warnSeldom(
  warnings: readonly string[],
  { key, everyMs }: Pace,
  state: Journal['state'],
  clock: Clock,
  say: (text: string) => void,
): Promise<void> {
  if (warnings.length === 0) return;
  const now = clock.now();
  const before = jsonObject(await state.get(key)) ?? {};
  const saidAt = (warning: string): number => numberOf(before[warning]) ?? 0;
  const due = warnings.filter((warning) => Math.abs(now - saidAt(warning)) >= everyMs);
  if (due.length === 0) return;
  for (const warning of due) say(warning);
  const after = warnings.map((warning) => [warning, due.includes(warning) ? now : saidAt(warning)]);
  await state.set(key, JSON.stringify(Object.fromEntries(after)));
}
