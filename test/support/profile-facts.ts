/** A profile in good order, as facts and as a report, and whatever a test changes of it. */

import type { ProfileReport, ProfileSource } from '../../src/app/profile-report.ts';
import { wordOf } from '../../src/app/profile-report.ts';
import type { DestinationFacts, ProfileFacts } from '../../src/poller/profile-facts.ts';
import type { ProfileLook } from '../../src/poller/look-at-profile.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';

export const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function destinationFor(more: Partial<DestinationFacts> = {}): DestinationFacts {
  return {
    id: 'https://gw:3128/',
    active: true,
    pending: 0,
    bytes: 0,
    oldestAt: undefined,
    held: 0,
    forwarded: 12,
    dead: 0,
    dropped: {},
    refused: 0,
    changed: {},
    acceptedAt: NOW - 3 * MINUTE,
    illness: undefined,
    ...more,
  };
}

export function factsFor(more: Partial<ProfileFacts> = {}): ProfileFacts {
  return {
    journal: 'b'.repeat(32),
    at: NOW,
    run: {
      at: NOW - 3 * MINUTE,
      ms: 210,
      exit: 0,
      fetched: 12,
      forwarded: 12,
      duplicate: 0,
      quarantined: 0,
    },
    lastRunAt: NOW - 41 * SECOND,
    lastRunMs: 30,
    lastSuccess: NOW - 41 * SECOND,
    sensor: {
      name: 'dmz1.example',
      journal: 'a'.repeat(32),
      relay: '1',
      certificateEnd: NOW + 90 * DAY,
      clockOffsetMs: 0,
      lastSuccess: NOW - 41 * SECOND,
      said: { pending: 0, oldestMs: 0, stuck: 0, corrupt: 0, dropped: 0, paused: false },
    },
    sensorFault: undefined,
    runFault: undefined,
    endedFault: undefined,
    destinations: [destinationFor()],
    offered: 12,
    accepted: 12,
    duplicate: 0,
    conflict: 0,
    quarantined: {},
    quarantine: 0,
    usedBytes: 262_144,
    brokenLaws: [],
    ...more,
  };
}

export function sourceFor(name: string, more: Partial<ProfileSource> = {}): ProfileSource {
  return { name, stateDir: `/var/lib/idmef-relay/profiles/${name}`, config, fault: undefined, ...more };
}

/** Only that it is there counts for a report; nobody polls with it. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
const config = { tls: { certFile: '/nowhere.crt' } } as ProfileConfig;

export function reportFor(
  name: string,
  look: ProfileLook | Partial<ProfileFacts> = {},
  more: Partial<ProfileSource> = {},
): ProfileReport {
  const source = sourceFor(name, more);
  const seen: ProfileLook = 'kind' in look ? look : { kind: 'facts', facts: factsFor(look) };
  return { source, look: seen, word: wordOf(source, seen, NOW), at: NOW, certificateEnd: NOW + 200 * DAY };
}
