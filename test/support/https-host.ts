/**
 * An HTTPS server on loopback for tests, with client certificates required, that can be closed with every
 * connection it has. The hosts of old-server.ts, receiver.ts and fake-sensor.ts.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { Server, Socket } from 'node:net';

import type { Issued, Pki } from './pki.ts';

export interface HttpsHost {
  readonly port: number;
  /** `https://localhost:PORT/` */
  readonly url: URL;
  /** TCP connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

export interface HostOptions {
  readonly pki: Pick<Pki, 'caPem'> & Partial<Pick<Pki, 'server'>>;
  /** Default: the authority's own server certificate. */
  readonly server?: Pick<Issued, 'certPem' | 'keyPem'>;
  readonly tls?: ServerOptions;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
  readonly onSocket?: (socket: Socket) => void;
  /** 0: any. */
  readonly port?: number;
}

export async function startHost(t: Ending, options: HostOptions): Promise<HttpsHost> {
  const { pki, server: leaf = pki.server, tls = {} } = options;
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer(
    {
      cert: leaf?.certPem,
      key: leaf?.keyPem,
      ca: pki.caPem,
      requestCert: true,
      rejectUnauthorized: true,
      ...tls,
    },
    (request, response) => {
      Promise.resolve(options.handle(request, response)).catch(() => response.destroy());
    },
  );
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    options.onSocket?.(socket);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const port = portOf(server);
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  t.after(close);
  return { port, url: new URL(`https://localhost:${port}/`), connections: () => connections, close };
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/** Of a server that listens on TCP. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen on a port');
  return address.port;
}
