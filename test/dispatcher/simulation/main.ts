/**
 * Many simulated lives: `SEEDS=10000 FIRST=1 node …/main.js`. Prints each seed that fails and what is wrong; such a seed fails the
 * same way again (`FIRST=seed SEEDS=1`). `STORE=real`: over SQLite. Exit status 1 when one did.
 */

import { liveInMemory } from './memory-life.ts';
import { faultsOf } from './oracle.ts';

const seeds = Number(process.env['SEEDS'] ?? 10_000);
const first = Number(process.env['FIRST'] ?? 1);
const loud = process.env['LOUD'] !== undefined;

if (process.env['STORE'] === 'real') await livesForReal();
else await livesInMemory();

async function livesForReal(): Promise<void> {
  const { liveForReal } = await import('./real-life.ts');
  let failed = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const faults = await liveForReal(seed);
    if (faults.length === 0) continue;
    failed += 1;
    process.stdout.write(`seed ${seed}: ${faults.length} faults\n${faults.slice(0, 10).join('\n')}\n`);
  }
  process.stdout.write(`${seeds} lives over the real store: ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function livesInMemory(): Promise<void> {
  let failed = 0;
  let pairs = 0;
  let kills = 0;
  let effects = 0;
  let digests = 0;
  let repeated = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const life = await liveInMemory(seed);
    const faults = await faultsOf(life);
    pairs += [...life.planned.values()].reduce((sum, { plan }) => sum + plan.pairs.length, 0);
    kills += life.kills;
    effects += life.effects.length;
    digests += life.effects.filter(({ digest }) => digest).length;
    repeated += life.effects.filter((effect) => effect.repeated).length;
    if (loud) for (const { level, text } of life.log.lines) process.stdout.write(`${level} ${text}\n`);
    if (faults.length === 0) continue;
    failed += 1;
    process.stdout.write(`seed ${seed}: ${faults.length} faults\n${faults.slice(0, 10).join('\n')}\n`);
  }
  process.stdout.write(
    `${seeds} lives, ${kills} restarts, ${pairs} pairs, ${effects} deliveries (${digests} digests, ${repeated} marked as repeated): ${failed} failed\n`,
  );
  process.exitCode = failed > 0 ? 1 : 0;
}
