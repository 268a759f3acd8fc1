/** `idmef check`: what each threshold makes of a profile, and the one line a monitoring system reads. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pluginLine, worst, type Level } from '../../src/app/check-finding.ts';
import { judgeProfile } from '../../src/app/check-profile.ts';
import { judgeSensor } from '../../src/app/check-sensor.ts';
import type { ProfileReport } from '../../src/app/profile-report.ts';
import type { SensorReport } from '../../src/app/sensor-report.ts';
import type { ConsumerStats, JournalStats } from '../../src/journal/journal.ts';
import type { SensorJournalFacts } from '../../src/sensor/sensor-look.ts';
import { DAY, destinationFor, factsFor, HOUR, MINUTE, NOW, reportFor } from '../support/profile-facts.ts';

const thresholds = {
  warnAgeMs: 15 * MINUTE,
  critAgeMs: HOUR,
  warnPending: 1000,
  critPending: 10_000,
  warnQuarantine: 0,
  warnDays: 14,
  critDays: 3,
};
const [OK, WARNING, CRITICAL, UNKNOWN] = [0, 1, 2, 3] as const;
const young = { since: NOW - 2 * MINUTE, at: NOW - MINUTE, runs: 2 };
const sensor = factsFor().sensor;
const said = { pending: 0, oldestMs: 0, stuck: 0, corrupt: 0, dropped: 0, paused: false };
const illness = { reason: 'answers 503', failures: 1, runs: 1, notBefore: 0, askedUntil: 0 };

function ill(kind: 'again' | 'broken', age: number) {
  return [destinationFor({ illness: { ...illness, kind, since: NOW - age } })];
}

const cases: readonly (readonly [name: string, report: ProfileReport, level: Level, text: RegExp])[] = [
  ['all well', reportFor('p'), OK, /^$/],
  [
    'a timer that is disabled',
    reportFor('p', { lastRunAt: NOW - 3 * HOUR, lastSuccess: NOW - 3 * HOUR }),
    CRITICAL,
    /^no run for 3 h: is its timer enabled\?$/,
  ],
  [
    'runs become rare',
    reportFor('p', { lastRunAt: NOW - 16 * MINUTE, lastSuccess: NOW - 16 * MINUTE }),
    WARNING,
    /^no run for 16 min: .*; no success for 16 min$/,
  ],
  ['never ran', reportFor('p', { kind: 'never' }), CRITICAL, /^never ran/],
  [
    'damaged',
    reportFor('p', { kind: 'damaged', reason: 'not a database', hint: '' }),
    CRITICAL,
    /^not a database$/,
  ],
  [
    'not ours',
    reportFor('p', { kind: 'unreadable', reason: 'EACCES', hint: 'runuser' }),
    UNKNOWN,
    /EACCES; runuser/,
  ],
  [
    'wrong settings',
    reportFor('p', { kind: 'never' }, { fault: { message: 'unknown key X', hint: '', denied: false } }),
    CRITICAL,
    /^unknown key X$/,
  ],
  [
    'a sensor that reboots',
    reportFor('p', { sensorFault: { ...young, code: 'SENSOR_UNREACHABLE', text: 'refused' } }),
    OK,
    /^$/,
  ],
  [
    'a sensor that stays away',
    reportFor('p', {
      lastSuccess: NOW - 62 * HOUR,
      sensorFault: { ...young, code: 'SENSOR_UNREACHABLE', text: 'refused' },
    }),
    CRITICAL,
    /^no success for 62 h: refused$/,
  ],
  [
    'a certificate the sensor does not take',
    reportFor('p', { sensorFault: { ...young, code: 'SENSOR_TLS', text: 'closed' } }),
    WARNING,
    /^closed$/,
  ],
  [
    'a full disk stops pulling',
    reportFor('p', { sensorFault: { ...young, code: 'DISK_RESERVE', text: 'full' } }),
    CRITICAL,
    /^full$/,
  ],
  [
    'a key that is gone',
    reportFor('p', { runFault: { ...young, code: 'TLS_FILE', text: 'no key' } }),
    CRITICAL,
    /^no key$/,
  ],
  [
    'the deadline',
    reportFor('p', { runFault: { ...young, code: 'DEADLINE', text: 'late' } }),
    WARNING,
    /^late$/,
  ],
  ['a gateway that restarts', reportFor('p', { destinations: ill('again', 5 * MINUTE) }), OK, /^$/],
  [
    'a gateway that stays down',
    reportFor('p', { destinations: ill('again', 62 * HOUR) }),
    CRITICAL,
    /gw.* answers 503/,
  ],
  [
    'a gateway set up wrongly',
    reportFor('p', { destinations: ill('broken', 0) }),
    WARNING,
    /gw.* answers 503/,
  ],
  [
    'old alerts',
    reportFor('p', { destinations: [destinationFor({ pending: 1, oldestAt: NOW - 20 * MINUTE })] }),
    WARNING,
    /^oldest alert kept for 20 min$/,
  ],
  ['1000 pending', reportFor('p', { destinations: [destinationFor({ pending: 1000 })] }), OK, /^$/],
  [
    '1001 pending',
    reportFor('p', { destinations: [destinationFor({ pending: 1001 })] }),
    WARNING,
    /^1001 pending$/,
  ],
  [
    'held',
    reportFor('p', { destinations: [destinationFor({ held: 2, active: false })] }),
    WARNING,
    /^2 held for https:/,
  ],
  [
    'quarantine',
    reportFor('p', { quarantine: 1 }),
    WARNING,
    /^1 quarantined: idmef quarantine list --profile p$/,
  ],
  [
    'stuck',
    reportFor('p', { sensor: { ...sensor, said: { ...said, stuck: 2 } } }),
    WARNING,
    /^stuck files on the sensor: 2$/,
  ],
  [
    'corrupt',
    reportFor('p', { sensor: { ...sensor, said: { ...said, corrupt: 1 } } }),
    WARNING,
    /^corrupt files on the sensor: 1$/,
  ],
  [
    'a paused intake',
    reportFor('p', { sensor: { ...sensor, said: { ...said, paused: true } } }),
    CRITICAL,
    /^the sensor takes nothing from its spool/,
  ],
  [
    'alerts wait on the sensor',
    reportFor('p', { sensor: { ...sensor, said: { ...said, pending: 5, oldestMs: 2 * HOUR } } }),
    CRITICAL,
    /^5 alerts wait on the sensor$/,
  ],
  [
    'a clock',
    reportFor('p', { sensor: { ...sensor, clockOffsetMs: -7 * MINUTE } }),
    WARNING,
    /clock is 7 min behind$/,
  ],
  [
    '13 days',
    reportFor('p', { sensor: { ...sensor, certificateEnd: NOW + 14 * DAY - 1 } }),
    WARNING,
    /ends in 13 d$/,
  ],
  ['14 days', reportFor('p', { sensor: { ...sensor, certificateEnd: NOW + 14 * DAY } }), OK, /^$/],
  [
    '2 days',
    reportFor('p', { sensor: { ...sensor, certificateEnd: NOW + 3 * DAY - 1 } }),
    CRITICAL,
    /in 2 d$/,
  ],
  [
    'ended',
    reportFor('p', { sensor: { ...sensor, certificateEnd: NOW - HOUR } }),
    CRITICAL,
    /certificate ended 60 min ago$/,
  ],
  [
    'law',
    reportFor('p', { brokenLaws: ['offered 5 is not 4'] }),
    CRITICAL,
    /^law broken: offered 5 is not 4$/,
  ],
];

describe('a profile', () => {
  for (const [name, report, level, text] of cases) {
    test(name, () => {
      const { findings } = judgeProfile(report, thresholds);
      assert.match(findings.map((one) => one.text).join('; '), text);
      assert.equal(worst(findings.map((one) => one.level)), level);
    });
  }

  test('thresholds are as given', () => {
    const report = reportFor('p', { quarantine: 3, destinations: [destinationFor({ pending: 5 })] });
    const loose = judgeProfile(report, { ...thresholds, warnQuarantine: 3 });
    assert.deepEqual(loose.findings, []);
    const strict = judgeProfile(report, { ...thresholds, warnQuarantine: 3, warnPending: 1, critPending: 4 });
    assert.deepEqual(strict.findings, [{ level: CRITICAL, text: '5 pending' }]);
  });

  test('performance data are as plugins write them', () => {
    const { good, measurements } = judgeProfile(reportFor('p'), thresholds);
    assert.equal(
      pluginLine(OK, `p: ${good}`, measurements),
      'IDMEF OK - p: last success 41 s ago, 0 pending, 0 quarantined | run_age=41s;900;3600;0 success_age=41s;900;3600;0 ' +
        'pending=0;1000;10000;0 oldest=0s;900;3600;0 quarantine=0;0;;0 dropped=0c;;;0 sensor_pending=0;;;0 sensor_stuck=0;;;0 ' +
        'sensor_corrupt=0;;;0 sensor_dropped=0c;;;0 sensor_cert_days=90;14:;3:;0 cert_days=200;14:;3:;0\n',
    );
  });
});

describe('the line', () => {
  test('is one, and nothing in it begins performance data', () => {
    assert.equal(pluginLine(CRITICAL, 'a|b\nc\u001b[31m'), 'IDMEF CRITICAL - a/b\\nc\\u001b[31m\n');
  });

  test('not to know is worse than a warning, and less than critical', () => {
    assert.equal(worst([OK, UNKNOWN, WARNING]), UNKNOWN);
    assert.equal(worst([UNKNOWN, CRITICAL]), CRITICAL);
    assert.equal(worst([]), OK);
  });
});

describe('a sensor', () => {
  const consumer: ConsumerStats = {
    name: 'default',
    active: true,
    accepted: 3,
    settled: 3,
    pending: 0,
    pendingBytes: 0,
    leased: 0,
    held: 0,
    dead: 0,
    dropped: {},
    oldestAt: undefined,
  };
  const stats: JournalStats = {
    id: 'a',
    offered: 3,
    accepted: 3,
    duplicate: 0,
    conflict: 0,
    quarantined: {},
    files: { found: 3, taken: 3 },
    consumers: [consumer],
    usedBytes: 0,
    maxBytes: undefined,
  };
  const facts: SensorJournalFacts = {
    at: NOW,
    stats,
    intake: { stuck: 0, corrupt: 0, at: NOW },
    brokenLaws: [],
  };
  const good: SensorReport = {
    source: { stateDir: '/s', config: undefined, fault: undefined },
    look: { kind: 'facts', facts },
    word: 'ok',
    at: NOW,
    running: true,
    certificateEnd: NOW + 90 * DAY,
    disk: { ok: true, freeBytes: 5000, freePercent: 50, needed: 1000, reason: '' },
  };
  const seen = (more: Partial<SensorJournalFacts>): SensorReport['look'] => ({
    kind: 'facts',
    facts: { ...facts, ...more },
  });
  const sensors: readonly (readonly [string, Partial<SensorReport>, Level, RegExp])[] = [
    ['all well', {}, OK, /^$/],
    ['stopped', { running: false }, CRITICAL, /^reverse-server does not run$/],
    ['whether it runs cannot be seen', { running: undefined }, OK, /^$/],
    [
      'full',
      { disk: { ok: false, freeBytes: 1, freePercent: 1, needed: 9, reason: 'full' } },
      CRITICAL,
      /^full$/,
    ],
    [
      'stuck',
      { look: seen({ intake: { stuck: 1, corrupt: 2, at: NOW } }) },
      WARNING,
      /^stuck files in the spool: 1; corrupt files: 2$/,
    ],
    [
      'paused',
      { look: seen({ intake: { stuck: 0, corrupt: 0, at: NOW, paused: 'journal /j is full' } }) },
      CRITICAL,
      /^spool intake paused: journal \/j is full$/,
    ],
    [
      'nobody fetches',
      {
        look: seen({
          stats: { ...stats, consumers: [{ ...consumer, pending: 1, oldestAt: NOW - 2 * HOUR }] },
        }),
      },
      CRITICAL,
      /^default has not fetched for 2 h$/,
    ],
    ['never', { look: { kind: 'never' }, running: false }, CRITICAL, /^no journal in \/s/],
    ['its certificate', { certificateEnd: NOW + DAY }, CRITICAL, /^its certificate ends in 1 d$/],
  ];
  for (const [name, more, level, text] of sensors) {
    test(name, () => {
      const { findings } = judgeSensor({ ...good, ...more }, thresholds);
      assert.match(findings.map((one) => one.text).join('; '), text);
      assert.equal(worst(findings.map((one) => one.level)), level);
    });
  }
});
