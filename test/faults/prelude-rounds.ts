/**
 * The rounds that R23 to R25 have in common: fill the sensor, let the poller deliver to a real prelude-manager, break
 * something somewhere in the middle, and see that whatever was settled stands in the manager's report; then mend it, wait
 * for the rest, and count what came twice.
 */

import { generator } from '../support/generator.ts';
import { until } from '../support/until.ts';
import { Endings } from './endings.ts';
import { makePreludeRig, type PreludeRig } from './prelude-rig.ts';
import type { FaultContext, FaultResult, Scale } from './scenario.ts';

const ROUNDS: Readonly<Record<Scale, number>> = { ci: 3, long: 20 };
const ALERTS: Readonly<Record<Scale, number>> = { ci: 1500, long: 10_000 };
const PATIENCE_MS = 120_000;
/** Of at least 5 ms each. */
const LOOKS = 40;

export interface Break {
  readonly rig: PreludeRig;
  readonly chance: () => number;
}

export interface PreludeFault {
  /** Before the first round: starts the poller. */
  readonly begin: (fault: Break, directory: string, endings: Endings) => Promise<void>;
  /** In the middle of a round: breaks it, so that for now nothing more is settled. */
  readonly strike: (fault: Break, round: number) => Promise<void>;
  readonly mend: (fault: Break, round: number) => Promise<void>;
  /**
   * What may come twice of what was owed at the blow: only what was `reported` by then, or anything that was on its way,
   * because the manager took it into its buffers on disk (which it replays without confirming) or the connection was lost.
   */
  readonly twice: 'reported' | 'on its way';
}

export async function preludeRounds(context: FaultContext, fault: PreludeFault): Promise<FaultResult> {
  const endings = new Endings();
  try {
    return await rounds(context, fault, endings);
  } finally {
    await endings.run();
  }
}

async function rounds(
  { directory, scale, seed, say }: FaultContext,
  { begin, strike, mend, twice: mayBeTwice }: PreludeFault,
  endings: Endings,
): Promise<FaultResult> {
  const chance = generator(seed);
  const rig = await makePreludeRig(directory, endings);
  const { report } = rig;
  const failures: string[] = [];
  const count = ALERTS[scale];
  const sum = { settled: 0, lost: 0, altered: 0, duplicates: 0, reported: 0 };
  await begin({ rig, chance }, directory, endings);

  for (let round = 0; round < ROUNDS[scale]; round += 1) {
    const ids = Array.from({ length: count }, (_, index) => `r${round}-${index}`);
    await rig.fill(ids);
    const share = 0.05 + chance() * 0.9;
    await until(() => seen(rig, ids) >= count * share, {
      timeoutMs: PATIENCE_MS,
      what: `${Math.round(share * 100)} % of round ${round} in the report (${seen(rig, ids)})\n${tail(rig)}`,
    });
    await strike({ rig, chance }, round);
    // In this order: the report may grow meanwhile, but what is settled must stand in it already.
    const owed = rig.owed();
    report.read();
    const settled = ids.filter((id) => !owed.has(id));
    const lost = settled.filter((id) => !report.times.has(id));
    const before = new Map(ids.map((id) => [id, report.times.get(id) ?? 0]));
    await mend({ rig, chance }, round);
    await until(() => rig.owed().size === 0, {
      timeoutMs: PATIENCE_MS,
      what: `the end of round ${round}\n${tail(rig)}`,
    });
    report.read();
    lost.push(...ids.filter((id) => !report.times.has(id)));
    const twice = ids.filter((id) => (report.times.get(id) ?? 0) > 1);
    const odd = twice.filter((id) => !owed.has(id) || (mayBeTwice === 'reported' && before.get(id) === 0));
    sum.reported += twice.filter((id) => (before.get(id) ?? 0) > 0).length;
    sum.settled += settled.length;
    sum.lost += new Set(lost).size;
    sum.duplicates += twice.length;
    if (lost.length > 0) failures.push(`round ${round}: lost ${[...new Set(lost)].slice(0, 5).join(', ')}`);
    if (odd.length > 0)
      failures.push(`round ${round}: twice without a reason: ${odd.slice(0, 5).join(', ')}`);
    say(
      `round ${round + 1}: at the blow ${settled.length} settled, ${[...before.values()].filter((n) => n > 0).length} ` +
        `reported, ${owed.size} owed; at the end ${twice.length} twice`,
    );
  }
  const unexpected = [...report.times.keys()].filter((id) => !/^r\d+-\d+$/.test(id));
  if (report.altered.length > 0) failures.push(`altered: ${report.altered.slice(0, 5).join(', ')}`);
  if (unexpected.length > 0) failures.push(`unexpected: ${unexpected.slice(0, 5).join(', ')}`);
  const exit = await rig.poller()?.kill('SIGTERM');
  if (exit?.code !== 0) failures.push(`the poller ended with ${exit?.code ?? exit?.signal}\n${tail(rig)}`);
  failures.push(...(await rig.broken()));
  return {
    runs: ROUNDS[scale],
    faults: ROUNDS[scale],
    obligations: ROUNDS[scale] * count,
    lost: sum.lost,
    unexpected: unexpected.length,
    altered: report.altered.length,
    duplicates: sum.duplicates,
    failures,
    figures: [
      `${sum.settled} settled before a blow, all in the report`,
      `${sum.duplicates} twice, all owed at the blow, ${sum.reported} of them reported by then`,
    ],
  };
}

function seen({ report }: PreludeRig, ids: readonly string[]): number {
  report.read();
  return ids.reduce((sum, id) => sum + (report.times.has(id) ? 1 : 0), 0);
}

function tail(rig: PreludeRig): string {
  return rig.poller()?.stderr().slice(-1500) ?? 'no poller';
}

/** Until a number has been the same for so many looks that what was on its way has come. */
export async function comesToRest(look: () => number | Promise<number>): Promise<void> {
  let last = -1;
  let same = 0;
  await until(
    async () => {
      const now = await look();
      same = now === last ? same + 1 : 0;
      last = now;
      return same >= LOOKS;
    },
    { timeoutMs: PATIENCE_MS, what: 'rest' },
  );
}
