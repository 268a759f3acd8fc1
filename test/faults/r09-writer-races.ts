/**
 * R9: sixteen writers of four manners race four pollers and the intake, and no alert falls between.
 *
 * Manners: temporary file and rename; link and unlink; created under its final name, locked by flock(2) a moment later and
 * written slowly; and the writer that opens its file once more to add an alert while the intake may be taking it. Of the
 * last an alert may come twice, for the file has changed. Then two servers on one spool: duplicates are allowed, a loss
 * never.
 */

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { link, open, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { envelopeTail } from '../../src/idmef/envelope.ts';
import { generator } from '../support/generator.ts';
import { makePki } from '../support/pki.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { faultDocument, faultElement, type Arrival } from './fault-alert.ts';
import { LeaseClient } from './lease-client.ts';
import { Oracle } from './oracle.ts';
import { writeDurably } from './producer.ts';
import type { FaultContext, FaultResult, Scale, Scenario } from './scenario.ts';
import { judgeJournal, Score } from './score.ts';
import { needTools } from './strace.ts';

const FILES: Readonly<Record<Scale, number>> = { ci: 3000, long: 50_000 };
const POLLERS = 4;
const SETTLE_MS = 60_000;

interface Job {
  readonly spool: string;
  readonly name: string;
  readonly oracle: Oracle;
  readonly random: () => number;
}

type Manner = (job: Job) => Promise<void>;

const byRename: Manner = async ({ spool, name, oracle }) => {
  await put(spool, name, `${name}-a`, oracle);
};

const byLink: Manner = async ({ spool, name, oracle }) => {
  const id = `${name}-a`;
  const temporary = join(spool, `.${name}.tmp`);
  oracle.claim(id);
  await writeWhole(temporary, faultDocument([id]));
  await link(temporary, join(spool, `${name}.xml`));
  await unlink(temporary);
  await syncDirectory(spool);
  oracle.owe(id);
};

const byLock: Manner = async ({ spool, name, oracle, random }) => {
  const id = `${name}-a`;
  oracle.claim(id);
  const document = faultDocument([id]);
  const file = await open(join(spool, `${name}.xml`), 'wx');
  try {
    // Empty and not locked yet: the seed took it here, and lost it.
    await delay(random() * 20);
    await lock(file.fd);
    const cut = Math.floor(document.length * random());
    await file.write(document.subarray(0, cut));
    await delay(random() * 30);
    await file.write(document.subarray(cut));
    await file.sync();
    await syncDirectory(spool);
  } finally {
    await file.close();
  }
  oracle.owe(id);
};

const byAppending: Manner = async ({ spool, name, oracle, random }) => {
  const second = `${name}-b`;
  await put(spool, name, `${name}-a`, oracle);
  await delay(random() * 40);
  if (await appendTo(join(spool, `${name}.xml`), second, oracle)) oracle.owe(second);
  else await put(spool, `${name}-again`, second, oracle);
};

/** Writes over the closing tag. False when the file was taken, so that what was added is in nobody's hands. */
async function appendTo(path: string, id: string, oracle: Oracle): Promise<boolean> {
  const file = await open(path, 'r+').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { size, ino } = await file.stat();
    oracle.claim(id);
    const added = Buffer.concat([Buffer.from(faultElement(id)), envelopeTail]);
    await file.write(added, 0, added.length, size - envelopeTail.length);
    await file.sync();
    return (await stat(path).catch(() => undefined))?.ino === ino;
  } finally {
    await file.close();
  }
}

/** As producer.ts does it, without holding up the pollers of this process. */
async function put(spool: string, name: string, id: string, oracle: Oracle): Promise<void> {
  const temporary = join(spool, `.${name}.tmp`);
  oracle.claim(id);
  await writeWhole(temporary, faultDocument([id]));
  await rename(temporary, join(spool, `${name}.xml`));
  await syncDirectory(spool);
  oracle.owe(id);
}

async function writeWhole(path: string, document: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(document);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** flock(2), which Node has not: the lock belongs to the open file, and stays when the helper ends. */
async function lock(file: number): Promise<void> {
  const child = spawn('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', file] });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** Sixteen writers. */
const MIX: readonly Manner[] = [
  ...Array.from({ length: 5 }, () => byRename),
  ...Array.from({ length: 4 }, () => byLink),
  ...Array.from({ length: 3 }, () => byLock),
  ...Array.from({ length: 4 }, () => byAppending),
];

async function run({ directory, scale, seed, say }: FaultContext): Promise<FaultResult> {
  needTools('flock');
  const score = new Score();
  const pki = await makePki(join(directory, 'pki'));
  const one = await makeWorld(join(directory, 'one'), { pki });
  const random = generator(seed);
  await race([one], { files: FILES[scale], manners: MIX, random }, score, 'one server');
  say('two servers on one spool');
  const two = [
    await makeWorld(join(directory, 'two-a'), { pki, spool: one.spool }),
    await makeWorld(join(directory, 'two-b'), { pki, spool: one.spool }),
  ];
  const manners = [byRename, byLink, byRename, byLink, byRename, byLink, byLock, byLock];
  await race(two, { files: FILES[scale] / 5, manners, random }, score, 'two servers');
  return score.result();
}

interface Load {
  readonly files: number;
  readonly manners: readonly Manner[];
  readonly random: () => number;
}

async function race(worlds: readonly World[], load: Load, score: Score, what: string): Promise<void> {
  const { spool = '' } = worlds[0] ?? {};
  const oracle = new Oracle();
  const programs = await Promise.all(worlds.map((world) => world.startSensor(['--delete'])));
  const ending = new AbortController();
  const held = new Map<string, Arrival>();
  const clients = Array.from(
    { length: POLLERS },
    (_, n) => new LeaseClient(worlds[n % worlds.length] ?? raise(), held),
  );
  const began = performance.now();
  try {
    const polling = clients.map(async (client) => {
      while (!ending.signal.aborted) {
        try {
          await client.drain(1, 10_000, 200);
        } catch (error) {
          score.fail(`${what}: a poll failed: ${error instanceof Error ? error.message : String(error)}`);
          await delay(50);
        }
      }
    });
    let next = 0;
    const writing = load.manners.map(async (manner, writer) => {
      for (let n = next++; n < load.files; n = next++) {
        await manner({ spool, name: `w${writer}-${n}`, oracle, random: load.random });
      }
    });
    await Promise.all(writing);
    const ids = (): Set<string> => new Set([...held.values()].map(({ id }) => id));
    const emptied = (): boolean => !readdirSync(spool).some((name) => name.endsWith('.xml'));
    const done = (): boolean => emptied() && oracle.missing(ids()).length === 0;
    await until(done, { timeoutMs: SETTLE_MS, what: 'all that was written' }).catch((error: unknown) =>
      score.fail(`${what}: ${String(error)}`),
    );
    writeDurably(spool, `fresh-${what.replaceAll(' ', '-')}`, ['fresh'], oracle);
    await until(() => ids().has('fresh'), { timeoutMs: 10_000, what: 'a fresh alert' }).catch(
      (error: unknown) => score.fail(`${what}: ${String(error)}`),
    );
    const seconds = (performance.now() - began) / 1000;
    ending.abort();
    await Promise.all(polling);
    for (const program of programs) {
      const { code } = await program.kill('SIGTERM');
      if (code !== 0) score.fail(`${what}: a server ended with ${code}: ${program.stderr().slice(-500)}`);
    }
    const rate = Math.round(load.files / seconds);
    score.figures.push(`${what}: ${load.files} files by ${load.manners.length} writers, ${rate}/s`);
  } finally {
    ending.abort();
    await Promise.all(programs.map((program) => program.kill('SIGKILL')));
  }
  score.runs += 1;
  score.faults += load.files;
  score.add(oracle.verdict({ pollers: [...held.values()] }), what);
  for (const world of worlds) {
    const judged = await judgeJournal(join(world.sensorState, 'journal.db'));
    for (const law of judged.broken) score.fail(`${what}: ${law}`);
  }
}

function raise(): never {
  throw new Error('no server');
}

export const scenario: Scenario = { id: 'R9', title: 'writers racing the intake', run };
