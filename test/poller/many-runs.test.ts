/** Many profiles in one process: who runs when, and who waits for whom. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { pollerLimits } from '../../src/core/limits.ts';
import { descriptorLimit } from '../../src/os/descriptor-limit.ts';
import { createManyRuns } from '../../src/poller/many-runs.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

function profiles(count: number): ProfileConfig[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the name is looked at
  return Array.from({ length: count }, (_, index) => ({ name: `p${index}` }) as ProfileConfig);
}

function world(atOnce: number) {
  const log = recordingLogger();
  const stop = new AbortController();
  const open = new Map<string, () => void>();
  const started: string[] = [];
  let most = 0;
  const run = async ({ name }: ProfileConfig): Promise<void> => {
    started.push(name);
    await new Promise<void>((resolve) => {
      open.set(name, resolve);
      most = Math.max(most, open.size);
    });
    open.delete(name);
  };
  const runs = createManyRuns({ run, signal: stop.signal, log, atOnce });
  return { log, stop, open, started, runs, most: () => most };
}

test('runs are spread, bounded, and a slow one gives its place to others', async () => {
  const { runs, open, started, most, stop } = world(1000);
  const all = profiles(pollerLimits.concurrentRuns + 4);
  runs.tick(all);
  await until(() => started.length > 0);
  assert.ok(started.length < pollerLimits.concurrentRuns, 'one after the other');
  await until(() => started.length === pollerLimits.concurrentRuns);
  // None ends: after a while they count as slow.
  await until(() => started.length === all.length, { timeoutMs: 5000 });
  assert.equal(most(), all.length);
  stop.abort();
  for (const end of open.values()) end();
  await runs.idle();
});

test('descriptors bound slow runs too', async () => {
  const { runs, open, started, most, stop } = world(3);
  runs.tick(profiles(5));
  await until(() => started.length === 3);
  for (const name of ['p0', 'p1']) open.get(name)?.();
  await until(() => started.length === 5);
  assert.equal(most(), 3);
  stop.abort();
  for (const end of open.values()) end();
  await runs.idle();
});

test('a profile still running is passed over, said once while it lasts', async () => {
  const { runs, open, started, log, stop } = world(10);
  const two = profiles(2);
  runs.tick(two);
  await until(() => started.length === 2);
  open.get('p1')?.();
  await until(() => open.size === 1);
  runs.tick(two);
  runs.tick(two);
  await until(() => started.length === 3);
  assert.deepEqual(started, ['p0', 'p1', 'p1']);
  const said = log.lines.filter(({ text }) => text.startsWith('p0: still running'));
  assert.deepEqual(
    said.map(({ level }) => level),
    ['notice', 'info'],
  );
  open.get('p0')?.();
  await until(() => !open.has('p0'));
  open.get('p1')?.();
  await runs.idle();
  runs.tick(two);
  await until(() => started.length === 5);
  stop.abort();
  for (const end of open.values()) end();
  await runs.idle();
});

test('the signal ends the waiting: what has not begun does not begin', async () => {
  const { runs, open, started, stop } = world(1);
  runs.tick(profiles(200));
  await until(() => started.length === 1);
  stop.abort();
  for (const end of open.values()) end();
  await runs.idle();
  assert.equal(started.length, 1);
});

test('the limit of descriptors is the one of this process; none that can be seen is no limit', (t) => {
  assert.ok(descriptorLimit() > 0);
  const file = join(tempDir(t), 'limits');
  writeFileSync(
    file,
    'Limit  Soft Limit  Hard Limit\nMax open files            1024                 4096      files\n',
  );
  assert.equal(descriptorLimit(file), 1024);
  writeFileSync(file, 'Max open files            unlimited            unlimited            files\n');
  assert.equal(descriptorLimit(file), Infinity);
  assert.equal(descriptorLimit('/nowhere'), Infinity);
});
