/**
 * Many simulated lives: `SEEDS=10000 FIRST=1 node …/main.js`. Prints each seed that fails and what is wrong; such a seed fails the
 * same way again (`FIRST=seed SEEDS=1`, with `LOUD=1` what the outbox said). `STORE=real`: over SQLite. `KILLED_AT=200`: short lives of
 * one seed, killed at its first, second, … await. Exit status 1 when one failed.
 */

import type { Life } from './life.ts';
import { liveInMemory } from './memory-life.ts';
import { faultsOf } from './oracle.ts';
import { liveForReal } from './real-life.ts';

const { SEEDS = '10000', FIRST = '1', STORE, KILLED_AT, LOUD } = process.env;
const first = Number(FIRST);
const counts = { lives: 0, restarts: 0, pairs: 0, deliveries: 0, digests: 0, repeated: 0, failed: 0 };

function judge(name: string, faults: readonly string[]): void {
  counts.lives += 1;
  if (faults.length === 0) return;
  counts.failed += 1;
  process.stdout.write(`${name}: ${faults.length} faults\n${faults.slice(0, 10).join('\n')}\n`);
}

async function look(name: string, life: Life): Promise<void> {
  judge(name, await faultsOf(life));
  counts.restarts += life.kills;
  counts.pairs += [...life.planned.values()].reduce((sum, { plan }) => sum + plan.pairs.length, 0);
  counts.deliveries += life.effects.length;
  counts.digests += life.effects.filter(({ digest }) => digest).length;
  counts.repeated += life.effects.filter((effect) => effect.repeated).length;
  if (LOUD === undefined) return;
  for (const { level, text } of life.log.lines) process.stdout.write(`${level} ${text}\n`);
}

if (KILLED_AT !== undefined) {
  for (let fuse = 1; fuse <= Number(KILLED_AT); fuse += 1) {
    await look(`await ${fuse} of seed ${first}`, await liveInMemory(first, { fuse, spanMs: 10_000 }));
  }
} else {
  for (let seed = first; seed < first + Number(SEEDS); seed += 1) {
    if (STORE === 'real') judge(`seed ${seed}`, await liveForReal(seed));
    else await look(`seed ${seed}`, await liveInMemory(seed));
  }
}

const { lives, restarts, pairs, deliveries, digests, repeated, failed } = counts;
const figures = `${restarts} restarts, ${pairs} pairs, ${deliveries} deliveries (${digests} digests, ${repeated} marked as repeated)`;
process.stdout.write(
  STORE === 'real'
    ? `${lives} lives over the real store: ${failed} failed\n`
    : `${lives} lives, ${figures}: ${failed} failed\n`,
);
process.exitCode = failed > 0 ? 1 : 0;
