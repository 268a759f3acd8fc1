/**
 * R1: kill -9 before every durable change of a whole cycle, both programs, and nothing is lost.
 *
 * For each variant of a cycle the durable calls are counted first; then, for each of them, a fresh rig runs until exactly
 * there, is killed, started again and judged. `long` takes every point. `ci` takes all calls of the rarer kinds of the
 * first variant of each program, and of everything else each k-th, beginning at a place that depends on the seed.
 */

import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { makePki, type Pki } from '../support/pki.ts';
import { crashAt, NOT_KILLED, planPoints, pointName, type Point } from './crash-points.ts';
import type { Cycle, Rig } from './cycle.ts';
import { needRoot } from './mounts.ts';
import { pollerCycle } from './poller-cycle.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';
import { Score } from './score.ts';
import { sensorCycle } from './sensor-cycle.ts';
import { needTools } from './strace.ts';

/** Points at a time: each is two or three starts of Node. */
const WORKERS = 2;
/** A kill that came elsewhere is tried again; which thread wakes first is not ours to say. */
const TRIES = 4;
/** A group commit more or less is a matter of timing; more than this is a mistake of ours. */
const MOST_ABSENT = 0.03;
/** In `ci`: one of so many of the frequent points. */
const EACH = 24;
const RARE = /^(?:rename|unlink|link|mkdir|fsync|fdatasync|ftruncate)/;

interface Task {
  readonly cycle: Cycle;
  readonly point: Point;
}

async function run(context: FaultContext): Promise<FaultResult> {
  const { directory, scale, seed, say } = context;
  needTools('strace');
  needRoot('a --movedir on another filesystem');
  const score = new Score();
  const pki = await makePki(join(directory, 'pki'));
  const cycles = await allCycles(directory, pki);
  const tasks: Task[] = [];
  const planned = new Map<string, number>();
  for (const [index, cycle] of cycles.entries()) {
    const points = await plan(cycle, directory, score);
    const first = index === 0 || cycles[index - 1]?.program !== cycle.program;
    const chosen =
      scale === 'long'
        ? points
        : points.filter(
            (point, n) => (first && RARE.test(point.syscall)) || n % EACH === (seed + index) % EACH,
          );
    say(`${cycle.program}, ${cycle.name}: ${points.length} durable changes, ${chosen.length} of them tried`);
    for (const point of points) count(planned, `${cycle.program} ${point.thread}`);
    tasks.push(...chosen.map((point) => ({ cycle, point })));
  }
  const [hits, tried, absent] = [
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
  ];
  let next = 0;
  const work = async (worker: number): Promise<void> => {
    for (let n = next++; n < tasks.length; n = next++) {
      const task = tasks[n];
      if (task === undefined) break;
      const key = `${task.cycle.program} ${task.point.thread}`;
      const reached = await tryPoint(task, join(directory, `point-${worker}`), score);
      if (reached === 'absent') count(absent, key);
      else count(tried, key);
      if (reached === 'hit') count(hits, key);
      if (n % 50 === 49) say(`${n + 1} of ${tasks.length} points`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  for (const [key, all] of planned) {
    const of = scale === 'long' ? '' : ` of ${all}`;
    const gone = absent.get(key) ?? 0;
    const without = gone === 0 ? '' : ` (${gone} more were made in the counted run only)`;
    score.figures.push(
      `${key} thread ${hits.get(key) ?? 0}/${tried.get(key) ?? 0}${of} crash points${without}`,
    );
    if (gone > all * MOST_ABSENT) score.fail(`${key}: ${gone} of ${all} points were never reached`);
  }
  return score.result();
}

/** The variants; the first of each program makes its journal, the others go on with one. */
async function allCycles(directory: string, pki: Pki): Promise<Cycle[]> {
  const sensor = sensorCycle({
    name: 'first start, --delete',
    pki,
    disposal: 'delete',
    corrupt: true,
  });
  const poller = pollerCycle({ name: 'first run, file and our receiver', pki, receiver: 'ours' });
  const sensorState = await template(sensor, join(directory, 'template-sensor'), 'sensor');
  const pollerState = await template(poller, join(directory, 'template-poller'), 'manager/profiles/rig');
  const again = { pki, template: sensorState };
  return [
    sensor,
    sensorCycle({ ...again, name: '--movedir', disposal: 'move' }),
    sensorCycle({ ...again, name: '--movedir on another filesystem', disposal: 'move-away' }),
    sensorCycle({ ...again, name: 'files are left', disposal: 'leave' }),
    poller,
    pollerCycle({
      name: 'later run, file and one message a POST',
      pki,
      receiver: 'trivial',
      template: pollerState,
    }),
  ];
}

/** State of a program that has worked and has nothing left. */
async function template(cycle: Cycle, dir: string, part: string): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const rig = await cycle.rig(dir);
  try {
    const ended = await rig.run([]);
    if (ended.trouble !== undefined)
      throw new Error(`${cycle.name} does not work unharmed: ${ended.trouble}`);
    const kept = `${dir}.state`;
    cpSync(join(dir, part), kept, { recursive: true });
    return kept;
  } finally {
    await rig.close();
  }
}

/** One run without a kill: it must be in order, and tells where to kill. */
async function plan(cycle: Cycle, directory: string, score: Score): Promise<Point[]> {
  const dir = join(directory, 'plan');
  mkdirSync(dir);
  const rig = await cycle.rig(dir);
  try {
    const { points, ended } = await planPoints(dir, rig, rig.run);
    const after = await rig.finish();
    const { verdict, broken } = await rig.judge();
    score.add(verdict, `${cycle.name}, unharmed`);
    const troubles = [ended.trouble, after.trouble, ...broken].filter((trouble) => trouble !== undefined);
    if (troubles.length > 0) throw new Error(`${cycle.name} does not work unharmed: ${troubles.join('; ')}`);
    return points;
  } finally {
    await rig.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Whether the program died at the very point; absent when no run gets there. A bad point's directory is kept. */
async function tryPoint(
  { cycle, point }: Task,
  dir: string,
  score: Score,
): Promise<'hit' | 'absent' | 'missed'> {
  const where = `${cycle.program}, ${cycle.name}, killed at ${pointName(point)}`;
  let elsewhere = '';
  for (let n = 0; n < TRIES; n += 1) {
    const { rig, hit } = await crashAt(cycle, point, dir);
    let faults: string[] = [];
    try {
      score.runs += 1;
      score.faults += hit === NOT_KILLED ? 0 : 1;
      faults = await finishAndJudge(rig, where, score);
    } finally {
      await rig.close();
    }
    if (faults.length > 0) cpSync(dir, `${dir}-bad-${score.runs}`, { recursive: true });
    rmSync(dir, { recursive: true, force: true });
    if (hit === true) return 'hit';
    elsewhere = hit;
  }
  if (elsewhere === NOT_KILLED) return 'absent';
  score.fail(`${where}: never hit in ${TRIES} runs: ${elsewhere}`);
  return 'missed';
}

/** What is wrong, if anything. */
async function finishAndJudge(rig: Rig, where: string, score: Score): Promise<string[]> {
  const { trouble, stderr } = await rig.finish();
  const faults = trouble === undefined ? [] : [`${trouble}: ${stderr.trim()}`];
  try {
    const { verdict, broken } = await rig.judge();
    score.add(verdict, where);
    faults.push(...broken);
    if (verdict.lost + verdict.unexpected + verdict.altered > 0) faults.push(...verdict.examples);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  for (const fault of faults) score.fail(`${where}: ${fault}`);
  return faults;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export const scenario: Scenario = { id: 'R1', title: 'kill before every durable change', run };
