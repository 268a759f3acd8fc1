/**
 * Many sensors on loopback, each on a port of its own in this process, and the settings files of a poller for all of
 * them: `http-proxy --profile s000 --profile s001 …`.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startFakeSensor, type FakeSensor } from './fake-sensor.ts';
import type { Pki } from './pki.ts';

export interface ManySensors {
  readonly sensors: readonly FakeSensor[];
  readonly names: readonly string[];
  /** Flags of a poller of all of them, without its mode. */
  readonly flags: readonly string[];
  /** Milliseconds (performance.now) of each question, by sensor. */
  readonly asked: readonly number[][];
  /** Makes a sensor take connections and questions and never answer. */
  hang(index: number): void;
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

/** State, settings and the destination's directory `out` are made below `dir`. */
export async function startManySensors(
  t: Ending,
  pki: Pki,
  dir: string,
  count: number,
): Promise<ManySensors> {
  const settings = join(dir, 'settings');
  const out = join(dir, 'out');
  for (const made of [settings, out]) mkdirSync(made);
  const { certFile, keyFile } = pki.client;
  writeFileSync(
    join(settings, 'http-proxy'),
    `CERT=${certFile}\nKEY=${keyFile}\nCACERT=${pki.caFile}\nMANAGER=file://${out}\nMIN_FREE=1M\n`,
  );
  const sensors: FakeSensor[] = [];
  const names: string[] = [];
  const asked: number[][] = [];
  const hung = new Set<number>();
  for (let index = 0; index < count; index += 1) {
    const sensor = await startFakeSensor(t, { pki });
    sensor.journal = String(index).padStart(32, '0');
    asked.push([]);
    sensor.intercept = async (request, response, path) => {
      if (path === '/') asked[index]?.push(performance.now());
      if (hung.has(index)) return true;
      if (path === '/' && sensor.waiting.size === 0)
        await hold(String(request.headers['prefer'] ?? ''), sensor);
      return response.destroyed;
    };
    const name = `s${String(index).padStart(3, '0')}`;
    names.push(name);
    writeFileSync(join(settings, `http-proxy@${name}`), `SENSOR=${sensor.url.href}\n`);
    sensors.push(sensor);
  }
  return {
    sensors,
    names,
    flags: [
      ...names.flatMap((name) => ['--profile', name]),
      `--config-dir=${settings}`,
      `--state=${join(dir, 'state')}`,
    ],
    asked,
    hang: (index) => void hung.add(index),
  };
}

/** A long poll: until there is something, or its time is over. */
async function hold(prefer: string, sensor: FakeSensor): Promise<void> {
  const end = performance.now() + Number(/wait=(\d+)/.exec(prefer)?.[1] ?? 0) * 1000;
  while (sensor.waiting.size === 0 && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Open descriptors of a process. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resident memory of a process, MiB. */
export function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

/** Processor seconds a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
