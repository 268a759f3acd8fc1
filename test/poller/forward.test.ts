/** Delivery: every outcome of a destination, poison against a broken gateway, isolation, and what a repeat is. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { ConsumerStats, QuarantineEntry } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { refusedSoFar } from '../../src/poller/refusal-ledger.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { startFakeSensor } from '../support/fake-sensor.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { startReceiver, startTrivialGateway } from '../support/receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, messageids } from '../support/tiny-alerts.ts';

const never = new AbortController().signal;

async function world(t: TestContext) {
  const dir = tempDir(t);
  const pki: Pki = await makePki(join(dir, 'pki'));
  const sensor = await startFakeSensor(t, { pki });
  const bench = pollerBench();
  const stateDir = join(dir, 'state');
  const profile = profileFor(pki, sensor.url, stateDir, { timeoutSeconds: 1 });
  const look = async () => await openJournal({ path: journalPath(stateDir), readOnly: true, ...bench });
  return {
    dir,
    pki,
    sensor,
    bench,
    stateDir,
    run: async (managers: readonly URL[], more: Partial<ProfileConfig> = {}) =>
      await runProfile({ ...profile, managers, ...more }, bench, never),
    stats: async (id: URL): Promise<ConsumerStats> => {
      const journal = await look();
      const { consumers } = await journal.stats();
      await journal.close();
      const found = consumers.find(({ name }) => name === id.href);
      assert.ok(found, `${id.href} among ${consumers.map(({ name }) => name).join()}`);
      return found;
    },
    quarantine: async (): Promise<readonly QuarantineEntry[]> => {
      const journal = await look();
      const list = await journal.quarantine.list();
      await journal.close();
      return list;
    },
  };
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);
const alerts = (count: number): string[] => ids(count).map((id) => alertElement(id));

test('another gateway gets one compact document a POST, exactly text/xml, over kept connections', async (t) => {
  const { sensor, pki, run, bench } = await world(t);
  const gateway = await startTrivialGateway(t, { pki, keep: true });
  sensor.add(...alerts(100).map((alert) => alert.replaceAll('><', '>\n  <')));
  // Eight handshakes at once on a busy machine take longer than the second the others wait.
  assert.equal(await run([gateway.url], { timeoutSeconds: 10 }), 0, bench.texts().join('\n'));
  assert.equal(gateway.accepted, 100);
  assert.equal(gateway.options, 1);
  assert.ok(gateway.connections() <= 8);
  for (const body of gateway.bodies) {
    assert.doesNotMatch(body.toString().split('?>\n')[1] ?? '', />\s+</);
    assert.equal(messageids(body).length, 1);
  }
  for (const headers of gateway.seen) {
    assert.equal(headers['content-type'], 'text/xml');
    assert.equal(headers['transfer-encoding'], undefined);
    assert.equal(headers['idmef-sequence'], undefined);
  }
  sensor.add(alertElement('later'));
  assert.equal(await run([gateway.url]), 0);
  assert.equal(gateway.options, 1, 'the verdict is remembered');
  bench.clock.advance(25 * 3_600_000);
  sensor.add(alertElement('tomorrow'));
  assert.equal(await run([gateway.url]), 0);
  assert.equal(gateway.options, 2, 'for a day');
});

test('a receiver of ours gets batches with origin, sequence and digest', async (t) => {
  const { dir, sensor, pki, run } = await world(t);
  const receiver = await startReceiver(t, { pki, dir: join(dir, 'received') });
  sensor.add(...alerts(1200));
  assert.equal(await run([receiver.url]), 0);
  assert.deepEqual(receiver.stored(), ids(1200));
  assert.equal(receiver.options, 1);
  assert.ok(receiver.seen.length <= 3, `${receiver.seen.length} posts`);
  for (const headers of receiver.seen) {
    assert.equal(headers['idmef-origin'], 'profile=dmz1; sensor="localhost"');
    assert.match(String(headers['idmef-sequence']), /^[0-9a-f]{32}; \d+-\d+$/);
    assert.equal(headers['content-type'], 'text/xml');
  }
});

test('a lost answer doubles nothing at a receiver of ours', async (t) => {
  const { dir, sensor, pki, run, bench } = await world(t);
  const receiver = await startReceiver(t, { pki, dir: join(dir, 'received') });
  sensor.add(...alerts(40));
  receiver.misbehave = (_body, count) => (count === 1 ? 'reset-after-storing' : undefined);
  assert.equal(await run([receiver.url]), 75);
  bench.clock.advance(400_000);
  assert.equal(await run([receiver.url]), 0, bench.texts().join('\n'));
  assert.deepEqual(receiver.stored(), ids(40));
  assert.deepEqual(
    [...receiver.answers],
    [
      [201, 1],
      [200, 1],
    ],
  );
});

test('--dialect rfc asks nothing and posts single documents even to ours', async (t) => {
  const { dir, sensor, pki, run } = await world(t);
  const receiver = await startReceiver(t, { pki, dir: join(dir, 'received') });
  receiver.misbehave = () => ({ status: 200 });
  sensor.add(...alerts(3));
  assert.equal(await run([receiver.url], { dialect: 'rfc' }), 0);
  assert.deepEqual([receiver.options, receiver.answers.get(200)], [0, 3]);
});

const kept: readonly (readonly [
  name: string,
  answer: { status: number; headers?: Record<string, string>; body?: string },
  words: RegExp,
])[] = [
  ['503', { status: 503 }, /answers 503.*5 alerts kept.*next attempt in/],
  ['429', { status: 429 }, /answers 429.*5 alerts kept/],
  [
    'P3: 302',
    { status: 302, headers: { Location: 'http://x/' } },
    /redirects \(302\).*never followed.*5 alerts kept.*--manager/,
  ],
  ['401', { status: 401 }, /does not allow us to deliver \(401\)/],
  ['404', { status: 404 }, /takes no POST there \(404\)/],
  ['415', { status: 415 }, /does not take text\/xml/],
  [
    'P4: 200 with HTML',
    { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>' },
    /web page/,
  ],
  ['500 to everything', { status: 500 }, /refuses all of 5 messages \(answers 500\)/],
  ['422 to everything', { status: 422 }, /refuses all of 5 messages \(answers 422\)/],
];

for (const [name, answer, words] of kept) {
  test(`P1: ${name}: everything is kept, said once a run, and delivered later`, async (t) => {
    const { sensor, pki, run, bench, stats, quarantine } = await world(t);
    const gateway = await startTrivialGateway(t, { pki });
    gateway.misbehave = () => answer;
    sensor.add(...alerts(5));
    for (let round = 1; round <= 6; round += 1) {
      assert.equal(await run([gateway.url]), 75);
      assert.equal(bench.texts('error').length, round, bench.texts().join('\n'));
      assert.match(bench.texts('error').at(-1) ?? '', words);
      bench.clock.advance(400_000);
    }
    assert.match(bench.texts('error').at(-1) ?? '', /, since 2026-01-02 \d\d:\d\d, run 6;/);
    assert.deepEqual(await quarantine(), [], 'nothing is quarantined when everything is refused');
    assert.equal(sensor.waiting.size, 0, 'the sensor is free of them');
    assert.equal((await stats(gateway.url)).pending, 5);
    gateway.misbehave = () => undefined;
    assert.equal(await run([gateway.url]), 0, bench.texts().join('\n'));
    assert.equal(gateway.accepted, 5);
    assert.match(bench.texts('notice').at(-2) ?? '', /takes messages again, it failed since 2026/);
  });
}

test('S9: a run after a repair tries at once, whatever pause the last one made', async (t) => {
  const { sensor, pki, run, bench } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  gateway.misbehave = () => ({ status: 503 });
  sensor.add(...alerts(3));
  for (let round = 1; round <= 8; round += 1) {
    const asked = gateway.answers.get(503) ?? 0;
    assert.equal(await run([gateway.url]), 75);
    assert.ok((gateway.answers.get(503) ?? 0) > asked, `run ${round} made an attempt`);
  }
  assert.match(bench.texts('error').at(-1) ?? '', /next attempt in \d+ (s|min) or with the next run$/);
  gateway.misbehave = () => undefined;
  assert.equal(await run([gateway.url]), 0);
  assert.equal(gateway.accepted, 3);
});

test('S4: a gateway that is down is said with the hint', async (t) => {
  const { sensor, run, bench } = await world(t);
  sensor.add(alertElement('m1'));
  assert.equal(await run([new URL('https://localhost:1/')]), 75);
  assert.match(
    bench.texts('error')[0] ?? '',
    /refused the connection \(ECONNREFUSED\); 1 alert kept .*; is the service running, and is the port right$/,
  );
});

test('P4: a portal that answers 200 to OPTIONS and POST alike takes nothing from us', async (t) => {
  const { sensor, pki, run, stats } = await world(t);
  const gateway = await startTrivialGateway(t, { pki, optionsStatus: 200 });
  gateway.misbehave = () => ({ status: 200, body: '<!DOCTYPE html><title>Sign in</title>' });
  sensor.add(...alerts(3));
  assert.equal(await run([gateway.url]), 75);
  assert.deepEqual([(await stats(gateway.url)).pending, gateway.accepted], [3, 0]);
});

test('a pause lasts across runs, Retry-After prolongs it', async (t) => {
  const { sensor, pki, run, bench } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  gateway.misbehave = () => ({ status: 503, headers: { 'Retry-After': '600' } });
  sensor.add(alertElement('m1'));
  await run([gateway.url]);
  const asked = gateway.answers.get(503);
  bench.clock.advance(300_000);
  assert.equal(await run([gateway.url]), 75);
  assert.equal(gateway.answers.get(503), asked, 'not asked before its time');
  assert.match(bench.texts('error').at(-1) ?? '', /next attempt in 5 min/);
  gateway.misbehave = () => undefined;
  bench.clock.advance(301_000);
  assert.equal(await run([gateway.url]), 0);
});

for (const status of [500, 422]) {
  test(`P13: one message answered ${status} while others pass is poison after three refusals`, async (t) => {
    const { sensor, pki, run, bench, quarantine, stats } = await world(t);
    const gateway = await startTrivialGateway(t, { pki });
    gateway.misbehave = (body) => (body.includes('poison') ? { status } : undefined);
    sensor.add(...alerts(10), alertElement('poison'));
    assert.equal(await run([gateway.url]), 75);
    assert.equal(gateway.accepted, 10);
    assert.deepEqual(await quarantine(), []);
    // Alone, it proves nothing, however often.
    for (let round = 0; round < 5; round += 1) {
      bench.clock.advance(700_000);
      assert.equal(await run([gateway.url]), 75);
    }
    assert.deepEqual(await quarantine(), []);
    // What is kept is tried before the new one comes: each acceptance counts for the refusal after it.
    for (let round = 1; round <= 3; round += 1) {
      sensor.add(alertElement(`other-${round}`));
      bench.clock.advance(700_000);
      assert.equal(await run([gateway.url]), round === 3 ? 65 : 75, bench.texts().slice(-3).join('\n'));
    }
    const [entry] = await quarantine();
    assert.deepEqual([entry?.kind, entry?.consumer], ['poison', gateway.url.href]);
    assert.match(entry?.detail ?? '', new RegExp(`answers ${status}`));
    assert.equal((await stats(gateway.url)).dead, 1);
    assert.equal(gateway.accepted, 13);
    assert.ok(
      bench.texts('error').some((text) => /keeps refusing one message while it takes others/.test(text)),
    );
  });
}

test('a receiver of ours that refuses one message of a batch gets all the others', async (t) => {
  const { dir, sensor, pki, run } = await world(t);
  const receiver = await startReceiver(t, { pki, dir: join(dir, 'received') });
  receiver.misbehave = (body) => (body.includes('"poison"') ? { status: 422 } : undefined);
  sensor.add(...alerts(20), alertElement('poison'), ...ids(9).map((id) => alertElement(`z${id}`)));
  assert.equal(await run([receiver.url]), 75);
  assert.equal(receiver.stored().length, 29);
  assert.ok(!receiver.stored().includes('poison'));
});

test('a receiver of ours that refuses all is not asked about each', async (t) => {
  const { dir, sensor, pki, run, quarantine } = await world(t);
  const receiver = await startReceiver(t, { pki, dir: join(dir, 'received') });
  receiver.misbehave = () => ({ status: 422 });
  sensor.add(...alerts(500));
  assert.equal(await run([receiver.url]), 75);
  assert.ok((receiver.answers.get(422) ?? 0) < 20, `${receiver.answers.get(422)} posts`);
  assert.deepEqual(await quarantine(), []);
});

for (const count of [5, 1500]) {
  test(`${count} messages refused by a gateway that refuses all: the run after its repair delivers them at once`, async (t) => {
    const { sensor, pki, run, bench, quarantine } = await world(t);
    const gateway = await startTrivialGateway(t, { pki });
    gateway.misbehave = () => ({ status: 500 });
    sensor.add(...alerts(count));
    for (let round = 1; round <= 3; round += 1) {
      assert.equal(await run([gateway.url]), 75);
      assert.ok((gateway.answers.get(500) ?? 0) <= round * 40, 'it is not asked about each');
    }
    gateway.misbehave = () => undefined;
    assert.equal(await run([gateway.url]), 0, bench.texts().join('\n'));
    assert.equal(gateway.accepted, count);
    assert.deepEqual(await quarantine(), []);
  });
}

test('what a receiver that refuses all was not sent is not held against it', async (t) => {
  const { dir, sensor, pki, run, stateDir, bench } = await world(t);
  const receiver = await startReceiver(t, { pki, dir: join(dir, 'received') });
  receiver.misbehave = () => ({ status: 422 });
  sensor.add(...alerts(500));
  assert.equal(await run([receiver.url]), 75);
  const journal = await openJournal({ path: journalPath(stateDir), readOnly: true, ...bench });
  t.after(() => journal.close());
  assert.equal(await refusedSoFar(receiver.url.href, journal.state), 4, 'three, and the last');
});

test('a 500 after the first k keeps only the rest', async (t) => {
  const { sensor, pki, run, bench, stats } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  gateway.misbehave = (_body, count) => (count > 7 ? { status: 503 } : undefined);
  sensor.add(...alerts(50));
  assert.equal(await run([gateway.url]), 75);
  assert.deepEqual([(await stats(gateway.url)).settled, (await stats(gateway.url)).pending], [7, 43]);
  gateway.misbehave = () => undefined;
  bench.clock.advance(400_000);
  assert.equal(await run([gateway.url]), 0);
  assert.equal(gateway.accepted, 50, 'none twice');
});

test('a message that breaks the connection does not stop the others', async (t) => {
  const { sensor, pki, run } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  gateway.misbehave = (body) => (body.includes('breaker') ? 'reset' : undefined);
  sensor.add(...alerts(30), alertElement('breaker'), ...ids(30).map((id) => alertElement(`z${id}`)));
  assert.equal(await run([gateway.url]), 75);
  assert.equal(gateway.accepted, 60);
});

test('P7: a silent gateway costs its timeout, not the run', async (t) => {
  const { sensor, pki, run, bench } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  gateway.misbehave = () => 'silent';
  sensor.add(alertElement('m1'));
  assert.equal(await run([gateway.url]), 75);
  assert.match(bench.texts('error')[0] ?? '', /was silent for too long.*1 alert kept/);
});

test('one destination failing never holds up another', async (t) => {
  const { dir, sensor, pki, run, bench } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  gateway.misbehave = () => ({ status: 503 });
  const out = join(dir, 'out');
  mkdirSync(out);
  const down = new URL('https://localhost:1/');
  sensor.add(...alerts(10));
  assert.equal(await run([down, gateway.url, pathToFileURL(out), pathToFileURL(join(dir, 'missing'))]), 75);
  assert.deepEqual(
    readdirSync(out).flatMap((name) => messageids(readFileSync(join(out, name)))),
    ids(10),
  );
  const said = bench.texts('error').join('\n');
  assert.match(said, /gateway https:\/\/localhost:1\/ refused the connection/);
  assert.match(said, /directory .*missing does not exist; 10 alerts kept .*mkdir -p/);
  bench.clock.advance(400_000);
  mkdirSync(join(dir, 'missing'));
  gateway.misbehave = () => undefined;
  assert.equal(await run([gateway.url, pathToFileURL(out), pathToFileURL(join(dir, 'missing'))]), 0);
  assert.equal(gateway.accepted, 10);
  assert.ok(
    bench
      .texts('warning')
      .some((text) => /localhost:1\/ is not configured any more and is still owed 10/.test(text)),
  );
});

test('a file is named after its journal and sequences, and a repeat overwrites it', async (t) => {
  const { dir, sensor, run } = await world(t);
  const out = join(dir, 'out');
  mkdirSync(out);
  sensor.add(...alerts(3));
  assert.equal(await run([pathToFileURL(out)]), 0);
  const [name, ...others] = readdirSync(out);
  assert.match(name ?? '', /^[0-9a-f]{32}-1-3\.xml$/);
  assert.deepEqual(others, []);
});

test('P8: a proxy of the environment is not used', async (t) => {
  const { sensor, pki, run } = await world(t);
  const gateway = await startTrivialGateway(t, { pki });
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) process.env[name] = 'http://localhost:1/';
  t.after(() => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) delete process.env[name];
  });
  sensor.add(...alerts(3));
  assert.equal(await run([gateway.url]), 0);
  assert.equal(gateway.accepted, 3);
});

test('P11: the destinations have a TLS identity of their own', async (t) => {
  const { dir, sensor, run, bench } = await world(t);
  const inside = await makePki(join(dir, 'inside'));
  const gateway = await startTrivialGateway(t, { pki: inside });
  sensor.add(...alerts(3));
  assert.equal(await run([gateway.url]), 75);
  assert.match(bench.texts('error')[0] ?? '', /shows a certificate whose issuer .* is not in .*CA\.crt/);
  bench.clock.advance(400_000);
  const { certFile, keyFile } = inside.client;
  const managerTls = { certFile, keyFile, caFile: inside.caFile, policy: 'anssi' } as const;
  assert.equal(await run([gateway.url], { managerTls }), 0, bench.texts().join('\n'));
  assert.equal(gateway.accepted, 3);
});
