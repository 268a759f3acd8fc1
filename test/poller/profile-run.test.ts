/** One run of a profile against sensors and destinations that behave, and its summary, exit and memory. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { runProfile } from '../../src/poller/profile-run.ts';
import { startFakeSensor } from '../support/fake-sensor.ts';
import { makePki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { alertElement, messageids } from '../support/tiny-alerts.ts';
import { tempDir } from '../support/temp-dir.ts';

const never = new AbortController().signal;

test('fetches, forwards to a directory, acknowledges and says one line', async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const out = join(dir, 'out');
  mkdirSync(out);
  const sensor = await startFakeSensor(t, { pki });
  sensor.add(...Array.from({ length: 1200 }, (_, index) => alertElement(`m${index}`)));
  const bench = pollerBench();
  const profile = profileFor(pki, sensor.url, join(dir, 'state'), { managers: [pathToFileURL(out)] });

  assert.equal(await runProfile(profile, bench, never), 0, bench.texts().join('\n'));
  const ids = readdirSync(out).flatMap((name) => messageids(readFileSync(join(out, name))));
  assert.deepEqual(ids.toSorted(), Array.from({ length: 1200 }, (_, index) => `m${index}`).toSorted());
  assert.equal(sensor.waiting.size, 0);
  assert.equal(bench.texts('notice').length, 1);
  assert.match(
    bench.texts('notice')[0] ?? '',
    /^dmz1: 1,200 fetched, 1,200 forwarded, 0 quarantined, 0 pending, \d+\.\d\d s$/,
  );

  assert.equal(await runProfile(profile, bench, never), 0);
  assert.equal(bench.texts().length, 1, 'an empty run says nothing');
});
