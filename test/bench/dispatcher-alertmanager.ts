/**
 * Side by side with Debian's prometheus-alertmanager: the same alerts, posted once, to one webhook. What arrives, what is lost on
 * kill -9, while the receiver is away, and when it answers 429.
 *
 * node .build/test/bench/dispatcher-alertmanager.js [--alerts N] [--away S] [--patience S]. Needs the package prometheus-alertmanager.
 * Each row has its own process and directory; rows run beside each other, because most of their time is waiting. Alertmanager has its
 * defaults but for `group_by: ['...']` and `group_wait: 0s`, so that it too tells each alert at once. It is made for a sender
 * that repeats an alert while it lasts (Prometheus does); a sensor's event happens once.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { envelopeHead, envelopeTail } from '../../src/idmef/envelope.ts';
import { httpsSource, startDispatcher, type DispatcherProgram } from '../integration/dispatcher-program.ts';
import { load, say } from '../support/bench-figures.ts';
import { smallAlert } from '../support/dispatcher-site.ts';
import { freePort } from '../support/free-port.ts';
import { makePki } from '../support/pki.ts';
import { startCommand, type Program } from '../support/program.ts';
import { startSiteReceiver, type SiteReceiver } from '../support/site-receiver.ts';
import { until } from '../support/until.ts';

const { values: flags } = parseArgs({
  options: {
    alerts: { type: 'string', default: '1000' },
    /** Longer than Alertmanager's resolve_timeout, 5 min. */
    away: { type: 'string', default: '330' },
    /** How long nothing may arrive until the rest is called lost; longer than its group_interval, 5 min. */
    patience: { type: 'string', default: '330' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const ALERTS = Number(flags.alerts);
const AWAY_S = Number(flags.away);
const PATIENCE_S = Number(flags.patience);
const POST = 100;
const RETRY_AFTER_S = 5;
const REFUSALS = 20;
const PROGRAM = '/usr/bin/prometheus-alertmanager';

/** One of the two, told to bring everything to one webhook. */
interface Rival {
  readonly name: string;
  start(): Promise<void>;
  /** Resolves when all of them are accepted. */
  post(numbers: readonly number[]): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

type Case = 'receiver well' | 'kill -9' | 'receiver away' | 'receiver says 429';
const CASES: readonly Case[] = ['receiver well', 'kill -9', 'receiver away', 'receiver says 429'];

const version = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' });
if (version.status !== 0) {
  process.stderr.write(`dispatcher-alertmanager: error: ${PROGRAM} does not run\n`);
  process.stderr.write('dispatcher-alertmanager: hint: apt-get install prometheus-alertmanager\n');
  process.exit(69);
}
const dir = mkdtempSync(join(realpathSync(flags.dir), 'rivals-'));
const endings: (() => Promise<void>)[] = [];
const pki = await makePki(join(dir, 'pki'));
const sender = await pki.issue({ name: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
try {
  say((version.stderr || version.stdout).split('\n')[0] ?? '');
  say(`${ALERTS} alerts posted once; away: ${AWAY_S} s; lost: not there ${PATIENCE_S} s after the last call`);
  say('                                        received   lost  twice   calls   last after s');
  for (const group of [CASES.slice(0, 1), CASES.slice(1)]) {
    await Promise.all(group.flatMap((one) => [run(one, alertmanager(one)), run(one, ours(one))]));
  }
  say(load());
} finally {
  for (const end of endings) await end();
  rmSync(dir, { recursive: true, force: true });
}

interface World {
  readonly rival: Rival;
  readonly listen: () => Promise<void>;
  /** From now on calls get 429 until so many have. */
  readonly refuse: (calls: number) => void;
}

type Maker = (url: string) => Rival;

async function run(name: Case, make: Maker): Promise<void> {
  const port = await freePort();
  const counts = new Map<number, number>();
  let receiver: SiteReceiver | undefined;
  let [calls, refusals, early, freeAt, lastAt] = [0, 0, 0, 0, performance.now()];
  const rival = make(`http://127.0.0.1:${port}/`);
  const listen = async (): Promise<void> => {
    receiver = await startSiteReceiver(
      ({ body }) => {
        const numbers = new Set([...body.matchAll(/rival-(\d+)/g)].map((match) => Number(match[1])));
        for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
        lastAt = performance.now();
      },
      (response) => {
        calls += 1;
        if (performance.now() < freeAt) early += 1;
        if (refusals <= 0) return false;
        refusals -= 1;
        freeAt = performance.now() + RETRY_AFTER_S * 1000;
        lastAt = performance.now();
        response.writeHead(429, { 'retry-after': String(RETRY_AFTER_S) });
        response.end();
        return true;
      },
      port,
    );
  };
  await rival.start();
  const start = performance.now();
  await scene(name, { rival, listen, refuse: (count) => void (refusals = count) });
  lastAt = Math.max(lastAt, performance.now());
  await until(() => counts.size >= ALERTS || performance.now() - lastAt > PATIENCE_S * 1000, {
    timeoutMs: 3_600_000,
  });
  await rival.kill('SIGTERM');
  await receiver?.close();
  const twice = [...counts.values()].filter((count) => count > 1).length;
  const figures = [counts.size, ALERTS - counts.size, twice, calls].map((value) => String(value).padStart(7));
  const after = counts.size === 0 ? '-' : ((lastAt - start) / 1000).toFixed(1);
  say(
    `${name.padEnd(18)} ${rival.name.padEnd(17)} ${figures.join(' ')} ${after.padStart(10)}` +
      (name === 'receiver says 429' ? `   ${early} calls within Retry-After` : ''),
  );
}

async function scene(name: Case, { rival, listen, refuse }: World): Promise<void> {
  if (name === 'receiver well' || name === 'receiver says 429') await listen();
  if (name === 'receiver says 429') refuse(REFUSALS);
  for (let first = 0; first < ALERTS; first += POST) {
    await rival.post(Array.from({ length: Math.min(POST, ALERTS - first) }, (_, index) => first + index));
  }
  if (name === 'kill -9') {
    await rival.kill('SIGKILL');
    await rival.start();
  }
  if (name === 'receiver away') await delay(AWAY_S * 1000);
  if (name === 'kill -9' || name === 'receiver away') await listen();
}

function alertmanager(name: Case): Maker {
  return (url) => {
    const place = join(dir, `alertmanager-${CASES.indexOf(name)}`);
    mkdirSync(place);
    const hook = { name: 'hook', webhook_configs: [{ url, send_resolved: false }] };
    const route = { receiver: 'hook', group_by: ['...'], group_wait: '0s' };
    const config = join(place, 'alertmanager.yml');
    writeFileSync(config, JSON.stringify({ route, receivers: [hook] }));
    let program: Program | undefined;
    let api = '';
    return {
      name: 'alertmanager',
      async start() {
        const port = await freePort();
        api = `http://127.0.0.1:${port}/api/v2/alerts`;
        const listening = `--web.listen-address=127.0.0.1:${port}`;
        const state = `--storage.path=${join(place, 'data')}`;
        program = startCommand([
          PROGRAM,
          `--config.file=${config}`,
          state,
          listening,
          '--cluster.listen-address=',
        ]);
        const started = program;
        endings.push(async () => void (await started.kill('SIGKILL')));
        await until(async () => (await fetch(api).catch(() => undefined))?.ok, { timeoutMs: 30_000 });
      },
      async post(numbers) {
        const alerts = numbers.map((number) => ({
          labels: {
            alertname: 'Port scan',
            severity: 'high',
            analyzer: 'probe',
            source: '203.0.113.7',
            messageid: `rival-${number}`,
          },
        }));
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(api, { method: 'POST', headers, body: JSON.stringify(alerts) });
        if (answer.status !== 200) throw new Error(`alertmanager: ${answer.status}`);
      },
      async kill(signal) {
        await program?.kill(signal);
      },
    };
  };
}

function ours(name: Case): Maker {
  return (url) => {
    const place = join(dir, `ours-${CASES.indexOf(name)}`);
    let program: DispatcherProgram | undefined;
    return {
      name: 'alert-dispatcher',
      async start() {
        program = await startDispatcher({ after: (hook) => void endings.push(hook) }, pki, place, {
          endpoints: { hook: { type: 'webhook', url } },
          recipients: { hook: { endpoint: 'hook' } },
          route: { to: ['hook'] },
          sources: { https: httpsSource(pki) },
        });
      },
      async post(numbers) {
        const bodies = numbers.map((number) =>
          smallAlert({ messageid: `rival-${number}`, severity: 'high', text: 'Port scan' }),
        );
        const answer = await program?.post(Buffer.concat([envelopeHead, ...bodies, envelopeTail]), sender);
        if (answer?.startsWith('200 ') !== true) throw new Error(`alert-dispatcher: ${answer ?? ''}`);
      },
      async kill(signal) {
        await program?.stop(signal);
      },
    };
  };
}
