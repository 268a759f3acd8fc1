/**
 * R18: wall clocks that jump, forwards and back, by an hour to ten years, on the sensor or on the manager, while alerts flow
 * and a lease is open. Leases and timeouts live on the monotonic clock, so nothing may be lost, held back or doubled;
 * where a jump leaves the certificates' time of validity the poll fails with that reason and goes on when the clock is back.
 *
 * Needs Debian's libfaketime (preloaded into the built programs; the file named by FAKETIME_TIMESTAMP_FILE is their clock).
 */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { generator } from '../support/generator.ts';
import type { Issued } from '../support/pki.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { withEndings, type Endings } from './endings.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const DAY = 86_400_000;

export const scenario: Scenario = {
  id: 'R18',
  title: 'clocks that jump',
  run: withEndings(run),
};

/** Seconds. The last two are beyond the certificates. */
const jumps = [
  3600,
  -3600,
  30 * 86_400,
  -30 * 86_400,
  360 * 86_400,
  -360 * 86_400,
  3650 * 86_400,
  -3650 * 86_400,
];
const REFUSED_FROM = 364 * 86_400;

interface Clocks {
  readonly sensor: string;
  readonly manager: string;
}

async function run({ seed, scale, directory, say }: FaultContext, endings: Endings): Promise<FaultResult> {
  if (!existsSync(LIBRARY)) throw new Error(`${LIBRARY} is missing: install libfaketime`);
  const random = generator(seed);
  const world = await makeWorld(directory);
  const client = await longLived(world);
  const clocks: Clocks = {
    sensor: join(directory, 'sensor-clock'),
    manager: join(directory, 'manager-clock'),
  };
  for (const clock of Object.values(clocks)) set(clock, 0);
  const flags = ['--delete', '--allow-poller', 'DNS:manager1'];
  const sensor = await world.startSensor(flags, { env: preload(clocks.sensor) });
  endings.after(() => sensor.kill('SIGKILL'));
  const failures = await leaseAcross(world, client, clocks.sensor);
  const poller = world.startPoller(['--follow', '--timeout', '4'], undefined, {
    env: preload(clocks.manager),
  });
  endings.after(() => poller.kill('SIGKILL'));

  const promised: string[] = [];
  let faults = 0;
  for (let cycle = 0; cycle < (scale === 'long' ? 3 : 1); cycle += 1) {
    for (const side of ['sensor', 'manager'] as const) {
      for (const seconds of jumps) {
        set(clocks[side], seconds);
        faults += 1;
        for (let n = 0; n < 10; n += 1) {
          const id = `clock-${promised.length}`;
          putInSpool(world.spool, id, alertDocument(id, 'x'.repeat(Math.floor(random() * 500))));
          promised.push(id);
        }
        const refused = Math.abs(seconds) > REFUSED_FROM;
        // A connection made before goes on; a new one is refused until the clock is back.
        if (refused) await delay(1_000);
        else await arrived(world, promised, `after ${side} ${seconds} s`);
        set(clocks[side], 0);
        await arrived(world, promised, `after ${side} came back from ${seconds} s`);
        say(`${side} ${seconds} s: ${promised.length} alerts`);
      }
    }
  }
  const ids = world.delivered().flatMap(messageIds);
  const exit = await sensor.kill('SIGTERM');
  if (exit.code !== 0) failures.push(`the sensor ended with ${exit.code}`);
  const unique = new Set(ids);
  return {
    runs: faults,
    faults,
    obligations: promised.length,
    lost: promised.filter((id) => !unique.has(id)).length,
    unexpected: [...unique].filter((id) => !promised.includes(id)).length,
    altered: 0,
    duplicates: ids.length - unique.size,
    failures,
    figures: [`${faults} jumps`],
  };
}

/** A lease taken before a jump of a day is as good after it. */
async function leaseAcross(world: World, as: Issued, clock: string): Promise<string[]> {
  const failures: string[] = [];
  for (const seconds of [86_400, -86_400]) {
    const id = `leased-${seconds}`;
    putInSpool(world.spool, id, alertDocument(id));
    const { headers } = await until(
      async () => {
        const answer = await world.ask({ as, headers: { prefer: 'lease=300' } });
        return answer.status === 200 ? answer : undefined;
      },
      { what: 'a lease' },
    );
    const token = /^[^;]+/.exec(String(headers['idmef-lease']))?.[0] ?? '';
    set(clock, seconds);
    await delay(300);
    const { status } = await world.ask({ as, method: 'DELETE', path: `/leases/${token}` });
    if (status !== 204) failures.push(`a jump of ${seconds} s made a lease of 300 s answer ${status}`);
    set(clock, 0);
  }
  return failures;
}

function preload(clock: string): Record<string, string> {
  return {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

function set(clock: string, seconds: number): void {
  writeFileSync(clock, `${seconds < 0 ? '' : '+'}${seconds}\n`);
}

/** Leaves that outlive the smaller jumps, under the names the world uses. */
async function longLived({ pki }: World): Promise<Issued> {
  const validity = {
    notBefore: new Date(Date.now() - 364 * DAY),
    notAfter: new Date(Date.now() + 364 * DAY),
  };
  const names = ['DNS:localhost', 'IP:127.0.0.1'];
  await pki.issue({ name: 'server', cn: 'localhost', san: names, eku: ['server'], ...validity });
  return await pki.issue({
    name: 'client',
    cn: 'manager1',
    san: ['DNS:manager1'],
    eku: ['client'],
    ...validity,
  });
}

async function arrived(world: World, promised: readonly string[], when: string): Promise<void> {
  await until(() => new Set(world.delivered().flatMap(messageIds)).size >= promised.length, {
    timeoutMs: 45_000,
    what: `all ${promised.length} alerts ${when}`,
  });
}
