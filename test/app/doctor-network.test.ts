/**
 * `idmef doctor` between us and a sensor: name, connection, TLS, both certificates. Each fault is injected with real
 * sockets; OpenSSL's words differ between Node 20 and 24, the diagnoses do not.
 */

import { once } from 'node:events';
import { createServer as createHttpServer, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext } from 'node:test';

import type { DoctorDeps } from '../../src/app/doctor.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { freePort } from '../support/free-port.ts';
import { portOf, startHost, type HostOptions } from '../support/https-host.ts';
import { startOldServer } from '../support/old-server.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { startNode } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import { runCases, type Case } from './doctor-cases.ts';
import {
  alertRecord,
  examineProfile,
  profileOf,
  startTcp,
  startTls,
  tlsOf,
  type Seen,
} from './doctor-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let pki: Pki;
let other: Pki;
const dir = tempDir({ after });

before(async () => {
  pki = await makePki(join(dir, 'pki'), { cn: 'Site CA' });
  other = await makePki(join(dir, 'other'), { cn: 'Other CA' });
});

/** Examines a profile whose sensor is on this port. */
async function dial(
  port: number,
  change: Partial<ProfileConfig> = {},
  deps: Partial<DoctorDeps> = {},
): Promise<Seen> {
  const sensor = new URL(`https://localhost:${port}/`);
  return await examineProfile(profileOf(dir, pki, { sensor, ...change }), deps);
}

const empty: HostOptions['handle'] = (_request, response) => {
  response.writeHead(405, { 'Content-Length': '0' }).end();
};

async function host(t: TestContext, options: Partial<HostOptions>): Promise<number> {
  return (await startHost(t, { pki, handle: empty, ...options })).port;
}

async function leaf(name: string, options: { from?: number; until?: number } = {}): Promise<Issued> {
  return await pki.issue({
    name,
    san: ['DNS:localhost'],
    eku: ['server'],
    notBefore: new Date(Date.now() + (options.from ?? -HOUR)),
    notAfter: new Date(Date.now() + (options.until ?? 100 * DAY)),
  });
}

async function plainHttp(t: TestContext, headers: OutgoingHttpHeaders): Promise<number> {
  const server = createHttpServer((_request, response) => response.writeHead(400, headers).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return portOf(server);
}

const failing = (code: string): Partial<DoctorDeps> => ({
  resolve: () => Promise.reject(Object.assign(new Error(code), { code })),
});

/** Its queue of connections is full and nobody takes from it: further ones are dropped, as by a firewall. */
async function startStopped(t: TestContext): Promise<number> {
  const script = `const s = require('node:net').createServer(() => {});
    s.listen({ port: 0, host: '127.0.0.1', backlog: 0 }, () => console.log('port ' + s.address().port));`;
  const program = startNode(['-e', script]);
  t.after(async () => {
    process.kill(program.pid, 'SIGCONT');
    await program.kill('SIGKILL');
  });
  const port = Number((await program.line(/^port (\d+)$/))[1]);
  process.kill(program.pid, 'SIGSTOP');
  for (let full = false; !full;) {
    const socket = connect({ host: '127.0.0.1', port });
    t.after(() => void socket.destroy());
    socket.on('error', () => undefined);
    // What the system has taken meanwhile is heard of first.
    const timer = setTimeout(() => setImmediate(() => socket.emit('stuck')), 300);
    full = await Promise.race([
      once(socket, 'connect').then(() => false),
      once(socket, 'stuck').then(() => true),
    ]);
    clearTimeout(timer);
  }
  return port;
}

const old24 = Number(process.versions.node.split('.')[0]) >= 24;

const network: readonly Case[] = [
  {
    injected: 'nothing listens on the port',
    named: 'connection-refused',
    text: /^sensor https:\/\/localhost:\d+\/ refused the connection \(ECONNREFUSED\)$/,
    remedy: /is the service running, and is the port right/,
    inject: async () => await dial(await freePort()),
  },
  {
    injected: 'a firewall drops what is sent to the port',
    named: 'connection-timeout',
    text: /does not take a connection at .*:\d+ within 1 s: nothing comes back/,
    remedy: /open port \d+ on the way/,
    inject: async (t) => await dial(await startStopped(t), { timeoutSeconds: 1 }),
  },
  {
    injected: 'the host name does not exist',
    named: 'name-unknown',
    text: /has a host name that does not exist \(ENOTFOUND\)/,
    remedy: /URL and the DNS/,
    inject: async () => await dial(1, {}, failing('ENOTFOUND')),
  },
  {
    injected: 'no name server answers',
    named: 'name-unresolved',
    text: /has a host name that cannot be resolved now \(EAI_AGAIN\)/,
    remedy: /check the DNS/,
    inject: async () => await dial(1, {}, failing('EAI_AGAIN')),
  },
  {
    injected: 'a name server takes for ever',
    named: 'name-unresolved',
    text: /cannot be resolved now/,
    remedy: /check the DNS/,
    inject: async () => await dial(1, { timeoutSeconds: 1 }, { resolve: () => new Promise(() => undefined) }),
  },
  {
    injected: 'plain HTTP on the port',
    named: 'plain-http',
    text: /speaks plain HTTP on port \d+, not TLS \("HTTP\/1\.1 400 Bad Request", Server: test\)/,
    remedy: /port of the TLS service/,
    inject: async (t) => await dial(await plainHttp(t, { Server: 'test' })),
  },
  {
    injected: 'an HTTP proxy on the port',
    named: 'http-proxy-there',
    text: /an HTTP proxy answers at localhost:\d+ in place of sensor .*squid/,
    remedy: /correct the port/,
    inject: async (t) => await dial(await plainHttp(t, { Server: 'squid/6.1', 'X-Squid-Error': 'ERR' })),
  },
  {
    injected: 'SSH on the port',
    named: 'other-protocol',
    text: /another service listens on port \d+ and says "SSH-2\.0-OpenSSH_9\.6"/,
    remedy: /correct the port/,
    inject: async (t) =>
      await dial(await startTcp(t, (socket) => void socket.write('SSH-2.0-OpenSSH_9.6\r\n'))),
  },
  {
    injected: 'a service that takes connections and hangs',
    named: 'tls-silent',
    text: /takes the connection and then says nothing for 1 s, not even in TLS/,
    remedy: /hangs/,
    inject: async (t) => await dial(await startTcp(t, () => undefined), { timeoutSeconds: 1 }),
  },
  {
    injected: 'a reset in the handshake',
    named: 'tls-hang-up',
    text: /closes the connection during the TLS handshake and does not say why/,
    remedy: /its log says why/,
    inject: async (t) =>
      await dial(await startTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()))),
  },
  {
    injected: 'a server that ends the connection in the handshake',
    named: 'tls-hang-up',
    text: /closes the connection during the TLS handshake/,
    remedy: /its log says why/,
    inject: async (t) => await dial(await startTcp(t, (socket) => socket.once('data', () => socket.end()))),
  },
];

const neither: Case = {
  injected: 'something that speaks neither TLS nor HTTP',
  named: 'not-tls',
  text: /does not speak TLS on this port/,
  remedy: /something else, perhaps plain HTTP, listens there/,
  inject: async (t) =>
    await dial(
      await startTcp(t, (socket) => {
        socket.on('data', (bytes) => void (bytes[0] === 0x16 && socket.write('Nothing of the kind\n')));
      }),
    ),
};

const suites: readonly Case[] = [
  {
    injected: 'TLS 1.1 at most',
    named: 'tls-version',
    text: /speaks TLS 1, TLS 1\.1 only, and TLS 1\.2 is the oldest accepted/,
    remedy: /let it offer TLS 1\.2 or 1\.3/,
    inject: async (t) => {
      const { certPem: cert, keyPem: key } = pki.server;
      const versions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
      return await dial(await startTls(t, { cert, key, ...versions }));
    },
  },
  {
    injected: 'a TLS 1.2 sensor and --tls-policy modern',
    named: 'tls-policy',
    text: /speaks TLS 1\.2, and --tls-policy modern takes TLS 1\.3 only/,
    remedy: /leave --tls-policy modern out/,
    inject: async (t) => {
      const spoolDir = tempDir(t);
      const { port } = await startOldServer(t, { pki, spoolDir });
      return await dial(port, { tls: { ...tlsOf(pki), policy: 'modern' } });
    },
  },
  {
    injected: 'only CBC suites',
    named: 'tls-suites',
    text: /no cipher suite in common with --tls-policy anssi: it takes ECDHE-ECDSA-AES128-SHA \(TLSv1\.2\)/,
    remedy: /--ciphers ECDHE-ECDSA-AES128-SHA/,
    inject: async (t) => {
      const tls = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
      return await dial(await host(t, { tls }));
    },
  },
];

const theirs: readonly Case[] = [
  {
    injected: "the sensor's certificate has expired",
    named: 'certificate-expired',
    text: /^sensor https:\S+ shows a certificate that ended \d{4}-\d\d-\d\d$/,
    remedy: /renew it on that host/,
    inject: async (t) =>
      await dial(await host(t, { server: await leaf('old', { from: -9 * DAY, until: -DAY }) })),
  },
  {
    injected: "the sensor's certificate begins tomorrow",
    named: 'certificate-not-yet-valid',
    text: /not valid yet \(it begins \d{4}-\d\d-\d\d\)/,
    remedy: /clocks of both hosts/,
    inject: async (t) => await dial(await host(t, { server: await leaf('early', { from: DAY }) })),
  },
  {
    injected: 'our clock is behind, so that a new certificate is not yet valid',
    named: 'clock-spoils-certificate',
    text: /is not valid before .* UTC by our clock, but its own clock stands at .* UTC: ours is 2[34] h behind of it/,
    remedy: /set the clock that is wrong/,
    inject: async (t) => {
      const handle: HostOptions['handle'] = (_request, response) => {
        response.setHeader('Date', new Date(Date.now() + DAY).toUTCString());
        response.writeHead(405, { 'Content-Length': '0' }).end();
      };
      return await dial(await host(t, { server: await leaf('new', { from: DAY - 60_000 }), handle }));
    },
  },
  {
    injected: "the sensor's certificate is of another authority",
    named: 'certificate-authority-unknown',
    text: /issuer \(Other CA\) is not in \S+CA\.crt/,
    remedy: /name its authority as --cacert/,
    inject: async (t) => await dial(await host(t, { server: other.server })),
  },
  {
    injected: 'the authority was made anew under its old name',
    named: 'certificate-authority-remade',
    text: /of an authority named CN=Site CA, but \S+CA\.crt holds another one of that name, with another key/,
    remedy: /take its present certificate as --cacert/,
    inject: async (t) => {
      const again = await makePki(join(tempDir(t), 'again'), { cn: 'Site CA' });
      return await dial(await host(t, { server: again.server }));
    },
  },
  {
    injected: 'a self-signed certificate',
    named: 'certificate-self-signed',
    text: /shows a self-signed certificate/,
    remedy: /from the authority in \S+CA\.crt/,
    inject: async (t) =>
      await dial(
        await host(t, {
          server: await pki.issue({ name: 'self', san: ['DNS:localhost'], selfSigned: true }),
        }),
      ),
  },
  {
    injected: 'a certificate for another name',
    named: 'certificate-name',
    text: /a certificate for dmz1\.example, not for localhost/,
    remedy: /--sensor-name dmz1\.example/,
    inject: async (t) =>
      await dial(await host(t, { server: await pki.issue({ name: 'dmz1', san: ['DNS:dmz1.example'] }) })),
  },
  {
    injected: "the sensor's certificate is revoked",
    named: 'certificate-revoked',
    text: /shows a certificate that has been revoked/,
    remedy: /issue a new one/,
    inject: async (t) => {
      const crlFile = await pki.crl({ revoked: [pki.server.serial] });
      return await dial(await host(t, {}), { tls: { ...tlsOf(pki), crlFile } });
    },
  },
  {
    injected: 'a revocation list of another authority',
    named: 'crl-unusable',
    text: /cannot be checked for revocation \(UNABLE_TO_GET_CRL\)/,
    remedy: /current list for --crl/,
    also: ['certificate-warning'],
    inject: async (t) => {
      const crlFile = await other.crl({ revoked: [] });
      return await dial(await host(t, {}), { tls: { ...tlsOf(pki), crlFile } });
    },
  },
  {
    injected: "a client's certificate on the sensor",
    named: 'certificate-purpose',
    text: /not meant for servers/,
    remedy: /serverAuth/,
    inject: async (t) => {
      const server = await pki.issue({ name: 'wrong-use', san: ['DNS:localhost'], eku: ['client'] });
      return await dial(await host(t, { server }));
    },
  },
  {
    injected: 'a certificate that ends in a day',
    named: 'peer-certificate-ends',
    text: /the certificate sensor \S+ shows ends \d{4}-\d\d-\d\d, in 24 h/,
    remedy: /renew it on that host/,
    inject: async (t) => await dial(await host(t, { server: pki.server })),
  },
  {
    injected: 'a certificate without alternative names',
    named: 'peer-certificate-cn-only',
    text: /has no subject alternative name, only the common name CN=localhost/,
    remedy: /subjectAltName/,
    inject: async (t) => await dial(await host(t, { server: await pki.issue({ name: 'localhost' }) })),
  },
];

const ours: readonly Case[] = [
  {
    injected: 'our certificate is of an authority the sensor does not trust',
    named: 'own-certificate-authority',
    text: /does not trust the authority of our certificate \S+client\.crt \(it closes the connection right after the handshake\): .*issued by CN=Other CA, the peer's own by CN=Site CA/,
    remedy: /get a certificate from the authority it trusts/,
    inject: async (t) => {
      const sensor = await startTestSensor(t, { pki });
      return await dial(sensor.port, { tls: { ...tlsOf(pki, other.client) } });
    },
  },
  {
    injected: 'our certificate is on the revocation list of the sensor',
    named: 'own-certificate-refused',
    text: /does not accept our certificate \S+client\.crt \(it closes .*\): it is CN=manager1, serial [0-9A-F]+, issued by CN=Site CA/,
    remedy: /its log says why: expired, revoked/,
    inject: async (t) => {
      const crlFile = await pki.crl({ revoked: [pki.client.serial] });
      return await dial((await startTestSensor(t, { pki, crlFile })).port);
    },
  },
  ...(
    [
      [44, 'own-certificate-revoked', /says that our certificate \S+ has been revoked/, /new one issued/],
      [45, 'own-certificate-expired-there', /has expired, but it is valid until/, /clock of that host/],
      [48, 'own-certificate-authority', /does not trust the authority .*alert: unknown cert/, /--cacert/],
      [42, 'own-certificate-refused', /does not accept our .*alert: bad certificate/, /its log says why/],
      [40, 'tls-handshake-refused', /broke the TLS handshake off/, /no cipher in common, or/],
      [70, 'tls-version', /has no TLS version in common with us/, /TLS 1\.2 is the oldest/],
      [80, 'tls-failed', /failed the TLS handshake \(ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR\)/, /its log/],
      [112, 'tls-name', /knows no host of the name we asked for/, /--sensor-name/],
      [116, 'own-certificate-refused', /does not accept our .*alert: certificate required/, /log/],
    ] as const
  ).map(([alert, named, text, remedy]): Case => ({
    injected: `the sensor answers with alert ${alert}`,
    named,
    text,
    remedy,
    inject: async (t) =>
      await dial(await startTcp(t, (socket) => socket.once('data', () => socket.end(alertRecord(alert))))),
  })),
];

/** What Node 20 still takes and OpenSSL's level 2 refuses. */
const weak: readonly Case[] = [
  old24
    ? {
        injected: 'an RSA key of 1024 bits on the sensor',
        named: 'certificate-weak',
        text: /too weak \(RSA key of 1024 bits\)/,
        remedy: /issue its certificate anew/,
        inject: async (t) => await dial(await weakHost(t)),
      }
    : {
        injected: 'an RSA key of 1024 bits on the sensor',
        named: 'peer-certificate-warning',
        text: /has a 1024 bit RSA key, which Node 24 and later refuse/,
        remedy: /issued anew/,
        inject: async (t) => await dial(await weakHost(t)),
      },
];

async function weakHost(t: TestContext): Promise<number> {
  const notAfter = new Date(Date.now() + 100 * DAY);
  const server = await pki.issue({ name: 'weak', san: ['DNS:localhost'], key: 'rsa1024', notAfter });
  return await host(t, { server, tls: { ciphers: 'DEFAULT:@SECLEVEL=0' } });
}

const all = [...network, neither, ...suites, ...theirs, ...ours, ...weak];

runCases(
  'idmef doctor, on the way to a sensor',
  // The authority of the tests issues for a day.
  all.map((one) => ({
    ...one,
    also: ['own-certificate-ends', 'peer-certificate-ends', ...(one.also ?? [])],
  })),
);
