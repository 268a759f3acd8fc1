/**
 * The packed program on a host that has only Node: no npm, no compiler, no network. Packs it anew, unpacks it
 * elsewhere and runs what an operator runs first. Needs tar and gzip; the network is taken away with unshare(1)
 * where the kernel lets us.
 */

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { makePki } from '../support/pki.ts';
import { sampleAlert } from '../support/sample-alerts.ts';
import { projectRoot } from '../tools/source-files.ts';

const root = projectRoot();
const npm = process.env['npm_execpath'];

describe('dist', () => {
  const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
  const home = join(dir, 'unpacked');
  const path = join(dir, 'path');
  after(() => rmSync(dir, { recursive: true, force: true }));

  /** A PATH with Node, sh and what the launchers use; nothing else. */
  before(() => {
    const script = (name: string): string => join(root, 'test/tools', `${name}.mjs`);
    execFileSync(process.execPath, [script('build')], { stdio: ['ignore', 'ignore', 'inherit'] });
    const packed = execFileSync(process.execPath, [script('dist'), dir], { encoding: 'utf8' }).trim();
    mkdirSync(home);
    execFileSync('tar', ['-C', home, '--strip-components=1', '-xzf', packed]);
    mkdirSync(path);
    symlinkSync(process.execPath, join(path, 'node'));
    for (const tool of ['sh', 'dirname', 'readlink']) {
      symlinkSync(
        execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(),
        join(path, tool),
      );
    }
  });

  const offline = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : [];
  const command = (name: string, args: readonly string[]): [string, string[]] => {
    const [first = '', ...rest] = [...offline, join(home, 'bin', name), ...args];
    return [
      offline.length > 0
        ? execFileSync('sh', ['-c', `command -v ${first}`], { encoding: 'utf8' }).trim()
        : first,
      rest,
    ];
  };
  const env = { PATH: path, NODE_OPTIONS: '--no-such-flag', NODE_EXTRA_CA_CERTS: '/nonexistent' };
  const run = (name: string, ...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(...command(name, args), { env, encoding: 'utf8', cwd: dir });

  test(`npm is out of reach${offline.length > 0 ? ', so is the network' : ' (no unshare here: the network is not)'}`, () => {
    const { stdout } = spawnSync(join(path, 'sh'), ['-c', 'command -v npm || echo none'], {
      env: { PATH: path },
      encoding: 'utf8',
    });
    assert.equal(stdout, 'none\n');
    assert.ok(npm === undefined || !npm.startsWith(path));
  });

  test('holds what it should and no more', () => {
    assert.deepEqual(
      readdirSync(home).toSorted(),
      [
        'ARCHITECTURE.md',
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
        'bin',
        'certs',
        'config',
        'dist',
      ].concat(['firewalld', 'node_modules', 'package.json', 'systemd']),
    );
    const prebuilds = readdirSync(join(home, 'node_modules/@photostructure/sqlite/prebuilds'));
    assert.deepEqual(prebuilds, [`${process.platform}-${process.arch}`]);
    for (const development of ['typescript', 'oxlint', '@peculiar/x509', 'fast-check']) {
      assert.equal(existsSync(join(home, 'node_modules', development)), false, development);
    }
    const others = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
      (name) => (statSync(join(home, name)).mode & 0o022) !== 0,
    );
    assert.deepEqual(others, []);
  });

  for (const name of ['reverse-server', 'http-proxy', 'idmef']) {
    test(`${name} --help`, () => {
      const { status, stdout, stderr } = run(name, '--help');
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(String(stdout), new RegExp(`^usage: ${name} `));
    });
  }

  test('a launcher works through a link in another directory', () => {
    const link = join(path, 'idmef');
    symlinkSync(join(home, 'bin/idmef'), link);
    const { status, stdout } = spawnSync(link, ['--version'], { env, encoding: 'utf8' });
    assert.equal(status, 0);
    assert.match(stdout, /^idmef \(idmef-relay\) /);
  });

  test('idmef validate, show and test-alert', () => {
    writeFileSync(join(dir, 'good.xml'), sampleAlert(1));
    writeFileSync(
      join(dir, 'bad.xml'),
      '<IDMEF-Message xmlns="http://iana.org/idmef"><Alert/></IDMEF-Message>',
    );
    assert.equal(run('idmef', 'validate', 'good.xml').status, 0);
    assert.equal(run('idmef', 'validate', 'bad.xml').status, 1);
    assert.match(String(run('idmef', 'show', 'good.xml').stdout), /SSH login failed/);
    assert.match(String(run('idmef', 'test-alert').stdout), /<idmef:Alert /);
  });

  test('reverse-server starts, takes an alert in and ends in order', async () => {
    const pki = await makePki(join(dir, 'pki'));
    const spool = join(dir, 'spool');
    mkdirSync(spool);
    writeFileSync(join(spool, 'a.xml'), sampleAlert(1));
    const flags = ['--cert', pki.server.certFile, '--key', pki.server.keyFile, '--cacert', pki.caFile];
    const places = ['--spooldir', spool, '--state', join(dir, 'state'), '--delete', '--min-free', '1M'];
    const [file, args] = command('reverse-server', [
      ...flags,
      ...places,
      '--address',
      '127.0.0.1',
      '--port',
      '0',
    ]);
    const child = spawn(file, args, { env, cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`not listening: ${said}`)), 15_000);
        const hear = (text: string): void => {
          said += text;
          if (!/Listening on https:\/\/127\.0\.0\.1:\d+\//.test(said)) return;
          clearTimeout(timer);
          resolve();
        };
        child.stdout.setEncoding('utf8').on('data', hear);
        child.stderr.setEncoding('utf8').on('data', hear);
        void ended.then(() => reject(new Error(`ended: ${said}`)));
      });
      const deadline = performance.now() + 10_000;
      while (existsSync(join(spool, 'a.xml'))) {
        assert.ok(performance.now() < deadline, said);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal(await ended, 0, said);
  });
});
