/**
 * One poller of many sensors: a scheduled one and a follower, with figures for time, memory, descriptors, and the
 * delay of an alert.
 *
 * node .build/test/bench/many.js [--profiles N] [--mode schedule|follow] [--ticks N] [--rate N] [--fsync MS]
 * [--ulimit N]. `--fsync` slows a follower's fsync and fdatasync down by strace, `--ulimit` bounds descriptors. The
 * sensors live in this process.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { cpuSeconds, descriptorsOf, residentMib, startManySensors } from '../support/many-sensors.ts';
import type { ManySensors } from '../support/many-sensors.ts';
import { makePki } from '../support/pki.ts';
import { startProgram, type Program } from '../support/program.ts';
import { alertElement, messageids } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';

const { values: flags } = parseArgs({
  options: {
    profiles: { type: 'string', default: '200' },
    ticks: { type: 'string', default: '3' },
    fsync: { type: 'string', default: '0' },
    rate: { type: 'string', default: '10' },
    mode: { type: 'string' },
    ulimit: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const count = Number(flags.profiles);
const PERIOD_S = 15;
const endings: (() => Promise<void>)[] = [];
const ending = { after: (hook: () => Promise<void>): void => void endings.push(hook) };

const dir = mkdtempSync(join(flags.dir, 'many-bench-'));
try {
  const pki = await makePki(join(dir, 'pki'));
  for (const mode of ['schedule', 'follow'] as const) {
    if (flags.mode !== undefined && flags.mode !== mode) continue;
    const own = join(dir, mode);
    mkdirSync(own);
    const many = await startManySensors(ending, pki, own, count);
    if (mode === 'schedule') await scheduled(many, join(own, 'out'));
    else await followed(many, join(own, 'out'));
    for (const end of endings.splice(0)) await end();
  }
} finally {
  for (const end of endings) await end();
  rmSync(dir, { recursive: true, force: true });
}

function start(many: ManySensors, mode: readonly string[]): Program {
  const program = startProgram('http-proxy', [...many.flags, ...mode]);
  const bound = flags.ulimit;
  if (bound !== undefined) spawnSync('sh', ['-c', `prlimit --pid ${program.pid} --nofile=${bound}:${bound}`]);
  return program;
}

/** strace on a running process; ended with it. */
function slowDown({ pid }: Program): void {
  if (flags.fsync === '0') return;
  const inject = `inject=fsync,fdatasync:delay_exit=${Number(flags.fsync) * 1000}`;
  const script = `strace -f -q -p ${pid} -o /dev/null -e trace=fsync,fdatasync -e ${inject} >/dev/null 2>&1 &`;
  spawnSync('sh', ['-c', script]);
}

async function scheduled(many: ManySensors, out: string): Promise<void> {
  const program = start(many, [`--schedule=*/${PERIOD_S} * * * * *`]);
  try {
    let before = 0;
    for (let tick = 0; tick < Number(flags.ticks); tick += 1) {
      const added = many.sensors.map((sensor, index) => {
        sensor.add(alertElement(`t${tick}-${index}`));
        return sensor.waiting.size;
      });
      const questions = many.asked.map(({ length }) => length);
      const cpu = cpuSeconds(program.pid);
      let peak = 0;
      await until(
        () => {
          peak = Math.max(peak, descriptorsOf(program.pid));
          return idsIn(out).length === before + added.length;
        },
        { timeoutMs: 90_000, what: `${idsIn(out).length - before} of ${added.length}, tick ${tick}` },
      );
      before += added.length;
      const first = Math.min(...many.asked.map((times, index) => times[questions[index] ?? 0] ?? Infinity));
      const seconds = (performance.now() - first) / 1000;
      await delay(500);
      say(
        `--schedule tick ${tick}: ${count} profiles in ${seconds.toFixed(1)} s (spread over 10), ` +
          `CPU ${(cpuSeconds(program.pid) - cpu).toFixed(2)} s, RSS ${residentMib(program.pid).toFixed(0)} MiB, ` +
          `descriptors ${descriptorsOf(program.pid)} at rest, ${peak} at most`,
      );
    }
    const begun = performance.now();
    await program.kill('SIGTERM');
    say(`--schedule SIGTERM at rest: ended in ${(performance.now() - begun).toFixed(0)} ms`);
  } finally {
    await program.kill('SIGKILL');
    if (program.stderr().includes('error:')) say(program.stderr().slice(-2000));
  }
}

async function followed(many: ManySensors, out: string): Promise<void> {
  const begun = performance.now();
  const program = start(many, ['--follow']);
  try {
    await until(() => many.asked.every(({ length }) => length > 0), { timeoutMs: 60_000, what: 'all asked' });
    say(
      `--follow: ${count} profiles ask after ${((performance.now() - begun) / 1000).toFixed(1)} s, ` +
        `RSS ${residentMib(program.pid).toFixed(0)} MiB, descriptors ${descriptorsOf(program.pid)}`,
    );
    const twice = (): boolean => many.asked.every(({ length }) => length > 1);
    await until(twice, { timeoutMs: 60_000, what: 'all asked twice' });
    slowDown(program);
    await delay(1000);
    // Alerts at a steady rate, each for another profile: how long until each is delivered?
    const at = new Map<string, number>();
    const delays: number[] = [];
    let seen = 0;
    const look = (): void => {
      const names = readdirSync(out).filter((name) => !name.startsWith('.'));
      if (names.length === seen) return;
      seen = names.length;
      for (const id of idsIn(out)) {
        const since = at.get(id);
        if (since === undefined) continue;
        at.delete(id);
        delays.push(performance.now() - since);
      }
    };
    const cpu = cpuSeconds(program.pid);
    const rate = Number(flags.rate);
    for (let index = 0; index < rate * 10; index += 1) {
      const id = `f${index}`;
      at.set(id, performance.now());
      many.sensors[(index * 37) % count]?.add(alertElement(id));
      for (let step = 0; step < 200 / rate; step += 1) {
        await delay(5);
        look();
      }
    }
    await until(() => (look(), at.size === 0), { timeoutMs: 30_000, what: `${at.size} alerts` });
    delays.sort((a, b) => a - b);
    const of = (share: number): string => (delays[Math.floor((delays.length - 1) * share)] ?? 0).toFixed(0);
    say(
      `--follow, fsync +${flags.fsync} ms, ${flags.rate} alerts/s: delay p50 ${of(0.5)} ms, p99 ${of(0.99)} ms, ` +
        `CPU ${(cpuSeconds(program.pid) - cpu).toFixed(2)} s, RSS ${residentMib(program.pid).toFixed(0)} MiB, ` +
        `descriptors ${descriptorsOf(program.pid)}`,
    );
  } finally {
    const ended = performance.now();
    const { code } = await program.kill('SIGTERM');
    say(`--follow SIGTERM: ended with ${code} in ${(performance.now() - ended).toFixed(0)} ms`);
    if (program.stderr().includes('error:')) say(program.stderr().slice(-2000));
  }
}

function idsIn(out: string): string[] {
  return readdirSync(out)
    .filter((name) => name.endsWith('.xml') && !name.startsWith('.'))
    .flatMap((name) => messageids(readFileSync(join(out, name))));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
