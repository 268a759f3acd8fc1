/** `--high-first`, `--gzip` and renewal: what the poller asks of a sensor, and what it makes of an older one. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import { contentDigest } from '../../src/http/content-digest.ts';
import type { Claim, Journal, Want } from '../../src/journal/journal.ts';
import { forward } from '../../src/poller/forward.ts';
import { keepLease } from '../../src/poller/keep-lease.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { newRunCounts } from '../../src/poller/run-counts.ts';
import { startFakeSensor } from '../support/fake-sensor.ts';
import { makePki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, messageids } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';

const never = new AbortController().signal;

async function world(t: TestContext, more: Partial<ProfileConfig> = {}) {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const out = join(dir, 'out');
  mkdirSync(out);
  const sensor = await startFakeSensor(t, { pki });
  const bench = pollerBench();
  const profile = profileFor(pki, sensor.url, join(dir, 'state'), {
    managers: [pathToFileURL(out)],
    timeoutSeconds: 2,
    batch: 10,
    ...more,
  });
  return {
    sensor,
    bench,
    run: async () => await runProfile(profile, bench, never),
    arrived: () => readdirSync(out).flatMap((name) => messageids(readFileSync(join(out, name)))),
  };
}

const low = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => alertElement(`low-${index}`));

test('a high alert overtakes the backlog of its sensor', async (t) => {
  const { sensor, run, arrived, bench } = await world(t, { highFirst: true });
  sensor.add(...low(60), alertElement('high'));
  sensor.high.add(61);
  const batches: string[][] = [];
  sensor.tamper = ({ body }) => batches.push(messageids(body));
  assert.equal(await run(), 0, bench.texts().join('\n'));
  assert.equal(arrived().length, 61);
  assert.deepEqual(batches[1], ['high'], 'before the second batch of the others');
  assert.equal(sensor.prefers[0], 'lease=15, batch=10, batch-bytes=4194304', 'no backlog is known yet');
  assert.equal(sensor.prefers[1], 'lease=15, min-severity=high, batch=10, batch-bytes=4194304');
  assert.equal(sensor.prefers.at(-1)?.includes('min-severity'), false);
  assert.ok(sensor.connections() <= 2, 'over the connections there are');
});

test('without a backlog, or without --high-first, nothing of the kind is asked', async (t) => {
  for (const [highFirst, count] of [
    [true, 10],
    [false, 60],
  ] as const) {
    const { sensor, run } = await world(t, { highFirst });
    sensor.add(...low(count));
    assert.equal(await run(), 0);
    assert.equal(sensor.prefers.filter((prefer) => prefer.includes('min-severity')).length, 0);
  }
});

test('an older sensor of ours is asked once for high alerts, and nothing it gave is lost', async (t) => {
  const { sensor, run, arrived } = await world(t, { highFirst: true });
  sensor.lanes = false;
  sensor.add(...low(60));
  assert.equal(await run(), 0);
  assert.equal(new Set(arrived()).size, 60);
  assert.equal(sensor.prefers.filter((prefer) => prefer.includes('min-severity')).length, 1);
});

test('towards a destination high alerts are leased before each ordinary lease', async () => {
  const wants: (number | undefined)[] = [];
  const waiting = { high: 1, low: 3 };
  const ended = new Error('delivered');
  const lease = async (_consumer: string, want: Want): Promise<Claim | undefined> => {
    wants.push(want.minSeverity);
    assert.ok(want.messages <= 100, 'a high alert waits for no more than a small lease');
    const lane = want.minSeverity === 4 ? 'high' : 'low';
    if (waiting[lane] === 0) return undefined;
    throw ended;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a journal that only leases
  const journal = { lease } as unknown as Journal;
  const options = {
    ...pollerBench(),
    journal,
    target: {
      id: 'd',
      label: 'd',
      health: healthy,
      resident: false,
      opened: () => undefined,
      open: () => Promise.reject(ended),
    },
    want: { messages: 1000, bytes: 1 },
    counts: newRunCounts(),
    prefix: '',
    profile: 'dmz1',
    signal: never,
    wait: async () => undefined,
    ending: () => true,
    patient: false,
    tryPutOff: false,
  };
  await assert.rejects(forward({ ...options, highFirst: true }), ended);
  waiting.high = 0;
  await assert.rejects(forward({ ...options, highFirst: true }), ended);
  waiting.low = 0;
  await forward({ ...options, highFirst: true });
  assert.deepEqual(wants, [4, 4, undefined, 4, undefined]);
});

const healthy = {
  illness: () => undefined,
  acceptedAt: () => undefined,
  pauseMs: () => 0,
  fail: async () => undefined,
  recover: async () => undefined,
  endRun: async () => undefined,
};

test('--gzip: a compressed batch is verified as it came, inflated and taken', async (t) => {
  const { sensor, run, arrived, bench } = await world(t, { gzip: true });
  const encodings: (string | undefined)[] = [];
  sensor.tamper = ({ headers }) => encodings.push(headers['Content-Encoding']);
  sensor.add(...low(25));
  assert.equal(await run(), 0, bench.texts().join('\n'));
  assert.equal(arrived().length, 25);
  assert.deepEqual(encodings, ['gzip', 'gzip', 'gzip']);
});

test('a sensor that does not compress is as good, and without --gzip none is asked to', async (t) => {
  for (const gzip of [true, false]) {
    const { sensor, run, arrived } = await world(t, { gzip });
    sensor.gzip = !gzip;
    sensor.tamper = ({ headers }) => assert.equal(headers['Content-Encoding'], undefined);
    sensor.add(...low(5));
    assert.equal(await run(), 0);
    assert.equal(arrived().length, 5);
  }
});

const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

const codings: readonly (readonly [name: string, coding: string, body: Buffer, words: RegExp])[] = [
  ['a bomb', 'gzip', bomb, new RegExp(`sent ${bomb.length} bytes that inflate to more than \\d+`)],
  ['a broken stream', 'gzip', gzipSync('<a/>').subarray(0, 12), /cannot be inflated/],
  ['no gzip at all', 'gzip', Buffer.from('<a/>'), /cannot be inflated/],
  ['another coding', 'br', Buffer.from('<a/>'), /in the coding br, which nobody asked for/],
];

for (const [name, coding, body, words] of codings) {
  test(`--gzip: ${name} is the sensor's fault, and nothing is acknowledged`, async (t) => {
    const { sensor, run, arrived, bench } = await world(t, { gzip: true });
    sensor.add(...low(3));
    const { tamper } = sensor;
    sensor.tamper = (batch) => {
      batch.body = body;
      batch.headers['Content-Encoding'] = coding;
      batch.headers['Content-Digest'] = contentDigest(body);
    };
    assert.equal(await run(), 76);
    assert.match(bench.texts('error')[0] ?? '', words);
    assert.equal(sensor.waiting.size, 3);
    sensor.tamper = tamper;
    assert.equal(await run(), 0);
    assert.equal(arrived().length, 3);
  });
}

test('a lease is renewed at half of its time until the batch is acknowledged', async (t) => {
  const { sensor, run, arrived, bench } = await world(t, { leaseSeconds: 5 });
  sensor.leaseSeconds = 0.2;
  sensor.add(...low(3));
  // The acknowledgement of the first batch is slow, so the second one, asked for meanwhile, has to wait.
  sensor.add(...Array.from({ length: 10 }, (_, index) => alertElement(`later-${index}`)));
  sensor.intercept = async (request) => {
    if (request.method !== 'DELETE' || !sensor.log.includes('DELETE t1')) return false;
    if (!sensor.log.includes('PUT t2')) await until(() => sensor.log.includes('PUT t2'));
    return false;
  };
  assert.equal(await run(), 0, bench.texts().join('\n'));
  assert.equal(arrived().length, 13);
  assert.ok(sensor.log.indexOf('PUT t2') < sensor.log.indexOf('DELETE t2'), sensor.log.join(', '));
});

test('a renewal that is refused is the last; one that fails is tried again; after the end there is none', async () => {
  const answers = [new Error('reset'), true, false];
  let asked = 0;
  const end = keepLease(0.02, async () => {
    const answer = answers[asked];
    asked += 1;
    if (answer instanceof Error) throw answer;
    return answer === true;
  });
  await until(() => asked === 3);
  end();
  const calls = { ended: 0, going: 0 };
  const count = (name: keyof typeof calls) => async (): Promise<boolean> => {
    calls[name] += 1;
    return true;
  };
  keepLease(0.02, count('ended'))();
  const stop = keepLease(0.02, count('going'));
  await until(() => calls.going === 3);
  stop();
  assert.deepEqual([asked, calls.ended], [3, 0]);
});

test('a lease that ended before its acknowledgement: the messages come again and are known', async (t) => {
  const { sensor, run, arrived, bench } = await world(t);
  sensor.add(...low(3));
  let expired = false;
  sensor.intercept = (request) => {
    if (request.method === 'DELETE' && !expired) {
      expired = true;
      sensor.expire();
    }
    return false;
  };
  assert.equal(await run(), 0, bench.texts().join('\n'));
  assert.equal(sensor.waiting.size, 3);
  assert.equal(await run(), 0);
  assert.equal(sensor.waiting.size, 0);
  assert.deepEqual(arrived().toSorted(), ['low-0', 'low-1', 'low-2'], 'once');
  assert.ok(bench.texts('info').some((text) => /lease had ended before its acknowledgement/.test(text)));
});
