/**
 * Runs secef-gateway.py, a web gateway with the seed's behaviour on libprelude's own bindings: before a real manager, with a
 * record of what each message's Prelude object holds, or both.
 */

import { existsSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';

import { projectRoot } from '../idmef/project-root.ts';
import { freePort } from './free-port.ts';
import type { Pki } from './pki.ts';
import { PYTHON } from './prelude-manager.ts';
import { startCommand, type Program } from './program.ts';

export interface SecefGateway {
  readonly program: Program;
  readonly url: string;
  /** One document; the status of the answer. */
  post(body: string | Uint8Array, contentType?: string): Promise<number>;
  /** One object a message, in the order they were forwarded: libprelude's JSON of it. */
  records(): Record<string, unknown>[];
  stop(): Promise<void>;
}

export interface SecefGatewayOptions {
  readonly pki: Pki;
  /** A file for the record. */
  readonly record?: string;
  /** Registered with the manager to forward to. */
  readonly profile?: string;
  /** Of `post`; default 1. */
  readonly connections?: number;
}

export async function startSecefGateway(options: SecefGatewayOptions): Promise<SecefGateway> {
  const { pki, record, profile } = options;
  const port = await freePort();
  const { server, client } = pki;
  const tls = ['--cert', server.certFile, '--key', server.keyFile, '--ca', pki.caFile];
  const script = join(projectRoot(), 'test', 'support', 'secef-gateway.py');
  const program = startCommand([
    PYTHON,
    script,
    '--port',
    String(port),
    ...tls,
    ...(record === undefined ? [] : ['--record', record]),
    ...(profile === undefined ? [] : ['--profile', profile]),
  ]);
  await program.line(/^ready$/);
  const agent = new Agent({
    cert: client.certPem,
    key: client.keyPem,
    ca: pki.caPem,
    keepAlive: true,
    maxSockets: options.connections ?? 1,
  });
  return {
    program,
    url: `https://localhost:${port}/`,
    post: async (body, contentType = 'text/xml') =>
      await new Promise((resolve, reject) => {
        const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
        const sent = request({ agent, host: 'localhost', port, method: 'POST', headers }, (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0));
          answer.on('error', reject);
        });
        sent.on('error', reject).end(body);
      }),
    records: () =>
      record !== undefined && existsSync(record) ? recordsOf(readFileSync(record, 'utf8')) : [],
    stop: async () => {
      agent.destroy();
      await program.kill('SIGTERM');
    },
  };
}

function recordsOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { _self: self, ...fields }: Record<string, unknown> = JSON.parse(line);
      return self === undefined ? {} : fields;
    });
}
