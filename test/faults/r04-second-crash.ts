/**
 * R4: a second kill -9 while the program recovers from the first.
 *
 * For each of some first crash points the restart is run once under strace, which lists its durable changes; then both
 * kills are done in fresh rigs, the second before one of those changes, and a third start must bring everything to its end.
 */

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { generator } from '../support/generator.ts';
import { makePki } from '../support/pki.ts';
import {
  crashAt,
  freshLog,
  hitPoint,
  injectionAt,
  planPoints,
  pointName,
  type Point,
} from './crash-points.ts';
import type { Cycle } from './cycle.ts';
import { pollerCycle } from './poller-cycle.ts';
import type { FaultContext, FaultResult, Scale, Scenario } from './scenario.ts';
import { Score } from './score.ts';
import { sensorCycle } from './sensor-cycle.ts';
import { needTools, strace } from './strace.ts';

/** First crash points of each program, and second ones of each of them. */
const FIRST: Readonly<Record<Scale, number>> = { ci: 1, long: 10 };
const SECOND: Readonly<Record<Scale, number>> = { ci: 3, long: 5 };

async function run(context: FaultContext): Promise<FaultResult> {
  const { directory, scale, seed, say } = context;
  needTools('strace');
  const random = generator(seed);
  const score = new Score();
  const pki = await makePki(join(directory, 'pki'));
  const cycles = [
    sensorCycle({ name: '--delete', pki, disposal: 'delete' }),
    pollerCycle({ name: 'file and our receiver', pki, receiver: 'ours' }),
  ];
  for (const cycle of cycles) {
    const points = await planOf(cycle, join(directory, 'plan'));
    for (let n = 0; n < FIRST[scale]; n += 1) {
      const first = pick(points, random);
      const seconds = await recoveryOf(cycle, first, join(directory, 'plan'));
      for (const second of spread(seconds, SECOND[scale], random)) {
        await crashTwice(cycle, first, second, join(directory, 'rig'), score);
      }
    }
    say(`${cycle.program}: ${score.faults} kills so far`);
  }
  score.figures.push(
    `${score.runs} runs, ${score.faults - score.runs} of them killed again while recovering`,
  );
  return score.result();
}

async function planOf(cycle: Cycle, dir: string): Promise<readonly Point[]> {
  freshLog(dir);
  const rig = await cycle.rig(dir);
  try {
    return (await planPoints(dir, rig, rig.run)).points;
  } finally {
    await rig.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The durable changes of the start after a kill at `first`. */
async function recoveryOf(cycle: Cycle, first: Point, dir: string): Promise<readonly Point[]> {
  const { rig } = await crashAt(cycle, first, dir);
  try {
    return (await planPoints(dir, rig, rig.finish)).points;
  } finally {
    await rig.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function crashTwice(
  cycle: Cycle,
  first: Point,
  second: Point,
  dir: string,
  score: Score,
): Promise<void> {
  const where = `${cycle.program}, killed at ${pointName(first)}, then at ${pointName(second)}`;
  const { rig } = await crashAt(cycle, first, dir);
  score.runs += 1;
  score.faults += 1;
  try {
    await rig.finish(strace(freshLog(dir), [second.syscall], injectionAt(second, dir, 'signal=KILL')));
    if (hitPoint(dir, second) === true) score.faults += 1;
    const { trouble, stderr } = await rig.finish();
    const { verdict, broken } = await rig.judge();
    score.add(verdict, where);
    const faults = [...(trouble === undefined ? [] : [`${trouble}: ${stderr.trim()}`]), ...broken];
    for (const fault of faults) score.fail(`${where}: ${fault}`);
  } catch (error) {
    score.fail(`${where}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await rig.close();
  }
  if (score.bad) cpSync(dir, `${dir}-bad-${score.runs}`, { recursive: true });
  rmSync(dir, { recursive: true, force: true });
}

function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}

/** So many of them, spread over the whole, beginning anywhere. */
function spread<T>(values: readonly T[], count: number, random: () => number): T[] {
  const step = values.length / count;
  const start = random() * step;
  return Array.from(
    { length: Math.min(count, values.length) },
    (_, n) => values[Math.floor(start + n * step)],
  ).filter((value) => value !== undefined);
}

export const scenario: Scenario = { id: 'R4', title: 'a second kill during recovery', run };
