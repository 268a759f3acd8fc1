/**
 * Everything one profile works with, opened and closed together: journal (and with it the profile's lock),
 * sensor, destinations with their health.
 *
 * Called by profile-run.ts (a run) and follow.ts (for good). Opening fails with the RelayError of whatever is
 * not in order; JOURNAL_BUSY means that another run is active. Certificates are read here and, for a
 * follower, again each time a client is made.
 */

import { createSecureContext } from 'node:tls';
import { join } from 'node:path';

import type { ProfileConfig } from './profile.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { TlsSettings } from '../core/settings.ts';
import { destinationId, destinationLabel, type Destination } from '../destinations/destination.ts';
import { createHttpsClient } from '../http/https-client.ts';
import { labelOf, sensorCodes, type ClientTls, type Peer } from '../http/peer.ts';
import { openJournal } from '../journal/in-process.ts';
import type { Journal } from '../journal/journal.ts';
import { loadCredentials } from '../tls/credentials.ts';
import { tlsParameters } from '../tls/policy.ts';
import { loadHealth, type DestinationHealth } from './destination-health.ts';
import { createSensorClient, type SensorClient } from './sensor-client.ts';
import { originOf, readSensorFacts } from './sensor-facts.ts';

export interface PollerDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
}

export interface Target {
  readonly id: string;
  /** `gateway https://gw:3128/`, for sentences. */
  readonly label: string;
  readonly health: DestinationHealth;
  /** Made at the first call: an empty poll delivers nothing. */
  open(): Promise<Destination>;
}

export interface ProfileSession {
  readonly profile: ProfileConfig;
  /** For log lines: `dmz1: `. */
  readonly prefix: string;
  readonly journal: Journal;
  readonly targets: readonly Target[];
  /** A new client, with the certificates as they are now. */
  dialSensor(signal: AbortSignal): SensorClient;
  close(): Promise<void>;
}

/** Path of a profile's journal; also for `idmef quarantine` and the like. */
export function journalPath(stateDir: string): string {
  return join(stateDir, 'journal.db');
}

export async function openSession(profile: ProfileConfig, deps: PollerDeps): Promise<ProfileSession> {
  const { log, clock, random } = deps;
  const prefix = `${profile.name}: `;
  const warnings: string[] = [];
  let sensorTls: ClientTls | undefined = clientTls(profile.tls, '', warnings);
  // Read now, so that a wrong file is said at once and not when the first alert is to be forwarded.
  const own =
    profile.managerTls !== profile.tls && profile.managers.some(({ protocol }) => protocol === 'https:');
  if (own) clientTls(profile.managerTls, 'manager-', warnings);

  const ids = profile.managers.map(destinationId);
  const journal = await openJournal({
    path: journalPath(profile.stateDir),
    consumers: ids,
    ...(profile.maxJournalBytes === undefined ? {} : { maxBytes: profile.maxJournalBytes }),
    clock,
    random,
    onSetAside: ({ path, reason }) =>
      log.error(
        `${prefix}the journal was damaged (${reason}) and set aside as ${path}; a new one is started`,
      ),
    onDamage: ({ sequence, reason }) =>
      log.error(
        `${prefix}message ${sequence} of the journal is damaged (${reason}); it is dropped and counted`,
      ),
  });

  try {
    if (warnings.length > 0) {
      const { warnDaily } = await import('./warn-daily.ts');
      await warnDaily(warnings, journal.state, clock, (text) => log.warning(`${prefix}${text}`));
    }
    const opened: Destination[] = [];
    const targets: Target[] = [];
    for (const url of profile.managers) {
      const id = destinationId(url);
      let destination: Destination | undefined;
      targets.push({
        id,
        label: destinationLabel(url),
        health: await loadHealth(id, journal.state, clock, random),
        open: async () => {
          if (destination !== undefined) return destination;
          const { createDestination } = await import('../destinations/create-destination.ts');
          destination = createDestination(url, {
            tls: () => clientTls(own ? profile.managerTls : profile.tls, own ? 'manager-' : '', []),
            ...(profile.proxy === undefined ? {} : { proxy: profile.proxy }),
            idleMs: profile.timeoutSeconds * 1000,
            dialect: profile.dialect,
            memory: journal.state,
            clock,
            origin: async () => originOf(profile.name, await readSensorFacts(journal.state)),
          });
          opened.push(destination);
          return destination;
        },
      });
    }
    return {
      profile,
      prefix,
      journal,
      targets,
      dialSensor: (signal) => {
        const tls = sensorTls ?? clientTls(profile.tls, '', []);
        sensorTls = undefined;
        return dial(profile, tls, signal);
      },
      close: async () => {
        for (const destination of opened) await destination.close();
        await journal.close();
      },
    };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** Our side of mutual TLS, from files. Throws RelayError TLS_FILE or CONFIG. */
export function clientTls(settings: TlsSettings, optionPrefix: string, warnings: string[]): ClientTls {
  const credentials = loadCredentials(settings, { optionPrefix, purpose: 'client' });
  const { parameters, warnings: more } = tlsParameters(settings);
  warnings.push(...credentials.warnings, ...more);
  return {
    certFile: settings.certFile,
    caFile: settings.caFile,
    secureContext: createSecureContext({
      cert: credentials.cert,
      key: credentials.key,
      ca: [...credentials.ca],
      ...(credentials.crl.length === 0 ? {} : { crl: [...credentials.crl] }),
      minVersion: parameters.minVersion,
      maxVersion: parameters.maxVersion,
      ciphers: parameters.ciphers,
    }),
  };
}

export function dial(profile: ProfileConfig, tls: ClientTls, signal: AbortSignal): SensorClient {
  const idleMs = profile.timeoutSeconds * 1000;
  const peer: Peer = {
    url: profile.sensor,
    ...(profile.sensorName === undefined ? {} : { name: profile.sensorName }),
    label: labelOf('sensor', profile.sensor),
    codes: sensorCodes,
  };
  return createSensorClient({ peer, client: createHttpsClient(peer, tls, idleMs), idleMs, signal });
}
