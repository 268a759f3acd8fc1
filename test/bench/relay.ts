/**
 * The poller as a whole process: 10,000 journalled alerts to a directory, to a receiver of single messages, and
 * the empty poll.
 *
 * node .build/test/bench/relay.js [--alerts N] [--rounds N] [--empty N]; goals (DESIGN §11): `file:` ≤ 0.7 s on
 * Node 24, ≤ 0.8 s on 20; one POST each ≥ 7,000/s cold; empty poll ≤ 75 / 120 ms. The sensor lives in this
 * process, the receiver in another one, the poller is the built command, cold each time; times are from spawn
 * to exit. `relay.js gateway DIR` is the receiver's process.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
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
import { startNode, startProgram } from '../support/program.ts';
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
const endings: (() => Promise<void>)[] = [];
const ending = { after: (hook: () => Promise<void>): void => void endings.push(hook) };

if (positionals[0] === 'gateway') await serveGateway(positionals[1] ?? '');
else await measure();

/** Prints its port, then at each line on stdin how many it has accepted since the last. */
async function serveGateway(dir: string): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by single()
  const pki = JSON.parse(readFileSync(join(dir, 'pki.json'), 'utf8')) as Pki;
  const gateway = await startTrivialGateway(ending, { pki });
  process.stdout.write(`port ${gateway.port}\n`);
  process.on('SIGUSR2', () => {
    process.stdout.write(`accepted ${gateway.accepted}\n`);
    gateway.accepted = 0;
  });
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
    await rows(dir, pki, `https://localhost:${port}/`, journal);
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

async function rows(dir: string, pki: Pki, sensor: string, journal: Journal): Promise<void> {
  say(`Node ${process.version}, ${alerts} alerts, whole poller process, cold`);
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    const out = join(dir, `out-${round}`);
    mkdirSync(out);
    await fill(journal);
    const { ms, stderr, peakMib } = await poll(dir, pki, sensor, `file://${out}`, `file-${round}`);
    const ids = readdirSync(out).flatMap((name) => messageids(readFileSync(join(out, name))));
    if (new Set(ids).size !== alerts) throw new Error(`${new Set(ids).size} arrived\n${stderr}`);
    say(`file:            ${ms.toFixed(0)} ms, peak ${peakMib} MiB`);
  }
  await single(dir, pki, sensor, journal);
  const times: number[] = [];
  for (let round = 0; round < Number(flags.empty); round += 1) {
    const { ms } = await poll(dir, pki, sensor, `file://${join(dir, 'out-0')}`, 'empty');
    times.push(ms);
  }
  const median = times.slice(1).toSorted((a, b) => a - b)[Math.floor((times.length - 1) / 2)] ?? 0;
  say(`empty poll:      ${median.toFixed(0)} ms (median of ${times.length - 1})`);
}

async function single(dir: string, pki: Pki, sensor: string, journal: Journal): Promise<void> {
  writeFileSync(join(dir, 'pki.json'), JSON.stringify(pki));
  const gateway = startNode([fileURLToPath(import.meta.url), 'gateway', dir]);
  try {
    const [, port] = await gateway.line(/^port (\d+)/);
    for (let round = 0; round < Number(flags.rounds); round += 1) {
      await fill(journal);
      const { ms, stderr, peakMib } = await poll(
        dir,
        pki,
        sensor,
        `https://localhost:${port}/`,
        `post-${round}`,
      );
      process.kill(gateway.pid, 'SIGUSR2');
      const [, accepted] = await gateway.line(new RegExp(`^accepted (${alerts})`)).catch(() => {
        throw new Error(`not all arrived\n${gateway.stdout()}\n${stderr}`);
      });
      const rate = (Number(accepted) / ms) * 1000;
      say(`one POST each:   ${ms.toFixed(0)} ms, ${rate.toFixed(0)}/s, peak ${peakMib} MiB`);
    }
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

async function poll(dir: string, pki: Pki, sensor: string, manager: string, state: string) {
  const { certFile, keyFile } = pki.client;
  const started = performance.now();
  const program = startProgram('http-proxy', [
    `--cert=${certFile}`,
    `--key=${keyFile}`,
    `--cacert=${pki.caFile}`,
    `--sensor=${sensor}`,
    `--manager=${manager}`,
    `--state=${join(dir, state)}`,
    '--min-free=1M',
  ]);
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
