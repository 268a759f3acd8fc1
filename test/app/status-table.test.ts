/** The table of `idmef status`: forty profiles on one screen, every trouble in a word and a few more. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { stateWords, type ProfileReport } from '../../src/app/profile-report.ts';
import { statusDetail } from '../../src/app/status-detail.ts';
import { statusTable } from '../../src/app/status-table.ts';
import { count, cut, cutMiddle, days, since } from '../../src/app/status-words.ts';
import { DAY, destinationFor, HOUR, MINUTE, NOW, reportFor, SECOND } from '../support/profile-facts.ts';

const fault = { since: NOW - 2 * HOUR, at: NOW - 30 * SECOND, runs: 120, code: 'SENSOR_UNREACHABLE' };
const refusing = {
  kind: 'again',
  reason: 'answers 503',
  since: NOW - 62 * HOUR,
  failures: 900,
  runs: 800,
  notBefore: 0,
  askedUntil: 0,
} as const;

/** Everything as wide as it gets. */
const crowded = {
  destinations: [destinationFor({ pending: 1_234_567, oldestAt: NOW - 62 * HOUR, illness: refusing })],
  quarantine: 12_345,
  sensor: {
    lastSuccess: NOW - 119 * MINUTE,
    certificateEnd: NOW + 365 * DAY,
    said: { pending: 123_456, oldestMs: 9000, stuck: 1234, corrupt: 1234, dropped: 99_999, paused: false },
  },
  lastSuccess: NOW - 119 * MINUTE,
};

function lines(reports: readonly ProfileReport[], columns = 80): string[] {
  return statusTable(reports, { columns, colours: false }).split('\n').slice(0, -1);
}

test('40 profiles fit a screen of 80 columns and 42 lines', () => {
  const profiles = Array.from({ length: 40 }, (_, index) =>
    reportFor(`dmz-building-7-floor-${index}`, index % 3 === 0 ? crowded : {}),
  );
  const table = lines(profiles);
  assert.equal(table.length, 42);
  assert.deepEqual(
    table.filter((line) => Array.from(line).length > 80),
    [],
  );
  assert.match(table[0] ?? '', /^PROFILE +STATE +SEEN +PEND +OLDEST +QUAR +SENSOR +CERT +TROUBLE$/);
  assert.match(
    table[41] ?? '',
    /^law: ok; 40 profiles: 14 failing, 26 ok; 17\.3M pending, 173k quarantined$/,
  );
  for (const line of table.slice(1, 41)) assert.match(line, /^dmz-…\S+\d (?:failing|ok) /);
  assert.match(table[1] ?? '', / gw:3128 an…$/, 'even then the trouble begins');
});

const said = { pending: 3, oldestMs: 0, stuck: 1, corrupt: 2, dropped: 0, paused: false };

const rows: readonly (readonly [name: string, report: ProfileReport, line: RegExp])[] = [
  ['ok', reportFor('p'), /^p +ok +41 s +0 +- +0 0\/0\/0\/0 +90 d$/],
  [
    'sensor down',
    reportFor('p', { sensorFault: { ...fault, text: 'sensor https://dmz1:3128/ refused the connection' } }),
    / failing .* refused the connection$/,
  ],
  ['gateway down', reportFor('p', crowded), / failing +119 min 1\.2M +62 h .* gw:3128 answers 503$/],
  [
    'certificate file',
    reportFor('p', { runFault: { ...fault, code: 'TLS_FILE', text: '--key /k does not exist' } }),
    / failing .* --key \/k does not exist$/,
  ],
  [
    'silent, whatever failed before',
    reportFor('p', { lastRunAt: NOW - 3 * HOUR }),
    / silent .* no run for 3 h: is its timer enabled\?$/,
  ],
  [
    'never ran',
    reportFor('p', { kind: 'never' }),
    / never +- +- +- +- - +200 d never ran: is its timer enabled\?$/,
  ],
  [
    'damaged',
    reportFor('p', { kind: 'damaged', reason: 'journal /s/journal.db: file is not a database', hint: '' }),
    / damaged .* file is not a database$/,
  ],
  [
    'unreadable',
    reportFor('p', {
      kind: 'unreadable',
      reason: 'journal /s cannot be read by this user (EACCES)',
      hint: '',
    }),
    / unreadable .* cannot be read by this user \(EACCES\)$/,
  ],
  [
    'settings',
    reportFor(
      'p',
      {},
      { fault: { message: '/etc/default/http-proxy@p:4: unknown key X', hint: '', denied: false } },
    ),
    / config .* line 4: unknown key X$/,
  ],
  [
    'held',
    reportFor('p', {
      destinations: [destinationFor(), destinationFor({ id: 'https://old/', active: false, held: 7 })],
    }),
    / held +41 s +7 .* held for old, not configured any more$/,
  ],
  [
    'no settings file',
    reportFor('p', { lastRunAt: NOW - 3 * DAY }, { config: undefined }),
    / no-file .* no settings file$/,
  ],
  ['polled by flags', reportFor('p', {}, { config: undefined }), / ok .* no settings file$/],
  ['quarantine', reportFor('p', { quarantine: 2 }), / ok +41 s +0 +- +2 .* see idmef quarantine$/],
  [
    'old server',
    reportFor('p', { sensor: { relay: 'old', certificateEnd: undefined, said: undefined } }),
    / ok .* old +200 d$/,
  ],
  [
    'a sensor that counts no losses',
    reportFor('p', {
      sensor: { certificateEnd: undefined, said: { ...said, dropped: undefined, paused: undefined } },
    }),
    / 3\/1\/2 .* sensor: idmef status --sensor there$/,
  ],
  [
    'a sensor whose disk is full',
    reportFor('p', { sensor: { certificateEnd: undefined, said: { ...said, paused: true } } }),
    / 3\/1\/2\/0 .* sensor: intake paused, see its log$/,
  ],
  [
    'law',
    reportFor('p', { brokenLaws: ['messages offered 5 is not 4'] }),
    / failing .* messages offered 5 is not 4$/,
  ],
  [
    'hostile words',
    reportFor('p', { sensorFault: { ...fault, text: 'sensor https://x/ says \u001b[31m\nok' } }),
    /says \\u001b\[31m\\nok$/,
  ],
];

describe('a row', () => {
  for (const [name, report, expected] of rows) {
    test(name, () => assert.match(lines([report], 200)[1] ?? '', expected));
  }

  test('a broken law is named below', () => {
    const table = lines([reportFor('dmz7', { brokenLaws: ['x'] })]);
    assert.match(table.at(-1) ?? '', /^law: BROKEN in dmz7; 1 profile: 1 failing/);
  });

  test('colours are where they are wanted', () => {
    const report = reportFor('p');
    assert.ok(statusTable([report], { columns: 80, colours: true }).includes('\u001b[32mok   \u001b[0m'));
    assert.ok(!statusTable([report], { columns: 80, colours: false }).includes('\u001b'));
  });

  test('every state has been seen', () => {
    assert.deepEqual(new Set(rows.map(([, { word }]) => word)), new Set(stateWords));
  });
});

test('short forms', () => {
  const counts = [0, 9999, 10_000, 12_449, 99_949, 99_951, 999_499, 1_234_567, 2e10].map(count);
  assert.deepEqual(counts, ['0', '9999', '10.0k', '12.4k', '99.9k', '100k', '999k', '1.2M', '20.0G']);
  const ages = [0, 119, 120, 7199, 7200, 345_599, 345_600].map((seconds) => since(NOW - seconds * 1000, NOW));
  assert.deepEqual(ages, ['0 s', '119 s', '2 min', '120 min', '2 h', '96 h', '4 d']);
  assert.equal(since(NOW + 5000, NOW), '0 s', 'a clock that was set back');
  assert.equal(since(undefined, NOW), '-');
  assert.deepEqual(
    [days(NOW + DAY - 1, NOW), days(NOW - 1, NOW), days(undefined, NOW)],
    ['0 d', '-1 d', '-'],
  );
  assert.deepEqual([cutMiddle('dmz-12', 6), cutMiddle('dmz-floor-12', 8)], ['dmz-12', 'dmz-…-12']);
  assert.deepEqual([cut('abc', 3), cut('abcd', 3), cut('a\nb', 9)], ['abc', 'ab…', 'a\\nb']);
});

test('what retention has dropped is in the sums', () => {
  const dropped = { retention: 4, withdrawn: 9 };
  const table = lines([reportFor('p', { destinations: [destinationFor({ dropped })] })]);
  assert.match(table.at(-1) ?? '', /; 0 pending, 0 quarantined, 4 lost$/);
});

test('all of one profile: what a destination got changed, by rule, and the profile of its URL stays visible', () => {
  const one = destinationFor({
    id: 'prelude://manager:4690?profile=relay',
    changed: { 'time-fraction': 1200, fstype: 4 },
    dead: 2,
  });
  const text = statusDetail(reportFor('p', { destinations: [one] }), false);
  assert.match(
    text,
    /prelude:\/\/manager:4690\?profile=relay: 0 pending, 12 forwarded \(3 min ago\), changed: time-fraction 1,200, fstype 4, 2 in quarantine\n/,
  );
  assert.doesNotMatch(statusDetail(reportFor('p'), false), /changed/);
});
