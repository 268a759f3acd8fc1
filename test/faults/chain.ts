/**
 * The whole chain as processes that can be killed and started again: producers → reverse-server → http-proxy --follow →
 * our receiver and a directory. Used by the scenarios that hit it under load.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../support/free-port.ts';
import { startNode, type Program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World, type WorldOptions } from '../support/world.ts';
import type { Oracle, Verdict } from './oracle.ts';
import { writeDurably } from './producer.ts';
import { judgeJournal } from './score.ts';
import { directorySink, type Sink } from './sinks.ts';

export type Part = 'sensor' | 'poller' | 'receiver';

export interface Chain {
  readonly world: World;
  readonly sinks: { readonly file: Sink; readonly https: Sink };
  start(part: Part): Promise<void>;
  startAll(): Promise<void>;
  /** SIGKILL; resolves when it is dead. */
  kill(part: Part): Promise<void>;
  program(part: Part): Program | undefined;
  /** Broken laws of the part's journal; it must not run. */
  broken(part: 'sensor' | 'poller'): Promise<string[]>;
  /** A fresh alert, and everything owed, at both sinks. Rejects with what is missing. */
  settle(oracle: Oracle, timeoutMs: number): Promise<void>;
  /** SIGTERM for all; what does not end well is said. */
  stop(): Promise<string[]>;
  /** SIGKILL for all that is left. */
  killAll(): Promise<void>;
  verdict(oracle: Oracle): Verdict;
}

export interface ChainOptions extends WorldOptions {
  readonly sensorFlags?: readonly string[];
  /** Default: on the manager's disk. */
  readonly received?: string;
}

export async function makeChain(dir: string, options: ChainOptions = {}): Promise<Chain> {
  const world = await makeWorld(dir, options);
  const { received = join(options.managerDisk ?? dir, 'received') } = options;
  mkdirSync(received, { recursive: true });
  const receiverPort = await freePort();
  const running = new Map<Part, Program>();
  const sinks = { file: directorySink(world.outbox), https: directorySink(received) };
  const journals = {
    sensor: join(world.sensorState, 'journal.db'),
    poller: join(world.pollerState, 'profiles', `localhost-${world.sensorPort}`, 'journal.db'),
  };
  const starters: Readonly<Record<Part, () => Promise<Program>>> = {
    sensor: () =>
      world.startSensor(['--delete', '--allow-poller', 'DNS:manager1', ...(options.sensorFlags ?? [])]),
    poller: () =>
      Promise.resolve(
        world.startPoller(
          ['--follow', '--timeout', '5', '--lease', '5'],
          [`https://localhost:${receiverPort}/`, `file://${world.outbox}`],
        ),
      ),
    receiver: async () => {
      const main = fileURLToPath(new URL('../support/receiver-main.js', import.meta.url));
      const { certFile, keyFile } = world.pki.server;
      const program = startNode([main, certFile, keyFile, world.pki.caFile, String(receiverPort), received]);
      await program.line(/^Receiving on/);
      return program;
    },
  };
  const chain: Chain = {
    world,
    sinks,
    start: async (part) => {
      running.set(part, await starters[part]());
    },
    startAll: async () => {
      for (const part of ['sensor', 'receiver', 'poller'] as const) await chain.start(part);
    },
    kill: async (part) => {
      await running.get(part)?.kill('SIGKILL');
      running.delete(part);
    },
    program: (part) => running.get(part),
    broken: async (part) => (await judgeJournal(journals[part])).broken,
    settle: async (oracle, timeoutMs) => {
      const fresh = `fresh-${oracle.claims}`;
      writeDurably(world.spool, fresh, [fresh], oracle);
      const missing = (): string[] => Object.values(sinks).flatMap((sink) => oracle.missing(sink.ids()));
      try {
        await until(() => missing().length === 0, { timeoutMs });
      } catch (cause) {
        const left = missing();
        const log = running.get('poller')?.stderr().slice(-2000) ?? '';
        throw new Error(
          `${left.length} did not arrive, ${left.slice(0, 5).join(', ')}; the poller says: ${log}`,
          {
            cause,
          },
        );
      }
    },
    stop: async () => {
      const bad: string[] = [];
      for (const part of ['poller', 'receiver', 'sensor'] as const) {
        const program = running.get(part);
        if (program === undefined) continue;
        const { code, signal } = await program.kill('SIGTERM');
        running.delete(part);
        if (code !== 0) bad.push(`${part} ended with ${code ?? signal}: ${program.stderr().slice(-500)}`);
      }
      return bad;
    },
    killAll: async () => {
      await Promise.all([...running.values()].map((program) => program.kill('SIGKILL')));
      running.clear();
    },
    verdict: (oracle) => oracle.verdict({ file: sinks.file.arrivals(), https: sinks.https.arrivals() }),
  };
  return chain;
}
