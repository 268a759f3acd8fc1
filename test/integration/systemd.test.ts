/**
 * The shipped units: systemd understands them, their exposure is at most 1.5, and they call our programs with
 * flags that exist; accounts, directories and firewalld's services too. Needs systemd-analyze; in CI its absence is a failure,
 * elsewhere a skip with the reason.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { dispatcherTables } from '../../src/cli/dispatcher/tables.ts';
import { httpProxyTable } from '../../src/cli/http-proxy-options.ts';
import type { CommandTable } from '../../src/cli/option.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { reverseServerTable } from '../../src/cli/reverse-server-options.ts';
import { pollerLimits } from '../../src/core/limits.ts';
import { tempDir } from '../support/temp-dir.ts';
import { projectRoot } from '../tools/source-files.ts';

const folder = join(projectRoot(), 'systemd');
const units = readdirSync(folder).filter((name) => /\.(?:service|timer)$/.test(name));
const services = units.filter((name) => name.endsWith('.service'));
const maxExposure = 1.5;
const programs: readonly CommandTable[] = [reverseServerTable, httpProxyTable, dispatcherTables.serve];

function analyze(...args: string[]): string {
  return execFileSync('systemd-analyze', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function available(): string | false {
  try {
    analyze('--version');
    return false;
  } catch {
    return process.env['CI'] ? false : 'systemd-analyze is not installed';
  }
}

describe('systemd units', { skip: available() }, () => {
  for (const name of services) {
    test(`${name}: exposure at most ${maxExposure}`, () => {
      const report = analyze('security', '--offline=true', '--no-pager', join(folder, name));
      const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(report)?.[1]);
      assert.ok(exposure <= maxExposure, `${exposure}\n${report}`);
    });
  }

  for (const name of units) {
    test(`${name}: systemd finds nothing to complain about`, (t) => {
      const dir = tempDir(t);
      for (const unit of units) {
        // The programs are not installed here; what is judged is the unit.
        const text = readFileSync(join(folder, unit), 'utf8').replaceAll(/=\/usr\/bin\/\S+/g, '=/bin/true');
        writeFileSync(join(dir, unit), text);
      }
      const path = join(dir, name.replace('@.', '@dmz1.'));
      if (name.includes('@.')) copyFileSync(join(dir, name), path);
      const out = execFileSync('/bin/sh', ['-c', 'systemd-analyze verify --man=no "$1" 2>&1', 'sh', path], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', SYSTEMD_UNIT_PATH: `${dir}:` },
      });
      const ours = out.split('\n').filter((line) => /reverse-server|http-proxy|alert-dispatcher/.test(line));
      assert.deepEqual(ours, []);
    });
  }

  test('accounts and directories are made as the units need them', (t) => {
    const dir = tempDir(t);
    for (const folderOf of ['etc', 'usr/lib/tmpfiles.d']) mkdirSync(join(dir, folderOf), { recursive: true });
    const accounts = join(folder, 'idmef-relay.sysusers');
    const isRoot = process.getuid?.() === 0;
    execFileSync('systemd-sysusers', [...(isRoot ? [] : ['--dry-run']), `--root=${dir}`, accounts], {
      stdio: 'pipe',
    });
    if (!isRoot) {
      t.diagnostic('not root: the directories are not made');
      return;
    }
    for (const name of ['idmef-relay', 'alert-dispatcher']) {
      copyFileSync(join(folder, `${name}.tmpfiles`), join(dir, 'usr/lib/tmpfiles.d', `${name}.conf`));
    }
    execFileSync('systemd-tmpfiles', ['--create', `--root=${dir}`], { stdio: 'pipe' });
    const uids = new Map(
      readFileSync(join(dir, 'etc/passwd'), 'utf8')
        .split('\n')
        .map((line) => [line.split(':')[0], Number(line.split(':')[2])]),
    );
    const owned = (path: string): [number | undefined, string] => {
      const { uid, mode } = statSync(join(dir, path));
      return [uid, (mode & 0o7777).toString(8)];
    };
    assert.deepEqual(owned('var/spool/idmef-relay'), [uids.get('idmef-relay'), '2770']);
    // Those of another user go through it; nobody else reads in it.
    assert.deepEqual(owned('var/lib/idmef-relay'), [uids.get('idmef-relay'), '751']);
    assert.deepEqual(owned('var/lib/idmef-relay/dispatcher'), [uids.get('idmef-dispatch'), '750']);
  });
});

describe('units and programs', () => {
  for (const name of services) {
    const text = readFileSync(join(folder, name), 'utf8');
    test(`${name} calls a command that parses`, () => {
      const [, command, words = ''] = /^ExecStart=\/usr\/bin\/(\S+) (.*)$/m.exec(text) ?? [];
      const table = programs.find((one) => one.command.split(' ')[0] === command);
      assert.ok(table, command);
      const args = words.replace('%i', 'dmz1').split(' ');
      const [verb] = table.command.split(' ').slice(1);
      if (verb !== undefined) assert.equal(args.shift(), verb);
      const { given } = parseArguments(table, args);
      // The dispatcher's settings have their place, the others' directory is said.
      assert.equal(given.has('config-dir'), verb === undefined);
    });
    test(`${name} leaves alone what would break it`, () => {
      assert.doesNotMatch(text, /^MemoryDenyWriteExecute=(?:yes|true|1)/m);
      assert.doesNotMatch(text, /^ProcSubset=pid/m);
      assert.doesNotMatch(text, /^EnvironmentFile=/m);
    });
  }
  test('services tell when they are ready and that they live', () => {
    for (const name of ['reverse-server.service', 'http-proxy-follow@.service', 'alert-dispatcher.service']) {
      const text = readFileSync(join(folder, name), 'utf8');
      for (const line of ['Type=notify', 'NotifyAccess=all'])
        assert.ok(text.split('\n').includes(line), `${name}: ${line}`);
      assert.match(text, /^WatchdogSec=\d+$/m);
    }
  });
  test('a run may take as long as its deadline before systemd ends it', () => {
    const text = readFileSync(join(folder, 'http-proxy@.service'), 'utf8');
    const limit = Number(/^TimeoutStartSec=(\d+)$/m.exec(text)?.[1]);
    assert.ok(limit >= pollerLimits.deadlineSeconds + 30, String(limit));
  });
  test('the dispatcher lets no unit take its state over', () => {
    for (const name of ['http-proxy@.service', 'http-proxy-follow@.service']) {
      const text = readFileSync(join(folder, name), 'utf8');
      assert.match(text, /^StateDirectory=idmef-relay$/m);
      assert.match(text, /^StateDirectoryMode=0751$/m);
    }
    const tmpfiles = readFileSync(join(folder, 'alert-dispatcher.tmpfiles'), 'utf8');
    assert.match(tmpfiles, /^d \/var\/lib\/idmef-relay +0751 idmef-relay /m);
    const unit = readFileSync(join(folder, 'alert-dispatcher.service'), 'utf8');
    assert.match(unit, /^User=idmef-dispatch$/m);
    const state = /^StateDirectory=(.*)$/m.exec(unit)?.[1];
    const byDefault = dispatcherTables.serve.options.find(({ name }) => name === 'state');
    assert.equal(byDefault && 'default' in byDefault && byDefault.default, `/var/lib/${state}`);
  });
});

describe('services of firewalld', () => {
  const ports = join(projectRoot(), 'firewalld');
  for (const name of readdirSync(ports)) {
    test(`${name} is XML and has one port`, () => {
      const path = join(ports, name);
      const text = readFileSync(path, 'utf8');
      // XML forbids it, and firewalld then has no such service; options of commands invite it.
      for (const [comment = ''] of text.matchAll(/<!--[^]*?-->/g))
        assert.ok(!comment.slice(4, -3).includes('--'), comment);
      assert.match(text, new RegExp(`<short>${name.replace('.xml', '')}</short>`));
      assert.equal([...text.matchAll(/<port protocol="tcp" port="\d+"\/>/g)].length, 1);
    });
  }
});
