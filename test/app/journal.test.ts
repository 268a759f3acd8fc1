/** `idmef journal`: each verb on real files, in words and JSON, beside a running program and after a disk's fault. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { backup, freeConsumer } from '../../src/app/journal-backup.ts';
import { checkJournal } from '../../src/app/journal-check.ts';
import { exportJournal, type ExportOptions } from '../../src/app/journal-export.ts';
import { journalFile, type JournalIo } from '../../src/app/journal-io.ts';
import { listJournal } from '../../src/app/journal-list.ts';
import { repairJournal } from '../../src/app/journal-repair.ts';
import { jsonObject } from '../../src/core/json-object.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { systemRandom } from '../../src/os/random.ts';
import { assertLaw, consumerOf, fails, takeTexts, tamper, testJournal } from '../journal/fixture.ts';
import { alertElement } from '../support/tiny-alerts.ts';

function world(t: TestContext) {
  const journal = testJournal(t);
  const core = journal.open({ consumers: ['now', 'gone'] });
  core.append({
    messages: ['a', 'b', 'c', 'd'].map((id) => ({ body: Buffer.from(alertElement(id)), severity: 4 })),
  });
  const claim = core.lease('now', { messages: 1, bytes: 1 });
  core.settle(claim?.id ?? 0);
  core.close();
  journal.open({ consumers: ['now'] }).close();
  let out = '';
  let err = '';
  const io: JournalIo = {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    now: () => journal.clock.now() + 5000,
    random: systemRandom,
  };
  const said = async (work: () => Promise<number>) => {
    [out, err] = ['', ''];
    return { exit: await work(), out, err };
  };
  return { journal, path: journal.path, io, said };
}

describe('check', () => {
  test('a sound journal, beside the program that uses it', async (t) => {
    const { journal, path, io, said } = world(t);
    const core = journal.open({ consumers: ['now'] });
    const { exit, out, err } = await said(() => checkJournal(path, false, io));
    assert.deepEqual([exit, err], [0, '']);
    assert.match(out, /: sound\n/);
    assert.match(out, /consumer now: 3 messages pending, .* the oldest 5 s old; 1 settled\n/);
    assert.match(out, /consumer gone: 4 messages held \(not configured any more\)/);
    assert.equal(takeTexts(core, 'now').length, 3);
  });

  const faults: readonly [what: string, sql: string, words: RegExp][] = [
    ['a wrong checksum', 'UPDATE message SET crc32 = 1 WHERE seq = 2', /message 2: checksum differs/],
    ['a wrong counter', `UPDATE counter SET value = 9 WHERE name = 'accepted'`, /offered 4 is not/],
    ['an owed message that is gone', 'DELETE FROM message WHERE seq = 2', /2 messages owed and not there/],
    ['a message owed to nobody', 'DELETE FROM delivery WHERE seq = 2', /1 messages owed to nobody/],
    ['a definition that is gone', 'DROP TABLE previous', /it lacks CREATE TABLE previous/],
  ];
  for (const [what, sql, words] of faults) {
    test(what, async (t) => {
      const { path, io, said } = world(t);
      tamper(path, sql);
      const { exit, out, err } = await said(() => checkJournal(path, false, io));
      assert.equal(exit, 1);
      assert.match(out, words);
      assert.match(err, /journal repair/);
      const { out: json } = await said(() => checkJournal(path, true, io));
      assert.equal(JSON.parse(json).sound, false);
    });
  }

  test('no journal, or another program\u2019s database, is no damage', async (t) => {
    const { journal, io } = world(t);
    await assert.rejects(checkJournal(join(journal.dir, 'none.db'), false, io), fails('NO_INPUT'));
    const foreign = join(journal.dir, 'foreign.db');
    tamper(foreign, 'CREATE TABLE theirs(x)');
    await assert.rejects(checkJournal(foreign, false, io), fails('JOURNAL_IO', /another program/));
  });
});

test('list: what is owed, with what the XML says', async (t) => {
  const { path, io, said } = world(t);
  const options = { path, consumer: undefined, all: false, limit: 2, json: false };
  const { out } = await said(() => listJournal(options, io));
  const lines = out.trimEnd().split('\n');
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /^2\t2026-01-02T03:04:05.000Z\thigh\t\d+ bytes\tnow,gone\tAlert\tb\t/);
  const { out: json } = await said(() =>
    listJournal({ ...options, consumer: 'gone', limit: 9, json: true }, io),
  );
  const rows: unknown[] = json
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(rows.length, 4);
  assert.deepEqual(jsonObject(JSON.stringify(rows[0]))?.['consumers'], ['gone']);
  await assert.rejects(
    listJournal({ ...options, consumer: 'nobody' }, io),
    fails('NO_INPUT', /no consumer nobody/),
  );
});

describe('export', () => {
  function target(t: TestContext) {
    const all = world(t);
    const directory = join(all.journal.dir, 'spool');
    mkdirSync(directory);
    const options: ExportOptions = {
      path: all.path,
      directory,
      spool: true,
      consumer: undefined,
      all: false,
      apply: false,
    };
    return { ...all, directory, options };
  }

  test('plans first, then writes whole documents in order and withdraws them', async (t) => {
    const { journal, directory, options, io, said } = target(t);
    const plan = await said(() => exportJournal(options, io));
    assert.match(plan.out, /^would export 3 messages/);
    assert.match(plan.err, /--apply/);
    assert.deepEqual(readdirSync(directory), []);
    const { exit, out } = await said(() => exportJournal({ ...options, apply: true }, io));
    assert.equal(exit, 0);
    assert.match(out, /^exported 3 messages/);
    const names = readdirSync(directory).toSorted();
    assert.ok(names.every((name) => /^[0-9a-f]{8}-\d{16}\.xml$/.test(name)));
    const ids = names.map((name) => {
      const verdict = readDocument(readFileSync(join(directory, name)), 'strict');
      assert.ok(verdict.readable && verdict.messages.length === 1);
      return /messageid="(\w+)"/.exec(Buffer.from(verdict.messages[0]?.bytes ?? []).toString())?.[1];
    });
    assert.deepEqual(ids, ['b', 'c', 'd']);
    const core = journal.open({ consumers: ['now'] });
    assert.deepEqual(takeTexts(core, 'now'), []);
    assert.deepEqual(consumerOf(core, 'now').dropped, { withdrawn: 3 });
    assert.equal(consumerOf(core, 'gone').held, 4);
    assertLaw(core);
  });

  test('with --all also what is held; a file of the same content is not written twice, another never replaced', async (t) => {
    const { journal, path, directory, options, io, said } = target(t);
    const id = journal.open({ readOnly: true }).id.slice(0, 8);
    const saved = readFileSync(path);
    await said(() => exportJournal({ ...options, all: true, apply: true }, io));
    assert.equal(readdirSync(directory).length, 4);
    // As if it had been killed before it could withdraw them.
    for (const part of ['', '-wal', '-shm'])
      if (existsSync(path + part)) renameSync(path + part, `${path}.used${part}`);
    writeFileSync(path, saved);
    assert.match((await said(() => exportJournal({ ...options, apply: true }, io))).out, /^exported 3/);
    assert.equal(readdirSync(directory).length, 4);
    for (const part of ['', '-wal', '-shm'])
      if (existsSync(path + part)) renameSync(path + part, `${path}.used2${part}`);
    writeFileSync(path, saved);
    writeFileSync(join(directory, `${id}-${'3'.padStart(16, '0')}.xml`), 'mine');
    await assert.rejects(exportJournal({ ...options, apply: true }, io), fails('SPOOL_IO', /another file/));
    assert.equal(consumerOf(journal.open({ consumers: ['now'] }), 'now').pending, 3);
  });

  test('a running program is to be stopped first; a spool must exist; a damaged message stays', async (t) => {
    const { journal, path, directory, options, io, said } = target(t);
    const core = journal.open({ consumers: ['now'] });
    assert.match((await said(() => exportJournal(options, io))).out, /^would export 3/);
    await assert.rejects(
      exportJournal({ ...options, apply: true }, io),
      (error: Error & { hint?: string }) => {
        assert.match(error.hint ?? '', /systemctl stop reverse-server/);
        return fails('JOURNAL_BUSY')(error);
      },
    );
    core.close();
    await assert.rejects(exportJournal({ ...options, directory: `${directory}x` }, io), fails('SPOOL_IO'));
    tamper(path, 'UPDATE message SET crc32 = 1 WHERE seq = 3');
    const { exit, err } = await said(() => exportJournal({ ...options, apply: true }, io));
    assert.equal(exit, 1);
    assert.match(err, /1 message damaged, left/);
    assert.equal(readdirSync(directory).length, 2);
  });
});

describe('repair', () => {
  test('says what can be saved, does it with --apply, keeps the old file', async (t) => {
    const { journal, path, io, said } = world(t);
    assert.match((await said(() => repairJournal(path, true, io))).out, /sound, nothing to repair/);
    tamper(path, 'UPDATE message SET crc32 = 1 WHERE seq = 2');
    const plan = await said(() => repairJournal(path, false, io));
    assert.equal(plan.exit, 1);
    assert.match(
      plan.out,
      /would be salvaged 3 of 4 messages, 1 damaged\n {2}consumer now: 2 messages pending, 1 damaged/,
    );
    assert.deepEqual(
      readdirSync(journal.dir).filter((name) => name.includes('corrupt')),
      [],
    );
    const { exit, out } = await said(() => repairJournal(path, true, io));
    assert.equal(exit, 0);
    assert.match(out, /salvaged 3 of 4 messages, 1 damaged[^]*kept as .*corrupt-/);
    assert.equal((await said(() => checkJournal(path, false, io))).exit, 0);
    const core = journal.open({ consumers: ['now'] });
    assert.equal(takeTexts(core, 'now').length, 2);
    assert.deepEqual(consumerOf(core, 'now').dropped, { damaged: 1 });
  });

  test('what was never a journal is not touched; a running program is to be stopped', async (t) => {
    const { journal, path, io } = world(t);
    const other = join(journal.dir, 'passwd');
    writeFileSync(other, 'root:x:0:0\n'.repeat(100));
    await assert.rejects(repairJournal(other, true, io), fails('NO_INPUT', /does not look like a journal/));
    assert.ok(existsSync(other));
    tamper(path, 'UPDATE message SET crc32 = 1 WHERE seq = 2');
    journal.open({ consumers: ['now'] });
    await assert.rejects(repairJournal(path, true, io), fails('JOURNAL_BUSY'));
  });
});

test('backup beside the running program, never over a file; restored it delivers what was pending then', async (t) => {
  const { journal, path, io, said } = world(t);
  const core = journal.open({ consumers: ['now'] });
  const { id } = core;
  const to = join(journal.dir, 'copy.db');
  assert.equal((await said(() => backup(path, to, io))).exit, 0);
  await assert.rejects(backup(path, to, io), fails('USAGE', /exists already/));
  assert.equal(takeTexts(core, 'now').length, 3);
  assert.equal((await said(() => checkJournal(to, false, io))).exit, 0);
  const restored = journal.open({ path: to, consumers: ['now'] });
  assert.equal(restored.id, id);
  assert.equal(takeTexts(restored, 'now').length, 3);
  assert.deepEqual(journal.setAside, []);
  await assert.rejects(backup(path, join(journal.dir, 'no', 'where.db'), io), fails('JOURNAL_IO'));
  mkdirSync(join(journal.dir, 'weekly'));
  await said(() => backup(path, join(journal.dir, 'weekly'), io));
  assert.deepEqual(
    readdirSync(join(journal.dir, 'weekly')).filter((name) => name.endsWith('.db')),
    ['journal.db'],
  );
});

test('free: what is held for a former consumer, counted as discarded', async (t) => {
  const { journal, path, io, said } = world(t);
  await assert.rejects(freeConsumer(path, 'now', true, io), fails('USAGE', /in use/));
  assert.match((await said(() => freeConsumer(path, 'gone', false, io))).out, /^would drop 4 messages/);
  assert.match((await said(() => freeConsumer(path, 'gone', true, io))).out, /^dropped 4 messages/);
  const core = journal.open({ consumers: ['now'] });
  assert.deepEqual(consumerOf(core, 'gone').dropped, { discarded: 4 });
  assert.equal(consumerOf(core, 'now').pending, 3);
  assertLaw(core);
});

test('a state directory stands for its journal', (t) => {
  const { journal, path } = world(t);
  assert.equal(journalFile(journal.dir), path);
  assert.equal(journalFile(path), path);
});
