/** Log lines as an operator and a shipper read them; hostile text stays one harmless line. */

import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { logLimits } from '../../src/core/limits.ts';
import type { LogLevel } from '../../src/core/ports.ts';
import { escapeText } from '../../src/log/escape.ts';
import { isJournalStream } from '../../src/log/journal-stream.ts';
import { createJsonLogger } from '../../src/log/json-logger.ts';
import { createStderrWriter } from '../../src/log/stderr-writer.ts';
import { createTextLogger, type TextLoggerOptions } from '../../src/log/text-logger.ts';
import { startNode } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

const levels: readonly LogLevel[] = ['error', 'warning', 'notice', 'info', 'debug'];

function textLines(style: TextLoggerOptions['style'], verbosity: number): string[] {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
  };
  const logger = createTextLogger({ name: 'prog', style, verbosity, write, now: () => 0 });
  for (const level of levels) logger[level]('dmz1: text', { peer: 'x' });
  return lines;
}

describe('text', () => {
  test('under journald: priorities and nothing else', () =>
    assert.deepEqual(textLines('journald', 2), [
      '<3>dmz1: text\n',
      '<4>dmz1: text\n',
      '<5>dmz1: text\n',
      '<6>dmz1: text\n',
      '<7>dmz1: text\n',
    ]));
  test('on a terminal: the name, and the level where it matters', () =>
    assert.deepEqual(textLines('terminal', 1), [
      'prog: error: dmz1: text\n',
      'prog: warning: dmz1: text\n',
      'prog: dmz1: text\n',
      'prog: dmz1: text\n',
    ]));
  test('in a file: the time in front', () =>
    assert.equal(textLines('file', 0)[2], '1970-01-01T00:00:00.000Z prog: dmz1: text\n'));
  test('by default notice and above', () => assert.equal(textLines('file', 0).length, 3));
});

describe('json', () => {
  test('one object a line, syslog names, fields', async () => {
    const lines: string[] = [];
    const logger = await createJsonLogger({ name: 'prog', verbosity: 0, write: (line) => lines.push(line) });
    logger.notice('dmz1: "text"\n', { count: 3, msg: 'clash', none: undefined });
    logger.info('not shown');
    logger.error('bad');
    assert.equal(lines.length, 2);
    const [first, second] = lines.map((line): Record<string, unknown> => JSON.parse(line));
    assert.match(String(first?.['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(
      { ...first, time: 0 },
      { level: 'notice', time: 0, program: 'prog', count: 3, event_msg: 'clash', msg: 'dmz1: "text"\n' },
    );
    assert.equal(second?.['level'], 'error');
    assert.ok(lines.every((line) => line.endsWith('}\n')));
  });
});

describe('escapeText', () => {
  const cases: readonly (readonly [input: string, expected: string])[] = [
    ['plain — ünïcödé ✓ 漢字 😀', 'plain — ünïcödé ✓ 漢字 😀'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\u001b[31mred', '\\u001b[31mred'],
    ['nul\u0000del\u007fc1\u0085', 'nul\\u0000del\\u007fc1\\u0085'],
    ['\u2028\u2029\u202e\u2066\ufeff', '\\u2028\\u2029\\u202e\\u2066\\ufeff'],
    ['half \ud83d pair', 'half \\ud83d pair'],
    ['x'.repeat(logLimits.lineChars + 3), `${'x'.repeat(logLimits.lineChars)}… (3 more)`],
  ];
  for (const [input, expected] of cases) {
    test(JSON.stringify(input.slice(0, 30)), () => assert.equal(escapeText(input), expected));
  }
});

describe('journal stream', () => {
  test('is recognised by device and inode of the descriptor', (t) => {
    const fd = openSync(join(tempDir(t), 'log'), 'w');
    t.after(() => closeSync(fd));
    const { dev, ino } = fstatSync(fd, { bigint: true });
    assert.equal(isJournalStream(`${dev}:${ino}`, fd), true);
    assert.equal(isJournalStream(`${dev}:${ino + 1n}`, fd), false);
    assert.equal(isJournalStream('', fd), false);
    assert.equal(isJournalStream(undefined, fd), false);
    assert.equal(isJournalStream('x:y', fd), false);
    assert.equal(isJournalStream(`${dev}:${ino}`, 987_654), false);
  });
});

describe('stderr writer', () => {
  test('gives a line up when nobody reads, and says so later', async (t) => {
    const fifo = join(tempDir(t), 'fifo');
    const made = await startNode([
      '-e',
      `require('child_process').execFileSync('mkfifo', [${JSON.stringify(fifo)}])`,
    ]).exited;
    assert.equal(made.code, 0);
    // Both ends in this process, non-blocking: a pipe that nobody empties.
    const fd = openSync(fifo, 0o2 | 0o4000);
    t.after(() => closeSync(fd));
    const write = createStderrWriter({ fd });
    const line = `${'x'.repeat(4095)}\n`;
    const started = performance.now();
    for (let count = 0; count < 18; count += 1) write(line);
    const waited = performance.now() - started;
    assert.ok(waited < 10 * logLimits.writeWaitMs, `${waited} ms`);
    const buffer = Buffer.alloc(1 << 20);
    assert.equal(readSync(fd, buffer), 65_536);
    write('last\n');
    const rest = buffer.toString('utf8', 0, readSync(fd, buffer));
    assert.equal(rest, '(2 log lines lost: nobody read them)\nlast\n');
  });
});
