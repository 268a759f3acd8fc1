/** `--metrics-file`: after each run, readable by the collector, one file for several profiles; never an exit code. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import { createHttpProxy } from '../../src/app/http-proxy.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { parseExposition } from '../support/parse-exposition.ts';
import { makePki } from '../support/pki.ts';
import { profileFor } from '../support/poller-bench.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

async function world(t: TestContext) {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const logger = recordingLogger();
  const sensor = await startTestSensor(t, {
    pki,
    consuming: true,
    // What is stuck would be reported, as one more message.
    deps: { status: () => ({ stuck: 0, corrupt: 0, waiting: 0 }) },
  });
  const out = join(dir, 'out');
  const metrics = join(dir, 'metrics');
  for (const made of [out, metrics]) mkdirSync(made);
  const profile = (name: string, metricsFile: string, port = sensor.port): ProfileConfig => ({
    ...profileFor(pki, new URL(`https://localhost:${port}/`), join(dir, name)),
    name,
    managers: [pathToFileURL(out)],
    metricsFile,
  });
  const program = (profiles: readonly ProfileConfig[], mode: 'oneshot' | 'follow' = 'oneshot') =>
    createHttpProxy(
      { mode: { kind: mode }, profiles, reload: () => profiles, log: { format: 'text', verbosity: 0 } },
      { logger, clock: systemClock, random: systemRandom },
    );
  const read = (name: string) => {
    const families = parseExposition(readFileSync(join(metrics, name), 'utf8'));
    return (family: string): [string | undefined, number][] =>
      (families.get(`idmef_poller_${family}`)?.series ?? []).map(({ labels, value }) => [
        labels['profile'],
        value,
      ]);
  };
  return { dir, metrics, logger, sensor, profile, program, read };
}

const never = new AbortController().signal;

test('one file for two profiles, complete, and readable under a strict umask', async (t) => {
  const { metrics, sensor, profile, program, read } = await world(t);
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  const file = join(metrics, 'all.prom');
  await sensor.fill(4);
  assert.equal(await program([profile('a', file), profile('down', file, 1)]).run(never), 69);
  assert.deepEqual(readdirSync(metrics), ['all.prom'], 'no temporary file is left');
  assert.equal(statSync(file).mode & 0o777, 0o644);
  const family = read('all.prom');
  assert.deepEqual(family('up'), [
    ['a', 1],
    ['down', 0],
  ]);
  assert.deepEqual(family('fetched_total')[0], ['a', 4]);
  assert.deepEqual(family('forwarded_total')[0], ['a', 4]);
  assert.deepEqual(family('last_run_exit_code')[1], ['down', 69]);
});

test("counters go on from run to run, because they are the journal's", async (t) => {
  const { metrics, sensor, profile, program, read } = await world(t);
  const one = profile('a', join(metrics, 'a.prom'));
  for (const total of [2, 4]) {
    await sensor.fill(2);
    assert.equal(await program([one]).run(never), 0);
    assert.deepEqual(read('a.prom')('fetched_total'), [['a', total]]);
  }
  const keyless = { ...one, tls: { ...one.tls, keyFile: '/nowhere.key' } };
  assert.equal(await program([keyless]).run(never), 78);
  assert.deepEqual(read('a.prom')('up'), [['a', 0]]);
  assert.deepEqual(read('a.prom')('fetched_total'), [['a', 4]], 'a run without a journal tells what was');
});

test('a directory that is not there is a warning, and the run is as good as without', async (t) => {
  const { dir, logger, profile, program } = await world(t);
  assert.equal(await program([profile('a', join(dir, 'nowhere', 'a.prom'))]).run(never), 0);
  const warnings = logger.lines.filter(({ level }) => level === 'warning');
  assert.deepEqual(warnings.length, 1);
  assert.match(warnings[0]?.text ?? '', /^--metrics-file is not written: cannot write .*nowhere\/a\.prom/);
});

test('a follower writes at its end, whatever the minute', async (t) => {
  const { metrics, sensor, profile, program, read } = await world(t);
  const stop = new AbortController();
  const running = program([profile('f', join(metrics, 'f.prom'))], 'follow').run(stop.signal);
  await sensor.fill(3);
  await until(async () => (await sensor.stats()).settled === 3);
  stop.abort();
  assert.equal(await running, 0);
  assert.deepEqual(read('f.prom')('fetched_total'), [['f', 3]]);
});
