/** The facts of profiles as Prometheus text: read back strictly, number by number. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exposition } from '../../src/log/exposition.ts';
import { pollerMetrics, type ProfileSample } from '../../src/poller/metrics.ts';
import { parseExposition } from '../support/parse-exposition.ts';
import { DAY, destinationFor, factsFor, HOUR, NOW } from '../support/profile-facts.ts';

function sample(profile: string, more: Partial<ProfileSample> = {}): ProfileSample {
  return {
    profile,
    at: NOW,
    exit: 0,
    ms: 210,
    facts: factsFor(),
    certificateEnd: NOW + DAY,
    disk: { freeBytes: 5000, reserveBytes: 100 },
    ...more,
  };
}

async function read(samples: readonly ProfileSample[]) {
  const families = parseExposition(await exposition(pollerMetrics(samples)));
  return (name: string) => families.get(`idmef_poller_${name}`);
}

test('one sound profile, every family', async () => {
  const facts = factsFor({
    offered: 20,
    accepted: 15,
    duplicate: 3,
    conflict: 1,
    quarantined: { E12: 2 },
    quarantine: 1,
    sensor: {
      certificateEnd: NOW + 9 * DAY,
      clockOffsetMs: -7000,
      said: { pending: 3, oldestMs: 41_000, stuck: 1, corrupt: 2, dropped: 5, paused: false },
    },
    destinations: [
      destinationFor({
        pending: 4,
        bytes: 9000,
        oldestAt: NOW - HOUR,
        dropped: { retention: 7 },
        dead: 1,
        refused: 2,
        changed: { fstype: 4 },
      }),
    ],
  });
  const family = await read([sample('dmz1', { facts })]);
  const values = new Map<string, number>([
    ['up', 1],
    ['last_run_timestamp_seconds', NOW / 1000],
    ['last_run_duration_seconds', 0.21],
    ['last_run_exit_code', 0],
    ['last_success_timestamp_seconds', NOW / 1000 - 41],
    ['fetched_total', 17],
    ['duplicate_total', 3],
    ['conflict_total', 1],
    ['quarantine_entries', 1],
    ['quarantined', 2],
    ['journal_bytes', 262_144],
    ['law_broken', 0],
    ['disk_free_bytes', 5000],
    ['disk_reserve_bytes', 100],
    ['certificate_end_timestamp_seconds', (NOW + DAY) / 1000],
    ['sensor_certificate_end_timestamp_seconds', (NOW + 9 * DAY) / 1000],
    ['sensor_clock_offset_seconds', -7],
    ['sensor_pending_messages', 3],
    ['sensor_oldest_seconds', 41],
    ['sensor_stuck_files', 1],
    ['sensor_corrupt_files', 2],
    ['sensor_dropped_total', 5],
    ['sensor_intake_paused', 0],
    ['destination_up', 1],
    ['destination_last_success_timestamp_seconds', NOW / 1000 - 180],
    ['forwarded_total', 12],
    ['pending_messages', 4],
    ['pending_bytes', 9000],
    ['oldest_seconds', 3600],
    ['held_messages', 0],
    ['refused_messages', 2],
    ['dead_messages', 1],
    ['dropped_total', 7],
    ['changed_total', 4],
  ]);
  for (const [name, value] of values) {
    const found = family(name);
    assert.equal(found?.series[0]?.value, value, name);
    assert.equal(found.series[0].labels['profile'], 'dmz1');
    assert.equal(found.type, name.endsWith('_total') ? 'counter' : 'gauge', name);
    assert.notEqual(found.help, '');
  }
  const all = parseExposition(await exposition(pollerMetrics([sample('dmz1', { facts })])));
  assert.deepEqual(
    [...all.keys()].toSorted(),
    [...values.keys()].map((name) => `idmef_poller_${name}`).toSorted(),
  );
  assert.deepEqual(family('dropped_total')?.series[0]?.labels, {
    profile: 'dmz1',
    destination: 'https://gw:3128/',
    reason: 'retention',
  });
  assert.deepEqual(family('changed_total')?.series[0]?.labels, {
    profile: 'dmz1',
    destination: 'https://gw:3128/',
    rule: 'fstype',
  });
});

test('a run that got no journal is down, and what is not known is not there', async () => {
  const family = await read([sample('a'), sample('b', { facts: undefined, exit: 78, disk: undefined })]);
  const up = family('up')?.series.map(({ labels, value }) => [labels['profile'], value]);
  assert.deepEqual(up, [
    ['a', 1],
    ['b', 0],
  ]);
  assert.equal(family('pending_messages')?.series.length, 1);
  assert.equal(family('last_run_exit_code')?.series[1]?.value, 78);
});

test('a fault of the sensor is down, one of a destination is its own', async () => {
  const fault = { since: NOW, at: NOW, runs: 1, code: 'SENSOR_UNREACHABLE', text: 'x' };
  const failing = {
    kind: 'again',
    reason: 'x',
    since: NOW,
    failures: 1,
    runs: 1,
    notBefore: 0,
    askedUntil: 0,
  } as const;
  const family = await read([
    sample('a', { exit: 69, facts: factsFor({ sensorFault: fault }) }),
    sample('b', { exit: 75, facts: factsFor({ destinations: [destinationFor({ illness: failing })] }) }),
  ]);
  assert.deepEqual(
    family('up')?.series.map(({ value }) => value),
    [0, 1],
  );
  assert.deepEqual(
    family('destination_up')?.series.map(({ value }) => value),
    [1, 0],
  );
});

test('secrets of a URL are not shown, and two that look alike stay two', async () => {
  const native = 'prelude://manager:4690?profile=dmz1';
  const destinations = ['https://gw/?key=1', 'https://gw/?key=2', 'file:///a"b\\c', native].map((id) =>
    destinationFor({ id }),
  );
  const family = await read([sample('a', { facts: factsFor({ destinations }) })]);
  assert.deepEqual(
    family('pending_messages')?.series.map(({ labels }) => labels['destination']),
    ['https://gw/', 'https://gw/ (2)', 'file:///a"b\\c', native],
  );
});
