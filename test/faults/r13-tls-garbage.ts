/**
 * R13: what is not TLS, nearly TLS, or TLS that nobody should speak any more, thrown at reverse-server: random and mutated ClientHellos,
 * SSLv3 to TLS 1.1, renegotiation, oversized records, early data, wrong ALPN. It must not crash, leak or grow, and a
 * healthy poll in between always works. Last, sslscan looks for protocols and suites the default policy forbids.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';

import { generator } from '../support/generator.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { makeWorld, type World } from '../support/world.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

/** Connections at a time. */
const WIDTH = 16;
/** A peer that says nothing is left alone after so long; the server's own limit is ten seconds. */
const PATIENCE_MS = 150;
const POLL_EVERY = 50;
const GROWTH_BYTES = 40 * 1024 * 1024;

export const scenario: Scenario = {
  id: 'R13',
  title: 'TLS garbage, old versions, weak suites',
  run: (context) => run(context),
};

async function run(context: FaultContext): Promise<FaultResult> {
  const { seed, scale, directory } = context;
  const rounds = scale === 'ci' ? 1000 : 10_000;
  const world = await makeWorld(directory);
  const sensor = await world.startSensor(['--delete', '--address', '127.0.0.1']);
  const failures: string[] = [];
  const random = generator(seed);
  let polls = 0;
  const healthy = async (): Promise<void> => {
    polls += 1;
    const { status } = await world.ask().catch((error: unknown) => ({ status: String(error) }));
    if (status !== 404) failures.push(`a healthy poll got ${status}`);
  };
  try {
    const hellos = [
      await clientHello({}),
      await clientHello({ maxVersion: 'TLSv1.2' }),
      await clientHello(OLD),
    ];
    const throwSome = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += WIDTH) {
        const batch = Array.from({ length: WIDTH }, () => send(world.sensorPort, garbage(hellos, random)));
        await Promise.all([...batch, ...(done % POLL_EVERY < WIDTH ? [healthy()] : [])]);
      }
    };
    await throwSome(rounds / 5);
    await odd(world);
    await quiet(sensor);
    const before = resources(sensor.pid);
    await throwSome((rounds * 4) / 5);
    await odd(world);
    await healthy();
    await quiet(sensor);
    const after = resources(sensor.pid);
    if (after.descriptors > before.descriptors) {
      failures.push(`${before.descriptors} descriptors became ${after.descriptors}`);
    }
    if (after.bytes - before.bytes > GROWTH_BYTES)
      failures.push(`memory grew from ${before.bytes} to ${after.bytes}`);
    const lines = sensor.stderr().split('\n').length;
    if (lines > 300) failures.push(`${lines} lines in the log: repeated refusals were repeated`);
    failures.push(...weaknesses(world));
    await healthy();
    context.say(`${rounds} garbage handshakes, ${lines} lines in the log`);
    const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
    return {
      runs: 1,
      faults: rounds + 2 * ODD_COUNT,
      obligations: 0,
      lost: 0,
      unexpected: 0,
      altered: 0,
      duplicates: 0,
      failures,
      figures: [
        `${rounds} garbage handshakes, ${polls} healthy polls between`,
        `RSS ${mib(before.bytes)} → ${mib(after.bytes)}, descriptors ${before.descriptors} → ${after.descriptors}`,
        'no protocol below TLS 1.2, no weak suite (sslscan)',
      ],
    };
  } finally {
    const { code } = await sensor.kill('SIGTERM');
    if (code !== 0) failures.push(`reverse-server ended with ${code}: ${sensor.stderr().slice(-2000)}`);
  }
}

const OLD: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' };

/** The first record a client sends. */
async function clientHello(options: ConnectionOptions): Promise<Buffer> {
  return await new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        resolve(bytes);
        done();
      },
    });
    connect({ ...options, socket: wire, servername: 'localhost' }).on('error', () => undefined);
  });
}

function garbage(hellos: readonly Buffer[], random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)));
  const hello = Buffer.from(hellos[below(hellos.length)] ?? Buffer.alloc(0));
  switch (below(8)) {
    case 0:
      return noise(1 + below(600));
    case 1: // a record header before noise
      return Buffer.concat([
        Buffer.from([20 + below(5), 3, below(5), below(80), below(256)]),
        noise(below(2000)),
      ]);
    case 2: // SSLv3 and what never was
      hello[1] = below(5);
      hello[2] = below(5);
      hello[9] = below(5);
      hello[10] = below(5);
      return hello;
    case 3:
      return hello.subarray(0, below(hello.length));
    case 4: // larger than a record may be
      hello[3] = 0xff;
      hello[4] = 0xff;
      return Buffer.concat([hello, noise(17_000)]);
    case 5: // early data nobody asked for
      return Buffer.concat([hello, Buffer.from([0x17, 3, 3, 0, 100]), noise(100)]);
    default:
      for (let count = 1 + below(8); count > 0; count -= 1) hello[below(hello.length)] = below(256);
      return hello;
  }
}

/** Sends and waits until the server hangs up, or for a while. */
async function send(port: number, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket
      .on('error', () => undefined)
      .on('close', () => resolve())
      .resume();
  });
}

const ODD_COUNT = 5;

/** Whole TLS clients that ask for what is not to be had. */
async function odd(world: World): Promise<void> {
  const { pki, sensorPort: port } = world;
  const base = { port, host: '127.0.0.1', servername: 'localhost', ca: pki.caPem };
  const identity = { cert: pki.client.certPem, key: pki.client.keyPem };
  const rows: readonly ConnectionOptions[] = [
    { ...identity, ...OLD },
    { ...identity, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' },
    { ...identity, ALPNProtocols: ['h2', 'spdy/3'] },
    {},
  ];
  for (const options of rows) {
    await new Promise<void>((resolve) => {
      const socket = connect({ ...base, ...options });
      socket.setTimeout(1000, () => socket.destroy());
      socket
        .on('error', () => undefined)
        .on('close', () => resolve())
        .resume();
    });
  }
  await new Promise<void>((resolve) => {
    const socket = connect({ ...base, ...identity, maxVersion: 'TLSv1.2' }, () => {
      socket.renegotiate({}, () => socket.destroy());
    });
    socket.setTimeout(1000, () => socket.destroy());
    socket
      .on('error', () => undefined)
      .on('close', () => resolve())
      .resume();
  });
}

/** Until the server has let go of every connection. */
async function quiet({ pid }: Program): Promise<void> {
  let last = -1;
  let same = 0;
  await until(
    () => {
      const { descriptors } = resources(pid);
      same = descriptors === last ? same + 1 : 0;
      last = descriptors;
      return same > 100;
    },
    { timeoutMs: 20_000, what: 'a quiet server' },
  );
}

function resources(pid: number): { readonly bytes: number; readonly descriptors: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
  return { bytes: kib * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

const GOOD_SUITES =
  /^(?:TLS_(?:AES|CHACHA20)_|ECDHE-(?:RSA|ECDSA)-(?:AES\d+-(?:GCM-SHA\d+|CCM)|CHACHA20-POLY1305))/;

/** What sslscan finds that the default policy forbids. */
function weaknesses({ pki, sensorPort }: World): readonly string[] {
  const files = [`--certs=${pki.client.certFile}`, `--pk=${pki.client.keyFile}`];
  const scan = spawnSync('sslscan', ['--no-colour', ...files, `127.0.0.1:${sensorPort}`], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (scan.error !== undefined) throw new Error('sslscan is missing: apt-get install sslscan');
  const found: string[] = [];
  for (const [, protocol = ''] of scan.stdout.matchAll(/^(SSLv2|SSLv3|TLSv1\.0|TLSv1\.1)\s+enabled/gm)) {
    found.push(`sslscan: ${protocol} is enabled`);
  }
  const suites = [...scan.stdout.matchAll(/^(?:Preferred|Accepted)\s+\S+\s+\d+ bits\s+(\S+)/gm)].map(
    (match) => match[1] ?? '',
  );
  if (suites.length < 4) found.push(`sslscan sees ${suites.length} suites: ${scan.stdout}`);
  for (const suite of suites) if (!GOOD_SUITES.test(suite)) found.push(`sslscan: weak suite ${suite}`);
  for (const [line] of scan.stdout.matchAll(
    /^.*(?:vulnerable to heartbleed|Secure session renegotiation not).*$/gm,
  )) {
    if (!line.includes('not vulnerable')) found.push(`sslscan: ${line}`);
  }
  return found;
}
