/**
 * Something on the sensor's port that is not a sensor: an HTTPS (or plain TCP) listener that says exactly the
 * bytes a test gives it. Used for the faults a real sensor does not have.
 */

import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import type { Issued, Pki } from '../support/pki.ts';

export type Behaviour =
  /** Sent as the answer to whatever comes; then the connection ends. */
  | { readonly kind: 'say'; readonly text: string }
  /** Takes everything and never answers. */
  | { readonly kind: 'silent' }
  /** Ends the connection instead of answering. */
  | { readonly kind: 'hang-up' };

export interface StubPeer {
  close(): Promise<void>;
}

interface StubOptions {
  readonly port: number;
  readonly pki: Pki;
  /** Default: the authority's own server certificate. */
  readonly leaf?: Issued;
  /** Without TLS. */
  readonly plain?: boolean;
}

export async function startStub(behaviour: Behaviour, options: StubOptions): Promise<StubPeer> {
  const { pki, leaf = pki.server } = options;
  const open = new Set<Socket>();
  const serve = (socket: Socket): void => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (behaviour.kind === 'say') socket.end(behaviour.text, 'latin1');
      if (behaviour.kind === 'hang-up') socket.end();
    });
  };
  const server: Server =
    options.plain === true
      ? createTcpServer(serve)
      : createTlsServer({ cert: leaf.certPem, key: leaf.keyPem, ca: pki.caPem, requestCert: true }, serve).on(
          'tlsClientError',
          () => undefined,
        );
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port, '127.0.0.1', resolve));
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** A whole HTTP answer. */
export function answer(status: string, headers: Readonly<Record<string, string>>, body = ''): Behaviour {
  const fields = {
    ...headers,
    'Content-Length': headers['Content-Length'] ?? String(Buffer.byteLength(body)),
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return { kind: 'say', text: `HTTP/1.1 ${status}\r\n${head.join('')}\r\n${body}` };
}
