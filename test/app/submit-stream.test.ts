/**
 * `idmef submit --stream`: documents of a stream arrive in the spool one by one, at once, in order.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import type { CommandIo } from '../../src/app/command-io.ts';
import { runSubmitStream } from '../../src/app/submit-stream.ts';
import { RelayError } from '../../src/core/errors.ts';
import { fixturePath } from '../idmef/project-root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { recordedIo } from './command-io.ts';

const never = new AbortController().signal;
const fixture = (name: string): string => readFileSync(fixturePath(name), 'utf8');
const alert = (id: string): string =>
  `<IDMEF-Message><Alert messageid="${id}"><Analyzer/></Alert></IDMEF-Message>`;

/** Contents of the spool, in the order of names. */
function spooled(dir: string): string[] {
  return readdirSync(dir)
    .toSorted()
    .map((name) => readFileSync(join(dir, name), 'utf8'));
}

test('each document is a file, unchanged and in order, and its path is said', async (t) => {
  const spoolDir = tempDir(t);
  const documents = ['prelude-files.lenient.xml', 'prelude-heartbeat.lenient.xml', 'doctype.good.xml'].map(
    (name) => fixture(name).trim(),
  );
  const file = join(tempDir(t), 'events.xml');
  writeFileSync(file, documents.join(''));
  const io = recordedIo();
  assert.equal(await runSubmitStream({ files: [file], spoolDir }, io, never), 0);
  assert.deepEqual(spooled(spoolDir), documents);
  assert.deepEqual(
    io.said().trimEnd().split('\n'),
    readdirSync(spoolDir)
      .toSorted()
      .map((name) => join(spoolDir, name)),
  );
  const size = Buffer.byteLength(documents.join(''));
  assert.equal(
    io.complained(),
    `idmef: ${file}: 3 documents submitted, 0 refused, done up to byte ${size}\n`,
  );
});

test('a document is in the spool before the next byte of the stream is there', async (t) => {
  const spoolDir = tempDir(t);
  const seen: string[][] = [];
  const io: CommandIo = {
    ...recordedIo(),
    stdin: (async function* growing() {
      for (const id of ['1', '2', '3']) {
        const bytes = Buffer.from(alert(id));
        yield bytes.subarray(0, 30);
        seen.push(spooled(spoolDir));
        yield bytes.subarray(30);
        seen.push(spooled(spoolDir));
      }
    })(),
  };
  assert.equal(await runSubmitStream({ files: ['-'], spoolDir }, io, never), 0);
  const all = ['1', '2', '3'].map(alert);
  assert.deepEqual(
    seen,
    [0, 1, 1, 2, 2, 3].map((count) => all.slice(0, count)),
  );
});

test('what is no document is said with its place, and the rest is submitted', async (t) => {
  const spoolDir = tempDir(t);
  const stream =
    `${alert('1')}\nrubbish<IDMEF-Message><Alert>${alert('2')}\n` +
    `<IDMEF-Message>\n<x/></IDMEF-Message>${alert('3')}<IDMEF-Message/><IDMEF-Message><Al`;
  const io = recordedIo([Buffer.from(stream)]);
  assert.equal(await runSubmitStream({ files: ['-'], spoolDir }, io, never), 65);
  assert.deepEqual(spooled(spoolDir), ['1', '2', '3'].map(alert));
  const fourth = stream.indexOf('<IDMEF-Message>\n');
  const fifth = stream.indexOf('<IDMEF-Message/>');
  assert.deepEqual(io.complained().trimEnd().split('\n'), [
    'idmef: error: <stdin>: 7 bytes at line 2, byte 72 are no document: text outside of documents',
    `idmef: error: <stdin>: 22 bytes at line 2, byte 79 are no document: another document begins before its end`,
    `idmef: error: <stdin>: document 3 (line 3, byte ${fourth}) not submitted: line 4, column 1: x is not an IDMEF message`,
    `idmef: error: <stdin>: document 5 (line 4, byte ${fifth}) not submitted: it holds no message`,
    `idmef: error: <stdin>: 18 bytes at line 4, byte ${fifth + 16} are no document: it is not complete`,
    `idmef: <stdin>: 3 documents submitted, 5 refused, done up to byte ${fifth + 16}`,
  ]);
});

test('remarks of Prelude between its documents are no fault', async (t) => {
  const spoolDir = tempDir(t);
  const io = recordedIo([
    Buffer.from(`${alert('1')}element Alert: validity error : no CreateTime\n${alert('2')}`),
  ]);
  assert.equal(await runSubmitStream({ files: ['-'], spoolDir }, io, never), 0);
  assert.deepEqual(spooled(spoolDir), [alert('1'), alert('2')]);
  assert.match(
    io.complained(),
    /^idmef: note: <stdin>: 46 bytes at line 1, byte 71 are no document: remarks of Prelude/,
  );
});

test('control characters and bytes that are not UTF-8 do not keep an alert away', async (t) => {
  const spoolDir = tempDir(t);
  const io = recordedIo([
    Buffer.from(alert('a\u0001b\uFFFE\\'), 'utf8'),
    Buffer.from(alert('\u00E9'), 'latin1'),
  ]);
  assert.equal(await runSubmitStream({ files: ['-'], spoolDir }, io, never), 0);
  assert.deepEqual(spooled(spoolDir), [alert('a\\x01b\\xef\\xbf\\xbe\\'), alert('\\xe9')]);
  assert.match(
    io.complained(),
    /^idmef: note: <stdin>: document 1 \(line 1, byte 0\): bytes that XML cannot hold/,
  );
});

test('a signal ends it between two documents; the half one is no fault', async (t) => {
  const spoolDir = tempDir(t);
  const abort = new AbortController();
  const io: CommandIo & { complained(): string } = {
    ...recordedIo(),
    stdin: (async function* endless() {
      yield Buffer.from(`${alert('1')}<IDMEF-Message><Al`);
      abort.abort();
      await new Promise<never>(() => undefined);
    })(),
  };
  assert.equal(await runSubmitStream({ files: ['-', '/no/such'], spoolDir }, io, abort.signal), 0);
  assert.deepEqual(spooled(spoolDir), [alert('1')]);
  assert.equal(
    io.complained(),
    `idmef: <stdin>: 1 document submitted, 0 refused, done up to byte ${alert('1').length}\n`,
  );
});

test('unreadable files are 66, and the other streams are submitted', async (t) => {
  const spoolDir = tempDir(t);
  const io = recordedIo([Buffer.from(alert('1'))]);
  assert.equal(await runSubmitStream({ files: ['/no/such', spoolDir, '-'], spoolDir }, io, never), 66);
  assert.deepEqual(spooled(spoolDir), [alert('1')]);
  assert.match(io.complained(), /cannot read \/no\/such: no such file\n.*it is a directory, not a file/);
});

test('a spool that cannot be written ends it, and says up to where all is well', async (t) => {
  const spoolDir = tempDir(t);
  const recorded = recordedIo();
  const io: CommandIo = {
    ...recorded,
    stdin: (async function* losing() {
      yield Buffer.from(alert('1'));
      rmSync(spoolDir, { recursive: true });
      yield Buffer.from(alert('2') + alert('3'));
    })(),
  };
  await assert.rejects(
    runSubmitStream({ files: ['-'], spoolDir }, io, never),
    (error) => error instanceof RelayError && error.code === 'SPOOL_IO',
  );
  assert.equal(
    recorded.complained(),
    `idmef: <stdin>: 1 document submitted, 0 refused, done up to byte ${alert('1').length}\n`,
  );
});

test('many documents that come at once stay in order', async (t) => {
  const spoolDir = tempDir(t);
  const all = Array.from({ length: 200 }, (_, index) => alert(String(index)));
  const io = recordedIo([Buffer.from(all.join('\n'))]);
  assert.equal(await runSubmitStream({ files: ['-'], spoolDir }, io, never), 0);
  assert.deepEqual(spooled(spoolDir), all);
  const names = readdirSync(spoolDir).toSorted();
  // The intake goes by age first.
  assert.equal(new Set(names.map((name) => statSync(join(spoolDir, name)).mtimeMs)).size, 1);
  const said = io.said().trimEnd().split('\n');
  assert.deepEqual(
    said,
    names.map((name) => join(spoolDir, name)),
  );
});

test('without --stream several documents are refused with a hint', async (t) => {
  const { runSubmit } = await import('../../src/app/submit.ts');
  const io = recordedIo([Buffer.from(alert('1') + alert('2'))]);
  assert.equal(await runSubmit({ files: ['-'], spoolDir: tempDir(t) }, io), 65);
  assert.match(io.complained(), /; --stream takes several documents\n$/);
});
