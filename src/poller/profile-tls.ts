/**
 * Both TLS sides of a profile, towards the sensor and towards https destinations: read once for a run, and kept up to date
 * with their files for a follower. Opened by profile-session.ts.
 *
 * A follower's new files are in force from its next question or delivery on; what is under way ends as it began.
 * Files that cannot be used change nothing (tls/tls-watch.ts). An empty poll never loads the watching.
 */

import type { TlsSettings } from '../core/settings.ts';
import { clientTlsOf } from '../destinations/client-tls.ts';
import type { ClientTls } from '../http/peer.ts';
import type { Credentials } from '../tls/credentials.ts';
import { certificateDates, type EndDate } from '../tls/end-dates.ts';
import { loadPlainCredentials, type PlainCredentials } from '../tls/plain-credentials.ts';
import { tlsParameters } from '../tls/policy.ts';
import type { TlsWatch } from '../tls/tls-watch.ts';
import type { ProfileConfig } from './profile.ts';
import type { PollerDeps } from './profile-session.ts';

export interface ProfileTls {
  readonly sensor: ClientTls;
  readonly managers: ClientTls;
  /** Sentences for the start. */
  readonly warnings: readonly string[];
  /** Counts exchanges of files. */
  readonly generation: number;
  /** When our certificates, authorities and revocation lists end. */
  dates(): readonly EndDate[];
  /** The sides that have revocation lists. */
  lists(): readonly Credentials[];
  /** Called after each exchange. */
  onChange(listener: () => void): void;
  /** Compare the files now and say how it went (SIGHUP). */
  look(): void;
  close(): void;
}

interface Side {
  client: ClientTls;
  credentials: Credentials | PlainCredentials;
}

/** Throws RelayError TLS_FILE or CONFIG. */
export async function openProfileTls(
  profile: ProfileConfig,
  deps: Pick<PollerDeps, 'log' | 'clock'>,
  watching: boolean,
): Promise<ProfileTls> {
  const own = hasOwnManagerTls(profile);
  const warnings: string[] = [];
  const watches: TlsWatch[] = [];
  const listeners: (() => void)[] = [];
  let generation = 0;

  const open = async (settings: TlsSettings, optionPrefix: string): Promise<Side> => {
    const options = { optionPrefix, purpose: 'client' } as const;
    if (!watching && settings.crlFile === undefined) {
      return sideOf(settings, loadPlainCredentials(settings, options), deps, warnings);
    }
    const { loadCredentials } = await import('../tls/credentials.ts');
    const load = (): Credentials => loadCredentials(settings, options);
    if (!watching) return sideOf(settings, load(), deps, warnings);
    const { watchTls } = await import('../tls/tls-watch.ts');
    const adopt = (credentials: Credentials): void => {
      Object.assign(side, sideOf(settings, credentials, deps, []));
      generation += 1;
      for (const listener of listeners) listener();
    };
    const watch = watchTls({
      settings,
      load,
      adopt,
      prefix: `${profile.name}: `,
      logger: deps.log,
      clock: deps.clock,
    });
    watches.push(watch);
    const side = sideOf(settings, watch.credentials, deps, warnings);
    return side;
  };

  try {
    const sensor = await open(profile.tls, '');
    // Read now, so that a wrong file is said at once and not when the first alert is to be forwarded.
    const managers = own ? await open(profile.managerTls, 'manager-') : sensor;
    const sides = own ? [sensor, managers] : [sensor];
    return {
      get sensor() {
        return sensor.client;
      },
      get managers() {
        return managers.client;
      },
      get generation() {
        return generation;
      },
      warnings,
      dates: () => sides.flatMap(({ credentials }) => certificateDates(credentials)),
      lists: () => sides.flatMap(({ credentials }) => ('lists' in credentials ? [credentials] : [])),
      onChange: (listener) => void listeners.push(listener),
      look: () => {
        for (const watch of watches) watch.look(true);
      },
      close: () => {
        for (const watch of watches) watch.close();
      },
    };
  } catch (error) {
    for (const watch of watches) watch.close();
    throw error;
  }
}

/** Whether every file of a profile can be used. Throws RelayError TLS_FILE or CONFIG. */
export async function checkProfileTls(
  profile: ProfileConfig,
  deps: Pick<PollerDeps, 'log' | 'clock'>,
): Promise<void> {
  (await openProfileTls(profile, deps, false)).close();
}

function hasOwnManagerTls({ managerTls, tls, managers }: ProfileConfig): boolean {
  return managerTls !== tls && managers.some(({ protocol }) => protocol === 'https:');
}

function sideOf(
  settings: TlsSettings,
  credentials: Credentials | PlainCredentials,
  { clock }: Pick<PollerDeps, 'clock'>,
  warnings: string[],
): Side {
  warnings.push(...credentials.warnings, ...tlsParameters(settings).warnings);
  return { client: clientTlsOf(settings, credentials, clock), credentials };
}
