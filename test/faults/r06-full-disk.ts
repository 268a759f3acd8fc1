/**
 * R6: the disk is full to the last byte in the middle of the stream, is freed, ten times over, on a tmpfs of 8 MB, at the
 * sensor (spool and state) and at the manager (state). Without a restart everything goes on and nothing is lost.
 *
 * `--min-free 0`, so that no reserve of the filesystem's helps. A producer that cannot write owes nothing. A tmpfs of 1 MB
 * is tried as well: a program either lives there or says in its last line that there is no room.
 */

import { mkdirSync, openSync, closeSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { generator } from '../support/generator.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { makeChain, type Chain } from './chain.ts';
import { makeTmpfs } from './mounts.ts';
import { Oracle } from './oracle.ts';
import { startWriters } from './producer.ts';
import type { FaultContext, FaultResult, Scale, Scenario } from './scenario.ts';
import { Score } from './score.ts';

const MIB = 1024 * 1024;
const CYCLES: Readonly<Record<Scale, number>> = { ci: 3, long: 10 };
/** Over all cycles of one side. */
const ALERTS: Readonly<Record<Scale, number>> = { ci: 1500, long: 20_000 };
const SETTLE_MS = 60_000;

type Side = 'sensor' | 'manager';

async function run(context: FaultContext): Promise<FaultResult> {
  const score = new Score();
  const pki = await makePki(join(context.directory, 'pki'));
  for (const side of ['sensor', 'manager'] as const) await fillAndFree(context, side, pki, score);
  await tiny(context, pki, score);
  return score.result();
}

async function fillAndFree(
  { directory, scale, seed, say }: FaultContext,
  side: Side,
  pki: Pki,
  score: Score,
): Promise<void> {
  const random = generator(seed);
  const dir = join(directory, side);
  const disk = join(dir, 'disk');
  mkdirSync(dir);
  const mount = makeTmpfs(disk, 8 * MIB);
  const oracle = new Oracle();
  let chain: Chain | undefined;
  try {
    chain = await makeChain(dir, {
      pki,
      minFree: '0',
      ...(side === 'sensor' ? { sensorDisk: disk } : { managerDisk: disk }),
      outbox: join(dir, 'outbox'),
      received: join(dir, 'received'),
    });
    await chain.startAll();
    await chain.settle(oracle, SETTLE_MS);
    const before = (['sensor', 'poller'] as const).map((part) => chain?.program(part)?.pid);
    let refused = 0;
    let slowest = 0;
    for (let n = 0; n < CYCLES[scale]; n += 1) {
      const { spool } = chain.world;
      const writers = startWriters({
        spool: () => spool,
        oracle,
        random,
        prefix: `f${n}w`,
        writers: 4,
        alertsPerFile: 10,
        pauseMs: 10,
        atMost: ALERTS[scale] / CYCLES[scale],
      });
      await delay(50 + random() * 200);
      const ballast = join(disk, 'ballast');
      const filled = fill(ballast, disk);
      score.faults += 1;
      await delay(300 + random() * 700);
      rmSync(ballast);
      const freed = performance.now();
      await chain.settle(oracle, SETTLE_MS);
      slowest = Math.max(slowest, performance.now() - freed);
      await writers.done;
      refused += writers.failed();
      say(
        `${side}, cycle ${n + 1}: ${(filled / MIB).toFixed(1)} MiB filled, ${writers.failed()} files refused`,
      );
    }
    await chain.settle(oracle, SETTLE_MS);
    const after = (['sensor', 'poller'] as const).map((part) => chain?.program(part)?.pid);
    if (String(before) !== String(after)) score.fail(`${side}: a program was started again`);
    for (const fault of await chain.stop()) score.fail(`${side}: ${fault}`);
    for (const part of ['sensor', 'poller'] as const) {
      for (const law of await chain.broken(part)) score.fail(`${side}, ${part}: ${law}`);
    }
    score.figures.push(
      `${side}: ${CYCLES[scale]} × full and freed, ${refused} files refused, all there ${(slowest / 1000).toFixed(1)} s after it was freed at the latest`,
    );
  } catch (error) {
    score.fail(`${side}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await chain?.killAll();
    await mount.remove();
  }
  score.runs += 1;
  if (chain !== undefined) score.add(chain.verdict(oracle), side);
}

/** Until not a byte more can be written. Returns how many there were. */
function fill(path: string, disk: string): number {
  let written = 0;
  const file = openSync(path, 'w');
  try {
    for (let size = MIB; size >= 1;) {
      try {
        written += writeSync(file, Buffer.alloc(size));
      } catch {
        size = Math.floor(size / 16);
      }
    }
  } finally {
    closeSync(file);
  }
  const { bavail, bsize } = statfsSync(disk);
  // Whoever frees a page in between may have it: the programs go on working.
  if (bavail * bsize > MIB) throw new Error(`${disk} has ${bavail * bsize} bytes free after it was filled`);
  return written;
}

/** On 1 MB: some alerts pass, or the program says why it cannot. */
async function tiny({ directory }: FaultContext, pki: Pki, score: Score): Promise<void> {
  const dir = join(directory, 'tiny');
  const disk = join(dir, 'disk');
  mkdirSync(dir);
  const mount = makeTmpfs(disk, MIB);
  const oracle = new Oracle();
  let chain: Chain | undefined;
  try {
    chain = await makeChain(dir, { pki, minFree: '0', sensorDisk: disk });
    try {
      await chain.startAll();
    } catch (error) {
      if (!/full|no space|room/i.test(String(error))) score.fail(`on 1 MB: ${String(error)}`);
      score.figures.push('on 1 MB: refuses, for want of room');
      return;
    }
    await chain.settle(oracle, SETTLE_MS);
    const ballast = join(disk, 'ballast');
    fill(ballast, disk);
    score.faults += 1;
    await delay(500);
    rmSync(ballast);
    await chain.settle(oracle, SETTLE_MS);
    for (const fault of await chain.stop()) score.fail(`on 1 MB: ${fault}`);
    score.figures.push('lives on 1 MB');
  } catch (error) {
    score.fail(`on 1 MB: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await chain?.killAll();
    await mount.remove();
  }
  score.runs += 1;
  if (chain !== undefined) score.add(chain.verdict(oracle), 'on 1 MB');
}

export const scenario: Scenario = { id: 'R6', title: 'full disk, freed again', run };
