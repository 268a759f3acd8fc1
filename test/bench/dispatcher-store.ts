/**
 * Figures of the dispatcher's store alone: accept with three deliveries each, claim and finish, a digest of a storm, open
 * with a large backlog.
 *
 * node .build/test/bench/dispatcher-store.js [--long] [--messages N] [--thread]; --long builds a backlog of 1,000,000
 * deliveries (2 GB of disk). Prints one line a figure, each with the number it is measured against.
 */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { Severity } from '../../src/core/severity.ts';
import type { PlannedPair } from '../../src/dispatcher/model/plan.ts';
import type { Arrival, Store } from '../../src/dispatcher/model/store.ts';
import { openStore } from '../../src/dispatcher/store/in-process.ts';
import { openStoreInWorker } from '../../src/dispatcher/store/open-in-worker.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';

const { values: flags } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    thread: { type: 'boolean', default: false },
    messages: { type: 'string', default: '20480' },
  },
});
const COUNT = Number(flags.messages);
const BODY_BYTES = 2999;
const BATCH = 256;
const directory = mkdtempSync(join(tmpdir(), 'store-bench-'));
const SEVERITIES = [2, 2, 1, 2, 3, 2, 0, 2, 2, 4] as const;
let made = 0;

interface Shape {
  readonly sequenced: boolean;
  readonly pairs: (severity: Severity) => readonly PlannedPair[];
  readonly incidents: boolean;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function open(name: string): Promise<Store> {
  const path = join(directory, name);
  if (flags.thread) return await openStoreInWorker({ path });
  return await openStore({ path, clock: systemClock, random: systemRandom });
}

function machines(severity: Severity): PlannedPair[] {
  return ['prelude', 'elastic', 'syslog'].map((recipient) => ({
    recipient,
    audience: 'machine',
    route: 'route',
    priority: severity * 1000,
    waitMs: 0,
  }));
}

/** Two machines and one person, to whom most of it is a repeat. */
function mixed(severity: Severity): PlannedPair[] {
  const repeat = { firstMs: 3_600_000, maxMs: 86_400_000 };
  const person = {
    recipient: 'ana',
    audience: 'people',
    route: 'route.routes[0]',
    incident: 0,
    repeat,
  } as const;
  const waitMs = severity === 4 ? 0 : 30_000;
  return [...machines(severity).slice(1), { ...person, priority: severity * 1000 + 500, waitMs }];
}

function makeBatch(count: number, { sequenced, pairs, incidents }: Shape): Arrival[] {
  return Array.from({ length: count }, () => {
    const number = ++made;
    const body = Buffer.from(`<Alert messageid="${number}">`.padEnd(BODY_BYTES, 'x'));
    const hash = createHash('sha256').update(body).digest();
    const severity = SEVERITIES[number % 10] ?? 0;
    const classification = `Attack of kind ${number % 200}`;
    const source = `198.51.${(number >> 8) % 100}.${number % 256}`;
    const key = createHash('sha256').update(`${classification} ${source}`).digest('hex').slice(0, 32);
    return {
      id: hash.toString('hex', 0, 16),
      hash,
      body,
      facts: {
        kind: 'alert',
        severity,
        messageid: String(number),
        analyzer: `suricata-${number % 40}`,
        classification,
        source,
        target: '203.0.113.7',
        createTime: systemClock.now(),
      },
      origin: {
        source: 'idmef',
        sensor: `sensor-${number % 40}`,
        ...(sequenced ? { journal: 'f'.repeat(32), sequence: number } : {}),
      },
      at: systemClock.now(),
      config: 'c'.repeat(64),
      plan: {
        incidents: incidents ? [{ key, title: classification, windowMs: 86_400_000, escalate: [] }] : [],
        pairs: pairs(severity),
      },
    };
  });
}

async function benchAccept(name: string, shape: Shape): Promise<void> {
  const store = await open(`${name.replaceAll(' ', '-')}.db`);
  const batches = Array.from({ length: Math.ceil(COUNT / BATCH) }, () => makeBatch(BATCH, shape));
  const start = performance.now();
  const cpu = process.cpuUsage();
  // Two at a time: one is committed while the next is made ready.
  for (let index = 0; index < batches.length; index += 2) {
    await Promise.all(batches.slice(index, index + 2).map((batch) => store.accept(batch)));
  }
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const rate = Math.round((batches.length * BATCH * 1000) / ms);
  say(
    `accept ${name}, batches of ${BATCH}: ${rate} messages/s (goal 10,000), ` +
      `${Math.round((user + system) / (batches.length * BATCH))} µs of CPU each`,
  );
  await store.close();
}

async function benchDrain(batch: number): Promise<void> {
  const store = await open(`drain-${batch}.db`);
  const shape = { sequenced: true, pairs: machines, incidents: false };
  for (let count = 0; count < 2_560; count += BATCH) await store.accept(makeBatch(BATCH, shape));
  const start = performance.now();
  let pairs = 0;
  const names = ['prelude', 'elastic', 'syslog'];
  await Promise.all(
    names.map(async (recipient) => {
      for (;;) {
        const now = systemClock.now();
        const claim = await store.claim(recipient, { now, pairs: batch });
        if (claim === undefined) return;
        pairs += claim.pairs.length;
        const times = { startedAt: now, endedAt: now };
        await store.finish({
          claim: claim.id,
          attempt: { form: 'messages', ...times, outcome: 'ok', reason: '' },
          fate: { kind: 'sent' },
        });
      }
    }),
  );
  const ms = performance.now() - start;
  say(`claim and finish, ${batch} a call, 3 recipients: ${Math.round((pairs * 1000) / ms)} deliveries/s`);
  await store.close();
}

async function benchDigest(): Promise<void> {
  const store = await open('digest.db');
  const shape = { sequenced: true, pairs: machines, incidents: true };
  for (let count = 0; count < 50_000; count += BATCH) await store.accept(makeBatch(BATCH, shape));
  const now = systemClock.now();
  const start = performance.now();
  const claim = await store.claimDigest('prelude', now);
  const claimed = performance.now();
  await store.finish({
    claim: claim?.id ?? 0,
    attempt: { form: 'digest', startedAt: now, endedAt: now, outcome: 'ok', reason: '' },
    fate: { kind: 'sent' },
  });
  const finished = performance.now();
  say(
    `digest of ${claim?.digest.count ?? 0}: ${Math.round(claimed - start)} ms (goal 1,000), ` +
      `finished in ${Math.round(finished - claimed)} ms`,
  );
  await store.close();
}

async function benchBacklog(deliveries: number): Promise<void> {
  const store = await open('backlog.db');
  const shape = { sequenced: true, pairs: machines, incidents: false };
  const before = rss();
  const start = performance.now();
  for (let count = 0; count < deliveries / 3; count += BATCH) await store.accept(makeBatch(BATCH, shape));
  const rate = Math.round((deliveries * 1000) / (performance.now() - start));
  const after = rss();
  await store.close();
  const opening = performance.now();
  const again = await open('backlog.db');
  const opened = performance.now();
  const now = systemClock.now();
  const claim = await again.claim('elastic', { now, pairs: 100 });
  const claimed = performance.now();
  const held = performance.now();
  await again.hold('prelude', 'token revoked', now);
  say(
    `backlog of ${deliveries} deliveries: queued at ${rate}/s; RSS ${before} MiB, then ${after} MiB; ` +
      `open ${Math.round(opened - opening)} ms, claim ${claim?.pairs.length ?? 0} in ${Math.round(claimed - opened)} ms, ` +
      `hold ${Math.round(performance.now() - held)} ms`,
  );
  await again.close();
}

function rss(): number {
  return Math.round(process.memoryUsage().rss / 1024 / 1024);
}

try {
  say(`node ${process.versions.node}, ${COUNT} messages of ${BODY_BYTES} bytes, 3 deliveries each`);
  await benchAccept('from relays', { sequenced: true, pairs: machines, incidents: false });
  await benchAccept('from producers', { sequenced: false, pairs: machines, incidents: false });
  await benchAccept('with incidents and people', { sequenced: true, pairs: mixed, incidents: true });
  for (const batch of [1, 100]) await benchDrain(batch);
  await benchDigest();
  await benchBacklog(flags.long ? 1_000_000 : 100_000);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
