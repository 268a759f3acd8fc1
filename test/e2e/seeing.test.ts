/**
 * An operator looks: `idmef status` and `idmef check` beside running programs, from the first run through a gateway
 * that is down, an alert in quarantine and a sensor that is gone.
 */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { jsonObject } from '../../src/core/json-object.ts';
import { freePort } from '../support/free-port.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement, document, invalidElement } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';
import { makeWorld } from '../support/world.ts';

async function scene(t: TestContext) {
  const world = await makeWorld(tempDir(t));
  const { dir, pki, pollerState, sensorState } = world;
  const conf = join(dir, 'conf');
  mkdirSync(conf);
  const settings = (name: string, ...lines: readonly string[]): void => {
    writeFileSync(join(conf, name), `${lines.join('\n')}\n`);
    chmodSync(join(conf, name), 0o644);
  };
  const tls = [`CERT=${pki.client.certFile}`, `KEY=${pki.client.keyFile}`, `CACERT=${pki.caFile}`];
  settings('http-proxy', ...tls, `STATE=${pollerState}`, 'MIN_FREE=1M', `METRICS_FILE=${dir}/idmef-%i.prom`);
  settings('http-proxy@dmz1', `SENSOR=${world.sensorUrl}`, `MANAGER=file://${world.outbox}`);
  settings('http-proxy@dmz2', `SENSOR=${world.sensorUrl}`, `MANAGER=https://localhost:${await freePort()}/`);
  const at = ['--config-dir', conf];
  const idmef = async (...args: string[]) => await runProgram('idmef', args);
  const sensor = await world.startSensor();
  t.after(() => sensor.kill('SIGKILL'));
  return {
    sensor,
    settings,
    poll: async (profile: string) => (await runProgram('http-proxy', ['--profile', profile, ...at])).code,
    status: async (...args: string[]) => await idmef('status', ...at, '--state', pollerState, ...args),
    json: async (profile: string) =>
      jsonObject((await idmef('status', ...at, '--json', profile)).stdout) ?? {},
    check: async (...args: string[]) =>
      // The certificates of a test last a day.
      await idmef('check', ...at, '--state', pollerState, '--warn-days=0', '--crit-days=0', ...args),
    sensorStatus: async () =>
      await idmef('status', '--sensor', '--state', sensorState, '--config-dir', '/nowhere'),
    put: async (name: string, text: string, found: number) => {
      writeFileSync(join(world.spool, `${name}.tmp`), text);
      renameSync(join(world.spool, `${name}.tmp`), join(world.spool, `${name}.xml`));
      await until(
        async () =>
          (
            await idmef('status', '--sensor', '--json', '--state', sensorState, '--config-dir', '/nowhere')
          ).stdout.includes(`"found":${found}`),
        { everyMs: 100 },
      );
    },
  };
}

test('what status and check tell, step by step', async (t) => {
  const { sensor, settings, poll, status, json, check, sensorStatus, put } = await scene(t);

  const fresh = await status();
  assert.equal(fresh.code, 0, fresh.stderr);
  assert.match(
    fresh.stdout,
    /^PROFILE .*\ndmz1 +never .*\ndmz2 +never .*\nlaw: ok; 2 profiles: 2 never; 0 pending/,
  );

  assert.equal(await poll('dmz1'), 0);
  assert.match((await status()).stdout, /\ndmz2 +never .*\ndmz1 +ok +\d+ s +0 +- +0 0\/0\/0/);
  const good = await check('--profile', 'dmz1');
  assert.match(
    good.stdout,
    /^IDMEF OK - dmz1: last success \d+ s ago, 0 pending, 0 quarantined \| run_age=\d+s;900;3600;0 /,
  );
  assert.equal(good.code, 0);

  await put('two', document(alertElement('one'), invalidElement('two')), 1);
  assert.equal(await poll('dmz1'), 65);
  const detail = await status('dmz1');
  assert.match(detail.stdout, /^dmz1: ok\n/);
  assert.match(
    detail.stdout,
    /\n {2}last run +\d+ s ago, took .*: 2 fetched, 2 forwarded, .* 1 quarantined, exit 65\n/,
  );
  assert.match(detail.stdout, /\n {2}quarantine +1 wait: idmef quarantine list --profile dmz1\n/);
  const warned = await check('--profile', 'dmz1');
  assert.match(
    warned.stdout,
    /^IDMEF WARNING - dmz1: 1 quarantined: idmef quarantine list --profile dmz1 \| /,
  );
  assert.equal(warned.code, 1);

  await put('three', document(alertElement('three')), 2);
  assert.match(
    (await sensorStatus()).stdout,
    /\n {2}queue +default: 1 pending \(.*\n {2}files +2 found = 2 taken\n/,
  );
  assert.equal(await poll('dmz2'), 75);
  const kept = await json('dmz2');
  assert.deepEqual([kept['state'], kept['pending'], kept['law']], ['failing', 1, 'ok']);
  assert.match((await status()).stdout, /\ndmz2 +failing .* localhost:\d+ refused/);

  await sensor.kill('SIGTERM');
  assert.equal(await poll('dmz1'), 69);
  const down = await json('dmz1');
  assert.equal(down['state'], 'failing');
  const [trouble] = Array.isArray(down['troubles']) ? down['troubles'] : [];
  assert.equal(jsonObject(JSON.stringify(trouble))?.['code'], 'SENSOR_UNREACHABLE');
  const strict = await check('--all', '--warn-age=0', '--crit-age=0');
  assert.equal(strict.code, 2);
  assert.match(strict.stdout, /^IDMEF CRITICAL - 2 of 2 profiles: .* \| profiles=2;;;0 ok=0;;;0 /);
  const stopped = await sensorStatus();
  assert.match(stopped.stdout, /^sensor: (?:stopped|ok)\n/);

  settings('http-proxy@dmz2', 'SENSR=https://s/');
  assert.match((await status()).stdout, /\ndmz2 +config .* line 1: unknown key SENSR/);
  const wrong = await check('--profile', 'dmz2');
  assert.equal(wrong.code, 2);

  const nobody = await status('dmz9');
  assert.equal(nobody.code, 66);
  assert.match(nobody.stderr, /no profile dmz9.*\n.*there are dmz1, dmz2/);
  assert.equal((await check('--profile', 'dmz9')).code, 3);
});

test('misuse of a plugin is UNKNOWN on stdout, whatever sysexits say', async () => {
  for (const args of [
    ['--frob'],
    [],
    ['--all', '--sensor'],
    ['--all', '--warn-age', '1y'],
    ['--all', '--warn-age=2h'],
  ]) {
    const { code, stdout, stderr } = await runProgram('idmef', ['check', ...args]);
    assert.equal(code, 3, args.join(' '));
    assert.match(stdout, /^IDMEF UNKNOWN - [^\n]+\n$/);
    assert.equal(stderr, '');
  }
  assert.equal((await runProgram('idmef', ['status', '--frob'])).code, 64);
  assert.equal((await runProgram('idmef', ['status', '--sensor', 'dmz1'])).code, 64);
  const nothing = await runProgram('idmef', ['status', '--config-dir=/nowhere', '--state=/nowhere']);
  assert.equal(nothing.code, 66);
  assert.match(
    nothing.stderr,
    /no profiles: no http-proxy@NAME in \/nowhere, nothing in \/nowhere\/profiles/,
  );
});
