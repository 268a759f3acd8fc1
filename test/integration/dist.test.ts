/**
 * The packed program on a host that has only Node: no npm, no compiler, no network. Packs it anew, unpacks it
 * elsewhere and runs what an operator runs first. Needs tar and gzip; the network is taken away with unshare(1)
 * where the kernel lets us.
 */

import assert from 'node:assert/strict';
import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';

import { makePki, type Pki } from '../support/pki.ts';
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

  for (const name of ['reverse-server', 'http-proxy', 'alert-dispatcher', 'idmef']) {
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
    const { said, ended, line } = listenTo(child);
    try {
      await line(/Listening on https:\/\/127\.0\.0\.1:\d+\//);
      const deadline = performance.now() + 10_000;
      while (existsSync(join(spool, 'a.xml'))) {
        assert.ok(performance.now() < deadline, said());
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal(await ended, 0, said());
  });

  test('alert-dispatcher takes a post and a mail in, fills a template, writes a file and ends in order', async () => {
    const pki = await makePki(join(dir, 'dispatcher-pki'));
    const { certFile: cert, keyFile: key } = pki.server;
    const state = join(dir, 'dispatcher');
    const arrived = join(dir, 'arrived');
    mkdirSync(arrived, { mode: 0o755 });
    const config = join(dir, 'dispatcher.yml');
    const settings = {
      endpoints: { directory: { type: 'file', dir: arrived }, terminal: { type: 'console' } },
      recipients: {
        archive: { endpoint: 'directory' },
        people: { endpoint: 'terminal', template: 'TOLD {{ alert.title | upcase }}' },
        ana: { endpoint: 'terminal', owner: 'ana', when: 'alert.classification.text ~* "no.such"' },
      },
      route: { to: ['archive', 'people'], group_wait: 0 },
      sources: {
        https: { listen: '127.0.0.1:0', cert, key, ca: pki.caFile },
        smtp: { listen: '127.0.0.1:0', allow_from: '127.0.0.1' },
      },
    };
    writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
    const places = ['--config', config, '--state', state];
    // Its clients are in this process: with the network, and like a service with nothing of the shell's.
    const launch = (...args: string[]): [string, string[], { env: typeof env; cwd: string }] => [
      join(home, 'bin/alert-dispatcher'),
      [...args, ...places],
      { env, cwd: dir },
    ];
    const asked = (...args: string[]): string => {
      const [file, words, options] = launch(...args);
      const { status, stdout, stderr } = spawnSync(file, words, { ...options, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      return stdout.trim();
    };
    assert.match(asked('check'), /: sound$/);
    const [file, words, options] = launch('serve', '--min-free', '1M');
    const child = spawn(file, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const { said, ended, line } = listenTo(child);
    try {
      const [, httpsPort] = await line(/^Listening: https on 127\.0\.0\.1 port (\d+)$/m);
      const [, mailPort] = await line(/^Listening: smtp on 127\.0\.0\.1 port (\d+)$/m);
      asked('users', 'add', 'ana', '--no-password');
      const secret = asked('keys', 'add', 'ana');
      const { status } = await post(
        Number(httpsPort),
        secret,
        { title: 'Backup failed', severity: 'high' },
        pki,
      );
      assert.equal(status, 201, said());
      await line(/^TOLD BACKUP FAILED$/m);
      const { createTransport } = await import('nodemailer');
      const transport = createTransport({ host: '127.0.0.1', port: Number(mailPort), ignoreTLS: true });
      await transport.sendMail({ from: `${secret}@x`, to: 'ana@x', subject: 'Grüße', text: 'by mail' });
      await line(/^Grüße \| \| by mail$/m);
      assert.match(asked('why', '2'), /→ ana: sent/);
      assert.match(readFileSync(join(arrived, 'alerts.jsonl'), 'utf8'), /"title":"Backup failed"/);
      asked('backup', join(dir, 'backup.db'));
      assert.ok(existsSync(join(dir, 'backup.db')));
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal(await ended, 0, said());
  });
});

interface Listening {
  readonly ended: Promise<number | null>;
  readonly said: () => string;
  /** Rejects when the program ends, or after a while. */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>;
}

function listenTo(child: ChildProcessByStdio<null, Readable, Readable>): Listening {
  let said = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const hear = (text: string): void => {
    said += text;
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  return {
    ended,
    said: () => said,
    line: async (pattern) => {
      const deadline = performance.now() + 30_000;
      for (;;) {
        const found = pattern.exec(said);
        if (found !== null) return found;
        assert.ok(child.exitCode === null && performance.now() < deadline, `not ${pattern}: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

function post(
  port: number,
  key: string,
  alert: object,
  { caPem }: Pki,
): Promise<{ readonly status: number }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const path = '/api/v1/alerts';
    const asked = request({
      host: 'localhost',
      port,
      path,
      method: 'POST',
      headers,
      ca: caPem,
      agent: false,
    });
    asked.once('error', reject);
    asked.once('response', (answer) => {
      answer.resume().once('end', () => resolve({ status: answer.statusCode ?? 0 }));
    });
    asked.end(JSON.stringify(alert));
  });
}
