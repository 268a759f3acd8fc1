/**
 * Alerts a second the whole way into the dispatcher: POST over TLS with client certificates, validated, read, routed, stored
 * and owed to three recipients, answered after the fsync. The program as it is installed, in a process of its own; its
 * recipients are down, so that nothing else is measured. The posting process is on the same two cores.
 *
 * node .build/test/bench/dispatcher-post.js [--messages N] [--rounds N]. CPU is that of the dispatcher for one message.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { httpsSource, startDispatcher } from '../integration/dispatcher-program.ts';
import { best, costOf, load, say, type Cost } from '../support/bench-figures.ts';
import { siteDocument, siteMessage, type SampleSize } from '../support/dispatcher-site.ts';
import { freePort } from '../support/free-port.ts';
import { makePki } from '../support/pki.ts';
import { createPoster, type Poster } from '../support/site-poster.ts';

const { values: flags } = parseArgs({
  options: {
    messages: { type: 'string', default: '15360' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const COUNT = Number(flags.messages);
/** Pollers, each with a batch on its way; producers, each with one message. */
const POLLERS = 4;
const PRODUCERS = 64;
let made = 0;

const dir = mkdtempSync(join(flags.dir, 'dispatcher-post-'));
const endings: (() => Promise<void>)[] = [];
const pki = await makePki(join(dir, 'pki'));
const as = await pki.issue({ name: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
const down = `http://127.0.0.1:${await freePort()}/`;
const site = siteDocument({ siem: `${down}a`, archive: `${down}b`, soc: `${down}c` });
const program = await startDispatcher({ after: (hook) => void endings.push(hook) }, pki, join(dir, 'site'), {
  ...site,
  sources: { https: httpsSource(pki) },
});
const poster = createPoster(await program.port(), pki, as, PRODUCERS);
try {
  say(`${COUNT} alerts by POST to 3 recipients, best of ${flags.rounds}`);
  say('size    posts of    rate     main  others     all  load');
  for (const size of ['2.9 kB', '1 kB'] as const) {
    for (const batch of [256, 64]) await measure(size, batch, POLLERS, postBatch);
    await measure(size, 1, PRODUCERS, postOne);
  }
} finally {
  await poster.close();
  for (const end of endings) await end();
  rmSync(dir, { recursive: true, force: true });
}

async function postBatch(to: Poster, bodies: readonly Buffer[], first: number): Promise<void> {
  await to.batch(bodies, first);
}

async function postOne(to: Poster, [body]: readonly Buffer[]): Promise<void> {
  if (body !== undefined) await to.one(body);
}

async function measure(
  size: SampleSize,
  batch: number,
  lanes: number,
  post: typeof postBatch,
): Promise<void> {
  const rounds: Cost[] = [];
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    const first = made + 1;
    made += COUNT;
    const bodies = Array.from({ length: COUNT }, (_, index) => siteMessage(first + index, size));
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < COUNT) {
        const from = next;
        next += batch;
        await post(poster, bodies.slice(from, from + batch), first + from);
      }
    };
    const cost = await costOf(
      async () => void (await Promise.all(Array.from({ length: lanes }, lane))),
      program.pid,
    );
    rounds.push(cost);
  }
  const { ms, mainMs, cpuMs } = best(rounds, (cost) => cost.ms);
  const each = (time: number): string => `${((time * 1000) / COUNT).toFixed(0)} µs`.padStart(7);
  const rate = `${Math.round((COUNT * 1000) / ms)}/s`;
  say(
    `${size.padEnd(7)} ${String(batch).padStart(8)} ${rate.padStart(9)}  ` +
      `${each(mainMs)} ${each(cpuMs - mainMs)} ${each(cpuMs)}  ${load()}`,
  );
}
