/**
 * R17: receivers that fail in every way HTTP has, in front of the poller's own process parts: a fake sensor, the real
 * journal, a receiver of ours or a foreign gateway.
 *
 * Each case: some runs against the faulty receiver, then it is repaired, then runs until nothing is left. Nothing may
 * be lost; nothing may be in quarantine but proven poison; a run after the repair delivers without waiting for any
 * pause of ours. Duplicates are allowed only where a receiver took a message and its answer did not arrive, and only
 * at a foreign gateway: a receiver of ours knows sequences.
 */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';

import { openJournal } from '../../src/journal/in-process.ts';
import { journalPath } from '../../src/poller/profile-session.ts';
import { runProfile } from '../../src/poller/profile-run.ts';
import { startFakeSensor } from '../support/fake-sensor.ts';
import { generator } from '../support/generator.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { pollerBench, profileFor } from '../support/poller-bench.ts';
import { startReceiver, startTrivialGateway, type Misbehaviour } from '../support/receiver.ts';
import { alertElement } from '../support/tiny-alerts.ts';
import { account, add, clean } from './delivery-account.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

type Answer = Misbehaviour | ((response: ServerResponse) => void) | undefined;

interface Case {
  readonly name: string;
  /** For the n-th POST (from 1) of the faulty time. */
  readonly answer: (body: Buffer, count: number, chance: () => number) => Answer;
  /** Kinds of receiver it is tried on. */
  readonly kinds?: readonly Kind[];
  /** One message is refused for good, also after the repair. */
  readonly poison?: boolean;
  /** The receiver shows a certificate of another authority while it is faulty. */
  readonly stranger?: boolean;
  /** The receiver may have taken what it did not confirm. */
  readonly duplicates?: boolean;
  /** Of the faulty time; default 2. */
  readonly runs?: number;
  /** Time the receiver asked for. */
  readonly peaceMs?: number;
}

type Kind = 'ours' | 'foreign';

const always = (
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Case['answer'] => {
  return () => ({ status, headers, body });
};

const trickle = (response: ServerResponse): void => {
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  const timer = setInterval(() => response.write('.'), 50);
  response.once('close', () => clearInterval(timer));
};

const cases: readonly Case[] = [
  { name: '500 after k alerts', answer: (_, count) => (count > 7 ? { status: 500 } : undefined) },
  { name: 'always 500', answer: always(500), runs: 5 },
  { name: 'always 413', answer: always(413), runs: 5 },
  { name: '415', answer: always(415) },
  { name: '302', answer: always(302, { Location: 'https://localhost:1/' }) },
  { name: '200 with HTML', answer: always(200, { 'Content-Type': 'text/html' }, '<html>sign in</html>') },
  { name: 'an answer that trickles', answer: () => trickle, runs: 1 },
  {
    name: 'takes it, then resets',
    answer: (_body, _count, chance) => (chance() < 0.2 ? 'reset-after-storing' : undefined),
    runs: 4,
    duplicates: true,
  },
  {
    name: 'closes in the middle of its answer',
    answer: (_body, _count, chance) =>
      chance() < 0.5
        ? (response) => {
            response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '10' });
            response.write('OK', () => response.destroy());
          }
        : undefined,
    runs: 3,
  },
  { name: 'says nothing', answer: () => 'silent', runs: 1 },
  { name: '429 with Retry-After', answer: always(429, { 'Retry-After': '120' }), peaceMs: 121_000 },
  { name: '503', answer: always(503), runs: 4 },
  { name: '401', answer: always(401) },
  { name: '403', answer: always(403) },
  { name: 'a certificate of somebody else', answer: () => undefined, stranger: true },
  {
    name: 'poison while others pass',
    answer: (body) => (body.includes('"poison"') ? { status: 500 } : undefined),
    poison: true,
  },
  { name: 'refuses everything, then poison only', answer: always(500), poison: true, runs: 5 },
];

const COUNT = 40;

export const scenario: Scenario = {
  id: 'R17',
  title: 'receivers that fail, and poison told from a broken gateway',
  run: async (context) => {
    const pki = await makePki(join(context.directory, 'pki'));
    const stranger = await makePki(join(context.directory, 'stranger'));
    const rounds = context.scale === 'ci' ? 2 : 50;
    const result: Sum = { verdict: clean, runs: 0, faults: 0, failures: [], posts: 0 };
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, one] of cases.entries()) {
        for (const kind of one.kinds ?? (['ours', 'foreign'] as const)) {
          const seed = context.seed + round * 1000 + index;
          const dir = join(context.directory, `${round}-${index}-${kind}`);
          mkdirSync(dir);
          await attempt(one, kind, { ...context, directory: dir, seed }, { pki, stranger }, result);
        }
      }
      context.say(`R17: round ${round + 1} of ${rounds}, ${result.failures.length} failures`);
    }
    const { verdict, runs, faults, failures, posts } = result;
    return {
      ...verdict,
      runs,
      faults,
      failures,
      figures: [
        `${cases.length} kinds of failure`,
        `poison isolated with at most ${posts} refused POSTs`,
        'duplicates only where an answer was lost',
      ],
    } satisfies FaultResult;
  },
};

interface Sum {
  verdict: typeof clean;
  runs: number;
  faults: number;
  readonly failures: string[];
  /** Most refused POSTs it took to isolate poison. */
  posts: number;
}

async function attempt(
  one: Case,
  kind: Kind,
  { directory, seed }: FaultContext,
  { pki, stranger }: { readonly pki: Pki; readonly stranger: Pki },
  sum: Sum,
): Promise<void> {
  const chance = generator(seed);
  const endings: (() => void | Promise<void>)[] = [];
  const t = { after: (hook: () => void | Promise<void>): void => void endings.push(hook) };
  const fail = (text: string): void => void sum.failures.push(`${one.name}, ${kind}, seed ${seed}: ${text}`);
  try {
    const sensor = await startFakeSensor(t, { pki });
    let faulty = true;
    let faults = 0;
    let count = 0;
    let refusedLate = 0;
    const misbehave = (body: Buffer): Answer => {
      const poisoned =
        one.poison === true && body.includes('"poison"') ? ({ status: 500 } as const) : undefined;
      count += 1;
      const odd = faulty ? one.answer(body, count, chance) : poisoned;
      if (odd !== undefined) faults += 1;
      if (odd !== undefined && !faulty) refusedLate += 1;
      return odd;
    };
    const store = join(directory, 'received');
    const own = { pki, ...(one.stranger === true ? { server: stranger.server } : {}) };
    const start = async (server: typeof own, port = 0) =>
      kind === 'ours'
        ? await startReceiver(t, { ...server, port, dir: store })
        : await startTrivialGateway(t, { ...server, port, keep: true });
    let receiver = await start(own);
    const { port } = receiver;
    const bodies: Buffer[] = [];
    receiver.misbehave = misbehave;
    const bench = pollerBench();
    const stateDir = join(directory, 'state');
    const run = async (): Promise<number> => {
      sum.runs += 1;
      // Impatient only with who is faulty: a busy machine is not.
      const timeoutSeconds = faulty ? 0.5 : 10;
      const profile = profileFor(pki, sensor.url, stateDir, { managers: [receiver.url], timeoutSeconds });
      return await runProfile(profile, bench, new AbortController().signal);
    };
    const elements = Array.from({ length: COUNT }, (_, index) => alertElement(`r17-${seed}-${index}`));
    if (one.poison === true) elements.splice(Math.floor(chance() * COUNT), 0, alertElement('poison'));
    sensor.add(...elements);
    for (let times = 0; times < (one.runs ?? 2); times += 1) {
      const exit = await run();
      if (one.stranger === true) faults += 1;
      if (exit === 0 && faults > 0 && one.answer(Buffer.alloc(0), 1, () => 0) !== undefined && times === 0)
        fail('the first run saw no fault');
    }
    if (sensor.waiting.size > 0)
      fail(`${sensor.waiting.size} messages left at the sensor: it is not its fault`);
    const early = await quarantined(stateDir, bench);
    if (one.name !== 'poison while others pass' && early.length > 0) fail(`quarantined: ${early.join('; ')}`);

    faulty = false;
    count = 0;
    sum.faults += faults;
    if (one.stranger === true) {
      await receiver.close();
      receiver = await start({ pki }, port);
      receiver.misbehave = misbehave;
    }
    // Only what the receiver asked for is waited out.
    bench.clock.advance(one.peaceMs ?? 0);
    for (let times = 0; times < 6; times += 1) {
      // Poison is proven against others that pass.
      if (one.poison === true) {
        const other = alertElement(`r17-${seed}-other-${times}`);
        elements.push(other);
        sensor.add(other);
      }
      const exit = await run();
      if (exit === 0) break;
      if (one.poison !== true) {
        fail(`run ${times + 1} after the repair ends with ${exit}: ${bench.texts().slice(-3).join(' | ')}`);
        break;
      }
    }
    sum.posts = Math.max(sum.posts, refusedLate);

    if (kind === 'foreign' && 'bodies' in receiver) bodies.push(...receiver.bodies);
    else for (const name of readdirSync(store)) bodies.push(readFileSync(join(store, name)));
    const excused = new Set(one.poison === true ? ['poison'] : []);
    const verdict = account(elements, bodies, excused);
    sum.verdict = add(sum.verdict, verdict);
    if (verdict.lost + verdict.unexpected + verdict.altered > 0) fail(JSON.stringify(verdict));
    if (verdict.duplicates > 0 && (kind === 'ours' || one.duplicates !== true))
      fail(`${verdict.duplicates} duplicates`);
    const late = await quarantined(stateDir, bench);
    if (late.length !== (one.poison === true ? 1 : 0)) fail(`in quarantine: ${late.join('; ') || 'nothing'}`);
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}

async function quarantined(stateDir: string, bench: ReturnType<typeof pollerBench>): Promise<string[]> {
  const journal = await openJournal({ path: journalPath(stateDir), readOnly: true, ...bench });
  try {
    return (await journal.quarantine.list()).map(({ kind, reason }) => `${kind} ${reason}`);
  } finally {
    await journal.close();
  }
}
