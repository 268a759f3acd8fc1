/**
 * R12: 500 peers that never handshake, 200 idle keep-alives, 100 heads of a byte a second and 100 readers of a byte a
 * second of a large answer, all at once, while 1,280 messages a second are taken in. A healthy poller, with a fresh
 * handshake each time and from the address of the silent ones, must hardly notice, nothing may be lost, and memory stays small.
 *
 * A healthy poll is a GET with `Prefer: lease` over a connection of its own: connect, handshake, request, whole answer. Its
 * acknowledgement is not measured: a DELETE has to wait for a durable commit, and so for the disk.
 *
 * Twice: with the disk as it is, and with each fsync 30 ms slower (strace, which stops at fsync only). A figure is the
 * median of three rounds: a neighbour's burst of work is not the product's. Each poll is followed by the same request
 * to a bare HTTPS server (r12-control.ts): where already that takes long, the machine is too busy to tell, and the poll
 * is compared to it instead.
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from '../support/free-port.ts';
import { makePki } from '../support/pki.ts';
import type { Issued, Pki } from '../support/pki.ts';
import { binPath } from '../support/program.ts';
import { putInSpool } from '../support/spool-writer.ts';
import { alertElement, document, messageids } from '../support/tiny-alerts.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

const CROWD = { silent: 500, idle: 200, loris: 100, readers: 100 } as const;
const SIZE = Object.values(CROWD).reduce((sum, count) => sum + count, 0);
const ROUNDS = 3;
const POLL_EVERY_MS = 50;
const FSYNC_DELAY_US = 30_000;
/** Of a healthy poll with a fresh handshake. */
const P99_MS = 25;
/** From here on, of the control, the machine is too busy for the limit by itself. */
const NOISY_MS = P99_MS / 2;
const BATCH = 64;
const MESSAGE_BYTES = 2_900;
const RESIDENT_MIB = 150;
/** The short form runs on machines that do other things: there a time is said and not judged, and memory with a margin. */
const SLACK = { ci: 1.15, long: 1 } as const;
/** What the slow readers are given to read. */
const BACKLOG = 10_000;

interface Phase {
  readonly p50: number;
  readonly p99: number;
  readonly residentMib: number;
  /** p50 and p99 of the control. */
  readonly control: readonly [number, number];
  readonly polls: number;
  readonly put: number;
  readonly got: ReadonlyMap<string, number>;
  /** Connections the sensor has ended. */
  readonly cut: number;
}

export const scenario: Scenario = {
  id: 'R12',
  title: 'stalled peers beside a healthy poll',
  async run(context: FaultContext): Promise<FaultResult> {
    favour(process.pid);
    const roundMs = context.scale === 'ci' ? 4_000 : 20_000;
    const failures: string[] = [];
    const figures: string[] = [];
    const totals = { obligations: 0, lost: 0, unexpected: 0, duplicates: 0 };
    for (const slow of [false, true]) {
      const name = slow ? 'fsync +30 ms' : 'fsync as is';
      const phase = await runPhase(join(context.directory, slow ? 'slow' : 'plain'), slow, roundMs);
      const [controlP50, controlP99] = phase.control;
      const noisy = controlP99 >= NOISY_MS;
      const limit = noisy ? controlP99 + P99_MS : P99_MS;
      const words = noisy ? `, noisy machine: compared to the control + ${P99_MS} ms` : '';
      figures.push(
        `${name}: p50 ${phase.p50.toFixed(1)} ms, p99 ${phase.p99.toFixed(1)} ms (control ${controlP50.toFixed(1)}, ${controlP99.toFixed(1)}${words}), ${phase.residentMib} MiB`,
      );
      context.say(`${phase.polls} polls, ${phase.cut} connections cut, ${figures.at(-1)}`);
      const late = `${name}: p99 of a healthy poll ${phase.p99.toFixed(1)} ms, not below ${limit.toFixed(1)}${words}`;
      if (phase.p99 >= limit) (context.scale === 'long' ? failures : figures).push(late);
      if (phase.residentMib >= RESIDENT_MIB * SLACK[context.scale])
        failures.push(`${name}: ${phase.residentMib} MiB resident`);
      totals.obligations += phase.put + BACKLOG;
      for (let n = 0; n < phase.put; n += 1) if (!phase.got.has(`r12-${n}`)) totals.lost += 1;
      for (let n = 0; n < BACKLOG; n += 1) if (!phase.got.has(`old-${n}`)) totals.lost += 1;
      totals.unexpected += Math.max(0, phase.got.size + totals.lost - phase.put - BACKLOG);
      for (const times of phase.got.values()) totals.duplicates += times - 1;
    }
    return { runs: 2, faults: 2 * SIZE, altered: 0, ...totals, failures, figures };
  },
};

async function runPhase(dir: string, slow: boolean, roundMs: number): Promise<Phase> {
  const spool = join(dir, 'spool');
  const state = join(dir, 'state');
  for (const made of [dir, spool, state]) mkdirSync(made);
  const pki = await makePki(join(dir, 'pki'));
  const abuser = await pki.issue({ name: 'abuser', san: ['DNS:abuser'], eku: ['client'] });
  const port = await freePort();
  for (let n = 0; n < BACKLOG; n += 100) {
    const elements = Array.from({ length: 100 }, (_, k) => alertElement(`old-${n + k}`, MESSAGE_BYTES));
    putInSpool(spool, `old-${n}`, document(...elements));
  }
  const sensor = startSensor({ pki, port, spool, state, slow });
  const controlPort = await freePort();
  const control = startControl(controlPort, pki);
  const children: ChildProcess[] = [sensor, control];
  try {
    await Promise.all([lineOf(sensor, /^Listening/), lineOf(control, /^Listening/)]);
    const poller = new Poller(port, controlPort, pki);
    await poller.untilPending(BACKLOG);
    const crowd = startCrowd({ port, pki, as: abuser, spool });
    children.push(crowd);
    await lineOf(crowd, /^crowd$/);
    crowd.stdin?.write('put\n');
    const rounds: number[][] = [];
    const sizes: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push(await poller.round(roundMs));
      sizes.push(residentMibOf(sensor.pid ?? 0));
    }
    const report = lineOf(crowd, /^over \d+ \d+$/);
    crowd.stdin?.write('quit\n');
    const [put = 0, lost = 0] = (await report).match(/\d+/g)?.map(Number) ?? [];
    const residentMib = median(sizes);
    await poller.untilTaken(BACKLOG + put);
    const [p50, p99] = figuresOf(rounds);
    const polls = rounds.flat().length;
    return {
      p50,
      p99,
      residentMib,
      control: figuresOf(poller.control),
      polls,
      put,
      cut: lost,
      got: poller.got,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

interface SensorOptions {
  readonly pki: Pki;
  readonly port: number;
  readonly spool: string;
  readonly state: string;
  readonly slow: boolean;
}

function startSensor({ pki, port, spool, state, slow }: SensorOptions): ChildProcess {
  const { server, caFile } = pki;
  const tls = ['--cert', server.certFile, '--key', server.keyFile, '--cacert', caFile];
  const places = [
    '--port',
    String(port),
    '--spooldir',
    spool,
    '--state',
    state,
    '--delete',
    '--min-free',
    '1M',
  ];
  const names = ['--allow-poller', 'DNS:manager1', '--allow-poller', 'DNS:abuser'];
  // A queue each: what the slow readers look at stays as large as it is.
  const consumers = ['--consumer', 'good=DNS:manager1', '--consumer', 'bad=DNS:abuser'];
  const program = [process.execPath, binPath('reverse-server'), ...tls, ...places, ...names, ...consumers];
  // -D: the tracer is a grandchild, so the pid is the sensor's. --seccomp-bpf: other system calls are not slowed.
  const calls = ['-e', 'trace=fsync,fdatasync', '-e', `inject=fsync,fdatasync:delay_enter=${FSYNC_DELAY_US}`];
  const words = slow
    ? ['strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', ...calls, ...program]
    : program;
  const [command = '', ...args] = words;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  favour(child.pid);
  child.once('error', (error) =>
    child.stdout?.destroy(new Error(`strace (Debian package strace): ${error.message}`)),
  );
  return child;
}

/** In the world the crowd is elsewhere: it must not take the processor from those who are measured. Root only. */
function favour(pid: number | undefined): void {
  try {
    setPriority(pid ?? 0, -10);
  } catch {
    // Then the figures are those of a busy machine; the control says how busy.
  }
}

function startControl(port: number, { server, caFile }: Pki): ChildProcess {
  const script = fileURLToPath(new URL('r12-control.js', import.meta.url));
  const bytes = String(BATCH * MESSAGE_BYTES);
  const args = [script, String(port), server.certFile, server.keyFile, caFile, bytes];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  favour(child.pid);
  return child;
}

interface CrowdOptions {
  readonly port: number;
  readonly pki: Pki;
  readonly as: Issued;
  readonly spool: string;
}

function startCrowd({ port, pki, as, spool }: CrowdOptions): ChildProcess {
  const script = fileURLToPath(new URL('r12-crowd.js', import.meta.url));
  const { silent, idle, loris, readers } = CROWD;
  const counts = [silent, idle, loris, readers].map(String);
  const args = [script, String(port), as.certFile, as.keyFile, pki.caFile, spool, ...counts];
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** The healthy one: a leased batch on a connection of its own, acknowledged on another. */
class Poller {
  readonly got = new Map<string, number>();
  /** Per round: milliseconds of each request to the control. */
  readonly control: number[][] = [];
  readonly #port: number;
  readonly #controlPort: number;
  readonly #pki: Pki;

  constructor(port: number, controlPort: number, pki: Pki) {
    this.#port = port;
    this.#controlPort = controlPort;
    this.#pki = pki;
  }

  /** Milliseconds of each poll: connect, handshake, request, whole answer. */
  async round(ms: number): Promise<number[]> {
    const times: number[] = [];
    const end = performance.now() + ms;
    const control: number[] = [];
    while (performance.now() < end) {
      times.push(await this.#poll());
      const start = performance.now();
      await this.#ask('GET', '/', {}, this.#controlPort);
      control.push(performance.now() - start);
      await delay(POLL_EVERY_MS);
    }
    this.control.push(control);
    return times;
  }

  async untilPending(count: number): Promise<void> {
    await this.#until(async () => {
      const { headers } = await this.#ask('OPTIONS', '/');
      return Number(headers['idmef-pending']) >= count;
    }, `${count} pending`);
  }

  async untilTaken(count: number): Promise<void> {
    await this.#until(async () => {
      await this.#poll(1_000);
      return this.got.size >= count;
    }, `${count} taken`).catch(() => undefined);
  }

  async #poll(batch = BATCH): Promise<number> {
    const start = performance.now();
    const answer = await this.#ask('GET', '/', { prefer: `lease=60, batch=${batch}` });
    const ms = performance.now() - start;
    const token = /^[\w-]+/.exec(String(answer.headers['idmef-lease'] ?? ''))?.[0];
    if (answer.status !== 200 || token === undefined) return ms;
    for (const id of messageids(answer.body)) this.got.set(id, (this.got.get(id) ?? 0) + 1);
    await this.#ask('DELETE', `/leases/${token}`);
    return ms;
  }

  async #until(ready: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!(await ready())) {
      if (performance.now() > deadline) throw new Error(`not within a minute: ${what}`);
      await delay(5);
    }
  }

  #ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    port = this.#port,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
    const { client, caPem } = this.#pki;
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          servername: 'localhost',
          cert: client.certPem,
          key: client.keyPem,
          ca: caPem,
          agent: false,
          method,
          path,
          headers,
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(parts),
            }),
          );
        },
      );
      sent.on('error', reject).end();
    });
  }
}

/** The next line of a child's stdout that fits. */
function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the child has no stdout');
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdout });
    const fail = (error: Error): void => reject(error);
    stdout.once('error', fail);
    child.once('exit', (code) => reject(new Error(`ended with ${code} before ${pattern}`)));
    lines.on('line', (line) => {
      if (!pattern.test(line)) return;
      lines.removeAllListeners('line');
      resolve(line);
    });
  });
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** p50 and p99: of each round, and of these the median. */
function figuresOf(rounds: readonly (readonly number[])[]): [number, number] {
  const of = (part: number): number => median(rounds.map((times) => quantile(times, part)));
  return [of(0.5), of(0.99)];
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function residentMibOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}
