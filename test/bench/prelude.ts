/**
 * Prelude, by each way there is, with the same 10,000 alerts: a web gateway alone, our poller through it (one message a
 * POST, in its dialect), natively without and with acknowledgement.
 *
 * node .build/test/bench/prelude.js [--alerts N] [--rounds N] [1 2 … of the rows]. Warm: the poller follows, and the
 * clock runs from the first append to the sensor's journal (in this process) to the last message that the poller's journal
 * has settled; for the gateway alone from the first POST of 8 connections to the last answer. Medians. The manager writes
 * its text report, in the last row xmlmod's too, unbuffered. Needs prelude-manager and python3-prelude, and root.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { carry } from '../../src/idmef/prelude/carry.ts';
import { secefDocument } from '../../src/idmef/prelude/secef-document.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { noPrelude, startPreludeManager, type PreludeManager } from '../support/prelude-manager.ts';
import { startProgram } from '../support/program.ts';
import { sampleMessage } from '../support/sample-alerts.ts';
import { startSecefGateway } from '../support/secef-gateway.ts';
import { startTestSensor, type TestSensor } from '../support/test-sensor.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { alerts: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '3' } },
});
const alerts = Number(flags.alerts);
const rounds = Number(flags.rounds);
const PATIENCE_MS = 120_000;
const CONNECTIONS = 8;
const GOAL = 12_000;

const missing = noPrelude();
if (missing === false) await measure();
else process.stdout.write(`skipped: ${missing}\n`);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measure(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'prelude-bench-'));
  const pki = await makePki(join(dir, 'pki'));
  say(`Node ${process.version}, ${alerts} alerts of 3 kB, median of ${rounds}`);
  const rows: [name: string, run: (place: Place) => Promise<number[]>][] = [
    ['web gateway alone', gatewayAlone],
    ['poller → web gateway', throughGateway],
    ['native, unacknowledged', async (place) => await native(place, 'idmef:w')],
    ['native, acknowledged', async (place) => await native(place, 'idmef:rw')],
    ['the same, xmlmod as well', async (place) => await native(place, 'idmef:rw')],
  ];
  try {
    for (const [index, [name, run]] of rows.entries()) {
      if (positionals.length > 0 && !positionals.includes(String(index + 1))) continue;
      const own = join(dir, String(index));
      mkdirSync(own);
      const reports = index === rows.length - 1 ? (['text', 'xml'] as const) : (['text'] as const);
      const manager = await startPreludeManager(join(own, 'prelude'), { reports });
      try {
        report(name, await run({ dir: own, pki, manager }), index === 3 ? GOAL : undefined);
      } finally {
        await manager.remove();
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Place {
  readonly dir: string;
  readonly pki: Pki;
  readonly manager: PreludeManager;
}

function report(name: string, times: readonly number[], goal: number | undefined): void {
  const ms = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  const rate = (alerts / ms) * 1000;
  const more = goal === undefined ? '' : `  goal ${goal}/s, ratio ${(rate / goal).toFixed(2)}`;
  say(
    `${name.padEnd(26)} ${rate.toFixed(0).padStart(6)} events/s${more}  (${times.map((one) => one.toFixed(0)).join(', ')} ms)`,
  );
}

async function gatewayAlone({ pki, manager }: Place): Promise<number[]> {
  const gateway = await startSecefGateway({
    pki,
    profile: await manager.register('idmef:w'),
    connections: CONNECTIONS,
  });
  const bodies = Array.from({ length: alerts }, (_, index) => {
    const carried = carry(sampleMessage(index));
    if (!carried.ok) throw new Error(`alert ${index} cannot be carried`);
    return secefDocument(carried.message);
  });
  const times: number[] = [];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const started = performance.now();
      let next = 0;
      const work = async (): Promise<void> => {
        while (next < bodies.length) {
          const status = await gateway.post(bodies[next++] ?? '');
          if (status !== 200) throw new Error(`the gateway answers ${status}`);
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, work));
      if (round > 0) times.push(performance.now() - started);
    }
  } finally {
    await gateway.stop();
  }
  return times;
}

async function throughGateway(place: Place): Promise<number[]> {
  const { pki, manager } = place;
  const gateway = await startSecefGateway({ pki, profile: await manager.register('idmef:w') });
  try {
    return await follow(place, gateway.url, ['--dialect', 'secef']);
  } finally {
    await gateway.stop();
  }
}

async function native(place: Place, permissions: string): Promise<number[]> {
  const { manager } = place;
  return await follow(place, manager.url(await manager.register(permissions)), []);
}

/** Round 0 warms up and is not reported. */
async function follow({ dir, pki }: Place, url: string, more: readonly string[]): Promise<number[]> {
  const endings: (() => unknown)[] = [];
  const sensor = await startTestSensor(
    { after: (hook) => void endings.push(hook) },
    { pki, dir, consuming: true },
  );
  const state = join(dir, 'manager');
  const path = join(state, 'profiles', `localhost-${sensor.port}`, 'journal.db');
  const { certFile, keyFile } = pki.client;
  const tls = ['--cert', certFile, '--key', keyFile, '--cacert', pki.caFile];
  const ends = ['--sensor', `https://localhost:${sensor.port}/`, '--manager', url, '--follow'];
  const poller = startProgram('http-proxy', [...tls, ...ends, '--state', state, '--min-free', '1M', ...more]);
  const times: number[] = [];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const started = performance.now();
      await fill(sensor);
      const patience = performance.now() + PATIENCE_MS;
      while ((await settled(path)) < alerts * (round + 1)) {
        if (performance.now() > patience) throw new Error(`it takes too long\n${poller.stderr()}`);
        await delay(20);
      }
      if (round > 0) times.push(performance.now() - started);
    }
  } finally {
    await poller.kill('SIGTERM');
    for (const end of endings) await end();
  }
  return times;
}

async function fill({ journal }: TestSensor): Promise<void> {
  for (let at = 0; at < alerts; at += 250) {
    const some = Array.from({ length: Math.min(250, alerts - at) }, (_, index) => sampleMessage(at + index));
    await journal.append(some.map((body) => ({ body, severity: 0 })));
  }
}

async function settled(path: string): Promise<number> {
  const options = { path, clock: systemClock, random: systemRandom, readOnly: true };
  const journal = await openJournal(options).catch(() => undefined);
  if (journal === undefined) return 0;
  try {
    return (await journal.stats()).consumers.reduce((sum, one) => sum + one.settled, 0);
  } finally {
    await journal.close();
  }
}
