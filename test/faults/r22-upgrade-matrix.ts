/**
 * R22: old and new client against old and new server, as a site meets them while it upgrades host by host. The old client is
 * a plain GET over TLS 1.2 that keeps what it has read whole; the old server is test/support/old-server.ts.
 *
 * Faults: the new server's answers are broken off by the old client, the new poller is killed at random. An old server
 * consumes before it answers, so what a broken connection takes from it is gone by its own doing: towards it the
 * fault is a destination that fails while the alerts exist on the manager only.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { generator } from '../support/generator.ts';
import { startOldServer, type OldServer } from '../support/old-server.ts';
import type { Program } from '../support/program.ts';
import { rawClient } from '../support/raw-client.ts';
import { startTrivialGateway } from '../support/receiver.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { withEndings, type Endings } from './endings.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

export const scenario: Scenario = {
  id: 'R22',
  title: 'old and new client against old and new server',
  run: withEndings(run),
};

interface Cell {
  readonly world: World;
  readonly random: () => number;
  /** Faults to inject. */
  readonly faults: number;
  readonly endings: Endings;
}

interface Arrived {
  readonly ids: readonly string[];
  readonly faults: number;
}

const cells: readonly (readonly [string, (cell: Cell, put: () => string[]) => Promise<Arrived>])[] = [
  ['old client, old server', oldOld],
  ['old client, new server', oldNew],
  ['new client, old server', newOld],
  ['new client, new server', newNew],
];

async function run({ seed, scale, directory, say }: FaultContext, endings: Endings): Promise<FaultResult> {
  const random = generator(seed);
  const result = {
    faults: 0,
    obligations: 0,
    lost: 0,
    unexpected: 0,
    altered: 0,
    duplicates: 0,
  };
  const figures: string[] = [];
  for (const [index, [name, work]] of cells.entries()) {
    const dir = join(directory, String(index));
    mkdirSync(dir);
    const world = await makeWorld(dir);
    const promised: string[] = [];
    const put = (): string[] => {
      const fresh = Array.from({ length: 50 }, (_, n) => `c${index}-${promised.length + n}`);
      for (const id of fresh)
        putInSpool(world.spool, id, alertDocument(id, 'x'.repeat(Math.floor(random() * 4000))));
      promised.push(...fresh);
      return promised;
    };
    const { ids, faults } = await work({ world, random, faults: scale === 'long' ? 50 : 6, endings }, put);
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    const lost = promised.filter((id) => !counts.has(id)).length;
    result.faults += faults;
    result.obligations += promised.length;
    result.lost += lost;
    result.unexpected += [...counts.keys()].filter((id) => !promised.includes(id)).length;
    result.duplicates += ids.length - counts.size;
    figures.push(`${name}: ${promised.length - lost}/${promised.length}, ${ids.length - counts.size} twice`);
    say(figures.at(-1) ?? name);
  }
  return { runs: cells.length, ...result, failures: [], figures };
}

const OLD_TLS = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const OLD_GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/xml\r\nConnection: close\r\n\r\n';

/** One run of the Python poller, as far as the wire can tell. What it has not read whole it throws away. */
async function oldPoll(
  { pki }: World,
  port: number,
  cutAfter?: number,
): Promise<string[] | 'nothing' | 'cut'> {
  const client = await rawClient(port, pki, OLD_TLS);
  client.send(OLD_GET);
  if (cutAfter !== undefined) {
    await client.received(cutAfter);
    client.reset();
    return 'cut';
  }
  const answer = await client.answer();
  client.socket.end();
  await client.closed;
  if (answer === undefined) return 'cut';
  return answer.status === 404 ? 'nothing' : messageIds(answer.body);
}

async function drain(world: World, port: number): Promise<string[]> {
  const ids: string[] = [];
  let empty = 0;
  while (empty < 3) {
    const got = await oldPoll(world, port);
    if (typeof got === 'object') ids.push(...got);
    empty = got === 'nothing' ? empty + 1 : 0;
    if (empty > 0) await delay(300);
  }
  return ids;
}

async function oldServer({ world, endings }: Cell): Promise<OldServer> {
  return await startOldServer(endings, { pki: world.pki, spoolDir: world.spool, delete: true });
}

async function oldOld(cell: Cell, put: () => string[]): Promise<Arrived> {
  const server = await oldServer(cell);
  put();
  return { ids: await drain(cell.world, server.port), faults: 0 };
}

async function oldNew(cell: Cell, put: () => string[]): Promise<Arrived> {
  const { world, random, faults, endings } = cell;
  const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
  endings.after(() => sensor.kill('SIGKILL'));
  const ids: string[] = [];
  for (let n = 0; n < faults; n += 1) {
    const wanted = put().length - ids.length;
    await until(
      async () => Number((await world.ask({ method: 'HEAD' })).headers['idmef-pending']) === wanted,
      {
        timeoutMs: 15_000,
        what: `${wanted} alerts at the sensor`,
      },
    );
    await oldPoll(world, world.sensorPort, 1 + Math.floor(random() * 50_000));
    if (random() < 0.5) ids.push(...(await drain(world, world.sensorPort)));
  }
  ids.push(...(await drain(world, world.sensorPort)));
  return { ids, faults };
}

async function newOld(cell: Cell, put: () => string[]): Promise<Arrived> {
  const { world, faults, endings } = cell;
  const server = await oldServer(cell);
  const gateway = await startTrivialGateway(endings, { pki: world.pki, keep: true });
  const flags = ['--sensor', server.url.href, '--timeout', '5'];
  for (let n = 0; n < faults; n += 1) {
    put();
    gateway.misbehave = (_body, count) => (count % 7 === 0 ? { status: 500 } : undefined);
    await world.startPoller(flags, [gateway.url.href]).exited;
    gateway.misbehave = () => 'reset';
    await world.startPoller(flags, [gateway.url.href]).exited;
  }
  gateway.misbehave = () => undefined;
  const expected = put().length;
  await until(
    async () => {
      await world.startPoller(flags, [gateway.url.href]).exited;
      return new Set(gateway.bodies.flatMap(messageIds)).size >= expected;
    },
    { timeoutMs: 60_000, what: 'every alert of the old server at the gateway' },
  );
  return { ids: gateway.bodies.flatMap(messageIds), faults: faults * 2 };
}

async function newNew(cell: Cell, put: () => string[]): Promise<Arrived> {
  const { world, random, faults, endings } = cell;
  const sensor = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
  endings.after(() => sensor.kill('SIGKILL'));
  for (let n = 0; n < faults; n += 1) {
    put();
    const poller: Program = world.startPoller(['--lease', '5']);
    await delay(60 + random() * 250);
    await poller.kill('SIGKILL');
  }
  const expected = put().length;
  const ids = (): string[] => world.delivered().flatMap(messageIds);
  await until(
    async () => {
      await world.startPoller(['--lease', '5']).exited;
      return new Set(ids()).size >= expected;
    },
    { timeoutMs: 60_000, what: 'every alert in the outbox' },
  );
  return { ids: ids(), faults };
}
