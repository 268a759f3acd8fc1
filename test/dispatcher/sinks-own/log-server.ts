/** Syslog receivers on loopback for tests: UDP, TCP and TLS, with faults on demand. */

import { createSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

import { portOf } from '../../support/https-host.ts';

interface Ending {
  after(hook: () => Promise<void>): void;
}

export interface StreamServer {
  readonly port: number;
  /** Everything that came, one string a connection. */
  readonly streams: string[];
  /** `reset`: after the first bytes; `early`: ends and reads nothing; `deaf`: reads nothing; `open`: never closes; `slam`: closes
   * at once; `talk`: reads nothing until `talk` has said something. */
  fault: 'reset' | 'early' | 'deaf' | 'open' | 'slam' | 'talk' | undefined;
  /** Says it on each connection, and reads them from then on. */
  talk(text: string): Promise<void>;
}

export async function startStreamServer(
  t: Ending,
  tls?: TlsOptions,
  host = '127.0.0.1',
): Promise<StreamServer> {
  const sockets = new Set<Socket>();
  const result: Pick<StreamServer, 'port' | 'streams' | 'fault' | 'talk'> = {
    port: 0,
    streams: [],
    fault: undefined,
    talk: async (text) => {
      for (const socket of sockets) {
        await new Promise((resolve) => {
          socket.write(text, resolve);
        });
        socket.resume();
      }
    },
  };
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const { fault } = result;
    const at = result.streams.push('') - 1;
    if (fault === 'deaf') return;
    if (fault === 'slam') {
      socket.destroy();
      return;
    }
    if (fault === 'early') {
      socket.pause().end();
      return;
    }
    socket.on('data', (part: Buffer) => {
      result.streams[at] += part.toString('utf8');
      if (fault === 'reset') socket.resetAndDestroy();
    });
    socket.on('end', () => {
      if (fault !== 'open') socket.end();
    });
    if (fault === 'talk') socket.pause();
  };
  const server: Server =
    tls === undefined
      ? createServer({ allowHalfOpen: true }, serve)
      : createTlsServer({ allowHalfOpen: true, ...tls }, serve);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    // Not waited for: a TLS server forgets to count down handshakes that were given up.
    server.close();
    return Promise.resolve();
  });
  return Object.assign(result, { port: portOf(server) });
}

export async function startDatagramServer(
  t: Ending,
): Promise<{ readonly port: number; readonly records: string[] }> {
  const records: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (part) => records.push(part.toString('utf8')));
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  t.after(async () => {
    await new Promise<void>((resolve) => {
      socket.close(() => resolve());
    });
  });
  return { port: socket.address().port, records };
}

/** The records of a stream in octet counting. */
export function counted(stream: string): string[] {
  const records: string[] = [];
  let rest = Buffer.from(stream);
  while (rest.length > 0) {
    const match = /^(\d+) /.exec(rest.subarray(0, 12).toString('latin1'));
    if (match === null) throw new Error(`no count: ${rest.subarray(0, 40).toString()}`);
    const from = match[0].length;
    const to = from + Number(match[1]);
    records.push(rest.subarray(from, to).toString('utf8'));
    rest = rest.subarray(to);
  }
  return records;
}
