/**
 * R5: system calls that fail, each kind at each of its first places, in both programs.
 *
 * strace makes one call fail: fsync with EIO; writing, truncating and creating with ENOSPC and EDQUOT; opening with EMFILE;
 * renaming with EXDEV; removing and renaming with EACCES and EROFS; reading with EIO. Nothing may be lost; the program goes
 * on or ends with a documented exit code, and its next start works. Its log names the cause, except where the failure was
 * made good at once or was of no consequence, which is counted.
 */

import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { makePki } from '../support/pki.ts';
import { freshLog, injectionAt, planPoints, pointName, type Point } from './crash-points.ts';
import type { Cycle, Ended, Rig } from './cycle.ts';
import { pollerCycle } from './poller-cycle.ts';
import type { FaultContext, FaultResult, Scale, Scenario } from './scenario.ts';
import { Score } from './score.ts';
import { keptState, sensorCycle } from './sensor-cycle.ts';
import { DURABLE, injected, isDurable, needTools, strace, type Call } from './strace.ts';

/** What the log says, where SQLite keeps the cause to itself: which file it is, and whose. */
const OF_THE_JOURNAL =
  /journal \S*journal\.db\S*: .*(?:disk i\/o error|unable to open database file|it is not a lock file)/i;
/** Places of each kind, in each program. */
const PLACES: Readonly<Record<Scale, number>> = { ci: 1, long: 20 };
const WORKERS = 2;
const MOVED = '--movedir';
const KEPT = 'a journal with alerts';

interface Kind {
  readonly errno: string;
  readonly syscalls: readonly string[];
  /** What the log says, if it says something. */
  readonly words: RegExp;
}

const kinds: readonly Kind[] = [
  { errno: 'EIO', syscalls: ['fsync', 'fdatasync'], words: /EIO|i\/o error|input\/output error/i },
  {
    errno: 'ENOSPC',
    syscalls: ['pwrite64', 'write', 'ftruncate', 'openat', 'mkdir'],
    words: /ENOSPC|full|no space/i,
  },
  {
    errno: 'EDQUOT',
    syscalls: ['pwrite64', 'write', 'ftruncate', 'openat'],
    words: /EDQUOT|quota|full|i\/o error/i,
  },
  { errno: 'EMFILE', syscalls: ['openat'], words: /EMFILE|too many open files|unable to open/i },
  { errno: 'EXDEV', syscalls: ['rename'], words: /EXDEV|cross-device/i },
  { errno: 'EACCES', syscalls: ['unlink', 'rename'], words: /EACCES|permission denied|may not/i },
  { errno: 'EROFS', syscalls: ['unlink', 'rename'], words: /EROFS|read-only/i },
  { errno: 'EIO', syscalls: ['read', 'pread64'], words: /EIO|i\/o error|input\/output error/i },
];

/** sysexits that `--help-all` names. */
const DOCUMENTED: Readonly<Record<Cycle['program'], readonly number[]>> = {
  'reverse-server': [0, 74, 78],
  'http-proxy': [0, 65, 69, 74, 75, 76, 78],
};

interface Task {
  readonly cycle: Cycle;
  readonly point: Point;
  readonly kind: Kind;
}

async function run({ directory, scale, seed, say }: FaultContext): Promise<FaultResult> {
  needTools('strace');
  const score = new Score();
  const pki = await makePki(join(directory, 'pki'));
  const ids = ['kept-1', 'kept-2', 'kept-3'];
  const kept = await keptState(join(directory, 'kept'), pki, ids);
  const cycles = [
    sensorCycle({ name: '--delete', pki, disposal: 'delete', corrupt: true }),
    sensorCycle({ name: MOVED, pki, disposal: 'move' }),
    sensorCycle({ name: KEPT, pki, disposal: 'delete', template: kept, kept: ids }),
    pollerCycle({ name: 'file and our receiver', pki, receiver: 'ours' }),
  ];
  const tasks: Task[] = [];
  for (const cycle of cycles) {
    const points = await planOf(cycle, join(directory, 'plan'));
    for (const kind of kinds) {
      for (const syscall of kind.syscalls) {
        // The second variant differs from the first in what becomes of files, the third in what a start reads.
        if (cycle.name === MOVED && syscall !== 'rename') continue;
        if (cycle.name === KEPT && !['fsync', 'read', 'pread64'].includes(syscall)) continue;
        const places = points.filter((point) => point.syscall === syscall);
        // To the product a used-up quota is a full disk: half of the places will do.
        const count = kind.errno === 'EDQUOT' ? Math.ceil(PLACES[scale] / 2) : PLACES[scale];
        tasks.push(...choose(places, count).map((point) => ({ cycle, point, kind })));
      }
    }
  }
  say(`${tasks.length} failing calls, beginning with number ${seed % tasks.length}`);
  const counts = { silent: 0, ended: 0, wentOn: 0 };
  const silences = new Map<string, number>();
  let next = 0;
  const work = async (worker: number): Promise<void> => {
    for (let n = next++; n < tasks.length; n = next++) {
      const task = tasks[(n + seed) % tasks.length];
      if (task !== undefined) await tryError(task, join(directory, `rig-${worker}`), score, counts, silences);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  for (const [what, times] of [...silences].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    say(`said nothing: ${what} (${times})`);
  score.figures.push(
    `${counts.wentOn} went on, ${counts.ended} ended with a documented code, ${counts.silent} had no consequence`,
  );
  return score.result();
}

/** The first ones, which a start makes, and as many from all over the rest. */
function choose(points: readonly Point[], count: number): readonly Point[] {
  if (points.length <= count) return points;
  const first = Math.ceil(count / 2);
  const step = (points.length - first) / (count - first);
  const rest = Array.from({ length: count - first }, (_, n) => points[first + Math.floor((n + 0.5) * step)]);
  return [...points.slice(0, first), ...rest.filter((point) => point !== undefined)];
}

async function planOf(cycle: Cycle, dir: string): Promise<readonly Point[]> {
  mkdirSync(dir);
  const rig = await cycle.rig(dir);
  try {
    const reads = (call: Call): boolean =>
      (call.syscall === 'read' || call.syscall === 'pread64') &&
      call.paths.some((path) => rig.roots.some((root) => path.startsWith(`${root}/`)));
    const wanted = (call: Call): boolean => isDurable(call, rig.roots) || reads(call);
    const { points, ended } = await planPoints(dir, rig, rig.run, wanted, [...DURABLE, 'read', 'pread64']);
    if (ended.trouble !== undefined)
      throw new Error(`${cycle.name} does not work unharmed: ${ended.trouble}`);
    return points;
  } finally {
    await rig.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function tryError(
  { cycle, point, kind }: Task,
  dir: string,
  score: Score,
  counts: { silent: number; ended: number; wentOn: number },
  silences: Map<string, number>,
): Promise<void> {
  const { errno, words } = kind;
  const where = `${cycle.program}, ${cycle.name}, ${errno} at ${pointName(point)}`;
  mkdirSync(dir, { recursive: true });
  const rig = await cycle.rig(dir);
  const faults: string[] = [];
  try {
    const log = freshLog(dir);
    const ended = await rig.run(strace(log, [point.syscall], injectionAt(point, dir, `error=${errno}`)));
    score.runs += 1;
    if (injected(log)) {
      score.faults += 1;
      if (ended.signal !== null || !DOCUMENTED[cycle.program].includes(ended.code ?? -1)) {
        faults.push(`it ended with ${ended.code ?? ended.signal}: ${ended.stderr.trim()}`);
      }
      if (ended.code !== 0 && ended.code !== 65) counts.ended += 1;
      else counts.wentOn += 1;
      if (!words.test(ended.stderr) && !OF_THE_JOURNAL.test(ended.stderr)) {
        counts.silent += 1;
        const what = `${cycle.program} ${errno} ${point.syscall} ${point.target}`;
        silences.set(what, (silences.get(what) ?? 0) + 1);
        if (ended.trouble !== undefined)
          faults.push(`no word of the cause, but ${ended.trouble}; ${ended.stderr}`);
      }
    }
    faults.push(...(await finish(rig, where, score, ended)));
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  } finally {
    await rig.close();
  }
  for (const fault of faults) score.fail(`${where}: ${fault}`);
  if (faults.length > 0) cpSync(dir, `${dir}-bad-${score.runs}`, { recursive: true });
  rmSync(dir, { recursive: true, force: true });
}

async function finish(rig: Rig, where: string, score: Score, before: Ended): Promise<string[]> {
  const { trouble, stderr } = await rig.finish();
  const { verdict, broken } = await rig.judge();
  score.add(verdict, where);
  const first = `; before it said ${before.stderr.trim()}`;
  return [...(trouble === undefined ? [] : [`${trouble}: ${stderr.trim()}${first}`]), ...broken];
}

export const scenario: Scenario = { id: 'R5', title: 'system calls that fail', run };
