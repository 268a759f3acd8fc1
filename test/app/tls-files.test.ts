/**
 * Certificates over time in both programs as values: renewed files, revoked peers, and the end that is near, which reaches the
 * destinations as alerts.
 */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import { createHttpProxy } from '../../src/app/http-proxy.ts';
import { createReverseServer } from '../../src/app/reverse-server.ts';
import type { TlsSettings } from '../../src/core/settings.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { profileFor } from '../support/poller-bench.ts';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { messageids } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';

const DAY = 86_400_000;
const LONG = new Date(Date.now() - 300 * DAY);

function files(dir: string, name: string, { certPem, keyPem }: Issued, pki: Pki): TlsSettings {
  const at = (ending: string): string => join(dir, `${name}.${ending}`);
  writeFileSync(at('crt'), certPem);
  writeFileSync(at('key'), keyPem, { mode: 0o600 });
  return { certFile: at('crt'), keyFile: at('key'), caFile: pki.caFile, policy: 'anssi' };
}

function profile(dir: string, pki: Pki, port: number, tls: TlsSettings): ProfileConfig {
  const out = join(dir, 'out');
  mkdirSync(out, { recursive: true });
  const base = profileFor(pki, new URL(`https://localhost:${port}/`), join(dir, 'manager'));
  return { ...base, name: 'dmz1', managers: [pathToFileURL(out)], tls, managerTls: tls };
}

function follow(t: TestContext, config: ProfileConfig, logger: RecordingLogger, profiles = () => [config]) {
  const stop = new AbortController();
  const proxy = createHttpProxy(
    { mode: { kind: 'follow' }, profiles: [config], reload: profiles, log: { format: 'text', verbosity: 0 } },
    { logger, clock: systemClock, random: systemRandom },
  );
  const running = proxy.run(stop.signal);
  const end = async (): Promise<number> => {
    stop.abort();
    return await running;
  };
  t.after(end);
  return { proxy, end };
}

function said(logger: RecordingLogger, words: RegExp): boolean {
  return logger.lines.some(({ text }) => words.test(text));
}

function arrived(dir: string): string {
  const out = join(dir, 'out');
  return readdirSync(out)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => readFileSync(join(out, name), 'utf8'))
    .join('');
}

test('a follower takes up a renewed certificate, and a revoked sensor is left at the next question', async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const logger = recordingLogger();
  const sensor = await startTestSensor(t, { pki, consuming: true });
  const crlFile = join(dir, 'ca.crl');
  writeFileSync(crlFile, readFileSync(await pki.crl({ revoked: [] })));
  const tls = { ...files(dir, 'client', pki.client, pki), crlFile };
  const { proxy } = follow(t, profile(dir, pki, sensor.port, tls), logger);
  await sensor.fill(5);
  await until(() => messageids(arrived(dir)).length === 5);

  const renewed = await pki.issue({
    name: 'renewed',
    cn: 'manager1',
    san: ['DNS:manager1'],
    eku: ['client'],
  });
  files(dir, 'client', renewed, pki);
  proxy.reload();
  await until(() => said(logger, /^dmz1: TLS files read again: certificate \(ends .*\), key$/));
  const serials = (): readonly unknown[] =>
    sensor.logger.events('delivered').map(({ fields }) => fields['serial']);
  await until(async () => {
    await sensor.fill(1);
    return serials().includes(renewed.serial);
  });
  assert.equal(logger.lines.filter(({ level }) => level === 'error').length, 0, 'no poll failed');

  writeFileSync(tls.keyFile, 'x');
  proxy.reload();
  await until(() => said(logger, /the old ones stay in force: --key .* holds no private key/));
  files(dir, 'client', renewed, pki);
  writeFileSync(crlFile, readFileSync(await pki.crl({ revoked: [pki.server.serial] })));
  proxy.reload();
  await until(() => said(logger, /TLS files read again: revocation list \(1 revoked/));
  await sensor.fill(1);
  await until(() => said(logger, /shows a certificate that has been revoked/));
});

test('a reload whose profile names files that cannot be used changes nothing', async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const logger = recordingLogger();
  const sensor = await startTestSensor(t, { pki, consuming: true });
  const good = profile(dir, pki, sensor.port, files(dir, 'client', pki.client, pki));
  const bad = { ...good, tls: { ...good.tls, certFile: '/nowhere.crt' } };
  const { proxy } = follow(t, good, logger, () => [bad]);
  await sensor.fill(1);
  await until(() => messageids(arrived(dir)).length === 1);
  proxy.reload();
  await until(() =>
    said(logger, /cannot be read again, the old one stays: --cert \/nowhere\.crt does not exist/),
  );
  await sensor.fill(1);
  await until(() => messageids(arrived(dir)).length === 2);
});

test('what ends soon is said once and reaches the destination as an alert, the sensor included', async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const logger = recordingLogger();
  const ending = { notBefore: LONG, notAfter: new Date(Date.now() + 6.5 * DAY) };
  const server = await pki.issue({
    name: 's',
    cn: 'localhost',
    san: ['DNS:localhost'],
    eku: ['server'],
    ...ending,
  });
  const client = await pki.issue({
    name: 'c',
    cn: 'manager1',
    san: ['DNS:manager1'],
    eku: ['client'],
    ...ending,
  });
  const stale = { thisUpdate: LONG, nextUpdate: new Date(Date.now() - DAY) };
  const status = () => ({ stuck: 0, corrupt: 0, waiting: 0 });
  const sensor = await startTestSensor(t, { pki: { ...pki, server }, consuming: true, deps: { status } });
  const tls = { ...files(dir, 'client', client, pki), crlFile: await pki.crl({ revoked: [], ...stale }) };
  const config = profile(dir, pki, sensor.port, tls);
  const run = async (): Promise<number> =>
    await createHttpProxy(
      {
        mode: { kind: 'oneshot' },
        profiles: [config],
        reload: () => [config],
        log: { format: 'text', verbosity: 0 },
      },
      { logger, clock: systemClock, random: systemRandom },
    ).run(new AbortController().signal);
  for (let count = 0; count < 3; count += 1) assert.equal(await run(), 0);
  assert.deepEqual(
    logger
      .events('certificate-ends')
      .map(
        ({ text }) => /our certificate|the certificate of the sensor|the revocation list of/.exec(text)?.[0],
      ),
    ['our certificate', 'the revocation list of', 'the certificate of the sensor'],
  );
  assert.equal(
    logger.lines.filter(({ text }) => text.includes('should have been renewed')).length,
    1,
    'hourly',
  );
  const alerts = arrived(dir);
  assert.equal(messageids(alerts).length, 3);
  assert.match(
    alerts,
    /the certificate of the sensor CN=localhost \(sensor https:\/\/localhost:\d+\/\) ends in 7 days/,
  );
  assert.match(alerts, /Classification text="TLS revocation list has expired"/);
});

test('reverse-server reports into its own journal, once, also over a restart; renewed files end it', async (t) => {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const ending = await pki.issue({
    name: 's',
    cn: 'localhost',
    san: ['DNS:localhost'],
    notBefore: LONG,
    notAfter: new Date(Date.now() + 0.5 * DAY),
  });
  const stale = { thisUpdate: LONG, nextUpdate: new Date(Date.now() - DAY) };
  const crlFile = join(dir, 'ca.crl');
  writeFileSync(crlFile, readFileSync(await pki.crl({ revoked: [], ...stale })));
  const tls = { ...files(dir, 'server', ending, pki), crlFile };
  mkdirSync(join(dir, 'spool'));
  const logger = recordingLogger();
  const start = async () => {
    const server = createReverseServer(
      {
        tls,
        address: '127.0.0.1',
        port: 0,
        spoolDir: join(dir, 'spool'),
        delete: true,
        stateDir: join(dir, 'state'),
        allow: { poller: ['*'] },
        consumers: [],
        minFree: { bytes: 0, percent: 0 },
        log: { format: 'text', verbosity: 0 },
      },
      { logger, clock: systemClock, random: systemRandom, stdout: { write: () => true } },
    );
    t.after(async () => await server.close());
    return { server, port: (await server.start()).port };
  };
  const first = await start();
  await until(() => logger.events('certificate-ends').length === 2);
  assert.equal(logger.events('crl-stale').length, 1);
  writeFileSync(tls.keyFile, 'half');
  first.server.reload();
  assert.match(logger.events('tls-reload-failed')[0]?.text ?? '', /--key .* holds no private key/);
  files(dir, 'server', pki.server, pki);
  writeFileSync(crlFile, readFileSync(await pki.crl({ revoked: [] })));
  first.server.reload();
  assert.match(
    logger.events('tls-reloaded')[0]?.text ?? '',
    /certificate \(ends .*\), key, revocation list \(0 revoked/,
  );
  await first.server.close();
  files(dir, 'server', ending, pki);

  const second = await start();
  const config = profile(dir, pki, second.port, files(dir, 'client', pki.client, pki));
  const proxy = createHttpProxy(
    {
      mode: { kind: 'oneshot' },
      profiles: [config],
      reload: () => [config],
      log: { format: 'text', verbosity: 0 },
    },
    { logger: recordingLogger(), clock: systemClock, random: systemRandom },
  );
  await proxy.run(new AbortController().signal);
  const alerts = arrived(dir);
  assert.match(alerts, /our certificate CN=localhost \(--cert [^)]*\) ends in 1 day, on/);
  assert.equal(alerts.match(/TLS revocation list has expired/g)?.length, 1);
  assert.equal(logger.events('certificate-ends').length, 2, 'the restart says nothing twice');
});
