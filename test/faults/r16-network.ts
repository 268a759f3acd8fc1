/**
 * R16: bad networks between sensor and poller and between poller and receiver: latency, 1 kB/s, dropped pieces and
 * resets, half-open connections, partitions in the middle of a body and of an acknowledgement.
 *
 * The real sensor server and the real poller in one process, a chaos proxy on each way. Each schedule draws its
 * conditions from the seed, changes them a few times while runs follow one another, then heals both ways: after that
 * everything has to arrive. A foreign gateway may get a message twice where its answer was lost on the way: at most
 * those that were in flight when a connection broke. A receiver of ours stores each once.
 */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { pollerLimits } from '../../src/core/limits.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { generator } from '../support/generator.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { profileFor } from '../support/poller-bench.ts';
import { startReceiver, startTrivialGateway } from '../support/receiver.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { alertElement } from '../support/tiny-alerts.ts';
import { createChaosProxy, type Conditions } from './chaos-proxy.ts';
import { account, add, clean, type Verdict } from './delivery-account.ts';
import type { FaultContext, Scenario } from './scenario.ts';

const COUNT = 60;
const AT_ONCE = 6;
const PHASES = 4;
/** After this everything must have arrived, also on a busy machine. */
const HEALED_MS = 60_000;

export const scenario: Scenario = {
  id: 'R16',
  title: 'networks that delay, cut, swallow and part',
  run: async (context) => {
    const pki = await makePki(join(context.directory, 'pki'));
    const schedules = context.scale === 'ci' ? 30 : 200;
    const sum: Sum = { verdict: clean, runs: 0, faults: 0, failures: [], slowest: 0 };
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < schedules) {
        const index = next++;
        const seed = context.seed + index;
        const directory = join(context.directory, String(index));
        mkdirSync(directory);
        await schedule(index % 2 === 0 ? 'ours' : 'foreign', { ...context, seed, directory }, pki, sum);
        if (index % 10 === 9) context.say(`R16: ${index + 1} of ${schedules}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const { verdict, runs, faults, failures, slowest } = sum;
    const figures = [
      `${schedules} schedules`,
      `healed within ${(slowest / 1000).toFixed(1)} s`,
      'duplicates only at a foreign gateway, of answers that were lost',
    ];
    return { ...verdict, runs, faults, failures, figures };
  },
};

interface Sum {
  verdict: Verdict;
  runs: number;
  faults: number;
  readonly failures: string[];
  /** Longest time from the healing to the last arrival, ms. */
  slowest: number;
}

async function schedule(
  kind: 'ours' | 'foreign',
  { seed, directory }: FaultContext,
  pki: Pki,
  sum: Sum,
): Promise<void> {
  const endings: (() => void | Promise<void>)[] = [];
  const t = { after: (hook: () => void | Promise<void>): void => void endings.push(hook) };
  const chance = generator(seed);
  const fail = (text: string): void => void sum.failures.push(`seed ${seed}, ${kind}: ${text}`);
  try {
    const sensor = await startTestSensor(t, {
      pki,
      consuming: true,
      deps: { status: () => ({ stuck: 0, corrupt: 0, waiting: 0 }) },
    });
    const store = join(directory, 'received');
    const receiver =
      kind === 'ours'
        ? await startReceiver(t, { pki, dir: store })
        : await startTrivialGateway(t, { pki, keep: true });
    const near = await createChaosProxy({ target: { port: sensor.port }, seed });
    const far = await createChaosProxy({ target: { port: receiver.port }, seed: seed + 1 });
    t.after(() => near.close());
    t.after(() => far.close());
    const log = recordingLogger();
    const deps = { log, clock: systemClock, random: systemRandom, hostname: 'manager1' };
    const profile = profileFor(pki, new URL(`https://localhost:${near.port}/`), join(directory, 'state'), {
      managers: [new URL(`https://localhost:${far.port}/`)],
      timeoutSeconds: 0.5,
      deadlineSeconds: 20,
      batch: 10,
      leaseSeconds: 5,
    });
    const elements = Array.from({ length: COUNT }, (_, n) => alertElement(`r16-${seed}-${n}`, 600));
    await sensor.journal.append(elements.map((body) => ({ body: Buffer.from(body), severity: 0 })));

    let failed = 0;
    const over = new AbortController();
    const weather = async (): Promise<void> => {
      for (let phase = 0; phase < PHASES; phase += 1) {
        near.set(conditions(chance));
        far.set(conditions(chance));
        await delay(100 + chance() * 500);
      }
      near.set({});
      far.set({});
      over.abort();
    };
    const runs = async (): Promise<void> => {
      while (!over.signal.aborted) {
        sum.runs += 1;
        if ((await runProfile(profile, deps, new AbortController().signal)) !== 0) failed += 1;
      }
    };
    await Promise.all([weather(), runs()]);

    const healed = performance.now();
    let exit = 75;
    // A lease whose acknowledgement was lost runs for its 5 s first.
    const patient = { ...profile, timeoutSeconds: 5 };
    while ((exit !== 0 || (await sensor.stats()).settled < COUNT) && performance.now() - healed < HEALED_MS) {
      sum.runs += 1;
      exit = await runProfile(patient, deps, new AbortController().signal);
      if (exit === 0) await delay(50);
    }
    sum.slowest = Math.max(sum.slowest, performance.now() - healed);
    if (exit !== 0) fail(`ends with ${exit}: ${log.lines.at(-1)?.text ?? ''}`);
    const documents =
      'bodies' in receiver
        ? receiver.bodies
        : readdirSync(store).map((name) => readFileSync(join(store, name)));
    const verdict = account(elements, documents);
    sum.verdict = add(sum.verdict, verdict);
    sum.faults += near.faults() + far.faults();
    const { settled, pending, leased } = await sensor.stats();
    if (settled !== COUNT) fail(`the sensor has settled ${settled}, ${pending} pending, ${leased} leased`);
    if (verdict.lost + verdict.unexpected + verdict.altered > 0) fail(JSON.stringify(verdict));
    // A broken connection, or a timeout on a slow line: what was in flight may have been taken.
    const most = kind === 'ours' ? 0 : (far.faults() + failed) * pollerLimits.connections;
    if (verdict.duplicates > most) fail(`${verdict.duplicates} duplicates, ${most} can be explained`);
    const bug = log.lines.find(({ text }) => text.includes('internal error'));
    if (bug !== undefined) fail(bug.text);
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}

/** Mild more often than severe, several at once. */
function conditions(chance: () => number): Conditions {
  const severe = chance();
  if (severe < 0.15) return { partition: true };
  if (severe < 0.3) return { silent: true };
  // Behind the handshake: in the middle of a batch, of a question or an acknowledgement.
  if (severe < 0.4) return { holdAfterBytes: { toClient: Math.floor(2000 + chance() * 10_000) } };
  if (severe < 0.5) return { holdAfterBytes: { toServer: Math.floor(2000 + chance() * 3000) } };
  return {
    ...(chance() < 0.4 ? { latencyMs: Math.floor(chance() * 200) } : {}),
    ...(chance() < 0.25 ? { bytesPerSecond: 1000 + Math.floor(chance() * 50_000) } : {}),
    ...(chance() < 0.3 ? { resetChance: chance() * 0.3 } : {}),
    ...(chance() < 0.3
      ? {
          resetAfterBytes:
            chance() < 0.5
              ? { toClient: Math.floor(chance() * 12_000) }
              : { toServer: Math.floor(chance() * 6_000) },
        }
      : {}),
  };
}
