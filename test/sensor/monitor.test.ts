/** `GET /metrics` and `GET /healthz`: who may, what they say, and that the numbers obey the journal's law. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { exposition } from '../../src/log/exposition.ts';
import { monitorLimits } from '../../src/core/limits.ts';
import { Counts } from '../../src/sensor/counts.ts';
import { certificateFamilies } from '../../src/sensor/metrics-certificates.ts';
import { healthProblems } from '../../src/sensor/health.ts';
import type { SensorSnapshot } from '../../src/sensor/snapshot.ts';
import { parseMetrics } from '../support/metrics-text.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { startTestSensor, type TestSensorOptions } from '../support/test-sensor.ts';

let pki: Pki;
let monitor: Issued;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
const allow = { poller: ['DNS:manager1'], monitor: ['DNS:monitor1'] };
before(async () => {
  pki = await makePki(dir);
  monitor = await pki.issue({ name: 'monitor', san: ['DNS:monitor1'], eku: ['client'] });
});
after(() => rmSync(dir, { recursive: true, force: true }));

const program: NonNullable<TestSensorOptions['deps']>['program'] = {
  version: '9.9.9',
  logLinesLost: () => 3,
  disk: async () => ({ ok: true, freeBytes: 1000, freePercent: 50, needed: 10, reason: '' }),
  gauges: () => [
    { name: 'idmef_relay_certificate_days', help: 'Days left.', kind: 'gauge', samples: [{ value: 41 }] },
  ],
};

describe('/metrics', () => {
  test('is text a strict reader accepts, with the terms of the law and what was counted', async (t) => {
    const sensor = await startTestSensor(t, { pki, allow, consuming: true, deps: { program } });
    await sensor.fill(7);
    const leased = await sensor.ask({ headers: { Prefer: 'lease=15, batch=2' } });
    const token = /^[\w-]+/.exec(String(leased.headers['idmef-lease']))?.[0];
    await sensor.ask({ method: 'DELETE', path: `/leases/${token}` });
    await sensor.ask({ method: 'DELETE', path: '/leases/stale' });
    await sensor.ask({ headers: { Prefer: 'lease=15, batch=1' } });
    await sensor.ask({ path: '/made/up/by/the/peer' });
    const answer = await sensor.ask({ path: '/metrics', as: monitor });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(answer.headers['content-length'], String(answer.body.length));
    const families = parseMetrics(answer.body.toString());
    for (const name of families.keys()) assert.match(name, /^idmef_relay_/);
    const value = (name: string, labels = ''): number | undefined =>
      families.get(`idmef_relay_${name}`)?.samples.get(labels);
    const mine = '{consumer="default"}';
    assert.equal(value('consumer_accepted_total', mine), 7);
    assert.equal(value('consumer_settled_total', mine), 2);
    assert.equal(value('consumer_pending', mine), 4);
    assert.equal(value('consumer_leased', mine), 1);
    assert.equal(value('messages_offered_total'), 7);
    assert.equal(value('leases_open'), 1);
    for (const [event, count] of [
      ['granted', 2],
      ['acknowledged', 1],
      ['stale', 1],
    ] as const) {
      assert.equal(value('lease_events_total', `{event="${event}"}`), count, event);
    }
    assert.equal(value('requests_total', '{path="/",method="GET",status="200"}'), 2);
    assert.equal(value('requests_total', '{path="other",method="GET",status="404"}'), 1);
    assert.equal(value('spool_stuck'), 2);
    assert.equal(value('spool_corrupt'), 3);
    assert.equal(value('disk_free_bytes'), 1000);
    assert.equal(value('log_lines_lost_total'), 3);
    assert.equal(value('certificate_days'), 41);
    assert.equal(value('journal_up'), 1);
    assert.match(answer.body.toString(), /build_info\{version="9\.9\.9",node="v\d/);
  });

  test('the journal fails: the rest is still said, and that it fails', async (t) => {
    const sensor = await startTestSensor(t, {
      pki,
      allow,
      wrap: (journal) => ({
        ...journal,
        id: 'x',
        stats: async () => Promise.reject(new Error('disk on fire')),
      }),
    });
    const families = parseMetrics((await sensor.ask({ path: '/metrics', as: monitor })).body.toString());
    assert.equal(families.get('idmef_relay_journal_up')?.samples.get(''), 0);
    assert.equal(families.get('idmef_relay_spool_stuck')?.samples.get(''), 2);
    const health = await sensor.ask({ path: '/healthz', as: monitor });
    assert.equal(health.status, 503);
    assert.match(health.body.toString(), /journal fails: disk on fire/);
    assert.equal(health.headers['content-type'], 'application/problem+json');
    assert.ok(Number(health.headers['retry-after']) > 0);
  });
});

describe('/healthz', () => {
  test('ok; HEAD too; role monitor only', async (t) => {
    const status = (): { stuck: number; corrupt: number; waiting: number } => ({
      stuck: 0,
      corrupt: 4,
      waiting: 9,
    });
    const sensor = await startTestSensor(t, { pki, allow, deps: { status } });
    const answer = await sensor.ask({ path: '/healthz', as: monitor });
    assert.deepEqual([answer.status, answer.body.toString()], [200, 'ok\n']);
    const head = await sensor.ask({ method: 'HEAD', path: '/healthz', as: monitor });
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    for (const path of ['/healthz', '/metrics']) {
      assert.equal((await sensor.ask({ path })).status, 403);
      const answered = await sensor.ask({ method: 'DELETE', path, as: monitor });
      assert.deepEqual([answered.status, answered.headers.allow], [405, 'GET, HEAD']);
    }
  });

  const well: SensorSnapshot = {
    now: 0,
    version: '1',
    node: 'v24',
    uptimeSeconds: 1,
    residentBytes: 1,
    loopDelay: undefined,
    logLinesLost: 0,
    journal: {
      id: 'x',
      offered: 0,
      accepted: 0,
      duplicate: 0,
      conflict: 0,
      quarantined: {},
      files: {},
      consumers: [],
      usedBytes: 0,
      maxBytes: undefined,
    },
    journalAnswerSeconds: 0,
    disk: undefined,
    status: { stuck: 0, corrupt: 0, waiting: 0 },
    connections: { open: 0, handshaking: 0, limit: 1, waiting: 0 },
    leasesOpen: 0,
    stopping: false,
  };
  const full = { ok: false, freeBytes: 0, freePercent: 0, needed: 1, reason: 'filesystem of /x is full' };
  const rows: readonly (readonly [string, Partial<SensorSnapshot>, RegExp | undefined])[] = [
    ['all well', {}, undefined],
    ['journal', { journal: 'no answer within 2000 ms' }, /^the journal fails: no answer within 2000 ms$/],
    ['disk reserve', { disk: full }, /^disk reserve reached: filesystem of \/x is full$/],
    ['disk silent', { disk: 'EIO' }, /^the disk does not answer: EIO$/],
    [
      'paused',
      { status: { stuck: 0, corrupt: 0, waiting: 1, paused: 'journal full' } },
      /paused: journal full$/,
    ],
    ['one stuck', { status: { stuck: 1, corrupt: 0, waiting: 0 } }, /^1 spool file is stuck/],
    ['stuck', { status: { stuck: 2, corrupt: 0, waiting: 0 } }, /^2 spool files are stuck/],
    ['stopping', { stopping: true }, /being stopped/],
  ];
  for (const [name, difference, expected] of rows) {
    test(name, () => {
      const problems = healthProblems({ ...well, ...difference });
      if (expected === undefined) assert.deepEqual(problems, []);
      else assert.match(problems.join('; '), expected);
    });
  }
});

test('of certificates the days left, of two of a name the fewer', async () => {
  const date = { kind: 'crl', name: 'CN=CA', at: '--crl x', id: '1', from: 0 } as const;
  const day = 86_400_000;
  const families = certificateFamilies(
    [
      { ...date, until: 3 * day },
      { ...date, until: 1.5 * day },
      { ...date, kind: 'certificate', name: 'CN="a", O=b', until: -day },
    ],
    0,
  );
  const samples = parseMetrics(await exposition(families)).get('idmef_relay_certificate_days_left')?.samples;
  assert.deepEqual(
    [...(samples ?? [])],
    [
      ['{kind="crl",name="CN=CA"}', 1.5],
      [String.raw`{kind="certificate",name="CN=\"a\", O=b"}`, -1],
    ],
  );
});

test('a poll that finds nothing leaves no line, however often it comes', async (t) => {
  const sensor = await startTestSensor(t, { pki, allow, consuming: true, deps: { program } });
  const said = sensor.logger.lines.length;
  for (const Prefer of ['', 'lease=15', 'lease=15, min-severity=high', 'peek']) {
    assert.equal((await sensor.ask({ headers: { Prefer } })).status, 404);
  }
  for (const path of ['/metrics', '/healthz']) await sensor.ask({ path, as: monitor });
  assert.deepEqual(sensor.logger.lines.slice(said), []);
});

test('labels a peer could choose do not make memory grow', () => {
  const counts = new Counts();
  for (let n = 0; n < 10_000; n += 1) counts.add('handshakes_refused', { reason: `r${n}` });
  const family = counts.families().find(({ name }) => name === 'idmef_relay_handshakes_refused_total');
  assert.equal(family?.samples.length, monitorLimits.labelSets + 1);
  const total = family.samples.reduce((sum, { value }) => sum + value, 0);
  assert.equal(total, 10_000, 'nothing is left uncounted');
});
