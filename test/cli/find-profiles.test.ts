/** Which profiles a host has: settings files and state directories, as they are found in the field. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { findProfiles, namedProfiles } from '../../src/cli/find-profiles.ts';
import { findSensor, hasSensor } from '../../src/cli/find-sensor.ts';
import { readNamedProfiles } from '../../src/cli/http-proxy-profiles.ts';
import { httpProxyTable } from '../../src/cli/http-proxy-options.ts';
import { commonOptions } from '../../src/cli/option.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { Settings } from '../../src/cli/settings.ts';
import { parseDuration } from '../../src/cli/values.ts';
import { RelayError } from '../../src/core/errors.ts';
import { tempDir } from '../support/temp-dir.ts';

const COMMON = 'CERT=c\nKEY=k\nCACERT=a\nMANAGER=file:///x\n';

function world(t: TestContext, files: Readonly<Record<string, string>>, states: readonly string[] = []) {
  const dir = tempDir(t);
  const [one, two, state] = ['sysconfig', 'default', 'state'].map((name) => join(dir, name));
  for (const made of [one, two]) mkdirSync(made ?? '');
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    writeFileSync(path, text);
    chmodSync(path, 0o644);
  }
  for (const name of states) mkdirSync(join(state ?? '', 'profiles', name), { recursive: true });
  return { dir, configDir: `${one}:${two}`, state: state ?? '' };
}

test('files of both directories, states without a file, and no leftovers of editors and packages', (t) => {
  const { configDir, state } = world(
    t,
    {
      'sysconfig/http-proxy': COMMON,
      'sysconfig/http-proxy@dmz2': 'SENSOR=https://s2/\n',
      'default/http-proxy@dmz1': 'SENSOR=https://s1/\n',
      'default/http-proxy@dmz1.rpmsave': 'x',
      'default/http-proxy@dmz1~': 'x',
      'default/http-proxy@dmz1.dpkg-old': 'x',
      'default/http-proxy@': 'x',
      'default/http-proxy@-x': 'x',
    },
    ['dmz1', 'gone'],
  );
  const found = findProfiles({ configDir, state });
  assert.deepEqual(
    found.map(({ name, config, fault }) => [name, config?.sensor.host, fault]),
    [
      ['dmz1', 's1', undefined],
      ['dmz2', 's2', undefined],
      ['gone', undefined, undefined],
    ],
  );
  assert.deepEqual(
    found.map(({ stateDir }) => stateDir),
    ['dmz1', 'dmz2', 'gone'].map((name) => join(state, 'profiles', name)),
  );
});

test('STATE= of the settings is followed; a file that is wrong hides no other', (t) => {
  const { dir, configDir } = world(t, {}, ['left']);
  const file = (name: string, text: string): void => {
    writeFileSync(join(dir, 'default', name), text);
    chmodSync(join(dir, 'default', name), 0o644);
  };
  file('http-proxy', `${COMMON}STATE=${join(dir, 'state')}\n`);
  file('http-proxy@good', 'SENSOR=https://s/\n');
  file('http-proxy@bad', 'SENSR=https://s/\n');
  const found = findProfiles({ configDir, state: undefined });
  const names = new Set(found.map(({ name }) => name));
  for (const name of ['bad', 'good', 'left']) assert.ok(names.has(name), name);
  const bad = found.find(({ name }) => name === 'bad');
  assert.match(bad?.fault?.message ?? '', /http-proxy@bad:1: unknown key SENSR$/);
  assert.equal(bad?.fault?.denied, false);
  assert.equal(found.find(({ name }) => name === 'good')?.stateDir, join(dir, 'state/profiles/good'));
});

test('a name that is nowhere is told with those that are', (t) => {
  const where = world(t, { 'default/http-proxy': COMMON }, ['dmz1']);
  assert.equal(namedProfiles(['dmz1'], where).length, 1);
  assert.throws(
    () => namedProfiles(['dmz9'], where),
    (error) => error instanceof RelayError && error.code === 'NO_INPUT' && error.hint === 'there are dmz1',
  );
});

test('the sensor of this host', (t) => {
  const good = world(t, { 'default/reverse-server': `${COMMON.replace(/MANAGER.*\n/, '')}ALLOW_POLLER=*\n` });
  assert.equal(hasSensor(good), true);
  assert.equal(findSensor(good).config?.spoolDir, './spool');
  assert.equal(findSensor({ ...good, state: undefined }).stateDir, '/var/lib/idmef-relay/sensor');
  const bad = world(t, { 'default/reverse-server': 'CRT=c\n' });
  assert.match(findSensor(bad).fault?.message ?? '', /unknown key CRT/);
  const none = world(t, {});
  assert.equal(hasSensor(none), false);
});

describe('METRICS_FILE', () => {
  const read = (configDir: string) => {
    const flags = parseArguments(httpProxyTable, ['--profile', 'dmz1', '--config-dir', configDir]);
    const settings = new Settings([...httpProxyTable.options, ...commonOptions], flags.given, undefined);
    return readNamedProfiles(['dmz1'], flags, settings, {}).profiles[0]?.metricsFile;
  };

  test('%i is the name of the profile', (t) => {
    const files = {
      'default/http-proxy': `${COMMON}METRICS_FILE=/m/idmef-%i.prom\n`,
      'default/http-proxy@dmz1': 'SENSOR=https://s/\n',
    };
    assert.equal(read(world(t, files).configDir), '/m/idmef-dmz1.prom');
  });

  test('in the common file each run would overwrite the others without it', (t) => {
    const files = {
      'default/http-proxy': `${COMMON}METRICS_FILE=/m/x.prom\n`,
      'default/http-proxy@dmz1': 'SENSOR=https://s/\n',
    };
    const { configDir } = world(t, files);
    assert.throws(() => read(configDir), /http-proxy:5: METRICS_FILE must contain %i here/);
  });

  test('in a file of its own any name will do', (t) => {
    const files = {
      'default/http-proxy': COMMON,
      'default/http-proxy@dmz1': 'SENSOR=https://s/\nMETRICS_FILE=/m/x.prom\n',
    };
    assert.equal(read(world(t, files).configDir), '/m/x.prom');
  });
});

test('durations', () => {
  const option = { name: 'age', kind: 'duration', help: '' } as const;
  const good = { '30s': 30_000, '15m': 900_000, '24h': 86_400_000, '7d': 604_800_000, '0': 0 };
  for (const [text, ms] of Object.entries(good)) assert.equal(parseDuration(option, text), ms);
  for (const text of ['', '15', '1.5h', '-1s', '1w', '1h30m', ' 1s', '9999999999s'])
    assert.throws(() => parseDuration(option, text), /must be a duration such as 30s, 15m, 24h or 7d/);
  assert.throws(() => parseDuration({ ...option, max: 1000 }, '2s'));
});
