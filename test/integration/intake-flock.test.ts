/**
 * The lock of a real writer: flock(1) holds an exclusive lock while it writes a complete document, then a longer one.
 * Needs util-linux. The intake must not read the file before the lock is gone (S9, S10).
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { startSensorWorker } from '../../src/app/sensor-worker.ts';
import { readLocks } from '../../src/os/proc-locks.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { alertDocument, messageIds } from '../support/spool-writer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const hasFlock = spawnSync('flock', ['--version']).status === 0;
const missing = hasFlock ? undefined : 'flock(1) is not installed';

test('a file under flock -x is left alone until it is unlocked', async (t) => {
  if (missing !== undefined) {
    assert.equal(process.env['CI'], undefined, missing);
    t.skip(missing);
    return;
  }
  if (!readLocks().visible) {
    t.skip(`locks cannot be seen here: ${readLocks().why}`);
    return;
  }
  const dir = tempDir(t);
  const [spoolDir, stateDir] = [join(dir, 'spool'), join(dir, 'state')];
  for (const made of [spoolDir, stateDir]) mkdirSync(made);
  const worker = await startSensorWorker(
    { spoolDir, stateDir, delete: true, consumers: [], minFree: { bytes: 0 } },
    recordingLogger(),
  );
  const path = join(spoolDir, 'locked.xml');
  // Locks first, then says so, and writes when it is told to; the lock goes with the process.
  const script = 'exec 9>>"$1"; flock -x 9; echo locked; read -r _; cat "$2" >&9; echo written; read -r _';
  const final = join(dir, 'final');
  writeFileSync(final, alertDocument('under lock'));
  const writer = spawn('bash', ['-c', script, 'writer', path, final], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  writer.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  try {
    await until(() => said.includes('locked'));
    await until(() => worker.status().waiting === 1);
    writer.stdin.write('go\n');
    await until(() => said.includes('written'));
    // Several looks pass: the document is complete and would be taken but for the lock.
    const looks = performance.now() + 1_000;
    await until(() => performance.now() > looks);
    assert.deepEqual(readdirSync(spoolDir), ['locked.xml']);
    assert.equal(readFileSync(path, 'utf8'), alertDocument('under lock'));
    writer.stdin.end('end\n');
    await until(() => readdirSync(spoolDir).length === 0);
    const claim = await worker.journal.lease('default', { messages: 10, bytes: 1e6 });
    const { bodies } = await worker.journal.read(claim?.id ?? 0);
    assert.deepEqual(messageIds(bodies), ['under lock']);
  } finally {
    writer.kill();
    await worker.close();
  }
});
