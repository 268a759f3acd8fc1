/**
 * The facts of profiles as Prometheus families, `idmef_poller_*` (ARCHITECTURE.md: Seeing it lists them).
 *
 * Pure. Called by src/app/metrics-files.ts with what the last run of each profile left. Counters are the journal's,
 * so they go on across processes and start anew only with a new journal. What is not known has no sample.
 */

import type { MetricFamily, MetricSample } from '../log/exposition.ts';
import { shownId, type DestinationFacts, type ProfileFacts } from './profile-facts.ts';

export interface ProfileSample {
  readonly profile: string;
  /** End of the last run (wall time, ms), its exit code, and how long it took. */
  readonly at: number;
  readonly exit: number;
  readonly ms: number;
  /** Undefined when the journal could not be opened. */
  readonly facts: ProfileFacts | undefined;
  /** Wall time (ms) at which our own certificate towards the sensor ends. */
  readonly certificateEnd: number | undefined;
  readonly disk: { readonly freeBytes: number; readonly reserveBytes: number } | undefined;
}

/** Of one profile, or of one of its destinations; undefined is not known. */
type Reading<Subject> = (subject: Subject) => number | undefined;
type Kind = MetricFamily['kind'];

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
const flag = (on: boolean | undefined): number | undefined => (on === undefined ? undefined : Number(on));
const isUp = ({ exit, facts }: ProfileSample): number =>
  facts !== undefined &&
  facts.sensorFault === undefined &&
  facts.runFault === undefined &&
  ![70, 74, 78].includes(exit)
    ? 1
    : 0;

const ofProfile: readonly (readonly [string, Kind, string, Reading<ProfileSample>])[] = [
  ['up', 'gauge', '1 when the last run fetched without a fault', isUp],
  ['last_run_timestamp_seconds', 'gauge', 'End of the last run', ({ at }) => seconds(at)],
  ['last_run_duration_seconds', 'gauge', 'How long the last run took', ({ ms }) => seconds(ms)],
  ['last_run_exit_code', 'gauge', 'Exit code of the last run (sysexits)', ({ exit }) => exit],
  [
    'last_success_timestamp_seconds',
    'gauge',
    'When the sensor last answered well, to the minute',
    ({ facts }) => seconds(facts?.lastSuccess),
  ],
  [
    'fetched_total',
    'counter',
    'Messages received that were new here, reports of our own included',
    ({ facts }) => facts && facts.offered - facts.duplicate,
  ],
  ['duplicate_total', 'counter', 'Messages received again', ({ facts }) => facts?.duplicate],
  [
    'conflict_total',
    'counter',
    'Messages with a known sequence and other content, taken as new',
    ({ facts }) => facts?.conflict,
  ],
  ['quarantine_entries', 'gauge', 'Messages that wait in quarantine', ({ facts }) => facts?.quarantine],
  ['journal_bytes', 'gauge', 'Used pages of the journal', ({ facts }) => facts?.usedBytes],
  [
    'law_broken',
    'gauge',
    'Equations of the law of conservation that do not hold',
    ({ facts }) => facts?.brokenLaws.length,
  ],
  ['disk_free_bytes', 'gauge', 'Free space of the filesystem of the journal', ({ disk }) => disk?.freeBytes],
  ['disk_reserve_bytes', 'gauge', 'Space that is left to others there', ({ disk }) => disk?.reserveBytes],
  [
    'certificate_end_timestamp_seconds',
    'gauge',
    'When our certificate towards the sensor ends',
    ({ certificateEnd }) => seconds(certificateEnd),
  ],
  [
    'sensor_certificate_end_timestamp_seconds',
    'gauge',
    'When the certificate of the sensor ends',
    ({ facts }) => seconds(facts?.sensor.certificateEnd),
  ],
  [
    'sensor_clock_offset_seconds',
    'gauge',
    'How far the clock of the sensor is ahead of ours',
    ({ facts }) => seconds(facts?.sensor.clockOffsetMs),
  ],
  [
    'sensor_pending_messages',
    'gauge',
    'Messages left on the sensor',
    ({ facts }) => facts?.sensor.said?.pending,
  ],
  [
    'sensor_oldest_seconds',
    'gauge',
    'Age of the oldest of them',
    ({ facts }) => seconds(facts?.sensor.said?.oldestMs),
  ],
  [
    'sensor_stuck_files',
    'gauge',
    'Files of the spool that cannot be taken',
    ({ facts }) => facts?.sensor.said?.stuck,
  ],
  [
    'sensor_corrupt_files',
    'gauge',
    'Files set aside on the sensor',
    ({ facts }) => facts?.sensor.said?.corrupt,
  ],
  [
    'sensor_dropped_total',
    'counter',
    'Messages the sensor lost to retention, lapsed claims or damage',
    ({ facts }) => facts?.sensor.said?.dropped,
  ],
  [
    'sensor_intake_paused',
    'gauge',
    '1 while the sensor takes nothing from its spool',
    ({ facts }) => flag(facts?.sensor.said?.paused),
  ],
];

interface Owed {
  readonly one: DestinationFacts;
  readonly now: number;
}

const ofDestination: readonly (readonly [string, Kind, string, Reading<Owed>])[] = [
  ['destination_up', 'gauge', '1 while the destination takes messages', ({ one }) => (one.illness ? 0 : 1)],
  [
    'destination_last_success_timestamp_seconds',
    'gauge',
    'When the destination last accepted something',
    ({ one }) => seconds(one.acceptedAt),
  ],
  ['forwarded_total', 'counter', 'Messages the destination has accepted', ({ one }) => one.forwarded],
  ['pending_messages', 'gauge', 'Messages kept for the destination', ({ one }) => one.pending],
  ['pending_bytes', 'gauge', 'Bytes of what is kept for the destination', ({ one }) => one.bytes],
  [
    'oldest_seconds',
    'gauge',
    'Age of the oldest message kept for the destination, 0 when there is none',
    ({ one, now }) => (one.oldestAt === undefined ? 0 : Math.max(0, now - one.oldestAt) / 1000),
  ],
  [
    'held_messages',
    'gauge',
    'Messages kept for a destination that is not configured any more',
    ({ one }) => one.held,
  ],
  [
    'refused_messages',
    'gauge',
    'Messages the destination refused that are tried again',
    ({ one }) => one.refused,
  ],
  [
    'dead_messages',
    'gauge',
    'Messages in quarantine that the destination refuses, or cannot hold',
    ({ one }) => one.dead,
  ],
];

export function pollerMetrics(samples: readonly ProfileSample[]): MetricFamily[] {
  const profiles = ofProfile.map(([name, kind, help, read]) =>
    family(
      name,
      kind,
      help,
      samples.flatMap((sample) => reading({ profile: sample.profile }, read(sample))),
    ),
  );
  const owed = samples.flatMap(({ profile, facts }) => labelled(profile, facts));
  const destinations = ofDestination.map(([name, kind, help, read]) =>
    family(
      name,
      kind,
      help,
      owed.flatMap(({ labels, ...subject }) => reading(labels, read(subject))),
    ),
  );
  const dropped = owed.flatMap(({ labels, one }) =>
    Object.entries(one.dropped).map(([reason, value]) => ({ labels: { ...labels, reason }, value })),
  );
  const changed = owed.flatMap(({ labels, one }) =>
    Object.entries(one.changed).map(([rule, value]) => ({ labels: { ...labels, rule }, value })),
  );
  const quarantined = samples.flatMap(({ profile, facts }) =>
    Object.entries(facts?.quarantined ?? {}).map(([rule, value]) => ({ labels: { profile, rule }, value })),
  );
  return [
    ...profiles,
    ...destinations,
    family('dropped_total', 'counter', 'Messages a destination will not get, by reason', dropped),
    family('changed_total', 'counter', 'Messages a destination got in another form, by rule', changed),
    family('quarantined', 'gauge', 'Messages set aside and not let go since, by first rule', quarantined),
  ].filter((one) => one.samples.length > 0);
}

function labelled(profile: string, facts: ProfileFacts | undefined) {
  const seen = new Set<string>();
  return (facts?.destinations ?? []).map((one) => {
    // Two that differ in what is not shown must not become one.
    const shown = shownId(one.id);
    let destination = shown;
    for (let number = 2; seen.has(destination); number += 1) destination = `${shown} (${number})`;
    seen.add(destination);
    return { labels: { profile, destination }, one, now: facts?.at ?? 0 };
  });
}

function reading(labels: Readonly<Record<string, string>>, value: number | undefined): MetricSample[] {
  return value === undefined ? [] : [{ labels, value }];
}

function family(name: string, kind: Kind, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name: `idmef_poller_${name}`, help, kind, samples };
}
