/**
 * The cycle of http-proxy as a timer runs it: pull → validate → journal → acknowledge → forward → settle.
 *
 * A sensor holds six alerts and one that is invalid. Sensor and receivers live in this process; the sensor starts anew
 * before the run is repeated, which voids the leases of the one that was killed, and with a fresh alert. One batch, so
 * that the order of the program's calls hardly depends on timing.
 */

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openJournal } from '../../src/journal/in-process.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { freePort } from '../support/free-port.ts';
import type { Pki } from '../support/pki.ts';
import { binPath, startNode } from '../support/program.ts';
import { startReceiver, startTrivialGateway } from '../support/receiver.ts';
import { startTestSensor, type TestSensor } from '../support/test-sensor.ts';
import { endedOf, type Cycle, type Ended, type Rig } from './cycle.ts';
import { arrivalsIn, faultElement, invalidElement, type Arrival } from './fault-alert.ts';
import { Oracle } from './oracle.ts';
import { judgeJournal } from './score.ts';
import { directorySink } from './sinks.ts';
import { steadyNames } from './steady-names.ts';

export interface PollerVariant {
  readonly name: string;
  readonly pki: Pki;
  /** Beside `file:`: a receiver of ours, or one that takes single messages. */
  readonly receiver: 'ours' | 'trivial';
  /** State of a manager that has worked before. */
  readonly template?: string;
}

const RUNS = 5;

export function pollerCycle(variant: PollerVariant): Cycle {
  const { name } = variant;
  return { name, program: 'http-proxy', rig: (dir) => makeRig(dir, variant) };
}

async function makeRig(dir: string, variant: PollerVariant): Promise<Rig> {
  const { pki, template } = variant;
  const [state, outbox, received] = [join(dir, 'manager'), join(dir, 'outbox'), join(dir, 'received')];
  for (const made of [state, outbox, received, join(dir, 'sensor')]) mkdirSync(made, { recursive: true });
  if (template !== undefined) cpSync(template, join(state, 'profiles', 'rig'), { recursive: true });
  const oracle = new Oracle();
  const scope = newScope();
  const sensorScope = newScope();
  const port = await freePort();
  let sensor: TestSensor = await startSensor();
  const receiver = await receiverFor(variant, received, scope);

  async function startSensor(): Promise<TestSensor> {
    return await startTestSensor(sensorScope, { pki, dir: join(dir, 'sensor'), port, consuming: true });
  }
  const filled = new Set<string>();
  const fill = async (ids: readonly string[], more: readonly string[] = []): Promise<void> => {
    for (const id of ids) {
      oracle.claim(id);
      filled.add(id);
    }
    const bodies = [...ids.map(faultElement), ...more].map((text) => Buffer.from(text));
    await sensor.journal.append(bodies.map((body) => ({ body, severity: 0 })));
    oracle.owe(...ids);
  };
  await fill(['a1', 'a2', 'a3', 'a4'], [invalidElement('bad')]);
  await fill(['a5', 'a6']);

  let starts = 0;
  const run = async (under: readonly string[]): Promise<Ended> => {
    const { certFile, keyFile } = pki.client;
    const tls = ['--cert', certFile, '--key', keyFile, '--cacert', pki.caFile, '--timeout', '5'];
    const ends = ['--sensor', `https://localhost:${port}/`, '--manager', `file://${outbox}`];
    const rest = ['--manager', receiver.url, '--state', state, '--min-free', '1M', '--deadline', '20'];
    const profile = ['--profile', 'rig', '--config-dir', settings(dir)];
    const program = startNode([binPath('http-proxy'), ...profile, ...tls, ...ends, ...rest], {
      under,
      nodeFlags: steadyNames(under, starts),
    });
    starts += 1;
    return await endedOf(program);
  };

  /** Ends with everything delivered or the fault of the last run. */
  const again = async (under: readonly string[]): Promise<Ended> => {
    let ended = await run(under);
    for (let n = 1; n < RUNS && !finished(ended) && ended.signal === null; n += 1) ended = await run([]);
    const fine = finished(ended) || ended.signal !== null;
    return { ...ended, trouble: fine ? undefined : `exit code ${ended.code}: ${ended.stderr.trim()}` };
  };

  return {
    roots: [state, outbox],
    run: async (under) => {
      const ended = await run(under);
      return {
        ...ended,
        trouble: finished(ended) ? undefined : `exit code ${ended.code}: ${ended.stderr.trim()}`,
      };
    },
    finish: async (under = []) => {
      await sensorScope.end();
      sensor = await startSensor();
      if (!filled.has('fresh')) await fill(['fresh']);
      return await again(under);
    },
    judge: async () => {
      const verdict = oracle.verdict({ file: directorySink(outbox).arrivals(), https: receiver.arrivals() });
      const journal = join(state, 'profiles', 'rig', 'journal.db');
      const { broken, stats } = await judgeJournal(journal);
      for (const { name, pending, leased } of stats.consumers) {
        if (pending + leased > 0) broken.push(`${name} is still owed ${pending + leased}`);
      }
      broken.push(...(await quarantineFaults(journal, template === undefined ? 1 : 2)), ...receiver.faults());
      const left = await sensor.stats();
      if (left.settled !== left.accepted) broken.push(`the sensor has ${left.accepted - left.settled} left`);
      return { verdict, broken };
    },
    close: async () => {
      await sensorScope.end();
      await scope.end();
    },
  };
}

/** Done, or something is in quarantine. */
function finished({ code }: Ended): boolean {
  return code === 0 || code === 65;
}

interface RigReceiver {
  readonly url: string;
  arrivals(): Arrival[];
  /** What it holds against the rules of its kind. */
  faults(): string[];
}

async function receiverFor(
  { pki, receiver }: PollerVariant,
  dir: string,
  scope: Scope,
): Promise<RigReceiver> {
  if (receiver === 'ours') {
    const { url } = await startReceiver(scope, { pki, dir });
    const sink = directorySink(dir);
    return {
      url: url.href,
      arrivals: sink.arrivals,
      faults: () => {
        const held = sink.arrivals();
        return held.length === sink.ids().size ? [] : ['our receiver holds a message twice'];
      },
    };
  }
  const gateway = await startTrivialGateway(scope, { pki, keep: true });
  // It gets a compact form: what counts is which alerts came, and that their fill is whole.
  return {
    url: gateway.url.href,
    arrivals: () =>
      gateway.bodies.flatMap((body) =>
        arrivalsIn(body).map(({ id, hash }) => ({ id, hash: sameFill(id, body) ? whole(id) : hash })),
      ),
    faults: () => [],
  };
}

function sameFill(id: string, body: Buffer): boolean {
  const fill = /<idmef:string>([^<]*)</.exec(faultElement(id))?.[1] ?? '';
  return body.includes(`>${fill}<`) || fill === '';
}

function whole(id: string): string {
  return arrivalsIn(faultElement(id))[0]?.hash ?? '';
}

/** The invalid one of this cycle, and that of the cycle its state comes from. */
async function quarantineFaults(path: string, expected: number): Promise<string[]> {
  const journal = await openJournal({ path, clock: systemClock, random: systemRandom, readOnly: true });
  try {
    const kept = await journal.quarantine.list();
    return kept.length === expected ? [] : [`${kept.length} messages in quarantine instead of ${expected}`];
  } finally {
    await journal.close();
  }
}

/** Settings of the profile, so that its state has a name that does not depend on the port. */
function settings(dir: string): string {
  const folder = join(dir, 'settings');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'http-proxy@rig'), 'VALIDATE=lenient\n');
  return folder;
}

interface Scope {
  after(ending: () => void | Promise<void>): void;
  end(): Promise<void>;
}

/** Collects endings, which run in the order of their making and only once. */
function newScope(): Scope {
  const endings: (() => void | Promise<void>)[] = [];
  return {
    after: (ending) => void endings.push(ending),
    end: async () => {
      for (const ending of endings.splice(0)) await ending();
    },
  };
}
