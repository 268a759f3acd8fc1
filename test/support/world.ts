/**
 * One sensor and one manager on this machine, made of the built commands: directories, certificates, a fixed free
 * port, and functions that start (and, after a kill, start again) each program with an operator's flags.
 */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';

import { freePort } from './free-port.ts';
import { makePki, type Issued, type Pki } from './pki.ts';
import { startProgram, type Program, type ProgramOptions } from './program.ts';

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly as?: Issued;
  /** Where the sensor was told to listen. */
  readonly host?: string;
  readonly port?: number;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface World {
  readonly dir: string;
  readonly pki: Pki;
  readonly spool: string;
  readonly sensorState: string;
  readonly pollerState: string;
  /** Where the poller's `file:` destination writes. */
  readonly outbox: string;
  readonly sensorPort: number;
  readonly sensorUrl: string;
  /** Resolves once it listens. */
  startSensor(flags?: readonly string[], options?: ProgramOptions): Promise<Program>;
  /** `managers` defaults to the outbox. */
  startPoller(flags?: readonly string[], managers?: readonly string[], options?: ProgramOptions): Program;
  /** One request to the sensor on a connection of its own, as curl would make it. */
  ask(ask?: Ask): Promise<Answered>;
  /** Every document the file destination holds, in order of name. */
  delivered(): string[];
}

export interface WorldOptions {
  /** Certificates that exist already. */
  readonly pki?: Pki;
  /** Where the sensor's spool and state live, and the manager's state and outbox; default `dir`. */
  readonly sensorDisk?: string;
  readonly managerDisk?: string;
  /** Default: on the manager's disk. */
  readonly outbox?: string;
  /** Another sensor's spool. */
  readonly spool?: string;
  /** `--min-free` of both; default 1M. */
  readonly minFree?: string;
}

export async function makeWorld(dir: string, options: WorldOptions = {}): Promise<World> {
  const { sensorDisk = dir, managerDisk = dir, minFree = '1M' } = options;
  const pki = options.pki ?? (await makePki(join(dir, 'pki')));
  const { spool = join(sensorDisk, 'spool'), outbox = join(managerDisk, 'outbox') } = options;
  const [sensorState, pollerState] = [join(sensorDisk, 'sensor'), join(managerDisk, 'manager')];
  for (const made of [spool, outbox, sensorState, pollerState]) mkdirSync(made, { recursive: true });
  const sensorPort = await freePort();
  const sensorUrl = `https://localhost:${sensorPort}/`;
  return {
    dir,
    pki,
    spool,
    outbox,
    sensorState,
    pollerState,
    sensorPort,
    sensorUrl,
    startSensor: async (flags = ['--delete'], runOptions = {}) => {
      const { server } = pki;
      const tls = ['--cert', server.certFile, '--key', server.keyFile, '--cacert', pki.caFile];
      const places = ['--port', String(sensorPort), '--spooldir', spool, '--state', sensorState];
      const program = startProgram(
        'reverse-server',
        [...tls, ...places, '--min-free', minFree, ...flags],
        runOptions,
      );
      await program.line(/^Listening on https:/);
      return program;
    },
    startPoller: (flags = [], managers = [`file://${outbox}`], runOptions = {}) => {
      const { client } = pki;
      const tls = ['--cert', client.certFile, '--key', client.keyFile, '--cacert', pki.caFile];
      const ends = ['--sensor', sensorUrl, ...managers.flatMap((url) => ['--manager', url])];
      const rest = ['--state', pollerState, '--min-free', minFree, ...flags];
      return startProgram('http-proxy', [...tls, ...ends, ...rest], runOptions);
    },
    ask: (ask = {}) => askSensor(pki, { port: sensorPort, ...ask }),
    delivered: () =>
      readdirSync(outbox)
        .filter((name) => name.endsWith('.xml'))
        .toSorted()
        .map((name) => readFileSync(join(outbox, name), 'utf8')),
  };
}

async function askSensor(pki: Pki, ask: Ask): Promise<Answered> {
  const { as = pki.client, host = '127.0.0.1', port, path = '/', method = 'GET', headers = {} } = ask;
  return await new Promise((resolve, reject) => {
    const tls = { cert: as.certPem, key: as.keyPem, ca: pki.caPem, servername: 'localhost', agent: false };
    const sent = request({ ...tls, host, port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: fields } = response;
        resolve({ status, headers: fields, body: Buffer.concat(parts) });
      });
    });
    sent.on('error', reject).end();
  });
}
