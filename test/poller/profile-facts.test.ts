/** What runs leave behind for those who look: through real runs against the sensor's server, the clock held by hand. */

import assert from 'node:assert/strict';
import { readFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import { lookAtProfile } from '../../src/poller/look-at-profile.ts';
import type { ProfileFacts } from '../../src/poller/profile-facts.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { parseSensorStatus } from '../../src/poller/sensor-status.ts';
import { makePki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { startTrivialGateway } from '../support/receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startTestSensor } from '../support/test-sensor.ts';

const never = new AbortController().signal;
const MINUTE = 60_000;

async function world(t: TestContext) {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const bench = pollerBench();
  const sensor = await startTestSensor(t, {
    pki,
    consuming: true,
    clock: bench.clock,
    // What is stuck would be reported, as one more message.
    deps: { status: () => ({ stuck: 0, corrupt: 0, waiting: 0 }) },
  });
  const out = join(dir, 'out');
  mkdirSync(out);
  const stateDir = join(dir, 'state');
  const profile = profileFor(pki, new URL(`https://localhost:${sensor.port}/`), stateDir, {
    managers: [pathToFileURL(out)],
  });
  const run = async (more: Partial<ProfileConfig> = {}): Promise<number> =>
    await runProfile({ ...profile, ...more }, bench, never);
  const facts = async (): Promise<ProfileFacts> => {
    const look = await lookAtProfile(stateDir, bench);
    assert.ok(look.kind === 'facts', JSON.stringify(look));
    return look.facts;
  };
  return { dir, pki, bench, sensor, profile, run, facts, stateDir };
}

test('a run that did something, then one that found nothing', async (t) => {
  const { bench, sensor, run, facts, pki } = await world(t);
  const { clock } = bench;
  await sensor.fill(3);
  assert.equal(await run(), 0);
  const first = await facts();
  assert.equal(first.lastSuccess, clock.now());
  assert.deepEqual(
    { ...first.run, ms: 0 },
    { at: clock.now(), ms: 0, exit: 0, fetched: 3, forwarded: 3, duplicate: 0, quarantined: 0 },
  );
  const { name, relay, journal, said, certificateEnd = 0 } = first.sensor;
  assert.deepEqual([name, relay, journal], ['localhost', '1', sensor.journal.id]);
  assert.deepEqual(said, { pending: 0, oldestMs: 0, stuck: 0, corrupt: 0, dropped: 0, paused: false });
  const ends = certificateEnd - Date.now();
  assert.ok(ends > 23 * 3_600_000 && ends < 25 * 3_600_000, 'the end of the certificate that was shown');
  assert.equal(first.destinations[0]?.acceptedAt, clock.now());
  assert.equal(first.destinations[0]?.forwarded, 3);
  assert.deepEqual(first.brokenLaws, []);
  const at = clock.now();
  clock.advance(2 * MINUTE);
  assert.equal(await run(), 0);
  const second = await facts();
  assert.equal(second.lastRunAt, at + 2 * MINUTE);
  assert.equal(second.lastSuccess, at + 2 * MINUTE);
  assert.equal(second.run?.at, at, 'the last run that did something is still told');
  assert.equal(second.destinations[0]?.acceptedAt, at);
  assert.ok(pki.caFile);
});

test('an unchanged, empty poll within half a minute writes nothing at all', async (t) => {
  const { bench, run, stateDir } = await world(t);
  assert.equal(await run(), 0);
  assert.equal(await run(), 0);
  const before = readFileSync(journalPath(stateDir));
  bench.clock.advance(MINUTE / 2 - 1);
  assert.equal(await run(), 0);
  assert.ok(before.equals(readFileSync(journalPath(stateDir))));
});

test('a fault of the sensor: what, since when, how often; and when it has ended', async (t) => {
  const { bench, profile, run, facts } = await world(t);
  const { clock } = bench;
  assert.equal(await run(), 0);
  const good = clock.now();
  const sensor = new URL('https://localhost:1/');
  clock.advance(MINUTE);
  assert.equal(await run({ sensor }), 69);
  clock.advance(MINUTE);
  assert.equal(await run({ sensor }), 69);
  const { sensorFault, lastSuccess, lastRunAt } = await facts();
  const { text, hint, ...rest } = sensorFault ?? { text: '', hint: '' };
  assert.deepEqual(rest, {
    code: 'SENSOR_UNREACHABLE',
    since: good + MINUTE,
    at: good + 2 * MINUTE,
    runs: 2,
  });
  assert.match(text, /^sensor https:\/\/localhost:1\/ refused the connection/);
  assert.notEqual(hint, '');
  assert.deepEqual([lastSuccess, lastRunAt], [good, good + 2 * MINUTE]);
  clock.advance(MINUTE);
  assert.equal(await run({ sensor: profile.sensor }), 0);
  const after = await facts();
  assert.equal(after.sensorFault, undefined);
  assert.deepEqual([after.endedFault?.since, after.endedFault?.ended], [good + MINUTE, good + 3 * MINUTE]);
});

test('a certificate file that is gone is remembered although that run had no journal', async (t) => {
  const { bench, profile, run, facts } = await world(t);
  assert.equal(await run(), 0);
  const keyless = { tls: { ...profile.tls, keyFile: '/nowhere.key' } };
  assert.equal(await run(keyless), 78);
  assert.equal(await run(keyless), 78);
  const { runFault, destinations } = await facts();
  assert.deepEqual([runFault?.code, runFault?.runs], ['TLS_FILE', 2]);
  assert.match(runFault?.text ?? '', /\/nowhere\.key does not exist/);
  assert.deepEqual(
    destinations.map(({ active }) => active),
    [true],
    'its claims stay',
  );
  bench.clock.advance(MINUTE);
  assert.equal(await run(), 0);
  assert.equal((await facts()).runFault, undefined);
});

test('a destination that fails, one that is gone, and what is set aside', async (t) => {
  const { pki, sensor, run, facts } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  gateway.misbehave = () => ({ status: 503 });
  await sensor.fill(2);
  assert.equal(await run({ managers: [gateway.url] }), 75);
  const failing = (await facts()).destinations[0];
  assert.equal(failing?.pending, 2);
  assert.match(failing.illness?.reason ?? '', /503/);
  assert.equal(failing.acceptedAt, undefined);
  await sensor.journal.append([
    { body: Buffer.from('<idmef:Alert xmlns:idmef="http://iana.org/idmef"/>'), severity: 0 },
  ]);
  assert.equal(await run(), 65);
  const { destinations, quarantine, quarantined, offered, brokenLaws } = await facts();
  const held = destinations.find(({ active }) => !active);
  assert.deepEqual([held?.held, held?.pending, held?.illness], [2, 0, undefined]);
  assert.equal(quarantine, 1);
  assert.equal(Object.values(quarantined)[0], 1);
  // Two alerts, the invalid one, and the report of it.
  assert.equal(offered, 4);
  assert.deepEqual(brokenLaws, []);
});

test('IDMEF-Status of any sensor', () => {
  const none = { pending: 0, oldestMs: 0, stuck: 0, corrupt: 0, dropped: 0, paused: false };
  const rows: readonly (readonly [
    text: string | undefined,
    expected: ReturnType<typeof parseSensorStatus>,
  ])[] = [
    [
      'pending=3, oldest=41, stuck=1, corrupt=2',
      { pending: 3, oldestMs: 41_000, stuck: 1, corrupt: 2, dropped: undefined, paused: undefined },
    ],
    ['pending=0, oldest=0, stuck=0, corrupt=0, dropped=7, paused=0', { ...none, dropped: 7, paused: false }],
    ['pending=0, dropped=0, paused=1', { ...none, paused: true }],
    ['dropped=1,pending=2, later-on=9', { ...none, pending: 2, dropped: 1, paused: undefined }],
    ['pending=x, -oldest, dropped=1e9', undefined],
    ['pending=-1, oldest=x', undefined],
    ['pending=99999999999999999999', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [text, expected] of rows) assert.deepEqual(parseSensorStatus(text), expected, text);
});
