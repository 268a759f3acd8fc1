/** The facts of a profile from outside. Called by src/app for `idmef status`, `idmef check` and metrics. */

import type { Clock, Random } from '../core/ports.ts';
import { lookAtJournal, type Look } from '../journal/look-at-journal.ts';
import { gatherFacts, type ProfileFacts } from './profile-facts.ts';
import { journalPath } from './profile-session.ts';

export type ProfileLook = Look<ProfileFacts>;

export async function lookAtProfile(
  stateDir: string,
  deps: { readonly clock: Clock; readonly random: Random },
): Promise<ProfileLook> {
  return await lookAtJournal(journalPath(stateDir), deps, gatherFacts);
}
