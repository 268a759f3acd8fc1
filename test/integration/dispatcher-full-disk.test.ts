/**
 * The dispatcher's store, and the files its file sink writes, on a filesystem that somebody else fills to the last byte: a tmpfs
 * in a mount namespace, as in full-disk.test.ts.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { jsonObject } from '../../src/core/json-object.ts';
import { tempDir } from '../support/temp-dir.ts';

const unshare = process.geteuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const probe = spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
const missing = probe.status === 0 ? undefined : 'unshare(1) may not mount a tmpfs here';

interface Line {
  readonly step: string;
  readonly accept?: string;
  readonly outcomes?: readonly string[];
  readonly sent?: number;
  readonly law: readonly string[];
}

/** What a child of test/dispatcher writes that runs on a tmpfs of that size. */
function runOn(dir: string, size: string, child: string, word: string): string {
  const path = fileURLToPath(new URL(`../dispatcher/${child}`, import.meta.url));
  const script = 'mount -t tmpfs -o "size=$2" tmpfs "$1" && exec "$3" "$4" "$1" "$5"';
  const args = [dir, size, process.execPath, path, word];
  const run = spawnSync('unshare', [...unshare, 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.trimEnd();
}

for (const bytes of [300, 8000]) {
  test(`full to the last byte, messages of ${bytes} bytes: deliveries go on, arrivals are refused`, (t) => {
    if (missing !== undefined) {
      assert.equal(process.env['CI'], undefined, missing);
      t.skip(missing);
      return;
    }
    const lines = runOn(tempDir(t), '96m', 'store/full-disk-child.js', String(bytes))
      .split('\n')
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the child writes
      .map((line) => JSON.parse(line) as Line);
    const step = (name: string): Line => lines.find((line) => line.step === name) ?? assert.fail(name);
    assert.equal(step('full').accept, 'JOURNAL_FULL');
    assert.deepEqual([step('sending').outcomes, step('sending').sent], [['ok'], 400]);
    assert.equal(step('still full').accept, 'JOURNAL_FULL');
    assert.deepEqual([step('filled again').outcomes, step('filled again').sent], [['ok'], 400]);
    assert.equal(step('room again').accept, 'ok');
    const opened = step('opened on a full disk');
    assert.deepEqual([opened.accept, opened.outcomes, opened.sent], ['JOURNAL_FULL', ['ok'], 100]);
    assert.equal(step('end').accept, 'ok');
    for (const { step: name, law } of lines) assert.deepEqual(law, [], name);
  });
}

for (const format of ['jsonl', 'idmef']) {
  test(`file sink, ${format}: what does not fit is kept, nothing is torn, and all is there once when there is room`, (t) => {
    if (missing !== undefined) {
      assert.equal(process.env['CI'], undefined, missing);
      t.skip(missing);
      return;
    }
    const end = jsonObject(runOn(tempDir(t), '1m', 'sinks-own/full-file-child.js', format)) ?? {};
    const taken = Number(end['taken']);
    assert.ok(taken > 2, `only ${taken} calls`);
    assert.deepEqual(end['refused'], ['again ENOSPC', 'again ENOSPC']);
    assert.deepEqual([end['full'], end['left'], end['roomAgain']], [10 * taken, 0, 'ok']);
    assert.deepEqual([end['stored'], end['different']], [10 * taken + 10, 10 * taken + 10]);
  });
}
