/**
 * For the tests of `idmef doctor`: a profile or a reverse-server's configuration, changed in one point, is examined
 * in this process; what was found comes back by subject. Odd peers for src/http's faults are made here.
 */

import { mkdirSync } from 'node:fs';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

import { runDoctor, type DoctorDeps, type Patient } from '../../src/app/doctor.ts';
import type { ReverseServerConfig } from '../../src/app/reverse-server-config.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { isObject } from '../../src/core/json-object.ts';
import { portOf } from '../support/https-host.ts';
import type { Issued, Pki } from '../support/pki.ts';

export interface Ending {
  after(hook: () => void | Promise<void>): void;
}

export interface Finding {
  readonly subject: string;
  readonly level: 'fault' | 'warn';
  readonly name: string;
  readonly text: string;
  readonly remedy: string;
}

export interface Seen {
  readonly exit: number;
  readonly findings: readonly Finding[];
  /** Names of faults, in order. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  /** Steps that were in order: `http: a reverse-server that lets us fetch`. */
  readonly good: readonly string[];
}

/** A profile that is in order but for what it dials; nothing is at its sensor's URL. */
export function profileOf(dir: string, pki: Pki, change: Partial<ProfileConfig> = {}): ProfileConfig {
  const outbox = join(dir, 'outbox');
  mkdirSync(outbox, { recursive: true });
  const tls = tlsOf(pki);
  return {
    name: 'dmz1',
    stateDir: join(dir, 'state'),
    sensor: new URL('https://localhost:1/'),
    tls,
    managers: [new URL(`file://${outbox}`)],
    managerTls: change.tls ?? tls,
    timeoutSeconds: 5,
    deadlineSeconds: 300,
    batch: 500,
    leaseSeconds: 15,
    highFirst: false,
    gzip: false,
    reportAfterMs: 900_000,
    validate: 'lenient',
    onInvalid: 'quarantine',
    dialect: 'auto',
    minFree: { bytes: 1 },
    dryRun: false,
    drain: false,
    ...change,
  };
}

export function tlsOf(pki: Pki, own: Issued = pki.client): ProfileConfig['tls'] {
  return { certFile: own.certFile, keyFile: own.keyFile, caFile: pki.caFile, policy: 'anssi' };
}

export async function examineProfile(profile: ProfileConfig, deps: Partial<DoctorDeps> = {}): Promise<Seen> {
  const read = () => Promise.resolve(profile);
  return await examine({ kind: 'profile', name: profile.name, source: 'a test', read }, deps);
}

export async function examineServer(
  config: ReverseServerConfig,
  deps: Partial<DoctorDeps> = {},
): Promise<Seen> {
  return await examine(
    { kind: 'reverse-server', source: 'a test', read: () => Promise.resolve(config) },
    deps,
  );
}

async function examine(patient: Patient, deps: Partial<DoctorDeps>): Promise<Seen> {
  let out = '';
  const io = {
    stdout: (text: string) => {
      out += text;
    },
    stderr: () => undefined,
  };
  const preludeDirs = { spool: '/nonexistent/spool', profiles: '/nonexistent/profile' };
  const all = { clock: systemClock, random: systemRandom, unitDirs: [], preludeDirs, ...deps };
  const exit = await runDoctor({ patients: [patient], json: true }, io, all);
  return readSeen(exit, out);
}

/** From the lines of `--json`. */
export function readSeen(exit: number, out: string): Seen {
  const findings: Finding[] = [];
  const good: string[] = [];
  for (const line of out.split('\n').filter((text) => text !== '')) {
    const one: unknown = JSON.parse(line);
    if (!isObject(one) || !Array.isArray(one['steps'])) throw new Error(`no examination: ${line}`);
    for (const step of one['steps'].filter(isObject)) {
      const [text, status] = [String(step['text']), step['status']];
      if (status !== 'fault' && status !== 'warn') good.push(`${String(step['step'])}: ${text}`);
      else {
        findings.push({
          subject: String(one['subject']),
          level: status,
          name: String(step['diagnosis']),
          text,
          remedy: String(step['remedy']),
        });
      }
    }
  }
  const named = (level: string): string[] =>
    findings.filter((finding) => finding.level === level).map(({ name }) => name);
  return { exit, findings, good, faults: named('fault'), warnings: named('warn') };
}

/** A TCP server on loopback; `serve` gets each connection. */
export async function startTcp(t: Ending, serve: (socket: Socket) => void): Promise<number> {
  return await startServer(t, createTcpServer(serve));
}

/** A TLS server on loopback that says what it is told over each connection. */
export async function startTls(
  t: Ending,
  options: TlsOptions,
  serve: (socket: Socket) => void = () => undefined,
): Promise<number> {
  const server = createTlsServer(options, (socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.on('tlsClientError', () => undefined);
  return await startServer(t, server);
}

/** A fatal alert of TLS in answer to the first bytes (RFC 8446 §6). */
export function alertRecord(description: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, description]);
}

async function startServer(t: Ending, server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined).once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  });
  return portOf(server);
}
