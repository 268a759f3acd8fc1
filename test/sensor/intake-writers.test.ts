/**
 * Writers and the intake at the same time: 16 processes' worth of slow writers (create, pause, write in pieces, pause),
 * renaming writers, and writers that use one name again and again. Nothing lost, nothing twice.
 */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { startSensorWorker } from '../../src/app/sensor-worker.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { alertDocument, messageIds, putInSpool } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const WRITERS = 16;
const EACH = 40;
/** Alerts under names that are used again. */
const USED_AGAIN = 300;

test(`${WRITERS} slow writers, ${WRITERS} renaming ones, ${WRITERS} with a name of their own each: 0 lost, 0 twice`, async (t) => {
  const dir = tempDir(t);
  const [spoolDir, stateDir, moveDir] = [join(dir, 'spool'), join(dir, 'state'), join(dir, 'done')];
  for (const made of [spoolDir, stateDir, moveDir]) mkdirSync(made);
  const worker = await startSensorWorker(
    { spoolDir, stateDir, moveDir, delete: false, consumers: [], minFree: { bytes: 0 } },
    recordingLogger(),
  );
  const promised: string[] = [];
  const slow = async (writer: number): Promise<void> => {
    for (let n = 0; n < EACH; n += 1) {
      const id = `s${writer}-${n}`;
      const path = join(spoolDir, `${id}.xml`);
      const text = alertDocument(id);
      writeFileSync(path, '');
      await pause(writer);
      for (let at = 0; at < text.length; at += 100) {
        appendFileSync(path, text.slice(at, at + 100));
        await pause((writer + at) % 5);
      }
      promised.push(id);
    }
  };
  const renaming = async (writer: number): Promise<void> => {
    for (let n = 0; n < EACH; n += 1) {
      const id = `r${writer}-${n}`;
      putInSpool(spoolDir, id, alertDocument(id));
      promised.push(id);
      await pause(1 + (n % 3));
    }
  };
  const sameName = async (writer: number): Promise<void> => {
    for (let n = 0; n < EACH / 4; n += 1) {
      const id = `n${writer}-${n}`;
      // A writer that reuses a name waits until its last file was picked up.
      await until(() => !readdirSync(spoolDir).includes(`name${writer}.xml`), { timeoutMs: 20_000 });
      putInSpool(spoolDir, `name${writer}`, alertDocument(id));
      promised.push(id);
    }
  };
  try {
    const writers = Array.from({ length: WRITERS }, (_, n) => [slow(n), renaming(n), sameName(n)]).flat();
    await Promise.all(writers);
    await until(() => readdirSync(spoolDir).length === 0, { timeoutMs: 20_000, what: 'an empty spool' });
    const arrived = await drain(worker.journal);
    assert.deepEqual(arrived.toSorted(), promised.toSorted());
    assert.equal(readdirSync(moveDir).length, promised.length);
    assert.deepEqual(brokenLaws(await worker.journal.stats()), []);
    t.diagnostic(`${promised.length} alerts of ${3 * WRITERS} writers`);
  } finally {
    await worker.close();
  }
});

async function pause(turns: number): Promise<void> {
  for (let n = 0; n < turns; n += 1) await turn();
}

for (const mode of ['delete', 'move'] as const) {
  test(`a process that uses 4 names again as fast as it can, --${mode}: 0 lost, 0 twice`, async (t) => {
    const dir = tempDir(t);
    const [spoolDir, stateDir, moveDir] = [join(dir, 'spool'), join(dir, 'state'), join(dir, 'done')];
    for (const made of [spoolDir, stateDir, moveDir]) mkdirSync(made);
    const settings = mode === 'move' ? { moveDir, delete: false } : { delete: true };
    const worker = await startSensorWorker(
      { spoolDir, stateDir, ...settings, consumers: [], minFree: { bytes: 0 } },
      recordingLogger(),
    );
    const writer = fork(join(import.meta.dirname, `name-writer-child${extname(import.meta.filename)}`), [
      spoolDir,
      String(USED_AGAIN),
    ]);
    try {
      await new Promise<void>((resolve, reject) => {
        writer.once('message', () => resolve());
        writer.once('exit', (code) => reject(new Error(`the writer ended with ${code}`)));
      });
      await until(() => readdirSync(spoolDir).length === 0, { timeoutMs: 20_000, what: 'an empty spool' });
      const arrived = await drain(worker.journal);
      const expected = Array.from({ length: USED_AGAIN }, (_, n) => `w${n}`);
      assert.deepEqual(arrived.toSorted(), expected.toSorted());
      assert.deepEqual(brokenLaws(await worker.journal.stats()), []);
    } finally {
      writer.kill();
      await worker.close();
    }
  });
}

async function drain(journal: Journal): Promise<string[]> {
  const arrived: string[] = [];
  for (;;) {
    const claim = await journal.lease('default', { messages: 1_000, bytes: 8e6 });
    if (claim === undefined) return arrived;
    for (let done = false; !done;) {
      const chunk = await journal.read(claim.id);
      arrived.push(...messageIds(chunk.bodies));
      done = chunk.done;
    }
    await journal.settle(claim.id);
  }
}
