/** `idmef certs check`: each finding by a file that has it, exit codes, and where settings say which files. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCertsCheck, type CertsCheck } from '../../src/app/certs-check.ts';
import { makePki, type IssueOptions, type Pki } from '../support/pki.ts';
import { runProgram } from '../support/program.ts';
import { recordedIo } from './command-io.ts';

const DAY = 86_400_000;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
let pki: Pki;
let foreign: Pki;
before(async () => {
  pki = await makePki(join(dir, 'own'));
  foreign = await makePki(join(dir, 'foreign'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

type Files = CertsCheck['files'];

async function check(files: Files): Promise<{ exit: number; codes: readonly string[]; text: string }> {
  const io = { ...recordedIo(), now: () => Date.now() };
  const exit = await runCertsCheck({ files, json: true }, io);
  const items = io.said().split('\n').filter(Boolean);
  const codes = items.flatMap((line) =>
    [...line.matchAll(/"code":"([^"]+)"/g)].map((match) => match[1] ?? ''),
  );
  return { exit, codes, text: io.said() };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

test('each finding, and nothing else, in a file that has it', async () => {
  const long = { notBefore: new Date(Date.now() - 300 * DAY), notAfter: new Date(Date.now() + 300 * DAY) };
  let issued = 0;
  const leaf = async (changes: Partial<IssueOptions>): Promise<{ certFile: string; keyFile: string }> => {
    issued += 1;
    const name = `leaf-${issued}`;
    return await pki.issue({ name, san: ['DNS:x'], eku: ['client', 'server'], ...long, ...changes });
  };
  const ca = { path: pki.caFile, use: 'ca' } as const;
  const one = async (changes: Partial<IssueOptions>): Promise<Files> => [
    { path: (await leaf(changes)).certFile, use: 'cert', side: 'server' },
    ca,
  ];
  const list = async (options: Partial<Parameters<Pki['crl']>[0]>): Promise<Files> => [
    { path: await pki.crl({ revoked: [], ...options }), use: 'crl' },
    ca,
  ];
  const good = await leaf({});
  const open = file('open.key', readFileSync(good.keyFile));
  chmodSync(open, 0o644);
  const middle = await pki.intermediate('middle');
  const below = await middle.issue({ name: 'below', san: ['DNS:x'], ...long });
  const namesake = await makePki(join(dir, 'namesake'), { cn: /CN=(.*)/.exec(await issuerOf())?.[1] ?? '' });
  const past = new Date(Date.now() - DAY);
  const rows: readonly (readonly [string, Files, readonly string[]])[] = [
    [
      'good',
      [
        { path: good.certFile, use: 'cert', side: 'server' },
        { path: good.keyFile, use: 'key', side: 'server' },
        ca,
      ],
      [],
    ],
    ['by name alone', [{ path: good.certFile }, { path: good.keyFile }, { path: pki.caFile }], []],
    ['a current list', await list({}), []],
    ['expired', await one({ notAfter: past }), ['expired']],
    ['soon', await one({ notAfter: new Date(Date.now() + 5 * DAY) }), ['ends-soon']],
    [
      'for a day',
      await one({ notBefore: new Date(Date.now() - DAY / 2), notAfter: new Date(Date.now() + DAY / 2) }),
      [],
    ],
    ['early', await one({ notBefore: new Date(Date.now() + DAY) }), ['not-yet-valid']],
    ['RSA 1024', await one({ key: 'rsa1024' }), ['weak-key']],
    ['RSA 2048', await one({ key: 'rsa2048' }), []],
    ['SHA-1', await one({ digest: 'SHA-1' }), ['weak-digest']],
    ['common name only', await one({ san: [] }), ['no-alternative-name']],
    ['client only, as server', await one({ eku: ['client'] }), ['purpose']],
    ['authority that is none', [{ path: good.certFile, use: 'ca' }], ['no-authority']],
    [
      'authority as host',
      [{ path: pki.caFile, use: 'cert', side: 'server' }],
      ['no-alternative-name', 'is-authority'].slice(1),
    ],
    ['readable key', [{ path: good.certFile }, { path: open }], ['key-readable']],
    ['foreign key', [{ path: good.certFile }, { path: pki.client.keyFile }], ['key-mismatch']],
    ['intermediate missing', [{ path: below.certFile, use: 'cert', side: 'server' }, ca], ['chain']],
    [
      'intermediate in the file',
      [{ path: file('chain.pem', below.certPem + middle.caPem), use: 'cert', side: 'server' }, ca],
      [],
    ],
    ['stale list', await list({ thisUpdate: new Date(0), nextUpdate: past }), ['crl-stale']],
    ['list of tomorrow', await list({ thisUpdate: new Date(Date.now() + DAY / 2) }), ['not-yet-valid']],
    ['list of another', [{ path: await foreign.crl({ revoked: [] }), use: 'crl' }, ca], ['crl-foreign']],
    ['forged list', [{ path: await namesake.crl({ revoked: [] }), use: 'crl' }, ca], ['crl-unsigned']],
    ['delta list', await list({ delta: true }), ['unreadable']],
    ['half a file', [{ path: file('half.pem', pki.caPem.slice(0, 200)) }], ['unreadable']],
    ['noise', [{ path: file('noise', 'noise') }], ['unreadable']],
    [
      'a key where a certificate should be',
      [{ path: good.keyFile, use: 'cert', side: 'server' }],
      ['unreadable'],
    ],
  ];
  for (const [name, files, codes] of rows) {
    const result = await check(files);
    assert.deepEqual(result.codes, codes, `${name}: ${result.text}`);
    assert.equal(result.exit, codes.length === 0 ? 0 : 1, name);
  }
  const weak = await check(await one({ digest: 'SHA-1' }));
  assert.match(
    weak.text,
    /Node 24\.5 and later refuse it \(OpenSSL security level 2\): re-issue before upgrading/,
  );
});

async function issuerOf(): Promise<string> {
  const io = { ...recordedIo(), now: () => Date.now() };
  await runCertsCheck({ files: [{ path: pki.caFile }], json: true }, io);
  return /"subject":"([^"]+)"/.exec(io.said())?.[1] ?? '';
}

test('text for people, one line a fact; the others are checked when a file is missing', async () => {
  const io = { ...recordedIo(), now: () => Date.now() };
  const exit = await runCertsCheck(
    { files: [{ path: '/nowhere' }, { path: pki.client.certFile }], json: false },
    io,
  );
  assert.equal(exit, 66);
  assert.match(
    io.said(),
    /client\.crt: certificate CN=manager1\n {2}names {4}DNS:manager1\n {2}issuer {3}CN=Test CA/,
  );
  assert.match(io.said(), /key {6}EC prime256v1, signed with sha256\n {2}purpose {2}clientAuth\n/);
  assert.match(io.complained(), /cannot read \/nowhere: ENOENT[^]*1 files unreadable\n$/);
});

test('settings of a profile and of reverse-server name the files', async () => {
  const config = join(dir, 'etc');
  mkdirSync(config);
  const ends = `SENSOR=https://s/\nMANAGER=file:///tmp\nCACERT=${pki.caFile}\n`;
  const { client, server } = pki;
  writeFileSync(join(config, 'http-proxy@dmz1'), `${ends}CERT=${client.certFile}\nKEY=${client.keyFile}\n`);
  writeFileSync(
    join(config, 'reverse-server'),
    `CERT=${server.certFile}\nKEY=${client.keyFile}\nCACERT=${pki.caFile}\nALLOW_POLLER=*\n`,
  );
  const profile = await runProgram('idmef', ['certs', 'check', '--profile', 'dmz1', '--config-dir', config]);
  assert.equal(profile.code, 0, profile.stdout);
  const sensor = await runProgram('idmef', ['certs', 'check', '--config-dir', config, '--json']);
  assert.equal(sensor.code, 1);
  assert.match(sensor.stdout, /"code":"key-mismatch"/);
  const misuse = await runProgram('idmef', ['certs', 'check']);
  assert.deepEqual(
    [misuse.code, misuse.stderr.split('\n')[0]],
    [64, 'idmef: error: missing FILE, --profile or --config-dir'],
  );
  const nobody = await runProgram('idmef', ['certs', 'check', '--profile', 'x', '--config-dir', config]);
  assert.equal(nobody.code, 78);
});
