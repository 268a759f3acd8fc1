/**
 * `idmef doctor` at a sensor's HTTP: what answers there, whether our certificate may fetch, what the sensor says of
 * itself. And sensors in order: nothing is found, and nothing of theirs is consumed.
 */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import { startHost, type HostOptions } from '../support/https-host.ts';
import { startOldServer } from '../support/old-server.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startTestSensor, type TestSensorOptions } from '../support/test-sensor.ts';
import { runCases, type Case } from './doctor-cases.ts';
import { examineProfile, profileOf, startTls, type Seen } from './doctor-world.ts';

let pki: Pki;
const dir = tempDir({ after });

before(async () => {
  pki = await makePki(join(dir, 'pki'));
});

async function dial(port: number, path = '/', timeoutSeconds = 5): Promise<Seen> {
  const url = new URL(`https://localhost:${port}${path}`);
  return await examineProfile(profileOf(dir, pki, { sensor: url, timeoutSeconds }));
}

/** Everything is answered so; `body` not to HEAD. */
async function saying(
  t: TestContext,
  status: number,
  headers: OutgoingHttpHeaders = {},
  body = '',
): Promise<Seen> {
  const handle: HostOptions['handle'] = (request, response) => {
    const text = request.method === 'HEAD' ? '' : body;
    response.writeHead(status, { 'Content-Length': String(Buffer.byteLength(text)), ...headers }).end(text);
  };
  return await dial((await startHost(t, { pki, handle })).port);
}

async function relay(t: TestContext, options: Partial<TestSensorOptions>, path = '/'): Promise<Seen> {
  const started = await startTestSensor(t, { pki, consuming: true, ...options });
  await started.fill(2);
  const seen = await dial(started.port, path);
  // Looking is all it did.
  assert.equal((await started.journal.stats()).consumers[0]?.pending, 2);
  return seen;
}

/** A sensor that lets us fetch and says this of itself. */
async function says(t: TestContext, text: string, more: OutgoingHttpHeaders = {}): Promise<Seen> {
  const handle: HostOptions['handle'] = (request, response) => {
    const empty = { 'IDMEF-Relay': '1', 'IDMEF-Status': text, 'Content-Length': '0', ...more };
    if (request.method === 'HEAD') response.writeHead(404, { ...empty, 'IDMEF-Pending': '0' }).end();
    else response.writeHead(410, empty).end();
  };
  return await dial((await startHost(t, { pki, handle })).port);
}

const OURS = { 'IDMEF-Relay': '1' };
const certs = { cert: () => pki.server.certPem, key: () => pki.server.keyPem };

const strangers: readonly Case[] = [
  {
    injected: 'a web site',
    named: 'not-a-sensor',
    text: /is no sensor: it answers 200, text\/html, Server: nginx$/,
    remedy: /host, port and path of --sensor/,
    inject: async (t) => await saying(t, 200, { 'Content-Type': 'text/html', Server: 'nginx' }, '<html>'),
  },
  {
    injected: 'a portal that redirects',
    named: 'redirect',
    text: /redirects \(302\) to https:\/\/portal\.example\/, which is never followed/,
    remedy: /a sensor does not redirect/,
    inject: async (t) => await saying(t, 302, { Location: 'https://portal.example/' }),
  },
  {
    injected: 'a web server that knows no such page',
    named: 'not-a-sensor',
    text: /is no sensor: it answers 404, text\/html/,
    remedy: /another service/,
    inject: async (t) => await saying(t, 404, { 'Content-Type': 'text/html' }),
  },
  {
    injected: 'an API that has no HEAD',
    named: 'not-a-sensor',
    text: /is no sensor: it answers 405/,
    remedy: /another service/,
    inject: async (t) => await saying(t, 405, { Allow: 'POST' }),
  },
  {
    injected: 'something that forbids it without being a sensor',
    named: 'not-a-sensor',
    text: /answers 403/,
    remedy: /is it a reverse-server/,
    inject: async (t) => await saying(t, 403),
  },
  {
    injected: 'a proxy that wants a login',
    named: 'proxy-authentication',
    text: /behind a proxy that asks for a login \(407\)/,
    remedy: /pass the proxy unopened/,
    also: ['behind-proxy'],
    inject: async (t) => await saying(t, 407, { Via: '1.1 squid' }),
  },
  {
    injected: 'a service with TLS that is not HTTP',
    named: 'not-http',
    text: /does not answer in HTTP \(HPE_INVALID_\w+\)/,
    remedy: /names the right service/,
    inject: async (t) =>
      await dial(
        await startTls(t, { cert: certs.cert(), key: certs.key() }, (socket) => {
          socket.on('data', () => socket.end('220 mail.example ESMTP\r\n'));
        }),
      ),
  },
  {
    injected: 'a server that never answers',
    named: 'silent',
    text: /was silent for 1 s/,
    remedy: /accepts connections but does not answer/,
    inject: async (t) => await dial((await startHost(t, { pki, handle: () => undefined })).port, '/', 1),
  },
  {
    injected: 'a server that hangs up on the request',
    named: 'closed-without-answer',
    text: /closed the connection without an answer/,
    remedy: /log says why/,
    inject: async (t) =>
      await dial(
        await startTls(t, { cert: certs.cert(), key: certs.key() }, (socket) => {
          socket.on('data', () => socket.destroy());
        }),
      ),
  },
  {
    injected: 'an old server at another path',
    named: 'wrong-path',
    text: /has no alerts at the path \/alerts: this is a wrong URL, not an empty sensor/,
    remedy: /--sensor is https:\/\/localhost:\d+\/ without a path/,
    inject: async (t) => {
      const { port } = await startOldServer(t, { pki, spoolDir: tempDir(t) });
      return await dial(port, '/alerts');
    },
  },
];

const sensors: readonly Case[] = [
  {
    injected: 'our name is not in --allow-poller',
    named: 'may-not-poll',
    text: /answers 403: The certificate of manager1 may not poll \(--allow-poller\)$/,
    remedy: /its --allow-poller must name our certificate/,
    inject: async (t) => await relay(t, { allow: { poller: ['DNS:manager2'] } }),
  },
  {
    injected: 'we are none of the named consumers',
    named: 'not-a-consumer',
    text: /answers 403: .*none of the named consumers/,
    remedy: /--consumer NAME=DNS/,
    inject: async (t) => await relay(t, { consumers: [{ name: 'soc', peer: 'DNS:manager2' }] }),
  },
  {
    injected: 'we have the role monitor only',
    named: 'monitor-only',
    text: /lets our certificate look, but not fetch/,
    remedy: /--allow-poller must name it too/,
    also: ['sensor-stuck', 'sensor-corrupt'],
    inject: async (t) => await relay(t, { allow: { monitor: ['DNS:manager1'] } }),
  },
  {
    injected: 'a path that is not /',
    named: 'wrong-path',
    text: /has no alerts at the path \/idmef/,
    remedy: /without a path/,
    inject: async (t) => await relay(t, {}, '/idmef'),
  },
  {
    injected: 'a sensor that is being stopped',
    named: 'busy',
    text: /answers 503/,
    remedy: /it passes; the alerts wait there/,
    inject: async (t) => await saying(t, 503, OURS),
  },
  {
    injected: 'a sensor that fails',
    named: 'sensor-error',
    text: /answers 500: Journal is broken$/,
    remedy: /the sensor's own log/,
    inject: async (t) =>
      await saying(
        t,
        500,
        { ...OURS, 'Content-Type': 'application/problem+json' },
        '{"detail":"Journal is broken."}',
      ),
  },
  {
    injected: 'a sensor that breaks off',
    named: 'connection-broken',
    text: /broke the connection off \(ECONNRESET\)/,
    remedy: /try again/,
    inject: async (t) => {
      const handle: HostOptions['handle'] = (request, response) => {
        if (request.method === 'HEAD') response.writeHead(404, { ...OURS, 'IDMEF-Pending': '0' }).end();
        else response.destroy();
      };
      return await dial((await startHost(t, { pki, handle })).port);
    },
  },
  {
    injected: 'files it cannot remove',
    named: 'sensor-stuck',
    text: /has 2 files in its spool that it cannot read, move or remove/,
    remedy: /idmef doctor --reverse-server on that host/,
    inject: async (t) => await says(t, 'pending=0, oldest=0, stuck=2, corrupt=0'),
  },
  {
    injected: 'files nothing could be taken from',
    named: 'sensor-corrupt',
    text: /has 1 file in corrupt\//,
    remedy: /\.reason/,
    inject: async (t) => await says(t, 'pending=0, oldest=0, stuck=0, corrupt=1'),
  },
  {
    injected: 'an intake that has paused',
    named: 'sensor-paused',
    text: /takes nothing from its spool: its journal or its disk is full, or/,
    remedy: /--min-free or --max-journal-bytes/,
    inject: async (t) => await says(t, 'pending=0, oldest=0, stuck=0, corrupt=0, dropped=0, paused=1'),
  },
  {
    injected: 'messages it has dropped',
    named: 'sensor-dropped',
    text: /has dropped 17 messages since its journal began/,
    remedy: /--retention-age/,
    inject: async (t) => await says(t, 'pending=0, oldest=0, stuck=0, corrupt=0, dropped=17'),
  },
  {
    injected: 'alerts nobody has fetched since yesterday',
    named: 'sensor-backlog',
    text: /has kept 12408 messages for us, the oldest for 24 h/,
    remedy: /systemctl list-timers/,
    inject: async (t) => await says(t, 'pending=12408, oldest=86400, stuck=0, corrupt=0'),
  },
  {
    injected: 'a clock that is an hour ahead',
    named: 'clock-differs',
    text: /the clocks of this host and of sensor \S+ differ: ours is 60 min behind of it/,
    remedy: /timedatectl/,
    inject: async (t) => await says(t, 'pending=0', { Date: new Date(Date.now() + 3_600_000).toUTCString() }),
  },
  {
    injected: 'a proxy in between',
    named: 'behind-proxy',
    text: /an HTTP proxy stands between us and sensor \S+ \(Via: 1\.1 proxy\.example\)/,
    remedy: /unopened/,
    inject: async (t) => await says(t, 'pending=0', { Via: '1.1 proxy.example' }),
  },
];

const soon = ['own-certificate-ends', 'peer-certificate-ends'];

runCases(
  "idmef doctor, at a sensor's HTTP",
  [...strangers, ...sensors].map((one) => ({ ...one, also: [...soon, ...(one.also ?? [])] })),
);

describe('a sensor in order', () => {
  test('reverse-server: no fault, nothing consumed', async (t) => {
    const seen = await relay(t, { allow: { poller: ['DNS:manager1'] } });
    assert.deepEqual(seen.faults, []);
    assert.deepEqual(seen.warnings, [...soon, 'sensor-stuck', 'sensor-corrupt']);
    assert.equal(seen.exit, 0);
    assert.ok(seen.good.includes('http: a reverse-server that lets us fetch'));
    assert.ok(seen.good.includes('sensor: 2 messages waiting there, the oldest for 0 s'));
  });

  test('an old server: no fault, and its files stay', async (t) => {
    const spoolDir = join(tempDir(t), 'spool');
    mkdirSync(spoolDir);
    writeFileSync(join(spoolDir, 'a.xml'), '<IDMEF-Message><Alert/></IDMEF-Message>');
    const old = await startOldServer(t, { pki, spoolDir, delete: true });
    const seen = await dial(old.port);
    assert.deepEqual(seen.faults, []);
    assert.equal(seen.exit, 0);
    assert.deepEqual(readdirSync(spoolDir), ['a.xml']);
    assert.deepEqual(old.requests, ['HEAD /']);
    assert.ok(seen.good.some((line) => line.startsWith('http: an old reverse gateway (Python)')));
  });
});
