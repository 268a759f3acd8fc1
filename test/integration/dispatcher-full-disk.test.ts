/**
 * The dispatcher's store on a filesystem that somebody else fills to the last byte: a tmpfs in a mount namespace, as in
 * full-disk.test.ts.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
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

for (const bytes of [300, 8000]) {
  test(`full to the last byte, messages of ${bytes} bytes: deliveries go on, arrivals are refused`, (t) => {
    if (missing !== undefined) {
      assert.equal(process.env['CI'], undefined, missing);
      t.skip(missing);
      return;
    }
    const child = fileURLToPath(new URL('../dispatcher/store/full-disk-child.js', import.meta.url));
    const script = 'mount -t tmpfs -o size=96m tmpfs "$1" && exec "$2" "$3" "$1" "$4"';
    const args = [tempDir(t), process.execPath, child, String(bytes)];
    const run = spawnSync('unshare', [...unshare, 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const lines = run.stdout
      .trimEnd()
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
