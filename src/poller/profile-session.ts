/**
 * Everything one profile works with, opened and closed together: journal (and with it the profile's lock),
 * sensor, destinations with their health.
 *
 * Called by profile-run.ts (a run) and follow.ts (for good). Opening fails with the RelayError of whatever is
 * not in order; JOURNAL_BUSY means that another run is active. Certificates are read here; for a follower they are
 * kept up to date (profile-tls.ts).
 */

import { join } from 'node:path';

import type { ProfileConfig } from './profile.ts';
import { journalLimits } from '../core/limits.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import { destinationId, destinationLabel, type Destination } from '../destinations/destination.ts';
import type { PreludeLinks } from '../destinations/prelude/links.ts';
import { createHttpsClient } from '../http/https-client.ts';
import { labelOf, sensorCodes, type ClientTls, type Peer } from '../http/peer.ts';
import { openJournal } from '../journal/in-process.ts';
import { setAsideWords } from '../journal/salvage/report.ts';
import type { Journal } from '../journal/journal.ts';
import { lossFields, lossText } from '../journal/loss-words.ts';
import { systemClock } from '../os/clock.ts';
import { loadHealth, type DestinationHealth } from './destination-health.ts';
import { openProfileTls, type ProfileTls } from './profile-tls.ts';
import { createSensorClient, type SensorClient } from './sensor-client.ts';
import { originOf, readSensorFacts } from './sensor-facts.ts';

export interface PollerDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
  /** Of the program. */
  readonly version?: () => string;
  /** Connections to prelude-managers that the profiles of a program share. */
  readonly preludeLinks?: PreludeLinks;
  /** A follower has opened the profile, or failed to for the first time. */
  readonly tried?: (profile: string) => void;
  /** Told at the end of each run, and by a follower each minute. Never rejects. */
  readonly observe?: Observe;
}

/** `journal` is undefined when it could not be opened. */
export type Observe = (
  profile: ProfileConfig,
  journal: Journal | undefined,
  end: { readonly exit: number; readonly ms: number },
) => Promise<void>;

export interface Target {
  readonly id: string;
  /** `gateway https://gw:3128/`, for sentences. */
  readonly label: string;
  readonly health: DestinationHealth;
  /** Lives between deliveries (a session, heartbeats): a follower opens it before there is anything to deliver. */
  readonly resident: boolean;
  /** Made at the first call: an empty poll delivers nothing. */
  open(): Promise<Destination>;
  /** Undefined until it has been opened. */
  opened(): Destination | undefined;
}

export interface ProfileSession {
  readonly profile: ProfileConfig;
  /** For log lines: `dmz1: `. */
  readonly prefix: string;
  readonly journal: Journal;
  readonly targets: readonly Target[];
  readonly tls: ProfileTls;
  /** A new client, with the certificates that are in force. */
  dialSensor(signal: AbortSignal): SensorClient;
  close(): Promise<void>;
}

/** Path of a profile's journal; also for `idmef quarantine` and the like. */
export function journalPath(stateDir: string): string {
  return join(stateDir, 'journal.db');
}

/** `following`: for good; certificates are kept up to date with their files, destinations may live between deliveries. */
export async function openSession(
  profile: ProfileConfig,
  deps: PollerDeps,
  following = false,
): Promise<ProfileSession> {
  const { log, clock, random, hostname, version, preludeLinks } = deps;
  const prefix = `${profile.name}: `;
  const tls = await openProfileTls(profile, deps, following);
  const ids = profile.managers.map(destinationId);
  const journal = await openJournal({
    path: journalPath(profile.stateDir),
    consumers: ids,
    ...(profile.maxJournalBytes === undefined ? {} : { maxBytes: profile.maxJournalBytes }),
    ...(profile.retention === undefined ? {} : { retention: profile.retention }),
    clock,
    random,
    onSetAside: (event) => log.error(`${prefix}${setAsideWords(event)}`),
    onDamage: ({ sequence, reason }) =>
      log.error(
        `${prefix}message ${sequence} of the journal is damaged (${reason}); it is dropped and counted`,
      ),
    onLoss: (loss) => log.error(`${prefix}${lossText(loss)}`, { profile: profile.name, ...lossFields(loss) }),
  }).catch((error: unknown) => {
    tls.close();
    throw error;
  });
  // A fault of the file is said by the next verb.
  const tidy = (): void => void journal.tidy().catch(() => undefined);
  const tidying = setInterval(tidy, journalLimits.tidyMs);
  tidying.unref();
  if (profile.retention !== undefined) tidy();

  try {
    const warnings = [...tls.warnings, ...idleProxy(profile)];
    if (warnings.length > 0) {
      const { warnDaily } = await import('./warn-daily.ts');
      await warnDaily(warnings, journal.state, clock, (text) => log.warning(`${prefix}${text}`));
    }
    const opened: Destination[] = [];
    const targets: Target[] = [];
    for (const url of profile.managers) {
      const id = destinationId(url);
      let current: Destination | undefined;
      const make = async (): Promise<Destination> => {
        const { createDestination } = await import('../destinations/create-destination.ts');
        const destination = await createDestination(url, {
          tls: () => tls.managers,
          tlsGeneration: () => tls.generation,
          ...(profile.proxy === undefined ? {} : { proxy: profile.proxy }),
          idleMs: profile.timeoutSeconds * 1000,
          dialect: profile.dialect,
          longRunning: following,
          hostname,
          ...(version === undefined ? {} : { version: version() }),
          ...(preludeLinks === undefined ? {} : { links: preludeLinks }),
          memory: journal.state,
          clock,
          random,
          origin: async () => originOf(profile.name, await readSensorFacts(journal.state)),
        });
        opened.push(destination);
        current = destination;
        if (!following && destination.notices !== undefined) {
          const { sayNoticesDaily } = await import('./attend.ts');
          await sayNoticesDaily(destination, journal.state, deps, prefix);
        }
        return destination;
      };
      let making: Promise<Destination> | undefined;
      targets.push({
        id,
        label: destinationLabel(url),
        health: await loadHealth(id, journal.state, clock, random),
        resident: url.protocol === 'prelude:',
        open: () => (making ??= make()),
        opened: () => current,
      });
    }
    return {
      profile,
      prefix,
      journal,
      targets,
      tls,
      dialSensor: (signal) => dial(profile, tls.sensor, signal, clock),
      close: async () => {
        clearInterval(tidying);
        tls.close();
        for (const destination of opened) await destination.close();
        await journal.close();
      },
    };
  } catch (error) {
    clearInterval(tidying);
    tls.close();
    await journal.close();
    throw error;
  }
}

/** A proxy that nothing goes through may have been meant for what is dialled directly. */
function idleProxy({ proxy, managers }: ProfileConfig): string[] {
  const schemes = new Set(managers.map(({ protocol }) => protocol));
  if (proxy === undefined || schemes.has('https:') || !schemes.has('prelude:')) return [];
  return ['--proxy is for https destinations only: prelude-manager is dialled directly'];
}

export function dial(
  profile: ProfileConfig,
  tls: ClientTls,
  signal: AbortSignal,
  clock: Clock = systemClock,
): SensorClient {
  const idleMs = profile.timeoutSeconds * 1000;
  const peer: Peer = {
    url: profile.sensor,
    ...(profile.sensorName === undefined ? {} : { name: profile.sensorName }),
    label: labelOf('sensor', profile.sensor),
    codes: sensorCodes,
  };
  const client = createHttpsClient(peer, tls, idleMs);
  return createSensorClient({ peer, client, idleMs, signal, clock, gzip: profile.gzip });
}
