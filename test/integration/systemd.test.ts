/**
 * The shipped units: systemd understands them, their exposure is at most 1.5, and they call our programs with
 * flags that exist. Needs systemd-analyze; in CI its absence is a failure, elsewhere a skip with the reason.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { httpProxyTable } from '../../src/cli/http-proxy-options.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { reverseServerTable } from '../../src/cli/reverse-server-options.ts';
import { pollerLimits } from '../../src/core/limits.ts';
import { tempDir } from '../support/temp-dir.ts';
import { projectRoot } from '../tools/source-files.ts';

const folder = join(projectRoot(), 'systemd');
const units = readdirSync(folder).filter((name) => /\.(?:service|timer)$/.test(name));
const services = units.filter((name) => name.endsWith('.service'));
const maxExposure = 1.5;

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
      const ours = out.split('\n').filter((line) => /reverse-server|http-proxy/.test(line));
      assert.deepEqual(ours, []);
    });
  }

  test('the accounts and directories are what systemd reads', (t) => {
    const dir = tempDir(t);
    for (const tool of ['sysusers', 'tmpfiles']) {
      const file = join(folder, `idmef-relay.${tool}`);
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
      assert.ok(lines.length >= 3, file);
    }
    execFileSync('systemd-sysusers', ['--dry-run', `--root=${dir}`, join(folder, 'idmef-relay.sysusers')], {
      stdio: 'pipe',
    });
  });
});

describe('units and programs', () => {
  for (const name of services) {
    const text = readFileSync(join(folder, name), 'utf8');
    test(`${name} calls a command that parses`, () => {
      const [, command, words = ''] = /^ExecStart=\/usr\/bin\/(\S+) (.*)$/m.exec(text) ?? [];
      const table = command === 'reverse-server' ? reverseServerTable : httpProxyTable;
      assert.equal(table.command, command);
      const { given } = parseArguments(table, words.replace('%i', 'dmz1').split(' '));
      assert.ok(given.has('config-dir'));
    });
    test(`${name} leaves alone what would break it`, () => {
      assert.doesNotMatch(text, /^MemoryDenyWriteExecute=(?:yes|true|1)/m);
      assert.doesNotMatch(text, /^ProcSubset=pid/m);
      assert.doesNotMatch(text, /^EnvironmentFile=/m);
    });
  }
  test('services tell when they are ready and that they live', () => {
    for (const name of ['reverse-server.service', 'http-proxy-follow@.service']) {
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
});
