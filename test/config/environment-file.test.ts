/**
 * Environment files line by line: what systemd reads is what we read, and what dotenv would read differently
 * is refused with file, line and the spelling that works.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { parseEnvironmentFile } from '../../src/config/environment-file.ts';
import { RelayError } from '../../src/core/errors.ts';

const good: readonly (readonly [text: string, settings: readonly (readonly [string, string, number])[]])[] = [
  ['', []],
  ['\n\n  \n', []],
  ['# comment\n; comment\n  # indented\nA=1', [['A', '1', 4]]],
  [
    'A=1\nB=2\n',
    [
      ['A', '1', 1],
      ['B', '2', 2],
    ],
  ],
  [
    'A=1\r\nB=2\r\n',
    [
      ['A', '1', 1],
      ['B', '2', 2],
    ],
  ],
  ['A=', [['A', '', 1]]],
  ['A=""', [['A', '', 1]]],
  ['A=one two  ', [['A', 'one two', 1]]],
  ['  A = 1', [['A', '1', 1]]],
  ['A="one two"', [['A', 'one two', 1]]],
  ["A='a#b'", [['A', 'a#b', 1]]],
  ['A="a#b"', [['A', 'a#b', 1]]],
  ["A='b\"c'", [['A', 'b"c', 1]]],
  ['A="it\'s"', [['A', "it's", 1]]],
  ['A=https://gw:3128/', [['A', 'https://gw:3128/', 1]]],
  ["A='$HOME/x'", [['A', '$HOME/x', 1]]],
  ['A=$CREDENTIALS_DIRECTORY/key', [['A', '$CREDENTIALS_DIRECTORY/key', 1]]],
  ["OPTIONS=--cert 'a b' -v", [['OPTIONS', "--cert 'a b' -v", 1]]],
  ['A==', [['A', '=', 1]]],
];

const f = '/etc/default/x';
const ambiguous = 'can be read in two ways (systemd and dotenv differ)';
const bad: readonly (readonly [text: string, message: string, hint: string | undefined])[] = [
  ['\nA=https://gw:3128/#x', `${f}:2: A ${ambiguous}`, "write A='https://gw:3128/#x'"],
  ['A=one # two', `${f}:1: A ${ambiguous}`, "write A='one # two'"],
  ['A=one \\\ntwo', `${f}:1: A ${ambiguous}`, "write A='one two'"],
  ['A="one"two', `${f}:1: A ${ambiguous}`, "write A='onetwo'"],
  ['A=a\\b', `${f}:1: A ${ambiguous}`, "write A='ab'"],
  ['A="b\\"c"', `${f}:1: A ${ambiguous}`, "write A='b\"c'"],
  ['A="x\\ny"', `${f}:1: A ${ambiguous}`, "write A='x\\ny'"],
  ['A=`x`', `${f}:1: A ${ambiguous}`, "write A='`x`'"],
  ['A=1\nB=2\nA=3', `${f}:3: A is already set in line 1`, 'keep one of the two lines'],
  ['A="one\ntwo"', `${f}:1: the value of A contains a line break or control character`, undefined],
  ['A=1\nB="never closed', `${f}:2: a quote " that is never closed`, undefined],
  ["A='never closed\nB=1", `${f}:1: a quote ' that is never closed`, undefined],
  ['A=1\nexport B=2', `${f}:2: not a setting: 'export B=2'`, 'write KEY=value, or # in front of a comment'],
  ['A: 1', `${f}:1: not a setting: 'A: 1'`, 'write KEY=value, or # in front of a comment'],
  ['=1', `${f}:1: not a setting: '=1'`, 'write KEY=value, or # in front of a comment'],
  ['A-B=1', `${f}:1: not a setting: 'A-B=1'`, 'write KEY=value, or # in front of a comment'],
  ['[Service]', `${f}:1: not a setting: '[Service]'`, 'write KEY=value, or # in front of a comment'],
  ['# x \\\nA=1', `${f}:1: a comment that ends in \\`, 'older systemd swallows the next line: drop it'],
  ['\ufeffA=1', `${f}:1: a byte order mark`, 'save the file as plain UTF-8'],
];

describe('environment files', () => {
  for (const [text, settings] of good) {
    test(`reads ${JSON.stringify(text)}`, () => {
      const got = parseEnvironmentFile(text, f).map(({ key, value, line }) => [key, value, line]);
      assert.deepEqual(got, settings);
    });
  }
  for (const [text, message, hint] of bad) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseEnvironmentFile(text, f),
        (error) =>
          error instanceof RelayError &&
          (assert.deepEqual([error.code, error.message, error.hint], ['CONFIG', message, hint]), true),
      );
    });
  }
});
