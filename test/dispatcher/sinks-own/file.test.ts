/** The file sink in real directories: confinement, durability after a crash, rotation, full disks, AlertGateway's form. */

import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import * as fc from 'fast-check';

import type { Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { SendMessage, SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { createConsoleType } from '../../../src/dispatcher/sinks/own/console/console.ts';
import { fileRecipient, fileType } from '../../../src/dispatcher/sinks/own/file/file.ts';
import { fileOutcome } from '../../../src/dispatcher/sinks/own/file/file-outcome.ts';
import { RelayError } from '../../../src/core/errors.ts';
import { readDocument } from '../../../src/idmef/read-document.ts';
import { anyText } from '../../support/any-text.ts';
import { tempDir } from '../../support/temp-dir.ts';
import {
  endpoint,
  manualTimers,
  message,
  never,
  notification,
  recipient,
  world,
  type World,
} from './sink-world.ts';

interface Here {
  readonly dir: string;
  readonly deps: World;
  readonly send: (
    params: Record<string, unknown>,
    messages?: readonly SendMessage[],
    more?: Partial<Recipient>,
  ) => Promise<SinkAnswer>;
}

async function open(t: TestContext, timers = manualTimers()): Promise<Here> {
  const dir = join(tempDir(t), 'out');
  mkdirSync(dir);
  const deps = world({ timers });
  const sink = await fileType.create(endpoint('file', { dir }), deps);
  t.after(() => sink.close());
  return {
    dir,
    deps,
    send: async (params, messages = [message(1)], more = {}) =>
      await sink.send(notification(messages, recipient(params, more)), never),
  };
}

const words = ({ outcome }: SinkAnswer): string =>
  'reason' in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;
/** A line of jsonl. */
function parsed(line: string): Record<string, unknown> {
  const value: Record<string, unknown> = JSON.parse(line);
  return value;
}

const read = (dir: string, name: string): string => readFileSync(join(dir, name), 'utf8');
const lines = (dir: string, name: string): string[] => read(dir, name).trimEnd().split('\n');

describe('formats', () => {
  test('jsonl: a document a line, appended', async (t) => {
    const { dir, send } = await open(t);
    assert.equal(words(await send({}, [message(1), message(2)])), 'ok');
    await send({}, [message(3)]);
    const all = lines(dir, 'alerts.jsonl').map(parsed);
    assert.deepEqual(
      all.map(({ seq }) => seq),
      [1, 2, 3],
    );
    assert.equal(all[0]?.['title'], 'Brute force attack');
  });

  test('text: a line an alert', async (t) => {
    const { dir, send } = await open(t);
    await send({ file: 'a.log', format: 'text' }, [message(1, { title: 'x\r\n[high] forged \u001b[2J' })]);
    assert.equal(
      read(dir, 'a.log'),
      '[high] x\\r\\n[high] forged \\u001b[2J: 198.51.100.7 -> 192.0.2.5:22 (analyzer nids at dmz1, id id-1)\n',
    );
  });

  test('text: what was posted by key is appended as it was, with a line end, to every file of the list', async (t) => {
    const { dir, send } = await open(t);
    await send({ file: 'a.log, b.log', format: 'text' }, [message(1, { verbatim: 'disk full\non web1' })]);
    for (const name of ['a.log', 'b.log']) assert.equal(read(dir, name), 'disk full\non web1\n');
    await send({ file: 'c.log', format: 'text' }, [message(1, { verbatim: 'disk full\non web1' })], {
      verbatim: false,
    });
    assert.equal(read(dir, 'c.log'), 'disk full\\non web1\n');
  });

  test('idmef: a document a file, and a repeat overwrites its own', async (t) => {
    const { dir, send } = await open(t);
    for (let n = 0; n < 2; n++) await send({ format: 'idmef', file: 'soc' }, [message(1), message(2)]);
    assert.deepEqual(readdirSync(dir).toSorted(), [
      'soc-20260102T030405.000Z-000000000001.xml',
      'soc-20260102T030405.000Z-000000000002.xml',
    ]);
    const document = readDocument(
      readFileSync(join(dir, 'soc-20260102T030405.000Z-000000000001.xml')),
      'strict',
    );
    assert.equal(document.readable, true);
  });

  for (const format of ['jsonl', 'text', 'idmef']) {
    test(`${format}: a test says so`, async (t) => {
      const { dir, deps } = await open(t);
      const sink = await fileType.create(endpoint('file', { dir }), deps);
      const rendered = { subject: '', body: '', plain: 'a test of ana' };
      const result = await sink.send(
        notification([], recipient({ format, file: 'x' }), { form: 'test', rendered }),
        never,
      );
      assert.equal(words(result), 'ok');
      const [name = ''] = readdirSync(dir);
      assert.match(read(dir, name), /a test of ana/);
    });
  }
});

describe('confinement', () => {
  test('G-AG: no name leads out of the directory', () => {
    const outside = [
      '../x',
      '/etc/passwd',
      'a/b',
      '..',
      '.',
      '.hidden',
      'a\0b',
      'a\nb',
      '',
      '-rf',
      'a,../b',
      '~/x',
      'x'.repeat(101),
    ];
    for (const file of outside)
      assert.equal(fileRecipient.safeParse({ file }).success, false, JSON.stringify(file));
    for (const file of ['a', 'a.log', 'A-b_c.1.jsonl', 'a,b']) {
      assert.equal(fileRecipient.safeParse({ file }).success, true, file);
    }
  });

  test('whatever name is taken, it is one of the directory', () => {
    fc.assert(
      fc.property(anyText(12), (file) => {
        if (!fileRecipient.safeParse({ file }).success) return;
        for (const one of file.split(',')) {
          if (one.trim() !== '') assert.equal(join('/a/b', one.trim()).split('/').length, 4);
        }
      }),
    );
  });

  test('a symbolic link is not followed', async (t) => {
    const { dir, send } = await open(t);
    const target = join(dir, '..', 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(dir, 'a.log'));
    assert.match(words(await send({ file: 'a.log' })), /^broken: a symbolic link/);
    assert.equal(readFileSync(target, 'utf8'), 'precious');
  });

  test('a hard link to something else is not written to', async (t) => {
    const { dir, send } = await open(t);
    const target = join(dir, '..', 'target');
    writeFileSync(target, 'precious');
    linkSync(target, join(dir, 'a.log'));
    assert.match(words(await send({ file: 'a.log' })), /^broken: .*second name/);
    assert.equal(readFileSync(target, 'utf8'), 'precious');
  });

  test('a directory in the place of the file', async (t) => {
    const { dir, send } = await open(t);
    mkdirSync(join(dir, 'a.log'));
    assert.match(words(await send({ file: 'a.log' })), /^broken: /);
  });

  test('a directory that everybody may write is refused at the start, and one that is not there', async (t) => {
    const dir = tempDir(t);
    chmodSync(dir, 0o777);
    await assert.rejects(fileType.create(endpoint('file', { dir }), world()), /written by everybody/);
    await assert.rejects(
      fileType.create(endpoint('file', { dir: join(dir, 'x') }), world()),
      /cannot be used/,
    );
    await assert.rejects(fileType.create(endpoint('file', { dir: 'relative' }), world()), /whole path/);
  });

  test('a directory that goes away is broken, and good again when it is back', async (t) => {
    const { dir, send } = await open(t);
    rmSync(dir, { recursive: true });
    assert.match(words(await send({})), /^broken: .* is not there/);
    mkdirSync(dir);
    assert.equal(words(await send({})), 'ok');
  });

  test('files are for the configuration file only', () => assert.equal(fileType.fileOnly, true));
});

describe('after a crash', () => {
  test('jsonl: a torn line is cut off and said', async (t) => {
    const { dir, deps, send } = await open(t);
    await send({}, [message(1)]);
    appendFileSync(join(dir, 'alerts.jsonl'), '{"seq":2,"tit');
    await send({}, [message(2)]);
    assert.deepEqual(
      lines(dir, 'alerts.jsonl').map((line) => parsed(line)['seq']),
      [1, 2],
    );
    assert.match(deps.log.lines[0]?.text ?? '', /13 bytes were cut off/);
  });

  test('jsonl: a whole line without its end is kept', async (t) => {
    const { dir, send } = await open(t);
    writeFileSync(join(dir, 'alerts.jsonl'), '{"by":"hand"}');
    await send({}, [message(1)]);
    assert.equal(lines(dir, 'alerts.jsonl')[0], '{"by":"hand"}');
    assert.equal(lines(dir, 'alerts.jsonl').length, 2);
  });

  test('text: a torn line is ended', async (t) => {
    const { dir, send } = await open(t);
    writeFileSync(join(dir, 'a.log'), 'whole\ntor');
    await send({ file: 'a.log', format: 'text' }, [message(1, { verbatim: 'next' })]);
    assert.equal(read(dir, 'a.log'), 'whole\ntor\nnext\n');
  });
});

describe('rotation', () => {
  test('by size, and no more than are to be kept', async (t) => {
    const { dir, send } = await open(t);
    const params = { file: 'a.log', format: 'text', rotate_mib: 40 / 1024 / 1024, keep: 3 };
    for (let n = 1; n <= 9; n++) await send(params, [message(n, { verbatim: `alert number ${n} of nine` })]);
    assert.deepEqual(readdirSync(dir).toSorted(), ['a.log', 'a.log.1', 'a.log.2', 'a.log.3']);
    assert.equal(read(dir, 'a.log'), 'alert number 9 of nine\n');
    assert.equal(read(dir, 'a.log.3'), 'alert number 6 of nine\n');
  });

  test('by age', async (t) => {
    const timers = manualTimers(Date.now());
    const { dir, send } = await open(t, timers);
    await send({ rotate_hours: 24 }, [message(1)]);
    await timers.advance(23 * 3_600_000);
    await send({ rotate_hours: 24 }, [message(2)]);
    assert.equal(existsSync(join(dir, 'alerts.jsonl.1')), false);
    await timers.advance(2 * 3_600_000);
    await send({ rotate_hours: 24 }, [message(3)]);
    assert.equal(lines(dir, 'alerts.jsonl.1').length, 2);
    assert.equal(lines(dir, 'alerts.jsonl').length, 1);
  });

  test('a file is never split within a call', async (t) => {
    const { dir, send } = await open(t);
    await send({ rotate_mib: 0.001 }, [message(1), message(2), message(3), message(4)]);
    assert.equal(lines(dir, 'alerts.jsonl').length, 4);
  });
});

describe('what a failure means', () => {
  const rows: readonly (readonly [string, 'again' | 'broken'])[] = [
    ['ENOSPC', 'again'],
    ['EDQUOT', 'again'],
    ['EIO', 'again'],
    ['EMFILE', 'again'],
    ['EACCES', 'broken'],
    ['EROFS', 'broken'],
    ['ENOENT', 'broken'],
    ['ELOOP', 'broken'],
  ];
  for (const [code, kind] of rows) {
    test(code, () => {
      const error = Object.assign(new Error(code), { code });
      assert.equal(fileOutcome(error, '/out').kind, kind);
      assert.equal(fileOutcome(new RelayError('SPOOL_IO', 'x', { cause: error }), '/out').kind, kind);
    });
  }

  test('a bug is none of these', () =>
    assert.throws(() => fileOutcome(new TypeError('x'), '/out'), TypeError));
});

test('two recipients that write at once do not mix their lines', async (t) => {
  const { dir, send } = await open(t);
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => await send({}, [message(n), message(n + 100)])),
  );
  assert.equal(lines(dir, 'alerts.jsonl').length, 40);
  for (const line of lines(dir, 'alerts.jsonl')) JSON.parse(line);
});

test('console: one line, nothing a terminal would act on', async () => {
  const written: string[] = [];
  const type = createConsoleType((line) => written.push(line));
  const sink = await type.create(endpoint('console', {}), world());
  const rendered = { subject: '', body: 'a\u001b[31m\r\nb\u009b', plain: 'p' };
  await sink.send(notification([message(1)], recipient(), { rendered }), never);
  assert.deepEqual(written, ['a\\u001b[31m b\\u009b\n']);
});
