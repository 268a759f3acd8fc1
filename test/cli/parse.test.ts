/**
 * Command lines, good and bad: what argparse accepted of the Python relay is accepted, everything unknown is
 * refused with the exact words an operator reads.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { httpProxyTable } from '../../src/cli/http-proxy-options.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { reverseServerTable } from '../../src/cli/reverse-server-options.ts';
import { RelayError } from '../../src/core/errors.ts';
import type { CommandTable } from '../../src/cli/option.ts';

const withOperands: CommandTable = {
  ...httpProxyTable,
  command: 'idmef x',
  operands: 'FILE…',
  usage: 'FILE…',
};

/** `reverse-server` words → the values by name, blanks joined. */
const accepted: readonly (readonly [words: string, values: Readonly<Record<string, string>>])[] = [
  ['', {}],
  ['--port 3128', { port: '3128' }],
  ['--port=3128', { port: '3128' }],
  ['-p 3128', { port: '3128' }],
  ['-p3128', { port: '3128' }],
  ['-p=3128', { port: '3128' }],
  ['--po 1', { port: '1' }],
  ['--spool x', { spooldir: 'x' }],
  ['--maxbatchsize -1', { maxbatchsize: '-1' }],
  ['-m -1', { maxbatchsize: '-1' }],
  ['-m-1', { maxbatchsize: '-1' }],
  ['-v', { verbose: '1' }],
  ['-vv', { verbose: '2' }],
  ['-v --verbose -v', { verbose: '3' }],
  ['-vp 12', { verbose: '1', port: '12' }],
  ['-vp12', { verbose: '1', port: '12' }],
  ['--delete --cert a --key b --cacert c', { delete: 'true', cert: 'a', key: 'b', cacert: 'c' }],
  ['--cert=a=b', { cert: 'a=b' }],
  ['--cert a --cert b', { cert: 'b' }],
  ['--address=', { address: '' }],
  ['--address ::1', { address: '::1' }],
  ['--port 007', { port: '007' }],
  ['--spooldir 0x10', { spooldir: '0x10' }],
  ["--spooldir 'quoted'", { spooldir: "'quoted'" }],
  ['--ciphers=-ALL:!aNULL', { ciphers: '-ALL:!aNULL' }],
  ['--allow-poller a b --delete', { 'allow-poller': 'a b', delete: 'true' }],
  ['--allow-poller a --allow-poller b', { 'allow-poller': 'a b' }],
  ['--allow-poller=a b', { 'allow-poller': 'a b' }],
  ['-h', { help: 'true' }],
  ['--help', { help: 'true' }],
  ['--version', { version: 'true' }],
];

const refused: readonly (readonly [words: string, message: string, hint: string])[] = [
  ['--prot 1', 'unknown flag --prot', 'did you mean --port? reverse-server --help-all lists the flags'],
  ['--cret x', 'unknown flag --cret', 'did you mean --cert? reverse-server --help-all lists the flags'],
  ['--frobnicate', 'unknown flag --frobnicate', 'reverse-server --help-all lists the flags'],
  [
    '--no-delete',
    'unknown flag --no-delete',
    'did you mean --delete? reverse-server --help-all lists the flags',
  ],
  ['--__proto__ x', 'unknown flag --__proto__', 'reverse-server --help-all lists the flags'],
  ['-x', 'unknown flag -x', 'reverse-server --help-all lists the flags'],
  ['-vx', 'unknown flag -x', 'reverse-server --help-all lists the flags'],
  ['--=x', 'unknown flag --', 'reverse-server --help-all lists the flags'],
  [
    '--c x',
    '--c could be --cert, --cacert, --config-dir, --consumer, --consumer-max-age, --consumer-max-bytes, --crl, --crl-strict, --ciphers',
    'write more of the name',
  ],
  ['--max 1', '--max could be --maxbatchsize, --max-journal-bytes', 'write more of the name'],
  [
    '--cert',
    '--cert needs a value (FILE)',
    'usage: reverse-server --cert FILE --key FILE --cacert FILE [options]',
  ],
  [
    '--cert --key x',
    '--cert needs a value (FILE)',
    'usage: reverse-server --cert FILE --key FILE --cacert FILE [options]',
  ],
  ['-p', '-p needs a value (N)', 'usage: reverse-server --cert FILE --key FILE --cacert FILE [options]'],
  [
    '--delete=yes',
    '--delete takes no value',
    'usage: reverse-server --cert FILE --key FILE --cacert FILE [options]',
  ],
  [
    'stray',
    "unexpected argument 'stray'",
    'usage: reverse-server --cert FILE --key FILE --cacert FILE [options]',
  ],
  ['-- x', "unexpected argument 'x'", 'usage: reverse-server --cert FILE --key FILE --cacert FILE [options]'],
];

describe('flags of reverse-server', () => {
  for (const [words, values] of accepted) {
    test(`accepts: ${words}`, () => {
      const { given } = parseArguments(reverseServerTable, words.split(' ').filter(Boolean));
      const got = Object.fromEntries([...given].map(([name, { values: all }]) => [name, all.join(' ')]));
      assert.deepEqual(got, values);
    });
  }
  for (const [words, message, hint] of refused) {
    test(`refuses: ${words}`, () => {
      assert.throws(
        () => parseArguments(reverseServerTable, words.split(' ')),
        (error) =>
          error instanceof RelayError &&
          (assert.deepEqual([error.code, error.message, error.hint], ['USAGE', message, hint]), true),
      );
    });
  }
});

describe('operands', () => {
  const operands = (words: string): readonly string[] =>
    parseArguments(withOperands, words.split(' ')).operands;
  test('are kept as written', () => assert.deepEqual(operands('a.xml 007 -'), ['a.xml', '007', '-']));
  test('may follow --', () => assert.deepEqual(operands('a -- --b -c'), ['a', '--b', '-c']));
  test('are not swallowed by lists', () => assert.deepEqual(operands('--manager u a'), ['a']));
});
