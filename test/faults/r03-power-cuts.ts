/**
 * R3: the power of the sensor's or the manager's disk is cut under load, on ext4 and on xfs.
 *
 * Spool and state of the sensor are on one loop-mounted disk, state and outbox of the manager on another. The filesystem's
 * shutdown ioctl loses what was not made durable; the programs on that disk are killed, it is mounted again and they go
 * on. An alert is owed once fsync, rename and fsync of the directory have returned. A control proves that the method
 * bites: files written without fsync must come back broken.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { generator } from '../support/generator.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { makeChain, type Chain, type Part } from './chain.ts';
import { faultDocument } from './fault-alert.ts';
import { makeDisk, type Disk, type FileSystem } from './mounts.ts';
import { Oracle } from './oracle.ts';
import { startWriters, writeFileDurably } from './producer.ts';
import type { FaultContext, FaultResult, Scale, Scenario } from './scenario.ts';
import { Score } from './score.ts';

const CUTS: Readonly<Record<Scale, number>> = { ci: 5, long: 200 };
const SETTLE_MS = 60_000;

async function run(context: FaultContext): Promise<FaultResult> {
  const score = new Score();
  const pki = await makePki(join(context.directory, 'pki'));
  for (const kind of ['ext4', 'xfs'] as const) {
    await control(context, kind, score);
    await cuts(context, kind, pki, score);
  }
  return score.result();
}

/** Ten files without fsync and one with: the cut must take some of the ten, and leave the one. */
async function control({ directory }: FaultContext, kind: FileSystem, score: Score): Promise<void> {
  const disk = makeDisk(directory, `control-${kind}`, kind);
  try {
    const document = faultDocument(['control']);
    writeFileDurably(disk.path, 'durable', document);
    const names = Array.from({ length: 10 }, (_, n) => `careless${n}.xml`);
    for (const name of names) writeFileSync(join(disk.path, name), document);
    disk.cut(false);
    await disk.remount();
    const whole = new Set(
      readdirSync(disk.path).filter(
        (name) => name.endsWith('.xml') && readFileSync(join(disk.path, name)).equals(document),
      ),
    );
    if (!whole.has('durable.xml')) score.fail(`${kind}: the cut took a file that was made durable`);
    const gone = names.filter((name) => !whole.has(name)).length;
    if (gone === 0) score.fail(`${kind}: the cut takes nothing, so it proves nothing`);
    score.figures.push(`${kind} control: ${gone}/10 without fsync lost`);
  } finally {
    await disk.remove();
  }
}

async function cuts(
  { directory, scale, seed, say }: FaultContext,
  kind: FileSystem,
  pki: Pki,
  score: Score,
): Promise<void> {
  const random = generator(seed + kind.length);
  const dir = join(directory, `run-${kind}`);
  mkdirSync(dir);
  const oracle = new Oracle();
  const disks: Disk[] = [];
  let chain: Chain | undefined;
  try {
    const sensorDisk = makeDisk(dir, 'sensor-disk', kind);
    disks.push(sensorDisk);
    const managerDisk = makeDisk(dir, 'manager-disk', kind);
    disks.push(managerDisk);
    chain = await makeChain(dir, { pki, sensorDisk: sensorDisk.path, managerDisk: managerDisk.path });
    for (const disk of disks) await sync(disk);
    const side = (manager: boolean): readonly [Disk, readonly Part[]] =>
      manager ? [managerDisk, ['poller', 'receiver']] : [sensorDisk, ['sensor']];
    await chain.startAll();
    for (let n = 0; n < CUTS[scale]; n += 1) {
      const { spool } = chain.world;
      const writers = startWriters({
        spool: () => spool,
        oracle,
        random,
        prefix: `c${n}w`,
        writers: 6,
        alertsPerFile: 4,
        pauseMs: 10,
      });
      await delay(100 + random() * 400);
      const [disk, parts] = side(n % 2 === 1);
      disk.cut(random() < 0.5);
      await Promise.all(parts.map(async (part) => await chain?.kill(part)));
      await writers.stop();
      score.faults += 1;
      await disk.remount();
      for (const part of parts.toReversed()) {
        if (part !== 'receiver') {
          for (const law of await chain.broken(part)) score.fail(`${kind} cut ${n}, ${part}: ${law}`);
        }
        await chain.start(part);
      }
      if (n % 20 === 19) say(`${kind}: ${n + 1} cuts, ${oracle.obligations} alerts owed`);
    }
    await chain.settle(oracle, SETTLE_MS).catch((error: unknown) => score.fail(`${kind}: ${String(error)}`));
    for (const fault of await chain.stop()) score.fail(`${kind}: ${fault}`);
    score.add(chain.verdict(oracle), kind);
    score.runs += 1;
    score.figures.push(`${kind} ${CUTS[scale]} cuts, ${oracle.obligations} owed of ${oracle.claims} written`);
  } finally {
    await chain?.killAll();
    for (const disk of disks) await disk.remove();
  }
}

/** The directories themselves are there before the first cut. */
async function sync(disk: Disk): Promise<void> {
  writeFileDurably(disk.path, 'formatted', Buffer.from('formatted\n'));
  disk.cut(true);
  await disk.remount();
}

export const scenario: Scenario = { id: 'R3', title: 'power cuts of sensor and manager', run };
