/**
 * From the first byte of a post to the first byte of the delivery: what a machine waits at 10, 100 and 1,000 alerts a second, and
 * what a person waits for a new high alert meanwhile. Post, validation, fsync, claim, fsync, rendering and call are in it.
 *
 * node .build/test/bench/dispatcher-latency.js [--seconds N]. The machines are a webhook (its own limit: 10 calls a second) and a
 * Splunk collector (50); the person is told of one alert every four seconds, alone. Other alerts of people wait for their
 * group by design.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { httpsSource, startDispatcher } from '../integration/dispatcher-program.ts';
import { load, percentile, say } from '../support/bench-figures.ts';
import { smallAlert } from '../support/dispatcher-site.ts';
import { makePki } from '../support/pki.ts';
import { createPoster } from '../support/site-poster.ts';
import { startSiteReceiver, type Received } from '../support/site-receiver.ts';
import { until } from '../support/until.ts';

const { values: flags } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, dir: { type: 'string', default: tmpdir() } },
});
const SECONDS = Number(flags.seconds);
const PERSON_EVERY_MS = 4_000;
/** From here on posts hold what came in so many milliseconds, as a poller's do. */
const BATCHED_RATE = 1_000;
const BATCH_EVERY_MS = 20;

const offeredAt = new Map<string, number>();
let waits = new Map<string, number[]>();
let made = 0;
let since = 0;

/** Messages carry their number as messageid, which is in every body once or more. */
function note({ path, at, body }: Received): void {
  for (const name of new Set(body.match(/bench-[a-z]+-\d+/g))) {
    // What is late belongs to no measurement.
    const offered = Number(name.split('-')[2]) > since ? offeredAt.get(name) : undefined;
    const known = waits.get(path);
    if (offered === undefined) continue;
    if (known === undefined) waits.set(path, [at - offered]);
    else known.push(at - offered);
  }
}

const dir = mkdtempSync(join(flags.dir, 'dispatcher-latency-'));
const endings: (() => Promise<void>)[] = [];
const receiver = await startSiteReceiver(note);
const pki = await makePki(join(dir, 'pki'));
const as = await pki.issue({ name: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
const program = await startDispatcher({ after: (hook) => void endings.push(hook) }, pki, join(dir, 'site'), {
  endpoints: {
    webhook: { type: 'webhook', url: `${receiver.url}/webhook` },
    splunk: { type: 'splunk', url: receiver.url, token_file: tokenFile(dir) },
    person: { type: 'webhook', url: `${receiver.url}/person` },
  },
  recipients: {
    webhook: { endpoint: 'webhook', batch: 500 },
    splunk: { endpoint: 'splunk', batch: 500 },
    person: { endpoint: 'person', audience: 'people' },
  },
  route: {
    to: ['webhook', 'splunk'],
    group_by: ['classification.text'],
    routes: [{ when: 'alert.assessment.impact.severity == high', to: ['person'] }],
  },
  sources: { https: httpsSource(pki) },
});
const poster = createPoster(await program.port(), pki, as, 16);
try {
  say(`${SECONDS} s each; from the offer to the first byte at the receiver, milliseconds`);
  say('offered    webhook p50  p99     splunk p50  p99     person p50  max  (calls)   load');
  await offer(10, 2_000);
  for (const rate of [10, 100, 1_000]) await measure(rate);
} finally {
  await poster.close();
  for (const end of endings) await end();
  await receiver.close();
  rmSync(dir, { recursive: true, force: true });
}

async function measure(rate: number): Promise<void> {
  waits = new Map();
  since = made;
  await offer(rate, SECONDS * 1_000);
  const offered = made - since;
  const complete = (): boolean =>
    ['/webhook', '/services/collector/event'].every((path) => (waits.get(path)?.length ?? 0) >= offered);
  await until(async () => (complete() ? true : undefined), { timeoutMs: 60_000, what: 'all deliveries' });
  const figures = (path: string, share: number): string => {
    const values = waits.get(path) ?? [];
    return `${percentile(values, 0.5).toFixed(1).padStart(11)} ${percentile(values, share).toFixed(1).padStart(6)}`;
  };
  const calls = waits.get('/person')?.length ?? 0;
  say(
    `${String(rate).padStart(5)}/s ${figures('/webhook', 0.99)} ${figures('/services/collector/event', 0.99)} ` +
      `${figures('/person', 1)}  (${calls})   ${load()}`,
  );
}

/** At an even pace, whatever becomes of it; then waits for the answers. */
async function offer(rate: number, ms: number): Promise<void> {
  const start = performance.now();
  const stepMs = rate < BATCHED_RATE ? 1_000 / rate : BATCH_EVERY_MS;
  const posts: Promise<void>[] = [];
  let personAt = start + stepMs;
  for (let at = start; at < start + ms; at += stepMs) {
    const late = performance.now() - at;
    if (late < 0) await delay(-late);
    const isPersons = performance.now() >= personAt;
    if (isPersons) personAt += PERSON_EVERY_MS;
    const count = Math.round((rate * stepMs) / 1_000);
    posts.push(
      rate < BATCHED_RATE
        ? poster.one(next(isPersons))
        : poster.batch(nextBatch(count, isPersons), made - count + 1),
    );
  }
  await Promise.all(posts);
}

function nextBatch(count: number, isPersons: boolean): Buffer[] {
  return Array.from({ length: count }, (_, index) => next(isPersons && index === 0));
}

function next(isPersons: boolean): Buffer {
  const n = ++made;
  const name = `bench-${isPersons ? 'high' : 'low'}-${n}`;
  offeredAt.set(name, performance.now());
  return smallAlert({
    messageid: name,
    severity: isPersons ? 'high' : 'low',
    text: isPersons ? `New ${n}` : 'Old',
  });
}

function tokenFile(where: string): string {
  const path = join(where, 'token');
  writeFileSync(path, 'a-token\n', { mode: 0o600 });
  return path;
}
