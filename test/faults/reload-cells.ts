/**
 * The cells of R14 that need a running sensor: files exchanged beneath it, well and badly, and peers that must go. Each starts
 * the built reverse-server on files of its own; `''` is a good verdict.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../support/free-port.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { startProgram, type Program } from '../support/program.ts';
import { PLAIN_GET, rawClient, type RawClient } from '../support/raw-client.ts';
import { until } from '../support/until.ts';
import { copyTo, hasLine, type Version } from './certificate-files.ts';

interface ReloadCell {
  readonly name: string;
  readonly work: () => Promise<string>;
}

interface Running {
  readonly pki: Pki;
  readonly place: string;
  readonly port: number;
  readonly sensor: Program;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly crl: string;
  /** Serial number the sensor shows, after one answered poll; undefined when there was no answer. */
  readonly poll: (as?: Issued) => Promise<string | undefined>;
  readonly connect: (as?: Issued) => Promise<RawClient>;
  /** SIGHUP, then this line. */
  readonly reload: (words: RegExp) => Promise<void>;
}

type Step = (running: Running) => Promise<void>;

const SECOND = 1000;

const steps: Readonly<Record<string, Step>> = {
  'certificate before its key': async ({ pki, cert, key, poll, reload }) => {
    const renewed = await pki.issue({
      name: 'renewed',
      cn: 'localhost',
      san: ['DNS:localhost'],
      eku: ['server'],
    });
    writeFileSync(cert, renewed.certPem);
    await reload(/the old ones stay in force: --key .* does not match the certificate/);
    same(await poll(), pki.server.serial, 'the old certificate');
    writeFileSync(key, renewed.keyPem);
    await reload(/TLS files read again: certificate \(ends .*\), key$/);
    same(await poll(), renewed.serial, 'the new certificate');
  },
  'half-written certificate': async ({ pki, cert, poll, reload }) => {
    writeFileSync(cert, pki.server.certPem.slice(0, 300));
    await reload(/the old ones stay in force: --cert .* is incomplete/);
    same(await poll(), pki.server.serial, 'the old certificate');
  },
  'half-written authorities': async ({ pki, ca, poll, reload }) => {
    writeFileSync(ca, pki.caPem + pki.caPem.slice(0, 300));
    await reload(/the old ones stay in force: --cacert .* is incomplete/);
    same(await poll(), pki.server.serial, 'the old certificate');
  },
  'empty list': async ({ pki, crl, poll, reload }) => {
    writeFileSync(crl, '');
    await reload(/the old ones stay in force: --crl .* is not a certificate revocation list/);
    same(await poll(), pki.server.serial, 'the old certificate');
  },
  'missing key': async ({ pki, key, poll, reload }) => {
    rmSync(key);
    await reload(/the old ones stay in force: --key .* does not exist/);
    same(await poll(), pki.server.serial, 'the old certificate');
  },
  'revoked while kept alive': async ({ pki, crl, connect, poll, reload, sensor }) => {
    const kept = await connect();
    same(String(await isServed(kept)), 'true', 'served before');
    copyTo(crl, await pki.crl({ revoked: [pki.client.serial] }));
    await reload(/TLS files read again: revocation list \(1 revoked/);
    await kept.closed;
    await sensor.line(/manager1: certificate revoked: connection cut/);
    same(String(await poll()), 'undefined', 'no answer to a new connection');
    await sensor.line(/TLS handshake refused: certificate revoked$/);
  },
  'authority exchanged while kept alive': async ({ place, ca, crl, connect, poll, reload, sensor }) => {
    const other = await makePki(join(place, 'other'));
    const kept = await connect();
    same(String(await isServed(kept)), 'true', 'served before');
    writeFileSync(ca, other.caPem);
    copyTo(crl, await other.crl({ revoked: [] }));
    await reload(/TLS files read again: authorities \(1 new, 1 gone, 1 in all\), revocation list/);
    await kept.closed;
    await sensor.line(/manager1: certificate of an unknown authority .*: connection cut/);
    same(String((await poll(other.client)) === undefined), 'false', 'the new authority is accepted');
  },
};

/** Slow by nature: the timer of the program, or a list that ends. */
const slowSteps: Readonly<Record<string, Step>> = {
  'exchanged link, noticed by itself': async ({ pki, place, poll, sensor }) => {
    const renewed = await pki.issue({
      name: 'renewed',
      cn: 'localhost',
      san: ['DNS:localhost'],
      eku: ['server'],
    });
    mkdirSync(join(place, 'two'));
    writeFileSync(join(place, 'two', 'tls.crt'), renewed.certPem);
    writeFileSync(join(place, 'two', 'tls.key'), renewed.keyPem, { mode: 0o600 });
    symlinkSync('two', join(place, '..new'));
    renameSync(join(place, '..new'), join(place, '..data'));
    await sensor.line(/TLS files read again: certificate \(ends .*\), key$/);
    same(await poll(), renewed.serial, 'the new certificate');
  },
  'list passes its end': async ({ pki, crl, poll, reload }) => {
    const nextUpdate = new Date(Date.now() + 2 * SECOND);
    copyTo(crl, await pki.crl({ revoked: [], nextUpdate }));
    await reload(/TLS files read again: revocation list/);
    await until(() => Date.now() > nextUpdate.getTime() + SECOND);
    same(await poll(), pki.server.serial, 'still answered');
  },
};

const strictSteps: Readonly<Record<string, Step>> = {
  'list passes its end, strict': async ({ pki, crl, connect, poll, reload, sensor }) => {
    copyTo(crl, await pki.crl({ revoked: [], nextUpdate: new Date(Date.now() + 3 * SECOND) }));
    await reload(/TLS files read again: revocation list/);
    const kept = await connect();
    same(String(await isServed(kept)), 'true', 'served before');
    await sensor.line(/manager1: revocation list of this server expired: .*: connection cut/);
    await kept.closed;
    same(String(await poll()), 'undefined', 'no answer');
    await sensor.line(/TLS handshake refused: revocation list of this server expired/);
  },
};

/** All of them on both versions; the slow ones at the same time. */
export function reloadCells(directory: string): readonly ReloadCell[] {
  return (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) => {
    const cell = (name: string, step: Step, flags: readonly string[] = []): ReloadCell => ({
      name: `${name} (${version})`,
      work: async () =>
        withSensor(join(directory, `${name.replaceAll(/\W+/g, '-')}-${version}`), version, flags, step),
    });
    const started = [
      ...Object.entries(slowSteps).map(([name, step]) => cell(name, step)),
      ...Object.entries(strictSteps).map(([name, step]) => cell(name, step, ['--crl-strict'])),
      cell('revoked with a session to resume', resumed(version)),
    ].map(({ name, work }) => ({ name, verdict: work().catch(String) }));
    return [
      ...Object.entries(steps).map(([name, step]) => cell(name, step)),
      ...started.map(({ name, verdict }) => ({ name, work: () => verdict })),
    ];
  });
}

/** A real openssl keeps a session and offers it again after the revocation. */
function resumed(version: Version): Step {
  return async ({ pki, place, port, crl, reload }) => {
    const file = join(place, 'session.pem');
    const ask = async (flag: string): Promise<string> => {
      const child = spawn('openssl', [
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-servername',
        'localhost',
        '-ign_eof',
        flag,
        file,
        '-cert',
        pki.client.certFile,
        '-key',
        pki.client.keyFile,
        '-CAfile',
        pki.caFile,
        version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3',
      ]);
      let said = '';
      child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
      child.stdin.on('error', () => undefined);
      child.stdin.write('GET / HTTP/1.1\r\nHost: x\r\nPrefer: peek\r\nConnection: close\r\n\r\n');
      await new Promise((resolve, reject) => {
        child.once('error', () => reject(new Error('openssl is missing: apt-get install openssl')));
        child.once('close', resolve);
      });
      return said;
    };
    const first = await ask('-sess_out');
    same(String(/HTTP\/1\.1 404/.test(first)), 'true', 'answered before');
    const again = await ask('-sess_in');
    same(String(/HTTP\/1\.1 404/.test(again)), 'true', 'answered with an offered session');
    same(String(/^Reused/m.test(again)), 'false', 'no session is resumed');
    copyTo(crl, await pki.crl({ revoked: [pki.client.serial] }));
    await reload(/TLS files read again: revocation list/);
    same(String(/HTTP\/1\.1/.test(await ask('-sess_in'))), 'false', 'no answer once revoked');
  };
}

async function withSensor(
  place: string,
  version: Version,
  flags: readonly string[],
  step: Step,
): Promise<string> {
  const pki = await makePki(join(place, 'pki'));
  for (const name of ['spool', 'state', 'one']) mkdirSync(join(place, name));
  writeFileSync(join(place, 'one', 'tls.crt'), pki.server.certPem);
  writeFileSync(join(place, 'one', 'tls.key'), pki.server.keyPem, { mode: 0o600 });
  symlinkSync('one', join(place, '..data'));
  const cert = join(place, '..data', 'tls.crt');
  const key = join(place, '..data', 'tls.key');
  const ca = copyTo(join(place, 'ca.crt'), pki.caFile);
  const crl = copyTo(join(place, 'ca.crl'), await pki.crl({ revoked: [] }));
  const port = await freePort();
  const sensor = startProgram('reverse-server', [
    '--cert',
    cert,
    '--key',
    key,
    '--cacert',
    ca,
    '--crl',
    crl,
    ...flags,
    '--port',
    String(port),
    '--address',
    '127.0.0.1',
    '--spooldir',
    join(place, 'spool'),
    '--delete',
    '--state',
    join(place, 'state'),
    '--min-free',
    '1M',
  ]);
  const open: RawClient[] = [];
  const connect = async (as = pki.client): Promise<RawClient> => {
    const client = await rawClient(port, pki, { as, minVersion: version, maxVersion: version });
    open.push(client);
    return client;
  };
  const poll: Running['poll'] = async (as) => {
    try {
      const client = await connect(as);
      const serial = client.socket.getPeerX509Certificate()?.serialNumber;
      const served = await isServed(client);
      client.socket.destroy();
      return served ? serial : undefined;
    } catch {
      return undefined;
    }
  };
  const reload = async (words: RegExp): Promise<void> => {
    process.kill(sensor.pid, 'SIGHUP');
    await until(() => hasLine(sensor.stderr(), words), { what: `${words} in ${sensor.stderr()}` });
  };
  try {
    await sensor.line(/^Listening on/);
    await step({ pki, place, port, sensor, cert, key, ca, crl, poll, connect, reload });
    return '';
  } finally {
    for (const { socket } of open) socket.destroy();
    await sensor.kill('SIGTERM');
  }
}

async function isServed(client: RawClient): Promise<boolean> {
  client.send(PLAIN_GET);
  return (await client.answer()) !== undefined;
}

function same(found: string | undefined, wanted: string, what: string): void {
  if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`);
}
