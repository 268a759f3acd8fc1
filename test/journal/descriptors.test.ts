/** Two hundred profiles are opened and closed each minute in one process: a closed journal keeps no descriptor. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fails, messages, takeTexts, testJournal } from './fixture.ts';

const OPEN = '/proc/self/fd';

/** Files below a directory that this process has open. */
function openBelow(dir: string): string[] {
  return readdirSync(OPEN).flatMap((name) => {
    try {
      const target = readlinkSync(join(OPEN, name));
      return target.startsWith(dir) ? [target] : [];
    } catch {
      return []; // The descriptor that listed the others.
    }
  });
}

const skip = existsSync(OPEN) ? false : 'no /proc/self/fd on this system';

test('closed journals kept their descriptors until garbage was collected', { skip }, (t) => {
  const journal = testJournal(t);
  for (let round = 0; round < 50; round++) {
    const core = journal.open({ consumers: [`c${round % 2}`] });
    core.append({ messages: messages('a') });
    takeTexts(core, `c${round % 2}`);
    core.stats();
    if (round === 0) assert.ok(openBelow(journal.dir).length >= 4);
    core.close();
    assert.deepEqual(openBelow(journal.dir), []);
    const look = journal.open({ readOnly: true });
    look.stats();
    look.close();
    assert.deepEqual(openBelow(journal.dir), []);
  }
});

test('a journal that is refused keeps none either', { skip }, (t) => {
  const journal = testJournal(t);
  const first = journal.open();
  for (let round = 0; round < 5; round++) assert.throws(() => journal.open(), fails('JOURNAL_BUSY'));
  // SQLite closes no descriptor of a file on which the process holds a lock, for the lock would go with it.
  first.close();
  assert.deepEqual(openBelow(journal.dir), []);
});

test('a path is a path, whatever stands in it', (t) => {
  const journal = testJournal(t);
  const path = join(journal.dir, "o'neil ?mode=memory", 'journal.db');
  const core = journal.open({ path });
  core.append({ messages: messages('a') });
  core.close();
  assert.ok(existsSync(path));
  assert.deepEqual(takeTexts(journal.open({ path })), ['a']);
});
