/**
 * Files and directories this account may not read or write: run as an ordinary user, because root may do anything.
 * When the tests themselves run as root the scenario runs in a child with another user id.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { otherUser } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

test('unreadable files and an unwritable spool are stuck, named with user id and remedy, and cured by chmod', (t) => {
  const user = otherUser();
  if (typeof user === 'string') {
    t.skip(user);
    return;
  }
  const dir = tempDir(t);
  const work = join(dir, 'work');
  mkdirSync(work);
  if (user.uid !== undefined && user.gid !== undefined) {
    chmodSync(dir, 0o755);
    chownSync(work, user.uid, user.gid);
  }
  const script = fileURLToPath(new URL('./intake-unreadable-child.js', import.meta.url));
  const result = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { TMPDIR: work },
    ...user,
  });
  assert.equal(result.status, 0, `${result.stdout}\n${result.stderr}`);
  assert.match(result.stdout, /all checked\n$/);
});
