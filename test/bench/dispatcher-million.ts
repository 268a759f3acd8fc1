/**
 * A store with 1,000,000 deliveries queued: memory, how long a claim takes, whether accepting suffers from retention's walk and
 * from status, and how long a start takes, of the store and of the program.
 *
 * node .build/test/bench/dispatcher-million.js [--deliveries N] [--dir DIR]. Takes 1.3 GB of disk and two minutes. All deliveries are
 * owed, so retention finds nothing to delete however it looks.
 */

import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import type { Store } from '../../src/dispatcher/model/store.ts';
import { openStoreInWorker } from '../../src/dispatcher/store/open-in-worker.ts';
import { systemClock } from '../../src/os/clock.ts';
import { httpsSource, startDispatcher } from '../integration/dispatcher-program.ts';
import { load, percentile, residentMib, say } from '../support/bench-figures.ts';
import { createSiteDoor, RECIPIENTS, siteDocument, siteInbound } from '../support/dispatcher-site.ts';
import { freePort } from '../support/free-port.ts';
import { makePki } from '../support/pki.ts';

const { values: flags } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '1000000' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const DELIVERIES = Number(flags.deliveries);
const BATCH = 256;
const CLAIM_PAIRS = 100;
const RETENTION = { maxAgeMs: 0, maxBytes: 1 };
let made = 0;

const dir = mkdtempSync(join(flags.dir, 'dispatcher-million-'));
const stateDir = join(dir, 'site', 'state');
mkdirSync(stateDir, { recursive: true });
const path = join(stateDir, 'dispatcher.db');
try {
  const empty = residentMib();
  await fill(empty);
  await use();
  await startProgram();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function batch(count = BATCH): ReturnType<typeof siteInbound>[] {
  return Array.from({ length: count }, () => siteInbound(++made, '1 kB'));
}

/** Told apart by its identity, which is looked up among all that are remembered. */
function withoutSequence({ body, origin }: ReturnType<typeof siteInbound>): ReturnType<typeof siteInbound> {
  const { journal: _journal, sequence: _sequence, ...producer } = origin;
  return { body, origin: producer };
}

async function fill(empty: number): Promise<void> {
  const store = await openStoreInWorker({ path });
  const door = createSiteDoor(store);
  const start = performance.now();
  const lane = async (): Promise<void> => {
    while (made < DELIVERIES / RECIPIENTS.length) await door.accept(batch());
  };
  await Promise.all([lane(), lane()]);
  const rate = Math.round((made * 1000) / (performance.now() - start));
  const mib = Math.round(statSync(path).size / 1024 ** 2);
  say(`filled: ${made} alerts, ${made * RECIPIENTS.length} deliveries, ${rate} alerts/s, ${mib} MiB on disk`);
  say(`memory: ${residentMib()} MiB resident of ${empty} before (this bench, door and store)   ${load()}`);
  await store.close();
}

async function use(): Promise<void> {
  const start = performance.now();
  const store = await openStoreInWorker({ path });
  const opened = performance.now() - start;
  const claims = await timed(300, async () => await claimOne(store));
  say(`start of the store: ${opened.toFixed(0)} ms; memory ${residentMib()} MiB`);
  say(`claim of ${CLAIM_PAIRS} and finish: ${figures(claims)}`);
  say(`stats: ${figures(await timed(20, async () => await store.stats(systemClock.now())))}`);
  const door = createSiteDoor(store);
  const accepting = async (): Promise<unknown> => await door.accept(batch(1));
  say(`accept of one, alone: ${figures(await timed(300, accepting, 10))}`);
  for (const from of ['relay', 'producers'] as const) {
    const batches = Array.from({ length: 40 }, () =>
      batch().map((one) => (from === 'relay' ? one : withoutSequence(one))),
    );
    const begun = performance.now();
    await Promise.all(
      [batches.slice(0, 20), batches.slice(20)].map(async (half) => {
        for (const one of half) await door.accept(one);
      }),
    );
    const rate = Math.round((40 * BATCH * 1000) / (performance.now() - begun));
    say(`accept of ${BATCH} from ${from}, beside all these: ${rate} alerts/s`);
  }
  let steps = 0;
  let isDone = false;
  const work = async (): Promise<void> => {
    // oxlint-disable-next-line no-unmodified-loop-condition -- set below, when the others are through
    while (!isDone) {
      // Each pass walks over everything, and then would rest for a minute.
      // oxlint-disable-next-line no-unmodified-loop-condition -- as above
      while ((await store.tidy(systemClock.now(), RETENTION)) && !isDone) steps += 1;
      await store.stats(systemClock.now());
    }
  };
  const working = work();
  const during = await timed(300, accepting, 10);
  isDone = true;
  await working;
  say(`accept of one, during retention (${steps} steps) and stats: ${figures(during)}   ${load()}`);
  await store.close();
}

async function claimOne(store: Store): Promise<void> {
  const now = systemClock.now();
  const claim = await store.claim('siem', { now, pairs: CLAIM_PAIRS });
  if (claim?.pairs.length !== CLAIM_PAIRS) throw new Error('nothing to claim');
  const attempt = { form: 'messages', startedAt: now, endedAt: now, outcome: 'ok', reason: '' } as const;
  await store.finish({ claim: claim.id, attempt, fate: { kind: 'sent' } });
}

/** The whole program over that store, with its recipients down: from its start until it listens and delivers. */
async function startProgram(): Promise<void> {
  const endings: (() => Promise<void>)[] = [];
  const pki = await makePki(join(dir, 'pki'));
  const down = `http://127.0.0.1:${await freePort()}/`;
  const site = siteDocument({ siem: `${down}a`, archive: `${down}b`, soc: `${down}c` });
  const config = { ...site, sources: { https: httpsSource(pki) } };
  const start = performance.now();
  const program = await startDispatcher(
    { after: (hook) => void endings.push(hook) },
    pki,
    join(dir, 'site'),
    config,
  );
  const ms = performance.now() - start;
  await delay(5_000);
  say(
    `start of the program: ${ms.toFixed(0)} ms; memory after 5 s ${residentMib(program.pid)} MiB   ${load()}`,
  );
  for (const end of endings) await end();
}

/** Milliseconds of each call; one begins every `everyMs`, so that a slow one delays the next as it would a client. */
async function timed(count: number, call: () => Promise<unknown>, everyMs = 0): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
    const rest = everyMs - (performance.now() - start);
    if (rest > 0) await delay(rest);
  }
  return times;
}

function figures(times: readonly number[]): string {
  const at = (share: number): string => percentile(times, share).toFixed(1);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)} ms`;
}
