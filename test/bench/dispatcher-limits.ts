/**
 * A backlog of 10,000 deliveries towards limited providers: how long it takes beside how long their limits say it takes.
 *
 * node .build/test/bench/dispatcher-limits.js. First the outbox alone on a virtual clock, with the limits that the sinks of those
 * providers declare (a chat of Telegram is asked one message a call: 10,000 calls are 2 h 47 min); then the program in real time towards
 * a webhook on loopback, 100 messages a call. `late` and `early`: of the worst call, against its due time. On the virtual clock both
 * must be 0; in real time the first burst is late by what its calls take, and early by what the first call's way was longer.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { LimitSpec } from '../../src/dispatcher/model/sink.ts';
import { sinkTypes } from '../../src/dispatcher/sinks/catalogue.ts';
import { systemTimers } from '../../src/app/dispatcher/real-timers.ts';
import { systemRandom } from '../../src/os/random.ts';
import { httpsSource, startDispatcher } from '../integration/dispatcher-program.ts';
import { load, quietLog, say } from '../support/bench-figures.ts';
import { siteMessage } from '../support/dispatcher-site.ts';
import { machine, World } from '../support/outbox-world.ts';
import { makePki } from '../support/pki.ts';
import { createPoster } from '../support/site-poster.ts';
import { startSiteReceiver } from '../support/site-receiver.ts';
import { until } from '../support/until.ts';

const { values: flags } = parseArgs({
  options: { deliveries: { type: 'string', default: '10000' }, dir: { type: 'string', default: tmpdir() } },
});
const DELIVERIES = Number(flags.deliveries);
const HOUR_MS = 3_600_000;
const REAL_BATCH = 100;

say(`${DELIVERIES} deliveries waiting, one recipient`);
say('provider                        limit       a call   expected s   measured s   late ms  early ms');
for (const [type, endpoint, recipient] of [
  ['telegram', { token: '1:bench' }, { chat: '100' }],
  ['slack', { token: 'xoxb-bench' }, { channel: 'C1' }],
  ['webhook', { url: 'http://127.0.0.1:9/' }, {}],
  ['elasticsearch', { url: 'http://127.0.0.1:9/' }, {}],
] as const) {
  await onVirtualClock(type, await limitsOf(type, endpoint, recipient));
}
await inRealTime();

async function limitsOf(type: string, params: object, recipient: object): Promise<readonly LimitSpec[]> {
  const found = sinkTypes.get(type);
  if (found === undefined) throw new Error(`no sink type ${type}`);
  const endpoint = { name: type, type, params: { ...params }, provenance: 'file' } as const;
  const sink = await found.create(endpoint, {
    log: quietLog(),
    timers: systemTimers,
    random: systemRandom,
    hostname: 'bench',
    version: '0',
    outbound: { refusal: () => undefined },
  });
  const limits = sink.limits(machine(type, { params: { ...recipient } }));
  await sink.close();
  return limits;
}

async function onVirtualClock(type: string, limits: readonly LimitSpec[]): Promise<void> {
  const batch = sinkTypes.get(type)?.batch ?? 1;
  const world = await World.start({ recipients: [machine(type)], types: { [type]: { batch } } });
  world.provider(type).limits = limits;
  await world.accept(DELIVERIES);
  const calls = Math.ceil(DELIVERIES / batch);
  await world.timers.run(24 * HOUR_MS, () => world.calls.length >= calls);
  report(
    `${type}, virtual clock`,
    limits,
    batch,
    world.calls.map(({ at }) => at),
  );
}

/** Calls are due when the slowest of the buckets has a token again. */
function report(name: string, limits: readonly LimitSpec[], batch: number, calls: readonly number[]): void {
  const dueMs = (call: number): number =>
    Math.max(0, ...limits.map(({ rate, burst }) => ((call - burst + 1) / rate) * 1000));
  const [first = 0] = calls;
  const off = calls.map((at, call) => at - first - dueMs(call));
  const slowest = limits.reduce((one, other) => (other.rate < one.rate ? other : one));
  const seconds = (ms: number): string => (ms / 1000).toFixed(2).padStart(12);
  const late = Math.max(...off);
  say(
    `${name.padEnd(30)} ${`${slowest.rate}/s, ${slowest.burst}`.padEnd(12)} ${String(batch).padStart(5)} ` +
      `${seconds(dueMs(calls.length - 1))} ${seconds((calls.at(-1) ?? 0) - first)} ` +
      `${late.toFixed(0).padStart(9)} ${Math.max(0, -Math.min(...off))
        .toFixed(0)
        .padStart(9)}`,
  );
}

async function inRealTime(): Promise<void> {
  const dir = mkdtempSync(join(flags.dir, 'dispatcher-limits-'));
  const endings: (() => Promise<void>)[] = [];
  const calls: number[] = [];
  let isOpen = false;
  const receiver = await startSiteReceiver(
    ({ at }) => void calls.push(at),
    (response) => {
      if (isOpen) return false;
      response.writeHead(503).end();
      return true;
    },
  );
  const pki = await makePki(join(dir, 'pki'));
  const as = await pki.issue({ name: 'manager1', san: ['DNS:manager1'], eku: ['client'] });
  const program = await startDispatcher(
    { after: (hook) => void endings.push(hook) },
    pki,
    join(dir, 'site'),
    {
      endpoints: { webhook: { type: 'webhook', url: receiver.url } },
      recipients: { webhook: { endpoint: 'webhook', batch: REAL_BATCH } },
      route: { to: ['webhook'] },
      sources: { https: httpsSource(pki) },
    },
  );
  const poster = createPoster(await program.port(), pki, as, 4);
  try {
    await program.json('recipients', 'hold', 'webhook');
    for (let sent = 0; sent < DELIVERIES; sent += 250) {
      const bodies = Array.from({ length: 250 }, (_, index) => siteMessage(sent + index, '1 kB'));
      await poster.batch(bodies, sent + 1);
    }
    isOpen = true;
    await program.json('recipients', 'resume', 'webhook');
    const whole = Math.ceil(DELIVERIES / REAL_BATCH);
    await until(async () => (calls.length >= whole ? true : undefined), {
      timeoutMs: 120_000,
      what: 'the end',
    });
    report(`webhook, real time, ${load()}`, [{ key: '', rate: 10, burst: 20 }], REAL_BATCH, calls);
  } finally {
    await poster.close();
    for (const end of endings) await end();
    await receiver.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
