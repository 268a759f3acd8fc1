/**
 * Carries documents through the built programs to a real prelude-manager, the way an operator would set it up: spool →
 * reverse-server → http-proxy → a web gateway, or the manager itself. Ends when every message has found its fate.
 */

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openJournal } from '../../src/journal/in-process.ts';
import type { JournalStats, QuarantineEntry } from '../../src/journal/journal.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { startPreludeManager, type PreludeManager } from './prelude-manager.ts';
import { startSecefGateway } from './secef-gateway.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';
import { makeWorld, type World } from './world.ts';

export interface Route {
  readonly name: string;
  /** Of the profile that sends to the manager. */
  readonly permissions: 'idmef:w' | 'idmef:rw';
  /** Through a gateway of libprelude's instead of directly. */
  readonly gateway?: true;
  readonly flags: readonly string[];
}

export interface Carried {
  readonly manager: PreludeManager;
  /** What the poller set aside, with the rule or reason. */
  readonly quarantine: readonly QuarantineEntry[];
  readonly stats: JournalStats;
  readonly stderr: string;
}

interface Ending {
  after(hook: () => void | Promise<void>): void;
}

const PATIENCE_MS = 60_000;

export async function carryOver(t: Ending, route: Route, documents: readonly Uint8Array[]): Promise<Carried> {
  const endings: (() => void | Promise<void>)[] = [];
  // In the opposite order: programs end before their directory goes.
  t.after(async () => {
    for (const end of endings.toReversed()) await end();
  });
  const t2 = { after: (hook: () => void | Promise<void>): void => void endings.push(hook) };
  const dir = tempDir(t2);
  const world = await makeWorld(dir);
  const manager = await startPreludeManager(join(dir, 'prelude'));
  t2.after(() => manager.remove());
  const url = await destination(t2, route, manager, world);

  for (const [index, document] of documents.entries()) {
    writeFileSync(join(world.spool, `${String(index).padStart(4, '0')}.xml`), document);
  }
  const sensor = await world.startSensor();
  t2.after(async () => void (await sensor.kill('SIGKILL')));
  await until(() => !readdirSync(world.spool).some((name) => name.endsWith('.xml')), {
    timeoutMs: PATIENCE_MS,
    what: 'an empty spool',
  });
  const poller = world.startPoller(route.flags, [url]);
  t2.after(async () => void (await poller.kill('SIGKILL')));
  const follows = route.flags.includes('--follow');
  if (follows) {
    await until(async () => await isDone(world, documents.length), {
      timeoutMs: PATIENCE_MS,
      what: `the fate of each message\n${poller.stderr()}`,
    });
    await poller.kill('SIGTERM');
  }
  const { code } = await poller.exited;
  // 65: something was set aside, which is for the caller to judge.
  if (code !== 0 && code !== 65) throw new Error(`http-proxy ended with ${code}\n${poller.stderr()}`);
  const { stats, quarantine } = await look(world);
  await until(() => manager.documents().length >= settledOf(stats), {
    timeoutMs: PATIENCE_MS,
    what: `${settledOf(stats)} messages at the manager, it has ${manager.documents().length}\n${manager.log()}`,
  });
  await manager.stop();
  return { manager, quarantine, stats, stderr: poller.stderr() };
}

async function destination(
  t: Ending,
  { gateway, permissions }: Route,
  manager: PreludeManager,
  { pki }: World,
): Promise<string> {
  const profile = await manager.register(permissions);
  if (gateway !== true) return manager.url(profile);
  const running = await startSecefGateway({ pki, profile });
  t.after(() => running.stop());
  return running.url;
}

async function look({ pollerState, sensorPort }: World) {
  const path = join(pollerState, 'profiles', `localhost-${sensorPort}`, 'journal.db');
  const options = { clock: systemClock, random: systemRandom, readOnly: true };
  const journal = await openJournal({ path, ...options });
  try {
    return { stats: await journal.stats(), quarantine: await journal.quarantine.list() };
  } finally {
    await journal.close();
  }
}

/** All came, and nothing is owed any more. The sensor's own count is that of its documents at least. */
async function isDone(world: World, documents: number): Promise<boolean> {
  const { headers } = await world.ask({ method: 'HEAD' });
  const pending = Number(/pending=(\d+)/.exec(String(headers['idmef-status']))?.[1]);
  if (pending > 0) return false;
  const { stats } = await look(world).catch(() => ({ stats: undefined }));
  const owed = stats?.consumers.reduce((sum, one) => sum + one.pending + one.leased, 0);
  return stats !== undefined && owed === 0 && stats.offered > 0 && documents > 0;
}

function settledOf(stats: JournalStats): number {
  return stats.consumers.reduce((sum, { settled }) => sum + settled, 0);
}
