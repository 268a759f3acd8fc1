/** The watchdog against an HTTP service on loopback, on a virtual clock: when it pings, when it does not, what it says. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';

import { z } from 'zod';

import { createWatchdog, watchdogType } from '../../../src/dispatcher/sinks/own/watchdog/watchdog.ts';
import { sinkTypes } from '../../../src/dispatcher/sinks/catalogue.ts';
import { ownSinkTypes } from '../../../src/dispatcher/sinks/own/types.ts';
import { portOf } from '../../support/https-host.ts';
import { until } from '../../support/until.ts';
import { endpoint, manualTimers, message, never, notification, recipient, world } from './sink-world.ts';

interface Service {
  readonly url: string;
  readonly calls: string[];
  status: number;
}

async function startService(t: TestContext): Promise<Service> {
  const service = { url: '', calls: [] as string[], status: 200 };
  const server = createServer((request, response) => {
    service.calls.push(`${request.method} ${request.url}`);
    response.writeHead(service.status).end('OK');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(service, { url: `http://127.0.0.1:${portOf(server)}/ping/secret-4711` });
}

test('pings each so often while the dispatcher is healthy', async (t) => {
  const service = await startService(t);
  const timers = manualTimers();
  const deps = world({ timers });
  let ill: string | undefined;
  const watchdog = await createWatchdog({
    endpoint: endpoint('watchdog', { url: service.url }),
    recipient: { name: 'deadman', everyMs: 60_000 },
    deps,
    healthy: () => ill,
  });
  t.after(() => watchdog.close());
  const pinged = async (count: number): Promise<void> => {
    await until(() => watchdog.stats().pings === count);
  };
  await pinged(1);
  await timers.advance(60_000);
  await pinged(2);
  ill = 'the journal does not answer';
  await timers.advance(60_000);
  await until(() => watchdog.stats().withheld === 1);
  assert.match(
    deps.log.lines[0]?.text ?? '',
    /watchdog deadman: no ping, because the journal does not answer/,
  );
  ill = undefined;
  service.status = 503;
  await timers.advance(60_000);
  await pinged(3);
  assert.equal(deps.log.lines.length, 1, 'the first of a series is said');
  service.status = 200;
  await timers.advance(60_000);
  await pinged(4);
  assert.match(deps.log.lines[1]?.text ?? '', /pings again/);
  assert.deepEqual(watchdog.stats(), { pings: 4, failures: 1, withheld: 1, lastOkAt: timers.now() });
  assert.deepEqual(new Set(service.calls), new Set(['GET /ping/secret-4711']));
  await watchdog.close();
  await timers.advance(600_000);
  assert.equal(service.calls.length, 4);
});

test('a service that is away is said, without its URL, which is a secret', async () => {
  const deps = world({ timers: manualTimers() });
  const watchdog = await createWatchdog({
    endpoint: endpoint('watchdog', { url: 'http://127.0.0.1:1/secret-4711' }),
    recipient: { name: 'deadman', everyMs: 60_000 },
    deps,
    healthy: () => undefined,
  });
  await until(() => watchdog.stats().failures === 1);
  assert.match(deps.log.lines[0]?.text ?? '', /ping failed: .*127\.0\.0\.1:1/);
  assert.doesNotMatch(deps.log.lines[0]?.text ?? '', /secret-4711/);
  assert.ok(watchdogType.secrets.includes('url'));
  await watchdog.close();
});

test('a test pings, an alert is refused', async (t) => {
  const service = await startService(t);
  const sink = await watchdogType.create(endpoint('watchdog', { url: service.url, method: 'POST' }), world());
  t.after(() => sink.close());
  assert.equal((await sink.send(notification([], recipient(), { form: 'test' }), never)).outcome.kind, 'ok');
  assert.deepEqual(service.calls, ['POST /ping/secret-4711']);
  assert.equal((await sink.send(notification([message(1)], recipient()), never)).outcome.kind, 'refused');
});

test('every type is described: each parameter, one line for itself', () => {
  const names = ownSinkTypes.map(({ type }) => type);
  assert.deepEqual(names, [
    'smtp',
    'syslog',
    'file',
    'exec',
    'prelude-gateway',
    'idmef',
    'prelude',
    'watchdog',
  ]);
  for (const name of names) assert.ok(sinkTypes.has(name), name);
  for (const { type, summary, endpoint: one, recipient: other, secrets } of ownSinkTypes) {
    assert.match(summary, /^.{10,140}$/);
    const shape = { ...one.shape, ...other.shape };
    for (const [name, field] of Object.entries(shape)) {
      const { description } = z.object({ description: z.string().optional() }).parse(field);
      assert.ok((description ?? '').length > 3, `${type}.${name} has no description`);
    }
    for (const secret of secrets) assert.ok(secret in shape, `${type}.${secret}`);
  }
});
