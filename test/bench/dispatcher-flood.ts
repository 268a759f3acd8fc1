/**
 * 50,000 spoofed alerts offered as fast as they are taken, to a file and to a person: how long until the last one is in the file, how
 * much memory, how often the person is called. The same flood over ten minutes, on a virtual clock, is
 * test/dispatcher/acceptance/storm.test.ts.
 *
 * node .build/test/bench/dispatcher-flood.js [--alerts N] [--dir DIR]
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

import { httpsSource, startDispatcher } from '../integration/dispatcher-program.ts';
import { costOf, load, residentMib, say } from '../support/bench-figures.ts';
import { lineCounter, siteMessage } from '../support/dispatcher-site.ts';
import { makePki } from '../support/pki.ts';
import { createPoster } from '../support/site-poster.ts';
import { startSiteReceiver } from '../support/site-receiver.ts';
import { until } from '../support/until.ts';

const { values: flags } = parseArgs({
  options: { alerts: { type: 'string', default: '50000' }, dir: { type: 'string', default: tmpdir() } },
});
const ALERTS = Number(flags.alerts);
const BATCH = 250;
const POLLERS = 4;

const dir = mkdtempSync(join(flags.dir, 'dispatcher-flood-'));
const out = join(dir, 'out');
mkdirSync(out);
const endings: (() => Promise<void>)[] = [];
const told: number[] = [];
const receiver = await startSiteReceiver(({ at }) => void told.push(at));
const pki = await makePki(join(dir, 'pki'));
const as = await pki.issue({ name: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
const program = await startDispatcher({ after: (hook) => void endings.push(hook) }, pki, join(dir, 'site'), {
  endpoints: { file: { type: 'file', dir: out }, person: { type: 'webhook', url: receiver.url } },
  recipients: {
    file: { endpoint: 'file', rotate_mib: 1_000 },
    person: { endpoint: 'person', audience: 'people' },
  },
  route: { to: ['file', 'person'] },
  sources: { https: httpsSource(pki) },
});
const poster = createPoster(await program.port(), pki, as, POLLERS);
const lines = lineCounter(join(out, 'alerts.jsonl'));
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, residentMib(program.pid));
}, 100);
try {
  const before = residentMib(program.pid);
  const start = performance.now();
  let next = 0;
  let takenMs = 0;
  const lane = async (): Promise<void> => {
    while (next < ALERTS) {
      const from = next;
      next += BATCH;
      const bodies = Array.from({ length: BATCH }, (_, index) => siteMessage(from + index, '2.9 kB'));
      await poster.batch(bodies, from + 1);
    }
  };
  const { ms, cpuMs } = await costOf(async () => {
    await Promise.all(Array.from({ length: POLLERS }, lane));
    takenMs = performance.now() - start;
    await until(async () => (lines() >= ALERTS ? true : undefined), {
      timeoutMs: 600_000,
      what: 'the file',
    });
  }, program.pid);
  say(`${ALERTS} alerts of 2.9 kB, posts of ${BATCH}, to a file and a person`);
  say(`taken: ${(takenMs / 1000).toFixed(1)} s (${Math.round((ALERTS * 1000) / takenMs)}/s)`);
  say(
    `all in the file: ${(ms / 1000).toFixed(1)} s (${Math.round((ALERTS * 1000) / ms)}/s), ` +
      `${((cpuMs * 1000) / ALERTS).toFixed(0)} µs of CPU each`,
  );
  say(`lines in the file: ${lines()}; calls to the person: ${told.length}`);
  say(`memory: ${before} MiB before, ${peak} MiB at most   ${load()}`);
} finally {
  clearInterval(watch);
  await poster.close();
  for (const end of endings) await end();
  await receiver.close();
  rmSync(dir, { recursive: true, force: true });
}
