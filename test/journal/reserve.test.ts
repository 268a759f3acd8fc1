/** The file kept for a full disk: real, whole before anything is appended, given up piece by piece. */

import assert from 'node:assert/strict';
import { existsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { journalLimits } from '../../src/core/limits.ts';
import { Reserve } from '../../src/journal/reserve.ts';
import { manualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, testJournal } from './fixture.ts';

const { reserveBytes, reservePieceBytes, reserveRetryMs } = journalLimits;

test('is made of blocks, given up in pieces, and made whole when there is room', (t) => {
  const path = join(tempDir(t), 'journal.db');
  const file = `${path}.reserve`;
  const clock = manualClock();
  const reserve = new Reserve(path, reserveBytes, clock);
  reserve.find();
  assert.equal(reserve.giveUp(), false);
  assert.equal(reserve.mayAppend, true);
  assert.equal(statSync(file).size, reserveBytes);
  assert.ok(statSync(file).blocks * 512 >= reserveBytes);
  for (let left = reserveBytes - reservePieceBytes; left > 0; left -= reservePieceBytes) {
    assert.equal(reserve.giveUp(), true);
    assert.equal(statSync(file).size, left);
    assert.equal(reserve.mayAppend, false);
  }
  assert.equal(reserve.giveUp(), true);
  assert.equal(existsSync(file), false);
  assert.equal(reserve.giveUp(), false);
  clock.advance(reserveRetryMs);
  assert.equal(reserve.mayAppend, true);
  assert.equal(statSync(file).size, reserveBytes);
});

test('what an earlier process left of it counts, a sparse file does not', (t) => {
  const path = join(tempDir(t), 'journal.db');
  const file = `${path}.reserve`;
  writeFileSync(file, '');
  truncateSync(file, reserveBytes);
  const sparse = new Reserve(path, reserveBytes, manualClock());
  sparse.find();
  assert.equal(sparse.giveUp(), false);
  sparse.make();
  truncateSync(file, reservePieceBytes);
  const part = new Reserve(path, reserveBytes, manualClock());
  part.find();
  assert.equal(part.giveUp(), true);
  assert.equal(existsSync(file), false);
});

test('a journal makes it beside itself, unless it only looks or is told not to', (t) => {
  const { open, path } = testJournal(t);
  const file = `${path}.reserve`;
  const core = open({ reserveBytes: 0 });
  core.append({ messages: messages('a') });
  core.close();
  open({ readOnly: true }).close();
  assert.equal(existsSync(file), false);
  open().close();
  assert.equal(statSync(file).size, reserveBytes);
});
