/**
 * `idmef show`: the readable view fits a terminal, shows every message, and cannot be abused by one.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { runShow } from '../../src/app/show.ts';
import { fixturePath } from '../idmef/project-root.ts';
import { alert, document } from '../idmef/sample.ts';
import { tempDir } from '../support/temp-dir.ts';
import { recordedIo } from './command-io.ts';

test('every message of every file, 80 columns at most', async () => {
  const io = recordedIo();
  const files = ['everything.good.xml', 'child-order.lenient.xml', 'no-classification.bad.xml'].map(
    fixturePath,
  );
  assert.equal(await runShow({ files, json: false }, io), 0);
  const text = io.said();
  assert.ok(
    text.split('\n').every((line) => line.length <= 80),
    text,
  );
  const blocks = text.split('\n\n');
  assert.equal(blocks.length, 6);
  assert.match(blocks[0] ?? '', /^Alert alert-1 {2}/);
  assert.match(
    blocks[0] ?? '',
    /\nclassification {4}Everything\nseverity +high, failed, file, tried to read\n/,
  );
  assert.match(blocks[3] ?? '', /^Heartbeat heartbeat-1 [^]*\ninterval +600 s\n/);
  assert.match(blocks[4] ?? '', /repaired/);
  assert.match(blocks[5] ?? '', /not valid/);
});

test('--json is one object a message', async () => {
  const io = recordedIo();
  assert.equal(await runShow({ files: [fixturePath('many-messages.good.xml')], json: true }, io), 0);
  const rows = io.said().trimEnd().split('\n');
  assert.equal(rows.length, 3);
  rows.forEach((row) => JSON.parse(row) as unknown);
  for (const [index, id] of ['"Alert","messageid":"m1"', '"Heartbeat","messageid":"h1"'].entries()) {
    assert.ok(rows[index]?.includes(`"valid":true,"leniencies":[],"kind":${id}`), rows[index]);
  }
});

test('what cannot be taken apart is said with its place', async () => {
  const io = recordedIo();
  const files = ['/no/such', fixturePath('not-closed.bad.xml')];
  assert.equal(await runShow({ files, json: false }, io), 66);
  assert.match(io.complained(), /cannot read \/no\/such: no such file\n/);
  assert.match(io.complained(), /not-closed\.bad\.xml:\d+:\d+: /);
});

test('control characters of a message stay characters', async (t) => {
  const file = join(tempDir(t), 'x.xml');
  const text = 'a&#9;\u0085\u202Eb';
  writeFileSync(
    file,
    document(
      alert({ data: `<AdditionalData meaning="${text}"><string>${text}&#10;c</string></AdditionalData>` }),
    ),
  );
  const io = recordedIo();
  assert.equal(await runShow({ files: [file], json: false }, io), 0);
  assert.doesNotMatch(io.said(), /[\u0085\u202E\t]/);
  assert.match(io.said(), /a\\t\\u0085\\u202eb\\nc/);
});
