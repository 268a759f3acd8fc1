/**
 * `idmef convert --stream`: what Prelude's report holds, document by document, as RFC 4765 and for a SECEF gateway.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import type { CommandIo } from '../../src/app/command-io.ts';
import { runConvertStream } from '../../src/app/convert-stream.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { fixturePath } from '../idmef/project-root.ts';
import { recordedIo } from './command-io.ts';

const never = new AbortController().signal;
const names = ['files', 'services', 'data', 'assessment', 'heartbeat'];
const fixture = (name: string): string => readFileSync(fixturePath(name), 'utf8').trim();
const report = names.map((name) => fixture(`prelude-${name}.lenient.xml`)).join('');
const alert = (id: string): string =>
  `<IDMEF-Message><Alert messageid="${id}"><Analyzer analyzerid="a"/>` +
  '<CreateTime ntpstamp="0xbc71f4f5.0x00000000">2000-03-09T10:01:25Z</CreateTime>' +
  '<Classification text="t"/></Alert></IDMEF-Message>';

test('to rfc: a document for each, strictly valid, byte for byte what lenient mode makes of it', async () => {
  const io = recordedIo([Buffer.from(report)]);
  assert.equal(await runConvertStream({ files: ['-'], to: 'rfc' }, io, never), 0);
  const documents = io.said().split('<?xml version="1.0" encoding="UTF-8"?>\n').slice(1);
  assert.equal(documents.length, names.length);
  for (const [index, document] of documents.entries()) {
    const verdict = readDocument(Buffer.from(document), 'strict');
    assert.ok(verdict.readable && verdict.valid, document);
    const expected = fixture(`prelude-${names[index] ?? ''}-repaired.good.xml`);
    assert.equal(document.trim(), expected.slice(expected.indexOf('\n') + 1));
  }
  assert.match(io.complained(), /^<stdin>:2: note: repaired by child-order, /);
  assert.match(io.complained(), /\nidmef: 5 messages: 5 converted\n$/);
});

test('to secef: a document a message, one after another', async () => {
  const io = recordedIo([Buffer.from(report)]);
  assert.equal(await runConvertStream({ files: ['-'], to: 'secef' }, io, never), 0);
  const documents = io.said().split('<?xml ').slice(1);
  assert.deepEqual(
    documents.map((document) => /messageid="([^"]*)"/.exec(document)?.[1]),
    names,
  );
  for (const document of documents) assert.ok(document.endsWith('</idmef:IDMEF-Message>\n'), document);
});

test('a document is written before the next byte of the stream is there', async () => {
  const recorded = recordedIo();
  const seen: number[] = [];
  const io: CommandIo = {
    ...recorded,
    stdin: (async function* growing() {
      for (const id of ['1', '2']) {
        yield Buffer.from(alert(id));
        seen.push(recorded.said().split('<?xml ').length - 1);
      }
    })(),
  };
  assert.equal(await runConvertStream({ files: ['-'], to: 'rfc' }, io, never), 0);
  assert.deepEqual(seen, [1, 2]);
});

test('faults are said with number, line and byte; the rest is converted', async () => {
  const noTime =
    '<IDMEF-Message>\n<Alert messageid="3"><Analyzer analyzerid="a"/><Classification text="t"/></Alert></IDMEF-Message>';
  const stream = `${alert('1')}\nx${alert('a\u0001')}\n<IDMEF-Message>\n<x></IDMEF-Message>${noTime}<IDMEF-Mess`;
  const io = recordedIo([Buffer.from(stream)]);
  assert.equal(await runConvertStream({ files: ['-'], to: 'secef' }, io, never), 65);
  assert.equal(io.said().trimEnd().split('\n').length, 2);
  const at = (text: string): number => stream.indexOf(text);
  assert.deepEqual(io.complained().trimEnd().split('\n'), [
    '<stdin>:1: note: repaired by ns-none',
    `idmef: error: <stdin>: 1 bytes at line 2, byte ${at('x<IDMEF')} are no document: text outside of documents`,
    `idmef: note: <stdin>: document 2 (line 2, byte ${at('x<IDMEF') + 1}): bytes that XML cannot hold are written as \\xNN`,
    '<stdin>:2: note: repaired by ns-none',
    `idmef: error: <stdin>: ${at(noTime) - at('<IDMEF-Message>\n<x>')} bytes at line 3, byte ${at('<IDMEF-Message>\n<x>')} are no document: another document begins before its end`,
    '<stdin>:5: Alert 3: error missing-child: Alert needs CreateTime',
    `idmef: error: <stdin>: 11 bytes at line 5, byte ${stream.length - 11} are no document: it is not complete`,
    'idmef: 3 messages: 2 converted, 1 not',
  ]);
});

test('an unreadable file is 66; a signal ends it between two documents', async () => {
  assert.equal(await runConvertStream({ files: ['/no/such'], to: 'rfc' }, recordedIo(), never), 66);
  const abort = new AbortController();
  abort.abort();
  const io = recordedIo([Buffer.from(alert('1'))]);
  assert.equal(await runConvertStream({ files: ['-'], to: 'rfc' }, io, abort.signal), 0);
  assert.equal(io.said(), '');
});
