/**
 * `idmef submit` and `idmef test-alert`: what lies in the spool afterwards, and what does not.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { runSubmit } from '../../src/app/submit.ts';
import { runTestAlert } from '../../src/app/test-alert.ts';
import { RelayError } from '../../src/core/errors.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { fixturePath } from '../idmef/project-root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { recordedIo } from './command-io.ts';

const good = fixturePath('minimal-alert.good.xml');

test('documents arrive unchanged, under names in the order given', async (t) => {
  const spoolDir = tempDir(t);
  const files = [fixturePath('many-messages.good.xml'), good, fixturePath('no-classification.bad.xml')];
  const io = recordedIo();
  assert.equal(await runSubmit({ files, spoolDir }, io), 0);
  const names = readdirSync(spoolDir).toSorted();
  assert.deepEqual(
    io.said().trimEnd().split('\n'),
    names.map((name) => join(spoolDir, name)),
  );
  assert.ok(names.every((name) => name.endsWith('.xml') && !name.startsWith('.')));
  assert.deepEqual(
    names.map((name) => readFileSync(join(spoolDir, name))),
    files.map((file) => readFileSync(file)),
  );
});

test('what the intake would refuse is not submitted; the rest is', async (t) => {
  const spoolDir = tempDir(t);
  const refused = ['not-closed.bad.xml', 'foreign-root.bad.xml', 'empty.bad.xml', 'empty-root.good.xml'];
  const io = recordedIo();
  assert.equal(await runSubmit({ files: [...refused.map(fixturePath), good], spoolDir }, io), 65);
  assert.equal(readdirSync(spoolDir).length, 1);
  for (const name of refused) {
    assert.ok(io.complained().includes(`${fixturePath(name)} not submitted: `), name);
  }
});

test('an unreadable file is 66; a missing spool says what to give', async (t) => {
  const spoolDir = tempDir(t);
  assert.equal(await runSubmit({ files: ['/no/such'], spoolDir }, recordedIo()), 66);
  await assert.rejects(
    runSubmit({ files: [good], spoolDir: join(spoolDir, 'none') }, recordedIo()),
    (error) => error instanceof RelayError && error.code === 'SPOOL_IO' && error.hint !== undefined,
  );
});

test('the test alert is strictly valid and says that it is a test', async (t) => {
  const io = recordedIo();
  assert.equal(await runTestAlert({ text: 'x & <y>' }, io), 0);
  const verdict = readDocument(Buffer.from(io.said()), 'strict');
  assert.ok(verdict.readable && verdict.valid, JSON.stringify(verdict));
  assert.deepEqual([...verdict.problems, ...verdict.messages.flatMap(({ problems }) => problems)], []);
  assert.match(io.said(), /Classification text="TEST: x &amp; &lt;y/);
  assert.match(io.said(), /made by operator on sensor\.example/);
  const spoolDir = tempDir(t);
  assert.equal(await runTestAlert({ spoolDir }, recordedIo()), 0);
  assert.equal(readdirSync(spoolDir).length, 1);
});
