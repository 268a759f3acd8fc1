/**
 * R19: spools of 10,000, 100,000 and 1,000,000 files, and one document of 50 MB, from the start of the sensor to the last
 * alert on the manager's disk. The start must not depend on the size of the spool; the first byte and the memory hardly.
 *
 * Figures: exec → listening, first byte of a leased answer while the intake is at work, files taken in a second, the
 * poller's messages a second to `file:`, peak resident memory of both programs. Needs 9 GB of disk for the million.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

import { envelopeHead, envelopeTail } from '../../src/idmef/envelope.ts';
import type { Program } from '../support/program.ts';
import { rawClient } from '../support/raw-client.ts';
import { sampleAlert, sampleMessage } from '../support/sample-alerts.ts';
import { makeWorld, type World } from '../support/world.ts';
import { Endings } from './endings.ts';
import type { FaultContext, Scenario } from './scenario.ts';

const DOCUMENT_BYTES = 50 * 2 ** 20;

export const scenario: Scenario = {
  id: 'R19',
  title: 'large spools and one large document',
  run: async (context) => {
    const sizes = context.scale === 'long' ? [10_000, 100_000, 1_000_000] : [10_000];
    const results: Measured[] = [];
    for (const [index, files] of sizes.entries()) {
      results.push(await inWorld(context, `${index}`, (world) => fillSpool(world, files)));
      context.say(results.at(-1)?.figure ?? '');
    }
    results.push(await inWorld(context, 'document', fillWithOneDocument));
    const failures = results.flatMap(({ failures: some }) => some);
    return {
      runs: results.length,
      faults: 0,
      obligations: sum(results.map(({ promised }) => promised)),
      lost: sum(results.map(({ lost }) => lost)),
      unexpected: 0,
      altered: 0,
      duplicates: sum(results.map(({ duplicates }) => duplicates)),
      failures,
      figures: results.map(({ figure }) => figure),
    };
  },
};

interface Measured {
  readonly promised: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly figure: string;
  readonly failures: readonly string[];
}

/** What was put into the spool: its name for the table, and how many alerts. */
interface Filled {
  readonly name: string;
  readonly alerts: number;
}

function fillSpool({ spool }: World, files: number): Filled {
  for (let n = 0; n < files; n += 1) writeFileSync(join(spool, `a${n}.xml`), sampleAlert(n));
  return { name: `${files.toLocaleString('en')} files`, alerts: files };
}

function fillWithOneDocument({ spool }: World): Filled {
  const parts: Uint8Array[] = [envelopeHead];
  let alerts = 0;
  for (let bytes = 0; bytes < DOCUMENT_BYTES; alerts += 1) {
    const part = sampleMessage(alerts);
    parts.push(part);
    bytes += part.length;
  }
  writeFileSync(join(spool, 'large.xml'), Buffer.concat([...parts, envelopeTail]));
  return { name: 'one document of 50 MB', alerts };
}

async function inWorld(
  { directory }: FaultContext,
  name: string,
  fill: (world: World) => Filled,
): Promise<Measured> {
  const endings = new Endings();
  try {
    const world = await makeWorld(join(directory, name));
    return await measure(world, fill(world), endings);
  } finally {
    await endings.run();
  }
}

async function measure(world: World, { name, alerts }: Filled, endings: Endings): Promise<Measured> {
  // What lies in the spool has been written some time ago; otherwise the journal's first fsync writes it all.
  spawnSync('sync');
  const begun = performance.now();
  const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
  endings.after(() => sensor.kill('SIGKILL'));
  const startMs = performance.now() - begun;
  await pendingReaches(world, 1);
  const firstByteMs = await firstByte(world);
  await pendingReaches(world, alerts);
  const intakeSeconds = (performance.now() - begun) / 1000;
  const sensorMiB = peakMiB(sensor);

  const polled = performance.now();
  const poller = world.startPoller(['--deadline', '1200']);
  endings.after(() => poller.kill('SIGKILL'));
  let pollerMiB = 0;
  const watch = setInterval(() => {
    pollerMiB = Math.max(pollerMiB, peakMiB(poller));
  }, 50);
  const { code } = await poller.exited.finally(() => clearInterval(watch));
  const pollSeconds = (performance.now() - polled) / 1000;

  const counts = countIds(world);
  const different = counts.size;
  const all = sum([...counts.values()]);
  return {
    promised: alerts,
    lost: alerts - different,
    duplicates: all - different,
    figure:
      `${name}: start ${startMs.toFixed(0)} ms, first byte ${firstByteMs.toFixed(0)} ms, ` +
      `intake ${(alerts / intakeSeconds).toFixed(0)}/s, poller ${(alerts / pollSeconds).toFixed(0)}/s, ` +
      `RSS ${Math.max(sensorMiB, peakMiB(sensor))} and ${pollerMiB} MiB`,
    failures: code === 0 ? [] : [`${name}: the poller ended with ${code}: ${poller.stderr().slice(-500)}`],
  };
}

/** Asks seldom: a handshake costs more than the intake of ten files. */
async function pendingReaches(world: World, count: number): Promise<void> {
  for (const deadline = performance.now() + 600_000; ;) {
    const { headers } = await world.ask({ method: 'HEAD' });
    if (Number(headers['idmef-pending']) >= count) return;
    if (performance.now() > deadline)
      throw new Error(`${count} alerts are not in the journal after 10 minutes`);
    await delay(100);
  }
}

/** From connecting to the first byte of a leased answer, which is given back. */
async function firstByte({ sensorPort, pki }: World): Promise<number> {
  const begun = performance.now();
  const client = await rawClient(sensorPort, pki);
  client.send('GET / HTTP/1.1\r\nHost: localhost\r\nPrefer: lease=5, batch=500\r\n\r\n');
  await client.received(1);
  const ms = performance.now() - begun;
  const answer = await client.answer();
  const token = /^idmef-lease: ([^;]+)/im.exec(answer?.head ?? '')?.[1] ?? '';
  client.send(`POST /leases/${token}/release HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
  await client.answer();
  client.reset();
  return ms;
}

function peakMiB({ pid }: Program): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

function countIds({ outbox }: World): Map<string, number> {
  const counts = new Map<string, number>();
  for (const file of readdirSync(outbox)) {
    for (const [, id = ''] of readFileSync(join(outbox, file), 'utf8').matchAll(
      /<idmef:Alert[^>]* messageid="([^"]+)"/g,
    )) {
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
