/** Settings files on disk: which one is read, and what is refused before a line of it is looked at. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { readProcessEnvironment } from '../../src/config/process-environment.ts';
import { readSettingsFile } from '../../src/config/settings-files.ts';
import { splitWords } from '../../src/config/split-words.ts';
import { configLimits } from '../../src/core/limits.ts';
import { tempDir } from '../support/temp-dir.ts';

type Make = (path: string) => void;
const file =
  (content: string | Buffer, mode = 0o644): Make =>
  (path) => {
    writeFileSync(path, content);
    chmodSync(path, mode);
  };

const refused: readonly (readonly [name: string, make: Make, message: string])[] = [
  ['a directory', (path) => mkdirSync(path), 'PATH is not a regular file'],
  [
    'a pipe, without waiting for a writer',
    (path) => execFileSync('mkfifo', [path]),
    'PATH is not a regular file',
  ],
  ['writable by the group', file('A=1', 0o660), 'PATH can be written by others than its owner'],
  ['writable by all', file('A=1', 0o606), 'PATH can be written by others than its owner'],
  [
    'Latin-1',
    file(Buffer.from('A=\xe9', 'latin1')),
    'PATH cannot be read: ERR_ENCODING_INVALID_ENCODED_DATA',
  ],
  [
    'huge',
    file('#'.repeat(configLimits.fileBytes + 1)),
    `PATH is larger than ${configLimits.fileBytes} bytes`,
  ],
  ['a link to itself', (path) => symlinkSync(path, path), 'PATH cannot be read: ELOOP'],
];

describe('settings files', () => {
  test('the directory that has it counts', (t) => {
    const dir = tempDir(t);
    file('A=1\n')(join(dir, 'x'));
    const found = readSettingsFile(['/nonexistent', dir, `${dir}/x`], 'x');
    assert.deepEqual(found, {
      path: join(dir, 'x'),
      settings: [{ key: 'A', value: '1', file: join(dir, 'x'), line: 1 }],
    });
    assert.equal(readSettingsFile([dir], 'y'), undefined);
  });
  for (const [name, make, message] of refused) {
    test(`refused: ${name}`, (t) => {
      const path = join(tempDir(t), 'x');
      make(path);
      const expected = { code: 'CONFIG', message: message.replace('PATH', path) };
      assert.throws(() => readSettingsFile([join(path, '..')], 'x'), expected);
    });
  }
});

describe('words', () => {
  const cases: readonly (readonly [text: string, words: readonly string[] | undefined])[] = [
    ['', []],
    ['  a   b\t', ['a', 'b']],
    [`a 'b c' "d 'e'"`, ['a', 'b c', "d 'e'"]],
    [`--cert='a b'`, ['--cert=a b']],
    [`''`, ['']],
    ['$HOME \\x *', ['$HOME', '\\x', '*']],
    [`'open`, undefined],
  ];
  for (const [text, words] of cases) test(text, () => assert.deepEqual(splitWords(text), words));
});

describe('process environment', () => {
  test('what systemd says, and nothing else', () =>
    assert.deepEqual(
      readProcessEnvironment({
        STATE_DIRECTORY: '/var/lib/a:/var/lib/b',
        CREDENTIALS_DIRECTORY: '/run/c',
        JOURNAL_STREAM: '8:1',
        HTTPS_PROXY: 'http://p',
        NODE_EXTRA_CA_CERTS: '/x',
      }),
      { stateDirectory: '/var/lib/a', credentialsDirectory: '/run/c', journalStream: '8:1' },
    ));
  test('empty is absent', () => assert.deepEqual(readProcessEnvironment({ STATE_DIRECTORY: '' }), {}));
});
