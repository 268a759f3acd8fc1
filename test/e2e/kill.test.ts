/**
 * Kill -9 at random: sensor, poller and receiver die in turn while 50 writers put alerts into the spool.
 *
 * Claims: every alert whose rename returned arrives, unaltered; our receiver holds each once (a repeat carries the
 * sequence it was first sent with); what the file destination holds twice is a batch that had been written before a kill
 * and was written again; the law of conservation holds in both journals whenever a program is dead.
 * ROUNDS sets the number of kills (default 8; the long form is 100). SEED repeats a run.
 */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { openJournal } from '../../src/journal/in-process.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { freePort } from '../support/free-port.ts';
import type { Pki } from '../support/pki.ts';
import { startNode, type Program } from '../support/program.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { generator } from '../support/generator.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';

const rounds = Number(process.env['ROUNDS'] ?? 8);
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WRITERS = 50;

test(`kill -9 of sensor, poller and receiver: ${rounds} rounds, ${WRITERS} writers, seed ${seed}`, async (t) => {
  const world = await makeWorld(tempDir(t));
  const random = generator(seed);
  const programs = await startAll(world);
  t.after(() => Promise.all(Object.values(programs.running).map((program) => program.kill('SIGKILL'))));
  const writing = startWriters(world, random);
  // Who is killed before has no journal yet.
  await until(() => world.delivered().length > 0, { everyMs: 50, what: 'a first alert through all of them' });

  for (let round = 0; round < rounds; round += 1) {
    await delay(100 + random() * 500);
    const victim = programs.names[Math.floor(random() * programs.names.length)] ?? 'sensor';
    await programs.running[victim]?.kill('SIGKILL');
    if (victim !== 'receiver')
      await assertLaw(victim === 'sensor' ? sensorJournal(world) : pollerJournal(world));
    await programs.start(victim);
  }
  const promised = await writing.stop();

  const arrived = (): string[] => received(world).flatMap((document) => messageIds(document));
  await until(
    () => new Set(arrived()).size >= promised.length && new Set(idsInOutbox(world)).size >= promised.length,
    {
      everyMs: 300,
      what: `arrival of ${promised.length} alerts (${new Set(arrived()).size} came)\n${programs.running['poller']?.stderr().slice(-2000)}`,
    },
  );
  for (const name of programs.names) {
    const exit = await programs.running[name]?.kill('SIGTERM');
    assert.equal(exit?.code, 0, `${name} ends cleanly`);
  }
  await assertLaw(sensorJournal(world));
  await assertLaw(pollerJournal(world));
  const atReceiver = arrived();
  assert.deepEqual(atReceiver.toSorted(), promised.toSorted(), 'the receiver holds each alert exactly once');
  assert.deepEqual(
    [...new Set(idsInOutbox(world))].toSorted(),
    promised.toSorted(),
    'the file destination has all',
  );
  t.diagnostic(`${promised.length} alerts, ${idsInOutbox(world).length - promised.length} repeated in files`);
});

async function startReceiver(pki: Pki, port: number, dir: string): Promise<Program> {
  const main = fileURLToPath(new URL('../support/receiver-main.js', import.meta.url));
  const { certFile, keyFile } = pki.server;
  const program = startNode([main, certFile, keyFile, pki.caFile, String(port), dir]);
  await program.line(/^Receiving on/);
  return program;
}

interface Programs {
  readonly names: readonly string[];
  readonly running: Record<string, Program>;
  start(name: string): Promise<void>;
}

async function startAll(world: World): Promise<Programs> {
  const receiverPort = await freePort();
  const receiverDir = join(world.dir, 'received');
  mkdirSync(receiverDir);
  const receiverUrl = `https://localhost:${receiverPort}/`;
  const running: Record<string, Program> = {};
  const start = async (name: string): Promise<void> => {
    if (name === 'sensor')
      running[name] = await world.startSensor(['--delete', '--allow-poller', 'DNS:manager1']);
    else if (name === 'receiver') running[name] = await startReceiver(world.pki, receiverPort, receiverDir);
    else {
      running[name] = world.startPoller(
        ['--follow', '--timeout', '5'],
        [receiverUrl, `file://${world.outbox}`],
      );
    }
  };
  const names = ['sensor', 'receiver', 'poller'];
  for (const name of names) await start(name);
  return { names, running, start };
}

/** Fifty producers; each alert is promised once `putInSpool` has returned. */
function startWriters(world: World, random: () => number): { stop(): Promise<string[]> } {
  const promised: string[] = [];
  const stopping = new AbortController();
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let n = 0; !stopping.signal.aborted; n += 1) {
      const id = `w${writer}-${n}`;
      putInSpool(world.spool, id, alertDocument(id, 'x'.repeat(Math.floor(random() * 2000))));
      promised.push(id);
      await delay(50 + random() * 300);
    }
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(writers);
      return promised;
    },
  };
}

function received(world: World): string[] {
  const dir = join(world.dir, 'received');
  return readdirSync(dir)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => readFileSync(join(dir, name), 'utf8'));
}

function idsInOutbox(world: World): string[] {
  return world.delivered().flatMap((document) => messageIds(document));
}

function sensorJournal(world: World): string {
  return join(world.sensorState, 'journal.db');
}

function pollerJournal(world: World): string {
  return join(world.pollerState, 'profiles', `localhost-${world.sensorPort}`, 'journal.db');
}

async function assertLaw(path: string): Promise<void> {
  const journal = await openJournal({ path, clock: systemClock, random: systemRandom, readOnly: true });
  try {
    assert.deepEqual(brokenLaws(await journal.stats()), []);
  } finally {
    await journal.close();
  }
}
