/**
 * `idmef doctor` on the manager: certificate files, destinations, the state of a profile. Each fault is injected into
 * a profile that is otherwise in order; its sensor is one in order, too.
 */

import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, test, type TestContext } from 'node:test';

import { RelayError } from '../../src/core/errors.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { repeatFault, SENSOR_FAULT } from '../../src/poller/fault-streak.ts';
import { portOf, startHost } from '../support/https-host.ts';
import { makePki, type Issued, type IssueOptions, type Pki } from '../support/pki.ts';
import { startReceiver, startTrivialGateway } from '../support/receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { alertElement } from '../support/tiny-alerts.ts';
import { runCases, type Case } from './doctor-cases.ts';
import { examineProfile, profileOf, tlsOf, type Seen } from './doctor-world.ts';

const DAY = 86_400_000;

let pki: Pki;
let other: Pki;
const dir = tempDir({ after });
let own: Issued;

before(async () => {
  pki = await makePki(join(dir, 'pki'));
  other = await makePki(join(dir, 'other'));
  own = await issue('own', {});
});

async function issue(name: string, options: Partial<IssueOptions>): Promise<Issued> {
  const notAfter = new Date(Date.now() + 100 * DAY);
  return await pki.issue({ name, san: ['DNS:manager1'], eku: ['client'], notAfter, ...options });
}

/** A sensor in order, and a profile for it that is changed in one point. */
async function examine(
  t: TestContext,
  change: (profile: ProfileConfig) => Partial<ProfileConfig> | Promise<Partial<ProfileConfig>>,
  deps: Parameters<typeof examineProfile>[1] = {},
): Promise<Seen> {
  const server = await pki.issue({
    name: 'sensor',
    san: ['DNS:localhost'],
    notAfter: new Date(Date.now() + 100 * DAY),
  });
  const { port } = await startHost(t, {
    pki,
    server,
    handle: (request, response) => {
      const head = request.method === 'HEAD';
      const more = head ? { 'IDMEF-Pending': '0' } : {};
      response.writeHead(head ? 404 : 410, { 'IDMEF-Relay': '1', 'Content-Length': '0', ...more }).end();
    },
  });
  const profile = profileOf(tempDir(t), pki, {
    sensor: new URL(`https://localhost:${port}/`),
    tls: tlsOf(pki, own),
  });
  return await examineProfile({ ...profile, ...(await change(profile)) }, deps);
}

/** Own files, changed. */
async function files(
  t: TestContext,
  change: (tls: ProfileConfig['tls']) => Partial<ProfileConfig['tls']>,
): Promise<Seen> {
  return await examine(t, (profile) => {
    const tls = { ...profile.tls, ...change(profile.tls) };
    return { tls, managerTls: tls };
  });
}

function textFile(t: TestContext, name: string, text: string | Buffer): string {
  const path = join(tempDir(t), name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const ownFiles: readonly Case[] = [
  {
    injected: 'a certificate file that is not there',
    named: 'file-missing',
    text: /^--cert \/nowhere\/own\.crt does not exist$/,
    remedy: /put the file there/,
    inject: async (t) => await files(t, () => ({ certFile: '/nowhere/own.crt' })),
  },
  {
    injected: 'a DER file as certificate',
    named: 'file-not-pem',
    text: /--cacert \S+CA\.der is not PEM/,
    remedy: /openssl x509 -inform der/,
    inject: async (t) => {
      const der = Buffer.from(pki.caPem.replaceAll(/-----.*-----|\s/g, ''), 'base64');
      return await files(t, () => ({ caFile: textFile(t, 'CA.der', der) }));
    },
  },
  {
    injected: 'a key that is encrypted',
    named: 'key-encrypted',
    text: /--key \S+secret\.key is encrypted/,
    remedy: /openssl pkey/,
    inject: async (t) => {
      const pem = createPrivateKey(own.keyPem).export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'secret',
      });
      return await files(t, () => ({ keyFile: textFile(t, 'secret.key', pem) }));
    },
  },
  {
    injected: "another certificate's key",
    named: 'key-mismatch',
    text: /--key \S+client\.key does not match the certificate in \S+own\.crt/,
    remedy: /from the same request/,
    inject: async (t) => await files(t, () => ({ keyFile: pki.client.keyFile })),
  },
  {
    injected: 'a revocation list that has expired, with --crl-strict',
    named: 'crl-expired',
    text: /--crl \S+crl-\d+\.pem expired on/,
    remedy: /fetch the current list/,
    inject: async (t) => {
      const crlFile = await pki.crl({
        revoked: [],
        nextUpdate: new Date(Date.now() - DAY),
        thisUpdate: new Date(0),
      });
      return await files(t, () => ({ crlFile, crlStrict: true }));
    },
  },
  {
    injected: 'a damaged certificate',
    named: 'certificate-file',
    text: /--cert \S+bad\.crt: certificate 1 is damaged/,
    remedy: /openssl x509/,
    inject: async (t) => {
      const bad = own.certPem.replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA');
      return await files(t, () => ({ certFile: textFile(t, 'bad.crt', bad) }));
    },
  },
  {
    injected: '--ciphers that leave nothing',
    named: 'ciphers-unknown',
    text: /--ciphers NOSUCH leaves no cipher suite/,
    remedy: /leave the option out/,
    inject: async (t) => await files(t, () => ({ ciphers: 'NOSUCH' })),
  },
  {
    injected: 'our certificate has expired',
    named: 'own-certificate-expired',
    text: /our certificate \S+late\.crt ended \d{4}-\d\d-\d\d: every peer refuses it/,
    remedy: /renew it/,
    inject: async (t) => {
      const late = await issue('late', { notBefore: new Date(0), notAfter: new Date(Date.now() - DAY) });
      return await files(t, () => late);
    },
  },
  {
    injected: 'our certificate begins tomorrow',
    named: 'own-certificate-not-yet-valid',
    text: /our certificate \S+young\.crt is not valid before .* UTC, and the clock of this host says .* UTC/,
    remedy: /set the clock if it is wrong/,
    inject: async (t) => {
      const young = await issue('young', { notBefore: new Date(Date.now() + DAY) });
      return await files(t, () => young);
    },
  },
  {
    injected: "a server's certificate on the manager",
    named: 'own-certificate-purpose',
    text: /our certificate \S+use\.crt is not meant for a client/,
    remedy: /clientAuth/,
    inject: async (t) => {
      const use = await issue('use', { eku: ['server'] });
      return await files(t, () => use);
    },
  },
  {
    injected: 'our certificate ends in a week',
    named: 'own-certificate-ends',
    text: /our certificate \S+week\.crt ends \d{4}-\d\d-\d\d, in 7 d/,
    remedy: /renew it before that day/,
    inject: async (t) => {
      const week = await issue('week', { notAfter: new Date(Date.now() + 7 * DAY) });
      return await files(t, () => week);
    },
  },
  {
    injected: 'a key that everybody can read',
    named: 'certificate-warning',
    text: /--key \S+open\.key can be read by every user of this host: chmod o-rwx/,
    remedy: /before it becomes a fault/,
    inject: async (t) => {
      const keyFile = textFile(t, 'open.key', own.keyPem);
      chmodSync(keyFile, 0o644);
      return await files(t, () => ({ keyFile }));
    },
  },
];

/** A destination that answers everything so. */
async function receiver(
  t: TestContext,
  status: number,
  headers: OutgoingHttpHeaders = {},
  body = '',
  more: Partial<ProfileConfig> = {},
): Promise<Seen> {
  const server = await issue('gateway', { san: ['DNS:localhost'], eku: ['server'] });
  const { url } = await startHost(t, {
    pki,
    server,
    handle: (_request, response) => {
      response.writeHead(status, { 'Content-Length': String(Buffer.byteLength(body)), ...headers }).end(body);
    },
  });
  return await examine(t, () => ({ managers: [url], ...more }));
}

async function directory(t: TestContext, prepare: (path: string) => void): Promise<Seen> {
  const path = join(tempDir(t), 'out');
  prepare(path);
  return await examine(t, () => ({ managers: [pathToFileURL(path)] }));
}

const destinations: readonly Case[] = [
  {
    injected: 'a gateway that redirects',
    named: 'destination-redirect',
    text: /^gateway https:\S+ redirects \(301\) to https:\/\/new\.example\//,
    remedy: /final URL with --manager/,
    inject: async (t) => await receiver(t, 301, { Location: 'https://new.example/' }),
  },
  {
    injected: 'a gateway that does not know us',
    named: 'destination-forbidden',
    text: /does not allow us to deliver \(403\)/,
    remedy: /roles must name our certificate/,
    inject: async (t) => await receiver(t, 403),
  },
  {
    injected: 'a wrong path on the gateway',
    named: 'destination-no-post',
    text: /takes no POST at the path \/ \(404\)$/,
    remedy: /path of --manager/,
    inject: async (t) => await receiver(t, 404, {}, 'no such page'),
  },
  {
    injected: 'a web server that allows GET only',
    named: 'destination-no-post',
    text: /takes no POST at the path \/ \(200, Allow: GET, HEAD, OPTIONS\)$/,
    remedy: /path of --manager/,
    inject: async (t) => await receiver(t, 200, { Allow: 'GET, HEAD, OPTIONS' }),
  },
  {
    injected: 'a service that does not take text/xml',
    named: 'destination-content-type',
    text: /does not take text\/xml \(415\): it is no IDMEF gateway/,
    remedy: /exactly Content-Type: text\/xml/,
    inject: async (t) => await receiver(t, 415),
  },
  {
    injected: 'a portal that answers everything with a page',
    named: 'destination-web-page',
    text: /answers 200 with a web page: it is no IDMEF gateway: "Welcome"/,
    remedy: /web site, a portal or a proxy/,
    inject: async (t) =>
      await receiver(t, 200, { 'Content-Type': 'text/html' }, '<html><title>Welcome</title>'),
  },
  {
    injected: 'a gateway that is overloaded',
    named: 'destination-error',
    text: /gateway https:\S+ answers 503/,
    remedy: /alerts are kept/,
    inject: async (t) => await receiver(t, 503),
  },
  {
    injected: 'a sensor in place of a receiver',
    named: 'destination-is-sensor',
    text: /is a reverse-server that takes no alerts from us/,
    remedy: /--allow-producer/,
    also: ['peer-certificate-ends'],
    inject: async (t) => {
      const sensor = await startTestSensor(t, { pki });
      return await examine(t, () => ({ managers: [new URL(`https://localhost:${sensor.port}/`)] }));
    },
  },
  {
    injected: 'a gateway of another authority',
    named: 'certificate-authority-unknown',
    text: /^gateway https:\S+ shows a certificate whose issuer/,
    remedy: /--cacert/,
    inject: async (t) => {
      const { url } = await startTrivialGateway(t, { pki: other });
      return await examine(t, () => ({ managers: [url] }));
    },
  },
  {
    injected: 'a gateway by a name its certificate does not bear',
    named: 'certificate-name',
    text: /^gateway https:\S+ shows a certificate for gw\.example, not for localhost/,
    remedy: /^dial it by a name in its certificate$/,
    inject: async (t) => {
      const server = await issue('gw', { san: ['DNS:gw.example'], eku: ['server'] });
      const { url } = await startTrivialGateway(t, { pki, server });
      return await examine(t, () => ({ managers: [url] }));
    },
  },
  {
    injected: 'a proxy that refuses the tunnel',
    named: 'proxy',
    text: /proxy http:\/\/localhost:\d+ refuses the tunnel to localhost:\d+ \(403\)/,
    remedy: /check --proxy/,
    inject: async (t) => await receiver(t, 200, {}, '', { proxy: await startProxy(t, false) }),
  },
  {
    injected: 'a destination directory that is not there',
    named: 'directory-missing',
    text: /the destination directory \S+out does not exist/,
    remedy: /mkdir -p \S+out && chown/,
    inject: async (t) => await directory(t, () => undefined),
  },
  {
    injected: 'a file in place of the destination directory',
    named: 'directory-not-a-directory',
    text: /the destination directory \S+out is not a directory/,
    remedy: /--manager/,
    inject: async (t) => await directory(t, (path) => writeFileSync(path, '')),
  },
  {
    injected: 'a unit that leaves the destination directory read-only',
    named: 'sandbox-read-only',
    text: /the unit http-proxy@dmz1\.service leaves \S+outbox read-only \(ProtectSystem=strict\)/,
    remedy: /systemctl edit .*ReadWritePaths=\S+outbox/,
    inject: async (t) => {
      const unitDir = tempDir(t);
      writeFileSync(join(unitDir, 'http-proxy@.service'), '[Service]\nProtectSystem=strict\n');
      return await examine(t, () => ({}), { unitDirs: [unitDir] });
    },
  },
];

/** A proxy that opens tunnels, or refuses to. */
async function startProxy(t: TestContext, opens: boolean): Promise<URL> {
  const server = createHttpServer();
  server.on('connect', (request, socket) => {
    socket.on('error', () => undefined);
    if (!opens) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const port = Number((request.url ?? '').split(':')[1]);
    const far = connectTcp({ host: '127.0.0.1', port }, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(socket).pipe(far);
    });
    far.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://localhost:${portOf(server)}/`);
}

/** A profile whose journal was left like this. */
async function left(
  t: TestContext,
  leave: (journal: Journal, profile: ProfileConfig) => Promise<void>,
  change: Partial<ProfileConfig> = {},
): Promise<Seen> {
  return await examine(t, async (profile) => {
    const journal = await openProfile(profile);
    await leave(journal, profile);
    await journal.close();
    return change;
  });
}

async function openProfile(
  { stateDir, managers }: ProfileConfig,
  more: readonly string[] = [],
): Promise<Journal> {
  return await openJournal({
    path: join(stateDir, 'journal.db'),
    consumers: [...managers.map(({ href }) => href), ...more],
    clock: systemClock,
    random: systemRandom,
  });
}

const message = () => ({ body: Buffer.from(alertElement('one')), severity: 0 as const });

const states: readonly Case[] = [
  {
    injected: 'less free disk than the reserve',
    named: 'disk-reserve',
    text: /the filesystem of \S+ has .* free, reserve is 900\.0 TiB: nothing more is taken in/,
    remedy: /--min-free/,
    inject: async (t) => await examine(t, () => ({ minFree: { bytes: 900 * 2 ** 40 } })),
  },
  {
    injected: 'something in quarantine',
    named: 'quarantine-waiting',
    text: /the quarantine of profile dmz1 holds 1 message, which nobody has been sent/,
    remedy: /idmef quarantine list --profile dmz1/,
    inject: async (t) =>
      await left(t, async (journal) => {
        await journal.append([{ ...message(), quarantine: { reason: 'E12', detail: '{}' } }]);
      }),
  },
  {
    injected: 'a destination that was taken out of the configuration',
    named: 'destination-held',
    text: /https:\/\/old\.example\/ is not configured any more and is still owed 1 message/,
    remedy: /name it with --manager again/,
    inject: async (t) =>
      await examine(t, async (profile) => {
        const with2 = await openProfile(profile, ['https://old.example/']);
        await with2.append([message()]);
        await with2.close();
        await (await openProfile(profile)).close();
        return {};
      }),
  },
  {
    injected: 'a destination that has failed since yesterday',
    named: 'destination-failing',
    text: /directory \S+outbox answers 503, since \d{4}-\d\d-\d\d \d\d:\d\d in 12 runs; 0 messages kept for it/,
    remedy: /tried again by itself/,
    inject: async (t) =>
      await left(t, async ({ state }, { managers: [url] }) => {
        const illness = {
          kind: 'again',
          reason: 'answers 503',
          since: Date.now() - DAY,
          failures: 12,
          runs: 12,
        };
        await state.set(`fault ${url?.href}`, JSON.stringify(illness));
      }),
  },
  {
    injected: 'messages a destination refuses',
    named: 'messages-refused',
    text: /directory \S+outbox has refused 2 messages of those kept for it/,
    remedy: /its log says why/,
    inject: async (t) =>
      await left(t, async ({ state }, { managers: [url] }) => {
        await state.set(`refused ${url?.href}`, '{"1":[1,0,0],"2":[2,1,0]}');
      }),
  },
  {
    injected: 'polling that has failed for a while',
    named: 'polling-failing',
    text: /polling sensor https:\S+ has failed since \d{4}-.*, in 2 runs/,
    remedy: /see what is said of the sensor/,
    inject: async (t) =>
      await left(t, async ({ state }) => {
        const fault = new RelayError('SENSOR_UNREACHABLE', 'it refused the connection');
        await repeatFault(state, SENSOR_FAULT, systemClock, fault);
        await repeatFault(state, SENSOR_FAULT, systemClock, fault);
      }),
  },
  {
    injected: 'a timer that is not enabled',
    named: 'profile-idle',
    text: /the last successful poll of profile dmz1 was 7 d ago/,
    remedy: /systemctl enable --now http-proxy@dmz1\.timer/,
    inject: async (t) =>
      await left(t, async ({ state }) => {
        await state.set('sensor', JSON.stringify({ lastSuccess: Date.now() - 7 * DAY }));
      }),
  },
  {
    injected: 'a run that hangs',
    named: 'run-hangs',
    text: /a run \(process \d+\) has held \S+journal\.db for \d+ s, though its deadline is -61 s/,
    remedy: /kill \d+/,
    inject: async (t) =>
      await examine(t, async (profile) => {
        const held = await openProfile(profile);
        t.after(() => held.close());
        // No test waits for a deadline and a minute to pass.
        return { deadlineSeconds: -61 };
      }),
  },
  {
    injected: 'a journal of another program',
    named: 'journal-unusable',
    text: /journal \S+journal\.db/,
    remedy: /./,
    inject: async (t) =>
      await examine(t, ({ stateDir }) => {
        mkdirSync(stateDir);
        writeFileSync(join(stateDir, 'journal.db'), 'SQLite format 3\0 but nothing of the kind'.repeat(100));
        return {};
      }),
  },
  {
    injected: 'a damaged journal that was set aside',
    named: 'journal-set-aside',
    text: /set aside as \S+journal\.db\.corrupt-2026/,
    remedy: /keep the file/,
    inject: async (t) =>
      await left(t, async (_journal, { stateDir }) => {
        writeFileSync(join(stateDir, 'journal.db.corrupt-2026'), '');
        await Promise.resolve();
      }),
  },
];

/** Needs root to give a file away. */
const owners: readonly Case[] = [
  {
    injected: 'a journal that root has made for the service',
    named: 'state-owner',
    text: /\S+journal\.db belongs to root, but \S+state belongs to .*: somebody ran the program as another user/,
    remedy: /chown -R \S.* \S+state/,
    inject: async (t) =>
      await left(t, async (_journal, { stateDir }) => {
        chownSync(stateDir, 65_534, 65_534);
        await Promise.resolve();
      }),
  },
];

runCases('idmef doctor, own files', ownFiles);
runCases('idmef doctor, destinations', destinations);
runCases('idmef doctor, state of a profile', process.geteuid?.() === 0 ? [...states, ...owners] : states);

describe('a manager in order', () => {
  test('our receiver and a SECEF gateway, also through a proxy: no fault, no warning, nothing delivered', async (t) => {
    const server = await issue('receivers', { san: ['DNS:localhost'], eku: ['server'] });
    const ours = await startReceiver(t, { pki, server, dir: join(tempDir(t), 'stored') });
    const secef = await startTrivialGateway(t, { pki, server });
    for (const proxy of [undefined, await startProxy(t, true)]) {
      const change = { managers: [ours.url, secef.url], ...(proxy === undefined ? {} : { proxy }) };
      const seen = await examine(t, () => change);
      assert.deepEqual([...seen.faults, ...seen.warnings], [], JSON.stringify(seen.findings));
      assert.equal(seen.exit, 0);
      assert.ok(seen.good.includes('http: a receiver of ours: takes batches, whole or not at all'));
      assert.ok(seen.good.some((line) => line.includes('gets one message a request')));
    }
    assert.deepEqual([...ours.answers, ...secef.answers], []);
    assert.equal(secef.options, 2);
  });

  test('a profile with a past: no fault, and no file is left', async (t) => {
    let outbox = '';
    const seen = await examine(t, async (profile) => {
      const journal = await openProfile(profile);
      await journal.append([message()]);
      await journal.state.set('sensor', JSON.stringify({ lastSuccess: Date.now() }));
      await journal.close();
      outbox = profile.managers[0]?.pathname ?? '';
      return {};
    });
    assert.deepEqual([...seen.faults, ...seen.warnings], [], JSON.stringify(seen.findings));
    assert.ok(seen.good.includes('journal: 1 message kept, 1 accepted so far'));
    assert.deepEqual(readdirSync(outbox), []);
  });

  test('a fault in one thing does not hide those of others', async (t) => {
    const seen = await examine(t, () => ({
      sensor: new URL('https://localhost:1/'),
      managers: [pathToFileURL('/nowhere/out'), new URL('https://localhost:2/')],
      minFree: { bytes: 900 * 2 ** 40 },
    }));
    assert.deepEqual(seen.faults, [
      'connection-refused',
      'directory-missing',
      'connection-refused',
      'disk-reserve',
    ]);
    assert.equal(seen.exit, 1);
  });

  test('what a check did not expect is said, and the others are made', async (t) => {
    const seen = await examine(t, () => ({}), {
      clock: {
        ...systemClock,
        now: () => {
          throw new RelayError('BUG', 'no clock');
        },
      },
    });
    assert.ok(seen.faults.every((name) => name === 'unexaminable'));
    assert.equal(seen.exit, 1);
  });
});
