/**
 * A TLS connection under full control of a test: what is sent when, what is read, and how it ends. Used for
 * the cells where ordinary HTTP clients differ (pipelining, half-close, abort, stall).
 */

import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { Issued, Pki } from './pki.ts';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

export interface RawClient {
  readonly socket: TLSSocket;
  send(text: string): void;
  /** The next whole answer (Content-Length), or undefined when the connection ended before it. */
  answer(): Promise<RawAnswer | undefined>;
  /** Resolves when at least so many bytes have come. */
  received(bytes: number): Promise<void>;
  /** Bytes (encrypted) that this program has taken off the network. */
  bytesRead(): number;
  /** Ends the TCP connection with a reset. */
  reset(): void;
  readonly closed: Promise<void>;
}

export interface RawOptions extends ConnectionOptions {
  readonly as?: Issued;
}

export const PLAIN_GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

export async function rawClient(port: number, pki: Pki, options: RawOptions = {}): Promise<RawClient> {
  const { as = pki.client, ...rest } = options;
  const tcp = connectTcp({ host: options.host ?? '127.0.0.1', port });
  tcp.on('error', () => undefined);
  await once(tcp, 'connect');
  const socket = connect({
    socket: tcp,
    servername: 'localhost',
    ca: pki.caPem,
    cert: as.certPem,
    key: as.keyPem,
    ALPNProtocols: ['http/1.1'],
    ...rest,
  });
  const inbox = new Inbox();
  let over = false;
  const wakers = new Set<() => void>();
  const wake = (): void => {
    for (const waker of wakers) waker();
  };
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      over = true;
      wake();
      resolve();
    });
  });
  socket.on('data', (chunk: Buffer) => {
    inbox.push(chunk);
    wake();
  });
  socket.once('end', () => {
    over = true;
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);

  /** Looks at once and at every change, until it is so or the connection is over. */
  async function until(ready: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!ready() && !over) return;
        wakers.delete(look);
        resolve();
      };
      wakers.add(look);
      look();
    });
  }

  return {
    socket,
    closed,
    bytesRead: () => tcp.bytesRead,
    reset: () => {
      tcp.resetAndDestroy();
    },
    send: (text) => {
      socket.write(text);
    },
    async answer() {
      let found: RawAnswer | undefined;
      await until(() => {
        found ??= inbox.take();
        return found !== undefined;
      });
      return found;
    },
    received: async (bytes) => await until(() => inbox.total >= bytes),
  };
}

/** Bytes received and not yet taken as an answer. */
class Inbox {
  total = 0;
  #parts: Buffer[] = [];
  #size = 0;
  /** Length of the answer that comes next, once its head is there. */
  #wanted: number | undefined;

  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    this.total += chunk.length;
  }

  take(): RawAnswer | undefined {
    if (this.#wanted !== undefined && this.#size < this.#wanted) return undefined;
    const buffer = Buffer.concat(this.#parts);
    this.#parts = [buffer];
    const end = buffer.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = buffer.toString('latin1', 0, end);
    this.#wanted = end + 4 + Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (buffer.length < this.#wanted) return undefined;
    const body = buffer.subarray(end + 4, this.#wanted);
    this.#parts = [buffer.subarray(this.#wanted)];
    this.#size -= this.#wanted;
    this.#wanted = undefined;
    return { status: Number(head.slice(9, 12)), head, body };
  }
}
