/**
 * Remembers why a profile could not even be opened (a certificate file is missing, a key does not match), so that
 * `idmef status` tells it: such a run ends before it has a journal to write to.
 *
 * Called by profile-run.ts and follow.ts in that case only. Never throws; what cannot be noted has been logged
 * all the same. A journal that does not exist yet is not made for it.
 */

import { existsSync } from 'node:fs';

import type { RelayError } from '../core/errors.ts';
import { destinationId } from '../destinations/destination.ts';
import { openJournal } from '../journal/in-process.ts';
import { RUN_FAULT, repeatFault } from './fault-streak.ts';
import type { ProfileConfig } from './profile.ts';
import { journalPath, type PollerDeps } from './profile-session.ts';

export async function noteFailure(
  { stateDir, managers }: ProfileConfig,
  fault: RelayError,
  { clock, random }: PollerDeps,
): Promise<void> {
  const path = journalPath(stateDir);
  if (fault.code.startsWith('JOURNAL_') || fault.code === 'STATE_OWNER' || !existsSync(path)) return;
  try {
    // Naming no consumers would take their claims away.
    const journal = await openJournal({ path, consumers: managers.map(destinationId), clock, random });
    try {
      await repeatFault(journal.state, RUN_FAULT, clock, fault);
    } finally {
      await journal.close();
    }
  } catch {
    // Another run holds it, or it cannot be written: that is said by whoever works with it.
  }
}
