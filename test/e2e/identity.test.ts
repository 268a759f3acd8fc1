/**
 * The sensor's journal goes back in time, is lost, or lives twice: reinstalled, restored from a snapshot, cloned,
 * each between two polls. Every alert arrives all the same (ARCHITECTURE.md: Invariants: a duplicate only if journal id, sequence
 * and hash match), a changed journal id is said once, a number that came with other bytes is counted.
 */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { openJournal } from '../../src/journal/in-process.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import type { JournalStats } from '../../src/journal/journal.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import type { Program } from '../support/program.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import { assertNoStack, ended } from './expect-fault.ts';

const FLAGS = ['--delete', '--allow-poller', 'DNS:manager1'];

test('a sensor reinstalled between two polls: 0 lost, the new journal is said once', async (t) => {
  const { world, start, stop } = await makeStage(t);
  await start();
  await takenIn(world, ['before-1', 'before-2', 'before-3']);
  await poll(world);
  await stop();
  rmSync(world.sensorState, { recursive: true });
  mkdirSync(world.sensorState);
  await start();
  // The new journal begins at 1 again.
  await takenIn(world, ['after-1', 'after-2', 'after-3']);
  const second = await poll(world);
  assert.equal(journalLines(second).length, 1, second);
  assert.match(
    journalLines(second)[0] ?? '',
    /localhost-\d+: the sensor's journal is a new one \([0-9a-f]{32}, before [0-9a-f]{32}\): it was reinstalled, or set a damaged file aside$/,
  );
  await takenIn(world, ['later-1']);
  assert.deepEqual(journalLines(await poll(world)), []);
  assertOnce(world, ['after-1', 'after-2', 'after-3', 'before-1', 'before-2', 'before-3', 'later-1']);
  const stats = await statsOf(world);
  assert.deepEqual([stats.duplicate, stats.conflict], [0, 0]);
});

test('a sensor restored from a snapshot between two polls: 0 lost, conflicts are counted', async (t) => {
  const { world, start, stop } = await makeStage(t);
  await start();
  await takenIn(world, ['old-1', 'old-2']);
  await poll(world);
  await takenIn(world, ['old-3']);
  await stop();
  const snapshot = join(world.dir, 'snapshot');
  cpSync(world.sensorState, snapshot, { recursive: true });
  await start();
  await takenIn(world, ['lost-to-time-1', 'lost-to-time-2'], 3);
  await poll(world);
  await stop();
  // Back to where old-3 waits as number 3; numbers 4 and 5 are given once more, to other alerts.
  rmSync(world.sensorState, { recursive: true });
  cpSync(snapshot, world.sensorState, { recursive: true });
  await start();
  await takenIn(world, ['new-1', 'new-2', 'new-3'], 4);
  const after = await poll(world);
  assert.deepEqual(journalLines(after), [], 'the id is the same');
  assertOnce(world, [
    'lost-to-time-1',
    'lost-to-time-2',
    'new-1',
    'new-2',
    'new-3',
    'old-1',
    'old-2',
    'old-3',
  ]);
  const stats = await statsOf(world);
  assert.equal(stats.conflict, 2, JSON.stringify(stats));
  assert.equal(stats.duplicate, 1, 'old-3 was seen before');
});

test('a sensor cloned between two polls: two machines behind one profile, 0 lost', async (t) => {
  const { world, start, stop } = await makeStage(t);
  await start();
  await takenIn(world, ['shared-1']);
  await poll(world);
  await stop();
  const clone = join(world.dir, 'clone');
  cpSync(world.sensorState, clone, { recursive: true });
  const spool = join(world.dir, 'clone-spool');
  mkdirSync(spool);
  const expected = ['shared-1'];
  for (let round = 0; round < 2; round += 1) {
    await start();
    expected.push(`original-${round}`);
    await takenIn(world, [`original-${round}`]);
    assert.deepEqual(journalLines(await poll(world)), []);
    await stop();
    await start(['--state', clone, '--spooldir', spool]);
    expected.push(`clone-${round}-a`, `clone-${round}-b`);
    await takenIn({ ...world, spool }, [`clone-${round}-a`, `clone-${round}-b`]);
    assert.deepEqual(journalLines(await poll(world)), []);
    await stop();
  }
  assertOnce(world, expected.toSorted());
  const stats = await statsOf(world);
  assert.equal(stats.duplicate, 0);
  // Numbers 2 and 3 were given by both.
  assert.equal(stats.conflict, 2, JSON.stringify(stats));
});

test('a follower sees the sensor reinstalled, says so once and goes on', async (t) => {
  const { world, start, stop } = await makeStage(t);
  await start();
  const follower = world.startPoller(['--follow', '--timeout', '3']);
  t.after(() => follower.kill('SIGKILL'));
  putInSpool(world.spool, 'follow-1', alertDocument('follow-1'));
  await until(() => world.delivered().length === 1, { what: 'the first alert' });
  await stop();
  rmSync(world.sensorState, { recursive: true });
  mkdirSync(world.sensorState);
  await start();
  putInSpool(world.spool, 'follow-2', alertDocument('follow-2'));
  await until(() => world.delivered().length === 2, { what: 'the alert of the new one' });
  assert.equal((await follower.kill('SIGTERM')).code, 0, follower.stderr());
  assertNoStack(follower.stderr());
  assert.equal(journalLines(follower.stderr()).length, 1, follower.stderr());
  assertOnce(world, ['follow-1', 'follow-2']);
});

interface Stage {
  readonly world: World;
  readonly start: (flags?: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

async function makeStage(t: { after(hook: () => void | Promise<void>): void }): Promise<Stage> {
  const world = await makeWorld(tempDir(t));
  let sensor: Program | undefined;
  t.after(async () => void (await sensor?.kill('SIGKILL')));
  return {
    world,
    start: async (flags = []) => {
      sensor = await world.startSensor([...FLAGS, ...flags]);
    },
    stop: async () => {
      assert.equal((await sensor?.kill('SIGTERM'))?.code, 0);
    },
  };
}

/** One after the other, so that each has its own number. `waiting` (default: all of them) are pending then. */
async function takenIn(world: World, ids: readonly string[], waiting = ids.length): Promise<void> {
  for (const [index, id] of ids.entries()) {
    putInSpool(world.spool, id, alertDocument(id));
    const wanted = waiting - ids.length + index + 1;
    const pending = async (): Promise<number> => {
      return Number((await world.ask({ method: 'HEAD' })).headers['idmef-pending'] ?? 0);
    };
    await until(async () => (await pending()) === wanted, { everyMs: 40, what: `${id} taken in` });
  }
}

/** A run; returns its log. */
async function poll(world: World): Promise<string> {
  const poller = world.startPoller();
  assert.equal(await ended(poller), 0, poller.stderr());
  assertNoStack(poller.stderr());
  return poller.stderr();
}

function journalLines(log: string): string[] {
  return log.split('\n').filter((line) => line.includes('journal is a new one'));
}

/** The relay's own reports bear ids of 32 hex digits. */
function assertOnce(world: World, ids: readonly string[]): void {
  assert.deepEqual(
    world
      .delivered()
      .flatMap((document) => messageIds(document))
      .filter((id) => !/^[0-9a-f]{32}$/.test(id))
      .toSorted(),
    ids,
  );
}

async function statsOf(world: World): Promise<JournalStats> {
  const profiles = join(world.pollerState, 'profiles');
  const [name = ''] = readdirSync(profiles);
  const path = join(profiles, name, 'journal.db');
  const journal = await openJournal({ path, clock: systemClock, random: systemRandom, readOnly: true });
  try {
    const stats = await journal.stats();
    assert.deepEqual(brokenLaws(stats), []);
    return stats;
  } finally {
    await journal.close();
  }
}
