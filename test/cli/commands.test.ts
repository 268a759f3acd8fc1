/**
 * The built commands as an operator meets them: help, version, misuse and failure, with the exact words, the
 * stream they come on and the exit code.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { readVersion } from '../../src/cli/version.ts';
import { binPath, type ProgramName, runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Expected {
  readonly code: number;
  readonly stdout?: RegExp | '';
  /** Whole lines of stderr. */
  readonly stderr?: readonly string[];
}

const listsFlags = (name: string): string => `${name} --help-all lists the flags`;
const mandatory = ['--cert', 'c', '--key', 'k', '--cacert', 'a'];

const cases: readonly (readonly [name: ProgramName, args: readonly string[], expected: Expected])[] = [
  ['reverse-server', ['--help'], { code: 0, stdout: /^usage: reverse-server --cert FILE/, stderr: [] }],
  ['reverse-server', ['-h', '--port', '1'], { code: 0, stdout: /^usage: / }],
  ['reverse-server', ['--help-all'], { code: 0, stdout: /exit codes:\n +0 / }],
  [
    'http-proxy',
    ['--version'],
    { code: 0, stdout: new RegExp(`^http-proxy \\(idmef-relay\\) ${readVersion()}\n$`) },
  ],
  ['idmef', ['--help'], { code: 0, stdout: /^usage: idmef VERB/ }],
  ['idmef', ['validate', '--help'], { code: 0, stdout: /^usage: idmef validate/ }],
  [
    'reverse-server',
    [],
    {
      code: 64,
      stdout: '',
      stderr: [
        'reverse-server: error: missing --cert, --key, --cacert',
        'reverse-server: hint: usage: reverse-server --cert FILE --key FILE --cacert FILE [options]',
      ],
    },
  ],
  [
    'reverse-server',
    [...mandatory, '--prot', '1'],
    {
      code: 64,
      stderr: [
        'reverse-server: error: unknown flag --prot',
        `reverse-server: hint: did you mean --port? ${listsFlags('reverse-server')}`,
      ],
    },
  ],
  [
    'http-proxy',
    [...mandatory, '--sensor', 'http://s/', '--manager', 'https://m/'],
    {
      code: 64,
      stderr: [
        "http-proxy: error: --sensor must start with https://, not 'http://s/'",
        'http-proxy: hint: alerts are fetched over mutual TLS only',
      ],
    },
  ],
  [
    'http-proxy',
    [...mandatory, '--sensor', 'https://s/\u001b[31m', '--manager', 'ftp://\n/'],
    {
      code: 64,
      stderr: [
        "http-proxy: error: --manager must be a URL, not 'ftp://\\n/'",
        'http-proxy: hint: for example https://gateway:3128/, file:///DIR or prelude://manager:4690?profile=NAME',
      ],
    },
  ],
  [
    'idmef',
    ['valid'],
    {
      code: 64,
      stderr: [
        'idmef: error: unknown verb valid',
        'idmef: hint: one of validate, show, convert, submit, test-alert, quarantine, status, check, doctor, certs, journal; idmef --help says more',
      ],
    },
  ],
  [
    'idmef',
    ['convert', 'x.xml'],
    {
      code: 64,
      stdout: '',
      stderr: [
        'idmef: error: missing --to',
        'idmef: hint: usage: idmef convert --to secef|rfc [--stream] FILE…|-',
      ],
    },
  ],
  [
    'idmef',
    ['quarantine', 'show', '--profile', 'p', '--state', '/nowhere', 'x'],
    {
      code: 64,
      stderr: [
        "idmef: error: 'x' is not an ID as listed",
        'idmef: hint: usage: idmef quarantine list|show|retry|forward|drop --profile NAME [ID…]',
      ],
    },
  ],
];

describe('commands', () => {
  for (const [name, args, { code, stdout, stderr }] of cases) {
    test(`${name} ${JSON.stringify(args.join(' '))}`, async () => {
      const end = await runProgram(name, args);
      assert.equal(end.code, code, end.stderr);
      if (stdout === '') assert.equal(end.stdout, '');
      else if (stdout !== undefined) assert.match(end.stdout, stdout);
      if (stderr !== undefined) assert.deepEqual(end.stderr.split('\n').slice(0, -1), stderr);
    });
  }

  test('a bad line of a profile is named with its file', async (t) => {
    const dir = tempDir(t);
    const path = join(dir, 'http-proxy@dmz1');
    writeFileSync(path, 'CERT=c\n\n# comment\nSENSR=https://s/\n');
    chmodSync(path, 0o644);
    const end = await runProgram('http-proxy', ['--profile', 'dmz1', '--config-dir', dir]);
    assert.equal(end.code, 78);
    assert.deepEqual(end.stderr.split('\n'), [
      `http-proxy: error: ${path}:4: unknown key SENSR`,
      'http-proxy: hint: did you mean SENSOR?',
      '',
    ]);
  });

  test('the environment is no configuration', async () => {
    const env = {
      PORT: 'x',
      CERT: 'c',
      OPTIONS: '--frobnicate',
      HTTPS_PROXY: 'http://p',
      YARGS_MIN_NODE_VERSION: '1',
    };
    const end = await runProgram('reverse-server', [], { env });
    assert.match(end.stderr, /^reverse-server: error: missing --cert, --key, --cacert\n/);
  });

  for (const name of ['reverse-server', 'http-proxy', 'idmef'] as const) {
    test(`${name} on an old Node says so`, async () => {
      const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })`;
      const end = await runProgram(name, ['--help'], {
        nodeFlags: ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`],
      });
      assert.equal(end.code, 78);
      assert.equal(end.stdout, '');
      assert.deepEqual(end.stderr.split('\n'), [
        `${name}: error: Node 18.20.4 (${process.execPath}) is too old, 20.19 or newer is needed`,
        `${name}: hint: install Node 24 and put it first in PATH`,
        '',
      ]);
    });
  }

  test('under journald errors carry their priority', async (t) => {
    const path = join(tempDir(t), 'journal');
    const fd = openSync(path, 'w');
    const { dev, ino } = fstatSync(fd);
    const child = spawn(process.execPath, [binPath('idmef')], {
      stdio: ['ignore', 'ignore', fd],
      env: { JOURNAL_STREAM: `${dev}:${ino}` },
    });
    closeSync(fd);
    await new Promise((resolve) => child.once('close', resolve));
    assert.match(readFileSync(path, 'utf8'), /^<3>idmef: error: a verb is missing\n<3>idmef: hint: one of /);
  });

  test('a reader that goes away early is no error', async () => {
    const child = spawn(process.execPath, [binPath('idmef'), '--help-all'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words += text;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual([code, words], [0, '']);
  });
});
