/**
 * A spool of 30 MB goes through both built programs, to a plain download and to a follower, without any of them
 * holding it in memory: the Python relay needed 347 MB for the same (S16), and its proxy the whole answer (P5).
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { messageIds } from '../support/spool-writer.ts';
import { sampleAlert } from '../support/sample-alerts.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';

const ALERTS = 10_000;
/** Peak resident size; the goal of the sensor is 130 MB, a busy machine collects garbage later. */
const PEAK_MIB = 260;

test(`${ALERTS} alerts pass through both programs in bounded memory`, async (t) => {
  if (!existsSync('/proc/self/status')) {
    t.skip('no /proc: sizes of processes cannot be read');
    return;
  }
  const world = await makeWorld(tempDir(t));
  for (let n = 0; n < ALERTS; n += 1) {
    const temporary = join(world.spool, `.${n}.tmp`);
    writeFileSync(temporary, sampleAlert(n));
    renameSync(temporary, join(world.spool, `${n}.xml`));
  }
  const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
  t.after(() => sensor.kill('SIGKILL'));
  await until(async () => (await pending(world)) === ALERTS, { everyMs: 100, what: 'intake' });
  const shown = await world.ask({ headers: { prefer: 'peek' } });
  assert.equal(messageIds(shown.body).length, ALERTS);
  assert.ok(shown.body.length > 28e6, `${shown.body.length} bytes`);

  const follower = world.startPoller(['--follow']);
  t.after(() => follower.kill('SIGKILL'));
  await until(async () => (await pending(world)) === 0, { everyMs: 100, what: 'everything fetched' });
  const came = (): string[] => world.delivered().flatMap((document) => messageIds(document));
  await until(() => came().length >= ALERTS, { everyMs: 200, what: 'everything forwarded' });
  assert.equal(new Set(came()).size, ALERTS);
  for (const [name, program] of Object.entries({ sensor, follower })) {
    const peak = peakMib(program.pid);
    t.diagnostic(`${name}: ${peak} MiB at most`);
    assert.ok(peak < PEAK_MIB, `${name}: ${peak} MiB`);
    assert.equal((await program.kill('SIGTERM')).code, 0);
  }
});

async function pending(world: World): Promise<number> {
  const { headers } = await world.ask({ method: 'HEAD' });
  return Number(headers['idmef-pending'] ?? Number.NaN);
}

function peakMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}
