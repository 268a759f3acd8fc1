/**
 * Whether the dispatcher's memory and file grow without end: 200,000 alerts through the program to a file recipient, while
 * retention may keep 64 MiB. A line each 20,000; from the third on the figures should stay where they are.
 *
 * node .build/test/bench/dispatcher-memory.js [--alerts N] [--dir DIR]
 */

import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { httpsSource, startDispatcher } from '../integration/dispatcher-program.ts';
import { load, percentile, residentMib, say } from '../support/bench-figures.ts';
import { siteMessage } from '../support/dispatcher-site.ts';
import { makePki } from '../support/pki.ts';
import { createPoster } from '../support/site-poster.ts';

const { values: flags } = parseArgs({
  options: { alerts: { type: 'string', default: '200000' }, dir: { type: 'string', default: tmpdir() } },
});
const ALERTS = Number(flags.alerts);
const STEP = ALERTS / 10;
const BATCH = 100;
const LANES = 2;

const dir = mkdtempSync(join(flags.dir, 'dispatcher-memory-'));
const out = join(dir, 'out');
mkdirSync(out);
const endings: (() => Promise<void>)[] = [];
const pki = await makePki(join(dir, 'pki'));
const as = await pki.issue({ name: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
const program = await startDispatcher({ after: (hook) => void endings.push(hook) }, pki, join(dir, 'site'), {
  endpoints: { file: { type: 'file', dir: out } },
  recipients: { file: { endpoint: 'file', rotate_mib: 50, keep: 1 } },
  route: { to: ['file'] },
  retention: { age: '1h', size: '64M' },
  sources: { https: httpsSource(pki) },
});
const poster = createPoster(await program.port(), pki, as, LANES);
let sent = 0;
try {
  say(`${ALERTS} alerts of 2.9 kB, posts of ${BATCH}, to a file; retention keeps 64 MiB`);
  say('alerts    resident MiB   store MiB   owed      post p50  p99 ms');
  say(`${String(0).padStart(7)} ${String(residentMib(program.pid)).padStart(12)}`);
  // oxlint-disable-next-line no-unmodified-loop-condition -- postUntil does
  while (sent < ALERTS) {
    const times: number[] = [];
    const end = sent + STEP;
    await Promise.all(Array.from({ length: LANES }, async () => await postUntil(end, times)));
    const { pending } = await program.queue('file');
    say(
      `${String(sent).padStart(7)} ${String(residentMib(program.pid)).padStart(12)} ${String(storeMib()).padStart(11)} ` +
        `${String(pending).padStart(8)} ${percentile(times, 0.5).toFixed(1).padStart(11)} ` +
        `${percentile(times, 0.99).toFixed(1).padStart(6)}   ${load()}`,
    );
  }
} finally {
  await poster.close();
  for (const end of endings) await end();
  rmSync(dir, { recursive: true, force: true });
}

async function postUntil(end: number, times: number[]): Promise<void> {
  while (sent < end) {
    const from = sent;
    sent += BATCH;
    const bodies = Array.from({ length: BATCH }, (_, index) => siteMessage(from + index, '2.9 kB'));
    const start = performance.now();
    await poster.batch(bodies, from + 1);
    times.push(performance.now() - start);
  }
}

function storeMib(): number {
  return Math.round(statSync(join(program.stateDir, 'dispatcher.db')).size / 1024 ** 2);
}
