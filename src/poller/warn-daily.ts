/**
 * Says a lasting warning once a day, not at each of 1,440 runs: a certificate that ends soon, a key file that
 * everybody can read.
 *
 * Called by profile-session.ts at each start. Remembered in the journal's state, which is only touched while
 * there is something to warn of.
 */

import { pollerLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import type { Journal } from '../journal/journal.ts';

export async function warnDaily(
  warnings: readonly string[],
  state: Journal['state'],
  clock: Clock,
  say: (text: string) => void,
): Promise<void> {
  if (warnings.length === 0) return;
  const key = 'warned';
  const now = clock.now();
  const text = await state.get(key);
  const before = new Map(text === undefined || text === '' ? [] : (JSON.parse(text) as [string, number][]));
  const due = warnings.filter((warning) => Math.abs(now - (before.get(warning) ?? 0)) > pollerLimits.warnAgainMs);
  if (due.length === 0) return;
  for (const warning of due) say(warning);
  const after = warnings.map((warning) => [warning, due.includes(warning) ? now : (before.get(warning) ?? now)]);
  await state.set(key, JSON.stringify(after));
}
