/** reverse-server's configuration: defaults of the Python relay, every refusal in its exact words. */

import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import type { ReverseServerConfig } from '../../src/app/reverse-server-config.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { reverseServerTable } from '../../src/cli/reverse-server-options.ts';
import { readReverseServerConfig } from '../../src/cli/reverse-server.ts';
import { RelayError } from '../../src/core/errors.ts';
import { tempDir } from '../support/temp-dir.ts';

const mandatory = '--cert c --key k --cacert a';
const mib = 1024 * 1024;

function configOf(words: string, env = {}): ReverseServerConfig {
  const argv = words.split(' ').filter(Boolean);
  return readReverseServerConfig(parseArguments(reverseServerTable, argv), env);
}

const defaults: ReverseServerConfig = {
  tls: { certFile: 'c', keyFile: 'k', caFile: 'a', policy: 'anssi' },
  address: '',
  port: 3128,
  spoolDir: './spool',
  delete: false,
  stateDir: './state',
  allow: {},
  consumers: [],
  minFree: { bytes: 512 * mib, percent: 5 },
  log: { format: 'text', verbosity: 0 },
};

const accepted: readonly (readonly [words: string, change: Partial<ReverseServerConfig>])[] = [
  ['', {}],
  ['--maxbatchsize -1', {}],
  ['-m 100', { maxBatchSize: 100 }],
  ['--port 0', { port: 0 }],
  ['--address ::1 --delete --movedir d', { address: '::1', delete: true, moveDir: 'd' }],
  ['--state /s', { stateDir: '/s' }],
  ['--max-journal-bytes 20G', { maxJournalBytes: 20 * 1024 * mib }],
  ['--retention-age 30d', { retention: { maxAgeMs: 30 * 86_400_000 } }],
  [
    '--retention-age 90s --retention-bytes 10G',
    { retention: { maxAgeMs: 90_000, maxBytes: 10 * 1024 * mib } },
  ],
  ['--consumer-max-age 24h', { consumerBounds: { maxAgeMs: 86_400_000 } }],
  ['--consumer-max-bytes 5M', { consumerBounds: { maxBytes: 5 * mib } }],
  ['--min-free 1G', { minFree: { bytes: 1024 * mib } }],
  ['--min-free 2.5%', { minFree: { percent: 2.5 } }],
  ['--min-free 10%,64MiB', { minFree: { bytes: 64 * mib, percent: 10 } }],
  ['--min-free 0', { minFree: { bytes: 0 } }],
  ['-vvv --log-format json', { log: { format: 'json', verbosity: 2 } }],
  ['--allow-poller * --allow-producer DNS:a CN:b', { allow: { poller: ['*'], producer: ['DNS:a', 'CN:b'] } }],
  ['--consumer one two=DNS:b', { consumers: [{ name: 'one' }, { name: 'two', peer: 'DNS:b' }] }],
  [
    '--crl l --ciphers X --tls-policy modern',
    { tls: { ...defaults.tls, crlFile: 'l', ciphers: 'X', policy: 'modern' } },
  ],
  ['--crl l --crl-strict', { tls: { ...defaults.tls, crlFile: 'l', crlStrict: true } }],
];

const refused: readonly (readonly [words: string, message: string])[] = [
  ['--port 65536', "--port must be a whole number from 0 to 65535, not '65536'"],
  ['--port -1', "--port must be a whole number from 0 to 65535, not '-1'"],
  ['--port 1e3', "--port must be a whole number from 0 to 65535, not '1e3'"],
  ['--port=', "--port must be a whole number from 0 to 65535, not ''"],
  ['-m 0', "--maxbatchsize must be -1 (no limit) or at least 1, not '0'"],
  ['-m -2', "--maxbatchsize must be a whole number from -1 to 1000000000, not '-2'"],
  ['--movedir ./spool', "--movedir must not be the spool itself: './spool'"],
  ['--spooldir=', '--spooldir must be a path, not empty'],
  ['--tls-policy old', "--tls-policy must be one of anssi, intermediate, modern, not 'old'"],
  ['--log-format xml', "--log-format must be one of text, json, not 'xml'"],
  ['--max-journal-bytes 1M', "--max-journal-bytes must be a size such as 512M, at least 16M, not '1M'"],
  [
    '--retention-age 5',
    "--retention-age must be a duration such as 30s, 15m, 24h or 7d, at least 1s, not '5'",
  ],
  [
    '--retention-age 0',
    "--retention-age must be a duration such as 30s, 15m, 24h or 7d, at least 1s, not '0'",
  ],
  [
    '--retention-age 1w',
    "--retention-age must be a duration such as 30s, 15m, 24h or 7d, at least 1s, not '1w'",
  ],
  ['--consumer-max-bytes 5', "--consumer-max-bytes must be a size such as 512M, at least 1M, not '5'"],
  ['--max-journal-bytes lots', "--max-journal-bytes must be a size such as 512M, at least 16M, not 'lots'"],
  ['--min-free 1%,2%', "--min-free must be a size, a percentage or both (512M,5%), not '1%,2%'"],
  ['--allow-poller IP:1.2.3.4', "--allow-poller must be DNS:…, URI:…, email:…, CN:… or *, not 'IP:1.2.3.4'"],
  ['--consumer a a', "--consumer names 'a' twice"],
  ['--consumer /x', "--consumer must be NAME or NAME=SAN, not '/x'"],
  [
    '--key $CREDENTIALS_DIRECTORY/k',
    '--key names $CREDENTIALS_DIRECTORY/ but systemd gave us no credentials',
  ],
];

function assertRefusal(run: () => unknown, code: string, message: string, hint?: string): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof RelayError, String(error));
    assert.deepEqual([error.code, error.message], [code, message]);
    if (hint !== undefined) assert.equal(error.hint, hint);
    return true;
  });
}

describe('reverse-server by flags', () => {
  for (const [words, change] of accepted) {
    test(words, () => assert.deepEqual(configOf(`${mandatory} ${words}`), { ...defaults, ...change }));
  }
  for (const [words, message] of refused) {
    test(words, () => assertRefusal(() => configOf(`${mandatory} ${words}`), 'USAGE', message));
  }
  test('missing options come in one line', () => {
    const hint = 'usage: reverse-server --cert FILE --key FILE --cacert FILE [options]';
    assertRefusal(() => configOf('--key k'), 'USAGE', 'missing --cert, --cacert', hint);
  });
  test('systemd says where state and credentials are', () => {
    const env = { stateDirectory: '/var/lib/x', credentialsDirectory: '/run/c' };
    const config = configOf('--cert c --cacert a --key $CREDENTIALS_DIRECTORY/k', env);
    assert.deepEqual([config.stateDir, config.tls.keyFile], ['/var/lib/x', '/run/c/k']);
  });
  test('the configuration is frozen', () => assert.ok(Object.isFrozen(configOf(mandatory))));
});

describe('reverse-server by file', () => {
  const write = (dir: string, text: string): string => {
    const path = join(dir, 'reverse-server');
    writeFileSync(path, text);
    chmodSync(path, 0o644);
    return path;
  };
  const complete = 'CERT=c\nKEY=k\nCACERT=a\nALLOW_POLLER=*\n';

  test('keys are read, flags win', (t) => {
    const dir = tempDir(t);
    write(dir, `${complete}PORT=4000\nDELETE=yes\nVERBOSE=yes\nMAXBATCHSIZE=\n`);
    const config = configOf(`--config-dir ${dir}:/nowhere --port 5000`);
    assert.deepEqual(config, {
      ...defaults,
      port: 5000,
      delete: true,
      allow: { poller: ['*'] },
      log: { format: 'text', verbosity: 1 },
    });
  });
  test('OPTIONS are flags, after the keys', (t) => {
    const dir = tempDir(t);
    write(dir, `OPTIONS=-p 1 --allow-poller 'CN:Old Manager' b --spool s\n${complete}PORT=2\n`);
    const config = configOf(`--config-dir ${dir}`);
    assert.deepEqual([config.port, config.spoolDir], [1, 's']);
    assert.deepEqual(config.allow.poller, ['CN:Old Manager', 'b']);
  });

  const bad: readonly (readonly [text: string, message: string, hint?: string])[] = [
    [`${complete}PROT=1`, 'FILE:5: unknown key PROT', 'did you mean PORT?'],
    [`${complete}XYZZY=1`, 'FILE:5: unknown key XYZZY', 'reverse-server --help-all lists the keys'],
    [`${complete}PORT=x`, "FILE:5: PORT must be a whole number from 0 to 65535, not 'x'"],
    [`${complete}DELETE=maybe`, "FILE:5: DELETE must be yes or no, not 'maybe'"],
    [`${complete}CONFIG_DIR=/x`, 'FILE:5: CONFIG_DIR cannot be set in a file'],
    [`${complete}OPTIONS=--prot 1`, 'FILE:5: OPTIONS: unknown flag --prot'],
    [`${complete}OPTIONS=--help`, 'FILE:5: OPTIONS: --help cannot stand here'],
    [`${complete}OPTIONS=-p x`, "FILE:5: OPTIONS: --port must be a whole number from 0 to 65535, not 'x'"],
    [`${complete}OPTIONS="--cert 'x"`, 'FILE:5: OPTIONS: a quote that is never closed'],
    [
      'CERT=c\nKEY=k\nCACERT=a\nALLOW_POLLER=\n',
      'FILE: ALLOW_POLLER is not set: nobody has said who may fetch alerts',
      'ALLOW_POLLER=DNS:manager.example, or ALLOW_POLLER=* for any certificate of the CA',
    ],
    [
      'CERT=c\nALLOW_POLLER=*',
      'FILE: missing KEY, CACERT',
      'add KEY=/etc/pki/idmef-relay/HOST.key CACERT=/etc/pki/idmef-relay/CA.crt',
    ],
  ];
  for (const [text, message, hint] of bad) {
    test(message, (t) => {
      const dir = tempDir(t);
      const path = write(dir, text);
      assertRefusal(() => configOf(`--config-dir ${dir}`), 'CONFIG', message.replace('FILE', path), hint);
    });
  }
  test('the file must exist', (t) => {
    const dir = tempDir(t);
    const message = `no settings file reverse-server in ${dir} or /nowhere`;
    assertRefusal(() => configOf(`--config-dir ${dir}:/nowhere`), 'CONFIG', message);
  });
  test('a file others can write is refused', (t) => {
    const dir = tempDir(t);
    const path = write(dir, complete);
    chmodSync(path, 0o664);
    const message = `${path} can be written by others than its owner`;
    assertRefusal(() => configOf(`--config-dir ${dir}`), 'CONFIG', message, `chmod go-w ${path}`);
  });
});
