/**
 * One profile as `idmef status` and `idmef check` see it: where it was found, what its journal says, and one word
 * for its state.
 *
 * Called by status.ts and check.ts with the profiles that src/cli/find-profiles.ts found. Words, worst first:
 *   config      its settings file is wrong: no run can start
 *   damaged     its journal cannot be read as one; the next run sets it aside
 *   unreadable  its journal is not ours to read
 *   failing     the last run met a fault, or a destination does not take
 *   silent      nothing ran for statusLimits.silentMs: is the timer enabled?
 *   never       configured, but no run got as far as a journal
 *   held        a destination that is not configured any more is still owed messages
 *   no-file     state without a settings file, and nothing runs: polled by flags once, or removed
 *   ok
 */

import { statusLimits } from '../core/limits.ts';
import type { Clock, Random } from '../core/ports.ts';
import { lookAtProfile, type ProfileLook } from '../poller/look-at-profile.ts';
import { shownId, type ProfileFacts } from '../poller/profile-facts.ts';
import type { ProfileConfig } from '../poller/profile.ts';
import { certificateEnd } from '../tls/certificate-end.ts';

export const stateWords = [
  'config',
  'damaged',
  'unreadable',
  'failing',
  'silent',
  'never',
  'held',
  'no-file',
  'ok',
] as const;

export type StateWord = (typeof stateWords)[number];

/** A profile as it was found. */
export interface ProfileSource {
  readonly name: string;
  readonly stateDir: string;
  /** Undefined when no settings file names it, or the file is wrong. */
  readonly config: ProfileConfig | undefined;
  /** Why its settings file cannot be used; `denied`: by this user, and nothing else is known to be wrong. */
  readonly fault:
    { readonly message: string; readonly hint: string | undefined; readonly denied: boolean } | undefined;
}

export interface ProfileReport {
  readonly source: ProfileSource;
  readonly look: ProfileLook;
  readonly word: StateWord;
  /** When this was looked at: wall time, ms. */
  readonly at: number;
  /** Wall time (ms) at which our own certificate towards the sensor ends; undefined when it cannot be read. */
  readonly certificateEnd: number | undefined;
}

/** A fault that lasts: of the settings, the journal, the sensor, the run, or a destination. */
export interface Trouble {
  readonly where: string;
  /** Of core/errors.ts; '' when it has none. */
  readonly code: string;
  readonly text: string;
  readonly hint: string | undefined;
  /** Wall times, ms; undefined where nothing remembers them. */
  readonly since: number | undefined;
  readonly at: number | undefined;
  readonly runs: number | undefined;
}

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
}

/** Worst first, then by name. */
export async function reportProfiles(
  sources: readonly ProfileSource[],
  deps: Deps,
): Promise<readonly ProfileReport[]> {
  const reports: ProfileReport[] = [];
  // One after the other: each opens a journal.
  for (const source of sources) {
    const look = await lookAtProfile(source.stateDir, deps);
    const at = deps.clock.now();
    const end = source.config && certificateEnd(source.config.tls.certFile);
    reports.push({ source, look, word: wordOf(source, look, at), at, certificateEnd: end });
  }
  return reports.toSorted(
    (a, b) =>
      rank(a.word) - rank(b.word) || a.source.name.localeCompare(b.source.name, 'en', { numeric: true }),
  );
}

function rank(word: StateWord): number {
  return stateWords.indexOf(word);
}

export function wordOf(source: ProfileSource, look: ProfileLook, now: number): StateWord {
  if (source.fault?.denied === false) return 'config';
  if (look.kind !== 'facts') return source.fault === undefined ? look.kind : 'unreadable';
  const { facts } = look;
  const quiet = now - (facts.lastRunAt ?? 0) > statusLimits.silentMs;
  if (quiet) return isConfigured(source) ? 'silent' : 'no-file';
  if (troublesOf(facts).length > 0) return 'failing';
  return facts.destinations.some(({ held }) => held > 0) ? 'held' : 'ok';
}

/** Whether a settings file names it, right or wrong. */
export function isConfigured({ config, fault }: ProfileSource): boolean {
  return config !== undefined || fault !== undefined;
}

/** All that lasts, the most telling first. */
export function troubles({ source, look }: ProfileReport): readonly Trouble[] {
  const found: Trouble[] = [];
  const untimed = { code: '', since: undefined, at: undefined, runs: undefined };
  if (source.fault !== undefined) {
    const { message, hint } = source.fault;
    found.push({ ...untimed, where: 'settings', code: 'CONFIG', text: message, hint });
  }
  if (look.kind === 'unreadable' || look.kind === 'damaged') {
    found.push({ ...untimed, where: 'journal', text: look.reason, hint: look.hint });
  }
  return look.kind === 'facts' ? [...found, ...troublesOf(look.facts)] : found;
}

function troublesOf({ sensorFault, runFault, destinations, brokenLaws }: ProfileFacts): Trouble[] {
  const found: Trouble[] = [];
  const untimed = { since: undefined, at: undefined, runs: undefined };
  for (const law of brokenLaws) {
    const hint = 'messages may be missing: keep the journal and report it';
    found.push({ ...untimed, where: 'law', code: 'BUG', text: law, hint });
  }
  for (const [where, fault] of [
    ['run', runFault],
    ['sensor', sensorFault],
  ] as const) {
    if (fault === undefined) continue;
    const { text, code, since, at, runs, hint } = fault;
    found.push({
      where,
      code,
      text: text === '' ? 'a fault an earlier version met' : text,
      hint,
      since,
      at,
      runs,
    });
  }
  for (const { id, illness } of destinations) {
    if (illness === undefined) continue;
    const { reason, hint, since, at, runs, kind } = illness;
    const code = kind === 'broken' ? 'DESTINATION_BROKEN' : 'DESTINATION_UNREACHABLE';
    found.push({ where: shownId(id), code, text: reason, hint, since, at, runs });
  }
  return found;
}
