/**
 * The cycle of reverse-server: files in the spool and a POST → intake → lease → acknowledgement → SIGTERM.
 *
 * Two files with four alerts lie there when it starts; a fifth is posted by a producer, who is promised something only by
 * a 201. What the files are to become is the variant. A fresh alert must pass after the fault.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

import { binPath, startNode, type Program } from '../support/program.ts';
import type { Pki } from '../support/pki.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { endedOf, type Cycle, type Ended, type Judgement, type Rig } from './cycle.ts';
import { arrivalsIn, faultDocument } from './fault-alert.ts';
import { LeaseClient } from './lease-client.ts';
import { makeTmpfs } from './mounts.ts';
import { Oracle } from './oracle.ts';
import { writeDurably } from './producer.ts';
import { judgeJournal } from './score.ts';
import { steadyNames } from './steady-names.ts';
import { traced } from './strace.ts';

/** The filesystem files are moved away to. */
const AWAY_BYTES = 4 * 1024 * 1024;
/** A sensor that met a fault gets so long to go on by itself: longer than spoolLimits.pauseMs. */
const PATIENCE_MS = 4_000;

export interface SensorVariant {
  readonly name: string;
  readonly pki: Pki;
  /** What becomes of files: removed, left, moved to `done/`, or to a `done/` on a filesystem of its own. */
  readonly disposal: 'delete' | 'leave' | 'move' | 'move-away';
  /** State of a sensor that has worked before; none: the journal is made in this cycle. */
  readonly template?: string;
  /** What the template's journal still owes. */
  readonly kept?: readonly string[];
  /** A file that nothing can be taken from lies there too. */
  readonly corrupt?: boolean;
}

export function sensorCycle(variant: SensorVariant): Cycle {
  const { name } = variant;
  return { name, program: 'reverse-server', rig: (dir) => makeRig(dir, variant) };
}

async function makeRig(dir: string, variant: SensorVariant): Promise<Rig> {
  const world = await makeWorld(dir, { pki: variant.pki });
  const { template, disposal } = variant;
  if (template !== undefined) cpSync(template, world.sensorState, { recursive: true });
  const done = disposal === 'move' || disposal === 'move-away' ? join(dir, 'done') : undefined;
  if (done !== undefined) mkdirSync(done, { recursive: true });
  const away = disposal === 'move-away' ? makeTmpfs(join(dir, 'done'), AWAY_BYTES) : undefined;
  const oracle = new Oracle();
  const client = new LeaseClient(world);
  writeDurably(world.spool, 'one', ['one-1', 'one-2', 'one-3'], oracle);
  writeDurably(world.spool, 'two', ['two-1'], oracle);
  oracle.claim('posted');
  for (const id of variant.kept ?? []) oracle.claim(id);
  oracle.owe(...(variant.kept ?? []));
  if (variant.corrupt === true) writeFileSync(join(world.spool, 'html.xml'), '<html/>');
  const flags = [
    '--allow-producer',
    'DNS:manager1',
    '--allow-poller',
    'DNS:manager1',
    ...(disposal === 'delete' ? ['--delete'] : []),
    ...(done === undefined ? [] : ['--movedir', done]),
  ];
  let starts = 0;
  const files = (): number => readdirSync(world.spool).filter((file) => file.endsWith('.xml')).length;
  const emptied = (): boolean => disposal === 'leave' || files() === 0;

  /** Starts it, lets `work` do its part and ends it; whatever breaks is told, not thrown. */
  const session = async (
    under: readonly string[],
    work: (program: Program) => Promise<void>,
  ): Promise<Ended> => {
    const program = startSensor(world, flags, under, starts);
    starts += 1;
    let trouble: string | undefined;
    try {
      await program.line(/^Listening on https:/);
      await work(program);
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
    const pid = under.length === 0 ? program.pid : traced(program.pid);
    if (pid !== undefined) tryKill(pid, 'SIGTERM');
    const timer = setTimeout(() => {
      trouble = `${trouble ?? ''} it does not end on SIGTERM`;
      tryKill(pid ?? program.pid, 'SIGKILL');
    }, 10_000);
    const ended = await endedOf(program);
    clearTimeout(timer);
    return { ...ended, trouble };
  };

  return {
    roots: [world.spool, world.sensorState, ...(done === undefined ? [] : [done])],
    run: (under) =>
      session(under, async (program) => {
        const gone = died(program);
        const work = async (): Promise<void> => {
          // One after the other, so that the order of the program's calls hardly depends on timing.
          await client.drain(5, PATIENCE_MS);
          await until(emptied, { timeoutMs: PATIENCE_MS, what: 'an empty spool' });
          if ((await post(world, faultDocument(['posted']))) === 201) oracle.owe('posted');
          await client.drain(0, PATIENCE_MS);
          const left = oracle.missing(client.ids());
          if (left.length > 0) throw new Error(`${left.join(', ')} did not come without a restart`);
        };
        await Promise.race([work(), gone]);
      }),
    finish: async (under = []) => {
      const ended = await session(under, async (program) => {
        const work = async (): Promise<void> => {
          await until(
            async () => {
              if (oracle.missing(client.ids()).length > 0) await client.drain(1);
              return oracle.missing(client.ids()).length === 0 && emptied();
            },
            { timeoutMs: 15_000, what: 'everything that is owed' },
          );
          if (!client.ids().has('fresh')) {
            writeDurably(world.spool, 'fresh', ['fresh'], oracle);
            await until(
              async () => {
                await client.drain(2);
                return client.ids().has('fresh') && emptied();
              },
              { timeoutMs: 10_000, what: 'a fresh alert' },
            );
          }
          // What arrived before, and was killed before it was acknowledged, comes again.
          await client.drain(0);
        };
        await Promise.race([work(), died(program)]);
      });
      return ended;
    },
    judge: async (): Promise<Judgement> => {
      const verdict = oracle.verdict({ client: client.arrivals() });
      const { broken, stats } = await judgeJournal(join(world.sensorState, 'journal.db'));
      if (verdict.duplicates > 0) broken.push(`taken in twice: ${verdict.examples.join(', ')}`);
      for (const { name, pending, leased } of stats.consumers) {
        if (pending + leased > 0) broken.push(`${name} is still owed ${pending + leased}`);
      }
      if (done !== undefined)
        broken.push(...missingFrom(done, ['one-1', 'one-2', 'one-3', 'two-1', 'fresh']));
      if (variant.corrupt === true && !existsSync(join(world.spool, 'corrupt', 'html.xml'))) {
        broken.push('the file nothing can be taken from is not in corrupt/');
      }
      return { verdict, broken };
    },
    close: async () => await away?.remove(),
  };
}

/** State of a sensor that was killed, in `dir`, with these alerts in its journal. */
export async function keptState(dir: string, pki: Pki, ids: readonly string[]): Promise<string> {
  mkdirSync(dir);
  const world = await makeWorld(dir, { pki });
  const oracle = new Oracle();
  const program = startSensor(world, ['--delete'], [], 0);
  try {
    await program.line(/^Listening on https:/);
    for (const id of ids) writeDurably(world.spool, id, [id], oracle);
    const pending = async (): Promise<boolean> => {
      const { headers } = await world.ask({ method: 'HEAD' });
      return headers['idmef-pending'] === String(ids.length) && readdirSync(world.spool).length === 0;
    };
    await until(pending, { timeoutMs: 10_000, what: 'a journal with alerts' });
  } finally {
    await program.kill('SIGKILL');
  }
  return world.sensorState;
}

function startSensor(
  world: World,
  flags: readonly string[],
  under: readonly string[],
  starts: number,
): Program {
  const { pki, sensorPort, spool, sensorState } = world;
  const { certFile, keyFile } = pki.server;
  const args = ['--cert', certFile, '--key', keyFile, '--cacert', pki.caFile, '--port', String(sensorPort)];
  const places = ['--spooldir', spool, '--state', sensorState, '--min-free', '1M'];
  return startNode([binPath('reverse-server'), ...args, ...places, ...flags], {
    under,
    nodeFlags: steadyNames(under, starts),
  });
}

/** Rejects when the program ends, so that nobody waits for an answer of the dead. */
async function died(program: Program): Promise<never> {
  const { code, signal } = await program.exited;
  throw new Error(`it ended with ${code ?? signal}`);
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

async function post({ pki, sensorPort: port }: World, body: Uint8Array): Promise<number> {
  return await new Promise((resolve, reject) => {
    const { certPem: cert, keyPem: key } = pki.client;
    const tls = { cert, key, ca: pki.caPem, servername: 'localhost', agent: false };
    const headers = { 'Content-Type': 'text/xml', 'Content-Length': body.length };
    const sent = request({ ...tls, host: '127.0.0.1', port, method: 'POST', headers }, (response) => {
      response.resume().on('error', reject);
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject).end(body);
  });
}

/** The archive must hold each file; a crash between copy and unlink may leave one twice. */
function missingFrom(done: string, ids: readonly string[]): string[] {
  const names = readdirSync(done).filter((name) => name.endsWith('.xml') && !name.startsWith('.'));
  const held = new Set(
    names.flatMap((name) => arrivalsIn(readFileSync(join(done, name)))).map(({ id }) => id),
  );
  return ids.filter((id) => !held.has(id)).map((id) => `${id} is not in --movedir`);
}
