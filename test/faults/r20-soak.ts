/**
 * R20: a steady 200 alerts a second while certificates rotate, peers stall, the receiver stops and the poller and the
 * receiver are killed. Everything arrives, and neither memory nor descriptors of the two programs grow.
 *
 * Growth is judged by medians: the last quarter of a program's life against its second quarter, because the first one
 * still fills caches. CI runs 45 seconds, the long form five minutes.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from '../support/free-port.ts';
import { generator } from '../support/generator.ts';
import { startNode, type Program } from '../support/program.ts';
import { rawClient } from '../support/raw-client.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { withEndings, type Endings } from './endings.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

const PER_SECOND = 200;
const TICK_MS = 50;
const SAMPLE_MS = 500;
/** What a median may grow by before it counts as growth. */
const RSS_SLACK_MIB = 16;
const RSS_SLACK_RATIO = 1.15;
const DESCRIPTOR_SLACK = 12;

export const scenario: Scenario = {
  id: 'R20',
  title: 'soak with kills, stalls and rotations',
  run: withEndings(run),
};

async function run({ seed, scale, directory, say }: FaultContext, endings: Endings): Promise<FaultResult> {
  const seconds = scale === 'long' ? 300 : 45;
  const world = await makeWorld(directory);
  const site = await startSite(world, endings);
  const chaos = startChaos(world, site, generator(seed));
  const promised = await produce(world, seconds, say);
  const faults = await chaos.stop();

  const received = (): string[] => receivedIds(site.receivedDir);
  await until(() => new Set(received()).size >= promised.size, {
    timeoutMs: 120_000,
    what: `arrival of ${promised.size} alerts at the receiver`,
  });
  const ids = received();
  const unique = new Set(ids);
  const usage = site.usage();
  const failures = usage.flatMap(({ growth }) => growth);
  return {
    runs: 1,
    faults,
    obligations: promised.size,
    lost: [...promised.keys()].filter((id) => !unique.has(id)).length,
    unexpected: [...unique].filter((id) => !promised.has(id)).length,
    altered: alteredIn(site.receivedDir, promised),
    duplicates: ids.length - unique.size,
    failures,
    figures: [`${seconds} s`, ...usage.map(({ figure }) => figure)],
  };
}

/** Steady: what a tick could not do the next one does. Returns id → hash of its document's alert. */
async function produce(
  { spool }: World,
  seconds: number,
  say: (line: string) => void,
): Promise<Map<string, string>> {
  const promised = new Map<string, string>();
  const begun = performance.now();
  let said = 0;
  while (performance.now() - begun < seconds * 1000) {
    const due = ((performance.now() - begun) / 1000) * PER_SECOND;
    while (promised.size < due) {
      const id = `soak-${promised.size}`;
      const text = alertDocument(id, 'x'.repeat(promised.size % 3000));
      putInSpool(spool, id, text);
      promised.set(id, hashOf(text));
    }
    await delay(TICK_MS);
    if (performance.now() - begun > (said + 1) * 30_000) {
      said += 1;
      say(`${promised.size} alerts after ${said * 30} s`);
    }
  }
  return promised;
}

interface Site {
  readonly receivedDir: string;
  readonly running: { sensor: Program; poller: Program; receiver: Program };
  restart(name: 'poller' | 'receiver'): Promise<void>;
  usage(): readonly Usage[];
}

interface Usage {
  readonly figure: string;
  readonly growth: readonly string[];
}

async function startSite(world: World, endings: Endings): Promise<Site> {
  const receivedDir = join(world.dir, 'received');
  mkdirSync(receivedDir);
  const port = await freePort();
  const main = fileURLToPath(new URL('../support/receiver-main.js', import.meta.url));
  const start = {
    sensor: () => world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']),
    receiver: async () => {
      const { certFile, keyFile } = world.pki.server;
      const program = startNode([main, certFile, keyFile, world.pki.caFile, String(port), receivedDir]);
      await program.line(/^Receiving on/);
      return program;
    },
    poller: async () => {
      return await Promise.resolve(
        world.startPoller(['--follow', '--timeout', '5'], [`https://localhost:${port}/`]),
      );
    },
  };
  const running = {
    sensor: await start.sensor(),
    receiver: await start.receiver(),
    poller: await start.poller(),
  };
  endings.after(() => Promise.all(Object.values(running).map((program) => program.kill('SIGKILL'))));
  const lives = new Map<number, { readonly name: string; readonly samples: Sample[] }>();
  const sampling = setInterval(() => {
    for (const name of ['sensor', 'poller'] as const) {
      const { pid } = running[name];
      const life = lives.get(pid) ?? { name, samples: [] };
      lives.set(pid, life);
      const sample = sampleOf(pid);
      if (sample !== undefined) life.samples.push(sample);
    }
  }, SAMPLE_MS);
  endings.after(() => clearInterval(sampling));
  return {
    receivedDir,
    running,
    restart: async (name) => {
      await running[name].kill('SIGKILL');
      running[name] = await start[name]();
    },
    usage: () => [...lives.values()].filter(({ samples }) => samples.length >= 40).map(usageOf),
  };
}

interface Sample {
  readonly rssMiB: number;
  readonly descriptors: number;
}

function sampleOf(pid: number): Sample | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const rssMiB = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    return { rssMiB, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

function usageOf({ name, samples }: { name: string; samples: readonly Sample[] }): Usage {
  const quarter = Math.floor(samples.length / 4);
  const early = samples.slice(quarter, 2 * quarter);
  const late = samples.slice(-quarter);
  const [rssEarly, rssLate] = [early, late].map((part) => median(part.map(({ rssMiB }) => rssMiB)));
  const [fdEarly, fdLate] = [early, late].map((part) => median(part.map(({ descriptors }) => descriptors)));
  const growth: string[] = [];
  if ((rssLate ?? 0) > (rssEarly ?? 0) * RSS_SLACK_RATIO + RSS_SLACK_MIB) {
    growth.push(`the memory of the ${name} grows: ${rssEarly?.toFixed(0)} to ${rssLate?.toFixed(0)} MiB`);
  }
  if ((fdLate ?? 0) > (fdEarly ?? 0) + DESCRIPTOR_SLACK) {
    growth.push(`the ${name} loses descriptors: ${fdEarly} to ${fdLate}`);
  }
  return {
    figure: `${name} RSS ${rssEarly?.toFixed(0)} → ${rssLate?.toFixed(0)} MiB, descriptors ${fdEarly} → ${fdLate}`,
    growth,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** One fault after the other until it is stopped; the number of those that happened. */
function startChaos(world: World, site: Site, random: () => number): { stop(): Promise<number> } {
  const stopping = new AbortController();
  const faults: readonly (() => Promise<void>)[] = [
    () => rotate(world),
    () => rotate(world),
    () => stall(world),
    () => stall(world),
    () => stopFor(site.running.receiver, 500 + random() * 2_000),
    () => stopFor(site.running.poller, 200 + random() * 1_000),
    () => site.restart('receiver'),
  ];
  let count = 0;
  const work = async (): Promise<void> => {
    const begun = performance.now();
    let kills = 0;
    while (!stopping.signal.aborted) {
      await delay(500 + random() * 1_000);
      // Its memory is watched: it lives for a minute.
      if (performance.now() - begun > (kills + 1) * 60_000) {
        kills += 1;
        await site.restart('poller');
      } else await faults[Math.floor(random() * faults.length)]?.();
      count += 1;
    }
  };
  const done = work();
  return {
    stop: async () => {
      stopping.abort();
      await done;
      return count;
    },
  };
}

/** New certificates under the same names, certificate and key at different moments. */
async function rotate({ pki }: World): Promise<void> {
  const server = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'];
  await pki.issue({ name: 'server', cn: 'localhost', san: server, eku: ['server'] });
  await pki.issue({ name: 'client', cn: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
}

/** A peer that asks for everything, reads a little, and falls silent; gone after some seconds. */
async function stall({ sensorPort, pki }: World): Promise<void> {
  const client = await rawClient(sensorPort, pki);
  client.send('GET / HTTP/1.1\r\nHost: localhost\r\nPrefer: peek\r\n\r\n');
  client.socket.pause();
  setTimeout(() => client.reset(), 3_000).unref();
}

async function stopFor(program: Program, ms: number): Promise<void> {
  process.kill(program.pid, 'SIGSTOP');
  await delay(ms);
  process.kill(program.pid, 'SIGCONT');
}

function documents(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => readFileSync(join(dir, name), 'utf8'));
}

function receivedIds(dir: string): string[] {
  return documents(dir).flatMap((document) => messageIds(document));
}

function alteredIn(dir: string, promised: ReadonlyMap<string, string>): number {
  return documents(dir)
    .flatMap((document) => document.match(/<idmef:Alert[\s>].*?<\/idmef:Alert>/gs) ?? [])
    .filter((element) => {
      const hash = promised.get(messageIds(element)[0] ?? '');
      return hash !== undefined && hash !== hashOf(element);
    }).length;
}

/** Of the alert in it, without the namespace declaration the journal adds. */
function hashOf(text: string): string {
  const element = /<idmef:Alert[\s>].*<\/idmef:Alert>/s.exec(text)?.[0] ?? '';
  return createHash('sha256')
    .update(element.replace(' xmlns:idmef="http://iana.org/idmef"', ''))
    .digest('hex');
}
