/**
 * `idmef validate`: lines, JSON, exit codes, and inputs that are no files.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { runValidate } from '../../src/app/validate.ts';
import { fixturePath } from '../idmef/project-root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { recordedIo } from './command-io.ts';

const good = fixturePath('minimal-alert.good.xml');
const bad = fixturePath('no-classification.bad.xml');
const lenient = fixturePath('child-order.lenient.xml');

test('all valid: silence on stdout, one summary line, 0', async () => {
  const io = recordedIo();
  const files = [good, fixturePath('many-messages.good.xml')];
  assert.equal(await runValidate({ files, mode: 'strict', json: false }, io), 0);
  assert.equal(io.said(), '');
  assert.equal(io.complained(), 'idmef: 2 files, 4 messages: 2 valid, 0 invalid\n');
});

test('a problem is said with its place, and 1', async () => {
  const io = recordedIo();
  assert.equal(await runValidate({ files: [good, bad], mode: 'lenient', json: false }, io), 1);
  const [line = '', ...more] = io.said().split('\n');
  assert.ok(line.startsWith(`${bad}:`), line);
  assert.match(
    line.slice(bad.length),
    /^:\d+:\d+: error missing-child \/IDMEF-Message\/Alert\S*: Alert needs Classification/,
  );
  assert.deepEqual(more, ['']);
  assert.match(io.complained(), /1 valid, 1 invalid/);
});

test('a repaired message is a note in lenient mode, an error in strict mode', async () => {
  const io = recordedIo();
  assert.equal(await runValidate({ files: [lenient], mode: 'lenient', json: false }, io), 0);
  assert.equal(io.said(), `${lenient}: note: repaired by child-order\n`);
  const strict = recordedIo();
  assert.equal(await runValidate({ files: [lenient], mode: 'strict', json: false }, strict), 1);
  assert.match(strict.said(), /: error child-order /);
});

test('warnings do not make a file invalid', async () => {
  const io = recordedIo();
  const files = [fixturePath('warnings-only.good.xml')];
  assert.equal(await runValidate({ files, mode: 'strict', json: false }, io), 0);
  assert.match(io.said(), /: warning E1 /);
  assert.doesNotMatch(io.said(), /: error /);
});

test('--json is one object a file', async () => {
  const io = recordedIo();
  const files = [good, bad, lenient, '/no/such/file.xml'];
  assert.equal(await runValidate({ files, mode: 'lenient', json: true }, io), 66);
  const rows = io.said().trimEnd().split('\n');
  assert.equal(rows.length, files.length);
  rows.forEach((row) => JSON.parse(row) as unknown);
  const starts = [
    `{"file":${JSON.stringify(good)},"mode":"lenient","valid":true,`,
    `{"file":${JSON.stringify(bad)},"mode":"lenient","valid":false,`,
    `{"file":${JSON.stringify(lenient)},"mode":"lenient","valid":true,`,
    '{"file":"/no/such/file.xml","valid":false,"error":"no such file"}',
  ];
  starts.forEach((start, index) => assert.ok(rows[index]?.startsWith(start), rows[index]));
  assert.match(rows[1] ?? '', /"problems":\[\{"level":"error","rule":"missing-child"/);
  assert.match(rows[2] ?? '', /"leniencies":\["child-order"\]/);
});

test('- is standard input, in chunks', async () => {
  const xml = Buffer.from('<IDMEF-Message xmlns="http://iana.org/idmef"/>');
  const io = recordedIo([xml.subarray(0, 20), xml.subarray(20)]);
  assert.equal(await runValidate({ files: ['-'], mode: 'strict', json: false }, io), 0);
  const broken = recordedIo([Buffer.from('<IDMEF-Message>')]);
  assert.equal(await runValidate({ files: ['-'], mode: 'strict', json: false }, broken), 1);
  assert.match(broken.said(), /^<stdin>:1:\d+: error /);
});

test('what is no file is named with the reason, and the others are still judged', async (t) => {
  const dir = tempDir(t);
  const fifo = join(dir, 'fifo');
  const socket = join(dir, 'socket');
  const folder = join(dir, 'folder');
  const dangling = join(dir, 'dangling');
  execFileSync('mkfifo', [fifo]);
  mkdirSync(folder);
  symlinkSync('nowhere', dangling);
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  t.after(() => server.close());
  const io = recordedIo();
  const files = [fifo, socket, folder, dangling, '/dev/null', good];
  assert.equal(await runValidate({ files, mode: 'strict', json: false }, io), 66);
  const lines = io.complained().trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^idmef: error: cannot read .*fifo: it is a pipe, not a file/);
  assert.match(lines[1] ?? '', /socket: it is a socket or device/);
  assert.match(lines[2] ?? '', /folder: it is a directory/);
  assert.match(lines[3] ?? '', /dangling: no such file/);
  assert.match(lines[4] ?? '', /\/dev\/null: it is a device or socket/);
  assert.equal(lines[5], 'idmef: 6 files, 1 message: 1 valid, 0 invalid, 5 unreadable');
});

test('a name cannot repaint the terminal', async (t) => {
  const file = join(tempDir(t), 'a\u001b[2Jb.xml');
  writeFileSync(file, '<x/>');
  const io = recordedIo();
  assert.equal(await runValidate({ files: [file], mode: 'strict', json: false }, io), 1);
  assert.ok(!io.said().includes('\u001b'));
});
