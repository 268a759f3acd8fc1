/**
 * GET of 10,000 journalled alerts (30 MB) over mutual TLS from reverse-server as one process, its worker with
 * journal and intake included: first byte, total, peak memory of the server.
 *
 * node .build/test/bench/get.js [--alerts N] [--rounds N]; goals: ≤ 55 ms, first byte ≤ 8 ms (handshake
 * included), RSS ≤ 130 MB; median of the warm rounds, the first one is printed as cold. The client is this process,
 * and curl where it is installed. `get.js serve DIR` is the server's process.
 */

import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { ReverseServerConfig } from '../../src/app/reverse-server-config.ts';
import { createReverseServer } from '../../src/app/reverse-server.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { makePki } from '../support/pki.ts';
import type { Pki } from '../support/pki.ts';
import { startNode } from '../support/program.ts';
import { sampleMessage } from '../support/sample-alerts.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { alerts: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '5' } },
});

if (positionals[0] === 'serve') await serve(positionals[1] ?? '');
else await measure();

async function serve(dir: string): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by measure() below
  const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8')) as ReverseServerConfig;
  const quiet = (): void => undefined;
  const logger = { error: quiet, warning: quiet, notice: quiet, info: quiet, debug: quiet };
  const deps = { logger, clock: systemClock, random: systemRandom, stdout: process.stdout };
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  await createReverseServer(config, deps).run(stop.signal);
}

async function measure(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-bench-'));
  try {
    const pki = await makePki(join(dir, 'pki'));
    const stateDir = join(dir, 'state');
    const spoolDir = join(dir, 'spool');
    for (const made of [stateDir, spoolDir]) mkdirSync(made);
    await fill(join(stateDir, 'journal.db'));
    const { certFile, keyFile } = pki.server;
    const config: ReverseServerConfig = {
      tls: { certFile, keyFile, caFile: pki.caFile, policy: 'anssi' },
      address: '127.0.0.1',
      port: 0,
      spoolDir,
      delete: false,
      stateDir,
      allow: { poller: ['*'] },
      consumers: [],
      minFree: { bytes: 0 },
      log: { format: 'text', verbosity: 0 },
    };
    writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
    const server = startNode([fileURLToPath(import.meta.url), 'serve', dir]);
    const port = Number((await server.line(/^Listening on https:\/\/127\.0\.0\.1:(\d+)\/$/m))[1]);
    try {
      await report('node', async () => await getOnce(port, pki));
      if (spawnSync('curl', ['--version']).error === undefined) {
        await report('curl', async () => await curlOnce(port, pki));
      }
      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
      const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
      process.stdout.write(`server peak RSS ${peak.toFixed(0)} MB (goal 130)\n`);
    } finally {
      await server.kill('SIGTERM');
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function fill(path: string): Promise<void> {
  const journal = await openJournal({ path, clock: systemClock, random: systemRandom });
  for (let first = 1; first <= Number(flags.alerts); first += 250) {
    const count = Math.min(250, Number(flags.alerts) - first + 1);
    const messages = Array.from({ length: count }, (_, index) => ({
      body: sampleMessage(first + index),
      severity: 0 as const,
    }));
    await journal.append(messages);
  }
  await journal.close();
}

interface Times {
  readonly firstByte: number;
  readonly total: number;
  readonly bytes: number;
}

async function report(client: string, once: () => Promise<Times>): Promise<void> {
  const rounds: Times[] = [];
  for (let round = 0; round <= Number(flags.rounds); round += 1) rounds.push(await once());
  const [cold, ...warm] = rounds;
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  const total = median(warm.map((one) => one.total));
  const firstByte = median(warm.map((one) => one.firstByte));
  process.stdout.write(
    `${client}: ${((cold?.bytes ?? 0) / 1e6).toFixed(1)} MB, cold ${cold?.total.toFixed(1)} ms; ` +
      `warm, median of ${warm.length}: ${total.toFixed(1)} ms (goal 55, ratio ${(total / 55).toFixed(2)}), ` +
      `first byte ${firstByte.toFixed(1)} ms (goal 8, ratio ${(firstByte / 8).toFixed(2)})\n`,
  );
}

/** Handshake, request and answer on a new connection; the body is counted and dropped. */
async function getOnce(port: number, pki: Pki): Promise<Times> {
  return await new Promise((resolve, reject) => {
    const begun = performance.now();
    let firstByte = 0;
    let bytes = 0;
    const { certPem: cert, keyPem: key } = pki.client;
    const socket = connect(
      { host: '127.0.0.1', port, servername: 'localhost', ca: pki.caPem, cert, key },
      () => {
        socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      },
    );
    socket.on('data', (chunk: Buffer) => {
      if (bytes === 0) firstByte = performance.now() - begun;
      bytes += chunk.length;
    });
    socket.once('end', () => resolve({ firstByte, total: performance.now() - begun, bytes }));
    socket.once('error', reject);
  });
}

async function curlOnce(port: number, pki: Pki): Promise<Times> {
  const tls = ['--cert', pki.client.certFile, '--key', pki.client.keyFile, '--cacert', pki.caFile];
  const format = '%{time_starttransfer} %{time_total} %{size_download}';
  const { stdout } = await promisify(execFile)('curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    format,
    ...tls,
    `https://localhost:${port}/`,
  ]);
  const [firstByte = 0, total = 0, bytes = 0] = stdout.split(' ').map(Number);
  return { firstByte: firstByte * 1000, total: total * 1000, bytes };
}
