/**
 * R2: kill -9 at random moments, of sensor, poller, receiver and producers, under load.
 *
 * Two producers are processes and die as well; the others write from here. After each kill of a program with a journal the
 * law of conservation is checked in its file. At the end everything owed must be at both destinations, at our receiver
 * exactly once. A file written twice around a kill counts as a duplicate.
 */

import { setTimeout as delay } from 'node:timers/promises';

import { generator } from '../support/generator.ts';
import type { Program } from '../support/program.ts';
import { makeChain, type Chain, type Part } from './chain.ts';
import { Oracle } from './oracle.ts';
import { startProducer, startWriters } from './producer.ts';
import type { FaultContext, FaultResult, Scale, Scenario } from './scenario.ts';
import { Score } from './score.ts';

const KILLS: Readonly<Record<Scale, number>> = { ci: 50, long: 1000 };
const ALERTS: Readonly<Record<Scale, number>> = { ci: 2000, long: 100_000 };
const PRODUCERS = 2;
const SETTLE_MS = 120_000;

async function run({ directory, scale, seed, say }: FaultContext): Promise<FaultResult> {
  const random = generator(seed);
  const score = new Score();
  const oracle = new Oracle();
  const chain = await makeChain(directory);
  const producers: Program[] = [];
  const killed = new Map<string, number>();
  let generation = 0;
  const startNew = (slot: number): void => {
    generation += 1;
    producers[slot] = startProducer(chain.world.spool, `p${generation}`, oracle);
  };
  try {
    await chain.startAll();
    for (let slot = 0; slot < PRODUCERS; slot += 1) startNew(slot);
    const writers = startWriters({
      spool: () => chain.world.spool,
      oracle,
      random,
      writers: 10,
      alertsPerFile: 6,
      pauseMs: 300,
    });
    const parts: readonly (Part | 'producer')[] = ['sensor', 'poller', 'receiver', 'producer'];
    for (let n = 0; n < KILLS[scale] || oracle.obligations < ALERTS[scale]; n += 1) {
      await delay(50 + random() * 400);
      const victim = parts[Math.floor(random() * parts.length)] ?? 'sensor';
      killed.set(victim, (killed.get(victim) ?? 0) + 1);
      score.faults += 1;
      if (victim === 'producer') {
        const slot = Math.floor(random() * PRODUCERS);
        await producers[slot]?.kill('SIGKILL');
        startNew(slot);
      } else await killAndCheck(chain, victim, score);
      if (n % 100 === 99) say(`${n + 1} kills, ${oracle.obligations} alerts owed`);
    }
    await Promise.all(producers.map((producer) => producer.kill('SIGKILL')));
    await writers.stop();
    if (writers.failed() > 0) score.fail(`${writers.failed()} files could not be written`);
    await chain.settle(oracle, SETTLE_MS).catch((error: unknown) => score.fail(String(error)));
    for (const fault of await chain.stop()) score.fail(fault);
    for (const part of ['sensor', 'poller'] as const) {
      for (const law of await chain.broken(part)) score.fail(`${part} at the end: ${law}`);
    }
  } finally {
    await Promise.all(producers.map((producer) => producer.kill('SIGKILL')));
    await chain.killAll();
  }
  score.runs = 1;
  score.add(chain.verdict(oracle), 'the chain');
  const { https } = chain.sinks;
  if (https.arrivals().length !== https.ids().size) score.fail('our receiver holds an alert twice');
  score.figures.push([...killed].map(([part, count]) => `${part} ${count}`).join(', '));
  return score.result();
}

async function killAndCheck(chain: Chain, part: Part, score: Score): Promise<void> {
  await chain.kill(part);
  if (part !== 'receiver') {
    for (const law of await chain.broken(part)) score.fail(`${part} after kill ${score.faults}: ${law}`);
  }
  await chain.start(part);
}

export const scenario: Scenario = { id: 'R2', title: 'kill -9 at random under load', run };
