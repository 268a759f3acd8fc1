/** The program as a value: many profiles, isolation, following, schedules, reload. Against the real sensor's server. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { HttpProxyConfig } from '../../src/app/http-proxy-config.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { createHttpProxy, type HttpProxy } from '../../src/app/http-proxy.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { startFakeManager } from '../support/fake-manager.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { profileFor } from '../support/poller-bench.ts';
import { makeSite, register } from '../support/prelude-site.ts';
import { startTrivialGateway } from '../support/receiver.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { messageids } from '../support/tiny-alerts.ts';
import { until } from '../support/until.ts';

/** A sensor with nothing to report. */
const healthy = { status: () => ({ stuck: 0, corrupt: 0, waiting: 0 }) };

interface World {
  readonly dir: string;
  readonly pki: Pki;
  readonly logger: ReturnType<typeof recordingLogger>;
  readonly profile: (name: string, port: number, more?: Partial<ProfileConfig>) => ProfileConfig;
  readonly program: (
    mode: HttpProxyConfig['mode'],
    profiles: readonly ProfileConfig[],
    reload?: HttpProxyConfig['reload'],
  ) => HttpProxy;
  readonly arrived: (name: string) => number;
}

async function world(t: TestContext): Promise<World> {
  const dir = tempDir(t);
  const pki = await makePki(join(dir, 'pki'));
  const logger = recordingLogger();
  const out = (name: string): string => join(dir, `out-${name}`);
  return {
    dir,
    pki,
    logger,
    profile: (name, port, more = {}) => {
      mkdirSync(out(name), { recursive: true });
      const url = new URL(`https://localhost:${port}/`);
      return {
        ...profileFor(pki, url, join(dir, name)),
        name,
        managers: [pathToFileURL(out(name))],
        ...more,
      };
    },
    program: (mode, profiles, reload = () => profiles) =>
      createHttpProxy(
        { mode, profiles, reload, log: { format: 'text', verbosity: 0 } },
        { logger, clock: systemClock, random: systemRandom },
      ),
    arrived: (name) => {
      const files = readdirSync(out(name)).filter((file) => !file.startsWith('.'));
      return new Set(files.flatMap((file) => messageids(readFileSync(join(out(name), file))))).size;
    },
  };
}

const never = new AbortController().signal;

test('P10: profiles do not disturb each other; the exit code is the worst', async (t) => {
  const { pki, profile, program, arrived, logger } = await world(t);
  const sensor = await startTestSensor(t, { pki, consuming: true, deps: healthy });
  await sensor.fill(30);
  const good = profile('good', sensor.port);
  const down = profile('down', 1);
  const keyless = profile('keyless', sensor.port, { tls: { ...good.tls, keyFile: '/nowhere.key' } });
  assert.equal(await program({ kind: 'oneshot' }, [keyless, down, good]).run(never), 78);
  assert.equal(arrived('good'), 30);
  assert.equal((await sensor.stats()).settled, 30);
  const said = logger.lines.map(({ text }) => text).join('\n');
  assert.match(said, /^keyless: --key \/nowhere\.key does not exist/m);
  assert.match(said, /^down: sensor .* refused the connection/m);
  assert.equal(await program({ kind: 'oneshot' }, [good]).run(never), 0);
});

test('a follower gets what comes within moments, and survives its sensor', async (t) => {
  const { pki, profile, program, arrived, logger } = await world(t);
  const sensor = await startTestSensor(t, { pki, consuming: true, deps: healthy });
  const stop = new AbortController();
  const running = program({ kind: 'follow' }, [profile('f', sensor.port), profile('down', 1)]).run(
    stop.signal,
  );
  await sensor.fill(3);
  await until(() => arrived('f') === 3);
  await sensor.fill(700);
  await until(() => arrived('f') === 703);
  await until(async () => (await sensor.stats()).settled === 703);
  stop.abort();
  assert.equal(await running, 0);
  const errors = logger.lines.filter(({ level }) => level === 'error');
  assert.equal(errors.filter(({ text }) => text.startsWith('down: ')).length, 1, 'said once while it lasts');
  assert.equal(errors.filter(({ text }) => text.startsWith('f: ')).length, 0);
  assert.ok(logger.lines.some(({ text }) => text.startsWith('f: 703 fetched, 703 forwarded')));
});

test('followers of one Prelude profile share its connection, and each has its own alerts confirmed', async (t) => {
  const { dir, pki, profile, program } = await world(t);
  const [one, two] = [
    await startTestSensor(t, { pki, consuming: true, deps: healthy }),
    await startTestSensor(t, { pki, consuming: true, deps: healthy }),
  ];
  const site = await makeSite('1001');
  const manager = await startFakeManager(t, site);
  const relay = await register(join(dir, 'relay'), '2002', [{ site }]);
  const managers = [new URL(`prelude://localhost:${manager.port}?profile=relay&dir=${relay.dir}`)];
  let profiles = [profile('one', one.port, { managers }), profile('two', two.port, { managers })];
  const proxy = program({ kind: 'follow' }, profiles, () => profiles);
  const stop = new AbortController();
  t.after(() => stop.abort());
  const running = proxy.run(stop.signal);
  await one.fill(40);
  await two.fill(50);
  await until(async () => (await one.stats()).settled === 40 && (await two.stats()).settled === 50);
  await until(() => manager.alerts().length === 90);
  assert.equal(manager.sessions.length, 1);
  profiles = profiles.slice(1);
  proxy.reload();
  await two.fill(5);
  await until(() => manager.alerts().length === 95);
  assert.deepEqual([manager.sessions.length, manager.sessions[0]?.ended], [1, false]);
  stop.abort();
  assert.equal(await running, 0);
  await until(() => manager.sessions[0]?.ended === true);
});

test('a follower waits out a destination that fails', async (t) => {
  const { pki, profile, program } = await world(t);
  const sensor = await startTestSensor(t, { pki, consuming: true, deps: healthy });
  const gateway = await startTrivialGateway(t, { pki });
  gateway.misbehave = (_body, count) => (count <= 2 ? { status: 503 } : undefined);
  const stop = new AbortController();
  const running = program({ kind: 'follow' }, [profile('f', sensor.port, { managers: [gateway.url] })]).run(
    stop.signal,
  );
  await sensor.fill(20);
  await until(() => gateway.accepted === 20);
  stop.abort();
  assert.equal(await running, 0);
});

test('a follower that can never start says so and ends', async (t) => {
  const { profile, program, logger } = await world(t);
  const base = profile('f', 1);
  const broken = { ...base, tls: { ...base.tls, certFile: '/nowhere.crt' } };
  assert.equal(await program({ kind: 'follow' }, [broken]).run(never), 78);
  assert.match(logger.lines[0]?.text ?? '', /^f: --cert \/nowhere\.crt does not exist/);
});

test('reload starts what is new, ends what is gone; a bad configuration changes nothing', async (t) => {
  const { pki, profile, program, arrived, logger } = await world(t);
  const sensor = await startTestSensor(t, { pki, consuming: true, deps: healthy });
  const one = profile('one', sensor.port);
  const two = profile('two', sensor.port);
  let next: () => readonly ProfileConfig[] = () => [two];
  const stop = new AbortController();
  const proxy = program({ kind: 'follow' }, [one], () => next());
  const running = proxy.run(stop.signal);
  await sensor.fill(2);
  await until(() => arrived('one') === 2);
  proxy.reload();
  await until(() => logger.lines.some(({ text }) => text === 'configuration read again: two'));
  await until(async () => {
    await sensor.fill(1);
    return arrived('two') > 0;
  });
  const before = arrived('one');
  next = () => {
    throw new Error('unknown key SENSR');
  };
  proxy.reload();
  assert.ok(
    logger.lines.some(({ text }) => /cannot be read again, the old one stays: unknown key SENSR/.test(text)),
  );
  const already = arrived('two');
  await sensor.fill(1);
  await until(() => arrived('two') > already);
  assert.equal(arrived('one'), before);
  stop.abort();
  assert.equal(await running, 0);
});

test('a schedule runs all profiles at its times', async (t) => {
  const { pki, profile, program, arrived } = await world(t);
  const sensor = await startTestSensor(t, { pki, consuming: true, deps: healthy });
  await sensor.fill(5);
  const stop = new AbortController();
  const running = program({ kind: 'schedule', cron: '* * * * * *' }, [profile('s', sensor.port)]).run(
    stop.signal,
  );
  await until(() => arrived('s') === 5);
  stop.abort();
  assert.equal(await running, 0);
});
