/** Several processes, and processes that die: the instance lock, and what SIGKILL leaves behind. */

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RelayError } from '../../src/core/errors.ts';
import { until } from '../support/until.ts';
import { assertLaw, consumerOf, fails, inspect, messages, takeTexts, testJournal } from './fixture.ts';

interface Ending {
  after(hook: () => void): void;
}

interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stdout(): string;
  stderr(): string;
}

function start(t: Ending, path: string, job: 'hold' | 'append'): Child {
  const script = fileURLToPath(new URL('child.js', import.meta.url));
  const child = spawn(process.execPath, [script, path, job], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const exited = once(child, 'close');
  t.after(() => void child.kill('SIGKILL'));
  assert.ok(child.pid !== undefined);
  return { process: child, pid: child.pid, exited, stdout: () => out, stderr: () => err };
}

describe('the instance lock', () => {
  test('a second process is refused while the first lives, and let in after its SIGKILL', async (t) => {
    const journal = testJournal(t);
    const holder = start(t, journal.path, 'hold');
    await until(() => holder.stdout().includes('open'), { what: 'the child to open the journal' });
    const check = (error: unknown): boolean => {
      assert.ok(error instanceof RelayError);
      assert.equal(error.hint, `stop it first: kill ${holder.pid}`);
      return fails('JOURNAL_BUSY', new RegExp(`in use by process ${holder.pid}$`))(error);
    };
    assert.throws(() => journal.open(), check);
    holder.process.kill('SIGKILL');
    await holder.exited;
    journal.open().append({ messages: messages('a') });
  });

  test('a second process is refused by ours', async (t) => {
    const journal = testJournal(t);
    const core = journal.open();
    const other = start(t, journal.path, 'hold');
    await other.exited;
    assert.match(other.stderr(), new RegExp(`in use by process ${process.pid}`));
    core.append({ messages: messages('a') });
  });

  test('within one process a second opening is refused as well, and leaves the first one its lock', async (t) => {
    const journal = testJournal(t);
    const core = journal.open();
    assert.throws(() => journal.open(), fails('JOURNAL_BUSY'));
    core.append({ messages: messages('a') });
    const other = start(t, journal.path, 'hold');
    await other.exited;
    assert.match(other.stderr(), /in use by process/);
  });
});

test('kill -9 while appending: everything acknowledged is there, nothing twice, the law holds (10 rounds)', async (t) => {
  const journal = testJournal(t);
  const acknowledged: string[] = [];
  for (let round = 0; round < 10; round++) {
    const child = start(t, journal.path, 'append');
    const enough = 30 + round * 7;
    await until(() => child.stdout().split('\n').length > enough, { what: `${enough} acknowledgements` });
    child.process.kill('SIGKILL');
    await child.exited;
    const lines = child.stdout().split('\n').slice(1, -1);
    acknowledged.push(...lines.map((line) => `${child.pid}-${line}`));
    const core = journal.open();
    assertLaw(core);
    const stats = consumerOf(core);
    assert.equal(stats.leased, 0);
    const rows = inspect<{ count: number; bytes: number }>(
      journal.path,
      'SELECT count(*) AS count, sum(len) AS bytes FROM delivery WHERE state = 0',
    );
    assert.deepEqual([stats.pending, stats.pendingBytes], [rows[0]?.count, rows[0]?.bytes]);
    assert.equal(core.listFiles().length, core.stats().files['taken']);
    core.close();
  }
  assert.deepEqual(journal.setAside, []);
  const core = journal.open();
  const texts = takeTexts(core).map((text) => text.replace(/\.+$/, ''));
  const kept = new Set(texts);
  assert.equal(kept.size, texts.length);
  assert.deepEqual(
    acknowledged.filter((text) => !kept.has(text)),
    [],
  );
  // Of the last call of each round only the acknowledgement may be missing.
  assert.ok(
    texts.length <= acknowledged.length + 10,
    `${texts.length} kept, ${acknowledged.length} acknowledged`,
  );
  assertLaw(core);
});
