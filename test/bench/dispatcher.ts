/**
 * Alerts a second through the dispatcher's door: read, identified, routed, stored and owed to three recipients, durable
 * (fsync) when the door says so. The store is in its worker thread, as in the service. Goal 10,000 on two cores.
 *
 * node .build/test/bench/dispatcher.js [--messages N] [--rounds N] [--dir DIR]. Each line: the best of the rounds, CPU of
 * the main thread and of all threads for one message. A last line shows the same in memory, so what the disk costs.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { CountingDoor } from '../../src/dispatcher/door/door.ts';
import type { Inbound } from '../../src/dispatcher/model/message.ts';
import { openStoreInWorker } from '../../src/dispatcher/store/open-in-worker.ts';
import { systemClock } from '../../src/os/clock.ts';
import { best, costOf, load, say, type Cost } from '../support/bench-figures.ts';
import { createSiteDoor, relayOrigin, siteMessage, type SampleSize } from '../support/dispatcher-site.ts';

const { values: flags } = parseArgs({
  options: {
    messages: { type: 'string', default: '20480' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string', default: tmpdir() },
    memory: { type: 'string', default: '/dev/shm' },
    only: { type: 'string' },
  },
});
const COUNT = Number(flags.messages);
const ROUNDS = Number(flags.rounds);
/** Messages on their way at the same time, as posts of several pollers are. */
const UNDER_WAY = 1_024;
let made = 0;

interface Setting {
  readonly size: SampleSize;
  readonly batch: number;
  /** From a relay, with its sequence; or from producers, told apart by messageid alone. */
  readonly from: 'relay' | 'producers';
  readonly dir: string;
}

/** As sources hand them over: the messages of a post are parts of its body. */
function batchOf({ size, batch, from }: Setting): Inbound[] {
  const numbers = Array.from({ length: batch }, () => ++made);
  const bodies = numbers.map((n) => siteMessage(n, size));
  const document = Buffer.concat(bodies);
  let end = 0;
  return numbers.map((n, index) => {
    const start = end;
    end += bodies[index]?.length ?? 0;
    const { journal: _journal, sequence: _sequence, ...producer } = relayOrigin(n);
    return { body: document.subarray(start, end), origin: from === 'relay' ? relayOrigin(n) : producer };
  });
}

async function offer(door: CountingDoor, all: readonly (readonly Inbound[])[], lanes: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let batch = all[next++]; batch !== undefined; batch = all[next++]) await door.accept(batch);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function round(setting: Setting): Promise<Cost> {
  const dir = mkdtempSync(join(setting.dir, 'dispatcher-bench-'));
  const store = await openStoreInWorker({ path: join(dir, 'dispatcher.db') });
  try {
    const all = Array.from({ length: Math.ceil(COUNT / setting.batch) }, () => batchOf(setting));
    const cost = await costOf(
      async () => await offer(createSiteDoor(store), all, Math.max(2, UNDER_WAY / setting.batch)),
    );
    const { stored } = await store.stats(systemClock.now());
    if (stored !== all.length * setting.batch) throw new Error(`${stored} stored`);
    return cost;
  } finally {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(setting: Setting): Promise<void> {
  const rounds: Cost[] = [];
  for (let n = 0; n < ROUNDS; n += 1) rounds.push(await round(setting));
  const { ms, mainMs, cpuMs } = best(rounds, (cost) => cost.ms);
  const count = Math.ceil(COUNT / setting.batch) * setting.batch;
  const rate = Math.round((count * 1000) / ms);
  const each = (time: number): string => `${((time * 1000) / count).toFixed(0)} µs`.padStart(7);
  say(
    `${setting.size.padEnd(7)} ${setting.from.padEnd(10)} ${String(setting.batch).padStart(4)}  ${String(rate).padStart(7)}/s ` +
      ` ${each(mainMs)} ${each(cpuMs - mainMs)} ${each(cpuMs)}  ${setting.dir === flags.memory ? 'memory' : 'disk  '}  ${load()}`,
  );
}

say(`${COUNT} alerts to 3 recipients, best of ${ROUNDS}; goal 10,000/s`);
say('size    from       batch     rate     main  others     all  store   load');
const settings: Setting[] = [];
for (const size of ['2.9 kB', '1 kB'] as const) {
  for (const batch of [256, 64, 1]) settings.push({ size, batch, from: 'relay', dir: flags.dir });
  settings.push({ size, batch: 256, from: 'producers', dir: flags.dir });
  settings.push({ size, batch: 256, from: 'relay', dir: flags.memory });
}
const wanted = flags.only === undefined ? settings : settings.slice(0, Number(flags.only));
for (const setting of wanted) await measure(setting);
