/** An HTTP proxy on loopback that knows CONNECT, leads every tunnel to one port, and remembers what it was asked. */

import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';

import { portOf } from './https-host.ts';

export interface ConnectProxy {
  /** With user and password. */
  readonly url: URL;
  readonly asked: readonly string[];
  readonly auth: readonly unknown[];
  /** 403 from now on. */
  refuse(): void;
}

interface Ending {
  after(hook: () => Promise<void>): void;
}

export async function connectProxy(t: Ending, to = 1): Promise<ConnectProxy> {
  const asked: string[] = [];
  const auth: unknown[] = [];
  const sockets = new Set<Socket>();
  let refuses = false;
  const server: Server = createServer();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on('connect', (request, socket: Socket) => {
    asked.push(request.url ?? '');
    auth.push(request.headers['proxy-authorization']);
    if (refuses) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const inner = connect(to, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      inner.pipe(socket).pipe(inner);
    });
    inner.on('error', () => socket.destroy());
    sockets.add(inner);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  const url = new URL(`http://user:p%40ss@127.0.0.1:${portOf(server)}/`);
  return {
    url,
    asked,
    auth,
    refuse: () => {
      refuses = true;
    },
  };
}
