/**
 * The poller as a whole process: 10,000 journalled alerts to a directory, to a receiver of single messages, and
 * the empty poll; cold (a run, from spawn to exit) and warm (`--follow`, from the first append to the last file
 * or the last acceptance).
 *
 * node .build/test/bench/relay.js [--alerts N] [--rounds N] [--empty N]. Each row names its goal and
 * how far it is reached: 1.00 or more is met. The sensor lives in this process, so a warm row includes appending
 * to its journal; the receiver is another process, the poller the built command. `relay.js gateway DIR` is the
 * receiver's process.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { openJournal } from '../../src/journal/in-process.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { SHARED_CONSUMER } from '../../src/sensor/consumers.ts';
import { createSensorServer } from '../../src/sensor/server.ts';
import { loadCredentials } from '../../src/tls/credentials.ts';
import { tlsParameters } from '../../src/tls/policy.ts';
import { createConsumerLookup, createRoles } from '../../src/tls/roles.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { startNode, startProgram, type Program } from '../support/program.ts';
import { startTrivialGateway } from '../support/receiver.ts';
import { sampleMessage } from '../support/sample-alerts.ts';
import { messageids } from '../support/tiny-alerts.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    alerts: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    empty: { type: 'string', default: '7' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const alerts = Number(flags.alerts);
const rounds = Number(flags.rounds);
const PATIENCE_MS = 60_000;
const endings: (() => Promise<void>)[] = [];
const ending = { after: (hook: () => Promise<void>): void => void endings.push(hook) };

interface Bench {
  readonly dir: string;
  readonly pki: Pki;
  readonly sensor: string;
  readonly journal: Journal;
}

if (positionals[0] === 'gateway') await serveGateway(positionals[1] ?? '');
else await measure();

/** Prints its port, then `round N` each time it has accepted as many as there are alerts. */
async function serveGateway(dir: string): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by single()
  const pki = JSON.parse(readFileSync(join(dir, 'pki.json'), 'utf8')) as Pki;
  const gateway = await startTrivialGateway(ending, { pki });
  process.stdout.write(`port ${gateway.port}\n`);
  let round = 0;
  setInterval(() => {
    if (gateway.accepted < alerts) return;
    gateway.accepted -= alerts;
    round += 1;
    process.stdout.write(`round ${round}\n`);
  }, 2);
}

async function measure(): Promise<void> {
  const dir = mkdtempSync(join(flags.dir, 'relay-bench-'));
  const pki = await makePki(join(dir, 'pki'));
  const quiet = (): void => undefined;
  const logger = { error: say, warning: quiet, notice: quiet, info: quiet, debug: quiet };
  const journal = await openJournal({
    path: join(dir, 'sensor.db'),
    consumers: [SHARED_CONSUMER],
    clock: systemClock,
    random: systemRandom,
  });
  const server = createSensorServer(
    { address: '127.0.0.1', port: 0, consuming: true },
    {
      journal,
      credentials: loadCredentials({
        certFile: pki.server.certFile,
        keyFile: pki.server.keyFile,
        caFile: pki.caFile,
        policy: 'anssi',
      }),
      parameters: tlsParameters({ policy: 'anssi' }).parameters,
      roles: createRoles({}),
      consumerOf: createConsumerLookup([], SHARED_CONSUMER),
      firstConsumer: SHARED_CONSUMER,
      status: () => ({ stuck: 0, corrupt: 0, waiting: 0 }),
      readDocument: () => {
        throw new Error('nobody posts here');
      },
      logger,
      clock: systemClock,
      random: systemRandom,
    },
  );
  try {
    const { port } = await server.listen();
    await rows({ dir, pki, sensor: `https://localhost:${port}/`, journal });
  } finally {
    for (const end of endings) await end();
    await server.close();
    await journal.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `ratio` 1 or more: the goal is met. */
function row(name: string, figure: string, goal: string, ratio: number, more = ''): void {
  say(`${name.padEnd(24)} ${figure.padStart(8)}  goal ${goal.padEnd(10)} ratio ${ratio.toFixed(2)}${more}`);
}

function timeRow(name: string, ms: number, goalMs: number, more = ''): void {
  row(name, `${ms.toFixed(0)} ms`, `${goalMs} ms`, goalMs / ms, more);
}

function rateRow(name: string, ms: number, goal: number, more = ''): void {
  const rate = (alerts / ms) * 1000;
  row(name, `${rate.toFixed(0)}/s`, `${goal}/s`, rate / goal, `, ${ms.toFixed(0)} ms${more}`);
}

async function rows(bench: Bench): Promise<void> {
  const recent = Number.parseInt(process.versions.node, 10) >= 24;
  say(`Node ${process.version}, ${alerts} alerts; ratio 1.00 or more: goal met`);
  for (let round = 0; round < rounds; round += 1) {
    const out = join(bench.dir, `out-${round}`);
    mkdirSync(out);
    await fill(bench.journal);
    const { ms, stderr, peakMib } = await poll(bench, `file://${out}`, `file-${round}`);
    const ids = readdirSync(out).flatMap((name) => messageids(readFileSync(join(out, name))));
    if (new Set(ids).size !== alerts) throw new Error(`${new Set(ids).size} arrived\n${stderr}`);
    timeRow('file: cold', ms, recent ? 700 : 800, `, peak ${peakMib} MiB`);
  }
  await followFile(bench);
  await single(bench, 'rfc');
  await single(bench, 'secef');
  const times: number[] = [];
  for (let round = 0; round < Number(flags.empty); round += 1) {
    const { ms } = await poll(bench, `file://${join(bench.dir, 'out-0')}`, 'empty');
    times.push(ms);
  }
  const median = times.slice(1).toSorted((a, b) => a - b)[Math.floor((times.length - 1) / 2)] ?? 0;
  timeRow('empty poll cold', median, recent ? 75 : 120, `, median of ${times.length - 1}`);
}

async function followFile(bench: Bench): Promise<void> {
  const out = join(bench.dir, 'out-follow');
  mkdirSync(out);
  const arrived = async (total: number): Promise<void> => {
    while (messagesIn(out) < total) await delay(2);
  };
  const report = (ms: number): void => timeRow('file: --follow warm', ms, 400);
  await follow(bench, `file://${out}`, 'follow-file', (round) => arrived(alerts * (round + 1)), report);
}

/** By the names `<journal>-<first>-<last>.xml`. */
function messagesIn(out: string): number {
  let count = 0;
  for (const name of readdirSync(out)) {
    const [, first, last] = /-(\d+)-(\d+)\.xml$/.exec(name) ?? [];
    if (first !== undefined && last !== undefined) count += Number(last) - Number(first) + 1;
  }
  return count;
}

/** Round 0 warms the follower up and is not reported. */
async function follow(
  bench: Bench,
  manager: string,
  state: string,
  arrived: (round: number) => Promise<void>,
  report: (ms: number) => void,
  more: readonly string[] = [],
): Promise<void> {
  await fill(bench.journal);
  const program = startPoller(bench, manager, state, ['--follow', ...more]);
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const started = performance.now();
      if (round > 0) await fill(bench.journal);
      await arrived(round);
      if (round > 0) report(performance.now() - started);
    }
  } finally {
    await program.kill('SIGTERM');
  }
}

/** The dialect costs reading each message into Prelude's model and writing it again; the RFC's form only loses blanks. */
async function single(bench: Bench, dialect: 'rfc' | 'secef'): Promise<void> {
  const words = ['--dialect', dialect];
  writeFileSync(join(bench.dir, 'pki.json'), JSON.stringify(bench.pki));
  const gateway = startNode([fileURLToPath(import.meta.url), 'gateway', bench.dir, `--alerts=${alerts}`]);
  const complete = async (round: number): Promise<void> => {
    await gateway.line(new RegExp(`^round ${round}$`), PATIENCE_MS);
  };
  try {
    const [, port] = await gateway.line(/^port (\d+)/);
    const manager = `https://localhost:${port}/`;
    for (let round = 0; round < rounds; round += 1) {
      await fill(bench.journal);
      const { ms, peakMib } = await poll(bench, manager, `${dialect}-${round}`, words);
      await complete(round + 1);
      rateRow(`one POST each, ${dialect}, cold`, ms, 7000, `, peak ${peakMib} MiB`);
    }
    const report = (ms: number): void => rateRow(`one POST each, ${dialect}, --follow`, ms, 15_000);
    await follow(bench, manager, `follow-${dialect}`, (round) => complete(rounds + round + 1), report, words);
  } finally {
    await gateway.kill('SIGTERM');
  }
}

async function fill(journal: Journal): Promise<void> {
  for (let at = 0; at < alerts; at += 250) {
    const some = Array.from({ length: Math.min(250, alerts - at) }, (_, index) => sampleMessage(at + index));
    await journal.append(some.map((body) => ({ body, severity: 0 })));
  }
}

function startPoller(bench: Bench, manager: string, state: string, more: readonly string[] = []): Program {
  const { dir, pki, sensor } = bench;
  const { certFile, keyFile } = pki.client;
  return startProgram('http-proxy', [
    `--cert=${certFile}`,
    `--key=${keyFile}`,
    `--cacert=${pki.caFile}`,
    `--sensor=${sensor}`,
    `--manager=${manager}`,
    `--state=${join(dir, state)}`,
    '--min-free=1M',
    ...more,
  ]);
}

async function poll(bench: Bench, manager: string, state: string, more: readonly string[] = []) {
  const started = performance.now();
  const program = startPoller(bench, manager, state, more);
  const peak = watchPeak(program.pid);
  const { code } = await program.exited;
  const ms = performance.now() - started;
  const peakMib = peak();
  if (code !== 0) throw new Error(`http-proxy ended with ${code}\n${program.stderr()}`);
  return { ms, stderr: program.stderr(), peakMib };
}

/** VmHWM as last seen while the process lived. */
function watchPeak(pid: number): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const line = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      peak = Math.max(peak, Number(line?.[1] ?? 0));
    } catch {
      // It has ended.
    }
  }, 20);
  return () => {
    clearInterval(timer);
    return Math.round(peak / 1024);
  };
}
