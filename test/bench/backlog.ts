/**
 * A day-long backlog: the built reverse-server started on a journal of 1,000,000 messages (3.3 GB of disk).
 *
 * node .build/test/bench/backlog.js [--long] [--messages N] [--dir DIR]; without a flag 100,000 messages, --long is
 * the million the goals are for: exec → first answer ≤ 0.25 s, first byte of a leased 500 ≤ 15 ms
 * (handshake included), peak RSS ≤ 130 MB, also after a plain GET of all of it. Needs mutual TLS on loopback only.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { connect } from 'node:tls';
import { parseArgs } from 'node:util';
import { JournalCore } from '../../src/journal/core.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { makePki } from '../support/pki.ts';
import type { Pki } from '../support/pki.ts';
import { startProgram } from '../support/program.ts';
import { sampleMessage } from '../support/sample-alerts.ts';

const { values: flags } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    messages: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const messages = Number(flags.messages ?? (flags.long ? 1_000_000 : 100_000));
const BATCH = 1000;
const ROUNDS = 5;

const dir = mkdtempSync(join(flags.dir, 'backlog-bench-'));
try {
  await measure();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const pki = await makePki(join(dir, 'pki'));
  const [state, spool] = [join(dir, 'state'), join(dir, 'spool')];
  for (const made of [state, spool]) mkdirSync(made);
  const built = performance.now();
  const bodyBytes = fill(join(state, 'journal.db'));
  const seconds = (performance.now() - built) / 1000;
  const onDisk = statSync(join(state, 'journal.db')).size;
  say(
    `Node ${process.versions.node}, ${messages} messages${flags.long ? '' : ' (--long: 1000000)'}, ` +
      `${(bodyBytes / 1e9).toFixed(2)} GB, ${(onDisk / 1e9).toFixed(2)} GB on disk, built in ${seconds.toFixed(0)} s`,
  );

  const begun = performance.now();
  const server = startProgram('reverse-server', [
    `--cert=${pki.server.certFile}`,
    `--key=${pki.server.keyFile}`,
    `--cacert=${pki.caFile}`,
    '--address=127.0.0.1',
    '--port=0',
    `--spooldir=${spool}`,
    `--state=${state}`,
    '--min-free=1M',
    '--allow-poller=DNS:manager1',
  ]);
  try {
    const [, listening] = await server.line(/^Listening on https:\/\/127\.0\.0\.1:(\d+)\/$/m);
    const port = Number(listening);
    const first = await ask(port, pki, 'HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    row('exec to first answer', performance.now() - begun, 250, 'ms', first.status === 200);

    const firstBytes: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const leased = await ask(port, pki, get('Prefer: lease=60, batch=500\r\n'));
      const token = /^IDMEF-Lease: ([\w-]+);/im.exec(leased.head)?.[1] ?? '';
      const path = `/leases/${token}/release`;
      const released = await ask(port, pki, get('Content-Length: 0\r\n').replace('GET /', `POST ${path}`));
      if (leased.status !== 200 || released.status !== 204) throw new Error(leased.head + released.head);
      firstBytes.push(leased.firstByteMs);
    }
    const [cold = 0, ...warm] = firstBytes;
    row('first byte of a leased 500, cold', cold, 15, 'ms');
    row(`first byte of a leased 500, median of ${ROUNDS}`, warm.toSorted((a, b) => a - b)[2] ?? 0, 15, 'ms');
    row('peak RSS until here', peakMegabytes(server.pid), 130, 'MB');

    const all = await ask(port, pki, get(''));
    row(`peak RSS after a GET of all`, peakMegabytes(server.pid), 130, 'MB', all.bytes > bodyBytes);
    say(
      `GET of all: first byte ${all.firstByteMs.toFixed(1)} ms, ${(all.bytes / 1e6).toFixed(0)} MB in ` +
        `${(all.totalMs / 1000).toFixed(2)} s = ${(all.bytes / 1e3 / all.totalMs).toFixed(0)} MB/s`,
    );
  } finally {
    await server.kill('SIGTERM');
  }
}

/** Sum of the bodies' lengths. */
function fill(path: string): number {
  const core = new JournalCore({ path, clock: systemClock, random: systemRandom });
  // Enough different ones; making a million would take longer than storing them.
  const samples = Array.from({ length: BATCH }, (_, n) => ({ body: sampleMessage(n), severity: 2 as const }));
  let bytes = 0;
  for (let count = 0; count < messages; count += BATCH) {
    const some = samples.slice(0, Math.min(BATCH, messages - count));
    core.appendAll([{ messages: some }]);
    for (const { body } of some) bytes += body.byteLength;
  }
  core.close();
  return bytes;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function row(what: string, value: number, goal: number, unit: string, right = true): void {
  if (!right) throw new Error(`${what}: the answer is not what it must be`);
  say(
    `${what.padEnd(44)} ${value.toFixed(1).padStart(7)} ${unit} (goal ${goal}, ratio ${(value / goal).toFixed(2)})`,
  );
}

/** VmHWM: the most it ever had, what it shares with the page cache included. */
function peakMegabytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function get(headers: string): string {
  return `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`;
}

interface Answer {
  readonly status: number;
  readonly head: string;
  /** Of the body; the head comes in a piece of its own or with its beginning. */
  readonly bytes: number;
  readonly firstByteMs: number;
  readonly totalMs: number;
}

/** One request on a connection of its own; the body is counted and dropped. */
async function ask(port: number, pki: Pki, request: string): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const begun = performance.now();
    const { certPem: cert, keyPem: key } = pki.client;
    const socket = connect(
      { host: '127.0.0.1', port, servername: 'localhost', ca: pki.caPem, cert, key },
      () => socket.write(request),
    );
    let firstByteMs = 0;
    let received = 0;
    let head = '';
    socket.on('data', (chunk: Buffer) => {
      if (received === 0) firstByteMs = performance.now() - begun;
      if (!head.includes('\r\n\r\n')) head += chunk.toString('latin1');
      received += chunk.length;
    });
    socket.once('end', () => {
      const headBytes = head.indexOf('\r\n\r\n') + 4;
      resolve({
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
        head: head.slice(0, headBytes),
        bytes: received - headBytes,
        firstByteMs,
        totalMs: performance.now() - begun,
      });
    });
    socket.once('error', reject);
  });
}
